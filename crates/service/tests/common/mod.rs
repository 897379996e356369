//! A small world for tests: a real store in a temporary folder, the memory fabric, a service, and its people.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something unexpected happens"
)]
#![allow(dead_code, reason = "each test file uses a part of it")]

#[expect(
    unreachable_pub,
    reason = "it is public where it lives; here it belongs to the tests"
)]
#[path = "../../../testkit/src/clock.rs"]
mod clock; // included by path: the testkit depends on crates above this one

use std::sync::Arc;
use std::time::Duration;

use sosik_decorators::{Faults, Hook, Sabotage, Turns, hooked, hooked_store, sabotaged};
use sosik_fabric::Engines;
use sosik_fabric::memory::MemoryOptions;
use sosik_feed::people::Language;
use sosik_feed::{Audience, Cursor, PersonId, StoryId};
use sosik_service::feeds::{FeedPage, FeedQuery, FeedStart};
use sosik_service::stories::PostRequest;
use sosik_service::{Clock, Parts, Service, Settings};
use sosik_store::{Claim, ClaimName, NewPerson, NewStory, Operations, Store};
use sosik_store_sqlite::{SqliteOptions, SqliteStore};

pub(crate) use clock::TestClock;

/// A state that is not reached within this time counts as never reached.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(60);

/// A state that is not reached after this many looks, between which other tasks run, counts as never reached.
const LOOKS_MAX: usize = 10_000;

/// The last calls of the sweeper, of the renewal of the lease and of a worker after a start.
const CALLS_AT_START: [&str; 3] = [
    "Notifications::delete_withdrawn",
    "Nodes::renew_node",
    "Orders::claim_orders",
];

/// No timer with this period fires during a test.
const NEVER: Duration = Duration::from_secs(3_600);

/// A service on its own store.
pub(crate) struct World {
    /// The store is in this folder, unless its options name none.
    folder: tempfile::TempDir,
    options: SqliteOptions,
    pub(crate) service: Service,
    pub(crate) operations: Arc<dyn Operations>,
    pub(crate) settings: Settings,
    /// The faults to inject into the store and the fabric.
    pub(crate) faults: Arc<Faults>,
    pub(crate) clock: Arc<TestClock>,
    sabotage: Option<Sabotage>,
    /// The schedule, if a seed determines it.
    turns: Option<Turns>,
    generation: u64,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(Settings::default(), None).await
    }

    pub(crate) async fn with(mut settings: Settings, sabotage: Option<Sabotage>) -> Self {
        settings.delivery.sweep_every = Duration::from_millis(50);
        Self::open(settings, sabotage, None).await
    }

    /// A world whose calls of the store and the fabric take turns. It has no faults.
    pub(crate) async fn in_turns(mut settings: Settings, turns: Turns) -> Self {
        settings.delivery.sweep_every = NEVER;
        settings.feed.rebuild_wait = NEVER;
        settings.node.lease = NEVER;
        let world = Self::open(settings, None, Some(turns.clone())).await;
        turns.begin_after(&CALLS_AT_START).await;
        world
    }

    async fn open(
        mut settings: Settings,
        sabotage: Option<Sabotage>,
        turns: Option<Turns>,
    ) -> Self {
        // A busy machine delivers late. Shedding has tests of its own, and a post that is shed would fail a test.
        settings.delivery.backlog_wait_max = Duration::MAX;
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(TestClock::default());
        let options = match turns {
            // Nothing is restarted, and no time is spent on syncing the disk.
            Some(_) => SqliteOptions::temporary(),
            None => SqliteOptions::at(folder.path().join("sosik.db"), clock.now()),
        };
        let faults = Arc::new(Faults::default());
        let hook = hook(&faults, turns.as_ref());
        let (service, operations) = start(&options, &settings, sabotage, 1, &hook, &clock).await;
        Self {
            folder,
            options,
            service,
            operations,
            settings,
            faults,
            clock,
            sabotage,
            turns,
            generation: 1,
        }
    }

    /// Stops the service and starts it again on the same store. Everything else is lost, as after a crash.
    pub(crate) async fn restart(&mut self) {
        self.service.stop().await;
        self.generation += 1;
        (self.service, self.operations) = start(
            &self.options,
            &self.settings,
            self.sabotage,
            self.generation,
            &hook(&self.faults, self.turns.as_ref()),
            &self.clock,
        )
        .await;
    }

    pub(crate) fn store(&self) -> &Arc<dyn Store> {
        self.service.store()
    }

    pub(crate) async fn person(&self, handle: &str) -> PersonId {
        self.people(&[handle]).await[0]
    }

    pub(crate) async fn people(&self, handles: &[&str]) -> Vec<PersonId> {
        let mut ids = Vec::new();
        let mut people = Vec::new();
        for handle in handles {
            let id = self.service.next_person().await.unwrap();
            ids.push(id);
            people.push(NewPerson {
                id,
                handle: (*handle).to_owned(),
                skeleton: format!("skeleton of {handle}"),
                display_name: (*handle).to_owned(),
                language: Language::En,
                password_hash: String::new(),
                search_terms: vec![(*handle).to_owned()],
                created_at: self.service.clock().now(),
            });
        }
        let count = people.len() as u64;
        assert_eq!(self.operations.sign_up_many(people).await.unwrap(), count);
        ids
    }

    /// Many people: `name0`, `name1`, …
    pub(crate) async fn crowd(&self, name: &str, count: usize) -> Vec<PersonId> {
        let handles: Vec<String> = (0..count).map(|number| format!("{name}{number}")).collect();
        self.people(&handles.iter().map(String::as_str).collect::<Vec<_>>())
            .await
    }

    pub(crate) async fn befriend(&self, one: PersonId, other: PersonId) {
        self.service
            .relations()
            .send_friend_request(one, other)
            .await
            .unwrap();
        self.service
            .relations()
            .accept_friend_request(other, one)
            .await
            .unwrap();
    }

    /// Adds friendships directly to the store, which is fast but invalidates no cache. Call it before the first read.
    pub(crate) async fn befriend_all(&self, one: PersonId, others: &[PersonId]) {
        let pairs = others.iter().map(|other| (one, *other)).collect();
        self.operations
            .befriend_many(pairs, self.service.clock().now())
            .await
            .unwrap();
    }

    pub(crate) async fn post(&self, author: PersonId, audience: Audience) -> StoryId {
        self.post_with_key(author, audience, None).await
    }

    pub(crate) async fn post_with_key(
        &self,
        author: PersonId,
        audience: Audience,
        key: Option<&str>,
    ) -> StoryId {
        let request = PostRequest {
            text: "오늘의 소식".to_owned(),
            attachments: Vec::new(),
            audience,
            idempotency_key: key.map(str::to_owned),
        };
        self.service
            .stories()
            .post(author, request)
            .await
            .unwrap()
            .story
            .record
            .id
    }

    /// A story with an older id that is in the store and has not been delivered to anybody.
    pub(crate) async fn overdue_story(&self, author: PersonId, id: StoryId) {
        let story = self.bare_story(author, id, Duration::ZERO);
        assert_eq!(self.operations.post_many(vec![story]).await.unwrap(), 1);
    }

    /// The id of a story that is not posted yet.
    pub(crate) async fn story_id(&self, author: PersonId) -> StoryId {
        StoryId::of_author(author, self.service.next_id().await.unwrap())
    }

    /// A story whose order is claimed by a worker of another process: no later story counts as delivered everywhere.
    pub(crate) async fn stuck_story(&self, author: PersonId) {
        let id = self.story_id(author).await;
        let story = self.bare_story(author, id, Duration::from_secs(3_600));
        self.store().post(story).await.unwrap();
    }

    /// A story whose order is not claimed.
    pub(crate) async fn unclaimed_story(&self, author: PersonId) {
        let id = self.story_id(author).await;
        let story = self.bare_story(author, id, Duration::ZERO);
        self.store().post(story).await.unwrap();
    }

    fn bare_story(&self, author: PersonId, id: StoryId, claimed_for: Duration) -> NewStory {
        let now = self.service.clock().now();
        NewStory {
            id,
            author,
            text: "late".to_owned(),
            audience: Audience::Public,
            mentions: Vec::new(),
            attachments: Vec::new(),
            link: None,
            tags: Vec::new(),
            idempotency: None,
            now,
            claim: Some(Claim {
                name: ClaimName::default(),
                until: now.plus(claimed_for),
            }),
        }
    }

    pub(crate) async fn read(&self, reader: PersonId, from: FeedStart, limit: usize) -> FeedPage {
        self.service
            .feeds()
            .read(reader, FeedQuery { from, limit })
            .await
            .unwrap()
    }

    /// Ids of the first page.
    pub(crate) async fn top(&self, reader: PersonId) -> Vec<StoryId> {
        ids(&self.read(reader, FeedStart::Top, 100).await)
    }

    /// Ids of the whole feed, page by page.
    pub(crate) async fn whole_feed(&self, reader: PersonId, limit: usize) -> Vec<StoryId> {
        let mut all = Vec::new();
        let mut from = FeedStart::Top;
        loop {
            let page = self.read(reader, from, limit).await;
            assert!(page.items.len() <= limit);
            assert_eq!(
                page.before.is_none(),
                page.end,
                "the end is said, and only then there is no cursor"
            );
            all.extend(ids(&page));
            let Some(before) = page.before else {
                return all;
            };
            from = below(&before);
        }
    }

    /// The feed that is served to the reader is that of the tables.
    pub(crate) async fn assert_verified(&self, reader: PersonId) {
        let comparison = self.service.verifier().verify(reader).await.unwrap();
        assert_eq!(comparison.differences, []);
    }

    /// Waits until every order is delivered.
    pub(crate) async fn quiet(&self) {
        self.eventually("every order is done", async || {
            let stats = self.store().order_stats().await.unwrap();
            assert_eq!(stats.dead, 0);
            stats.pending == 0
        })
        .await;
        self.service.delivery().advance_watermark().await.unwrap();
    }

    /// Waits for a state.
    pub(crate) async fn eventually(&self, what: &str, mut state: impl AsyncFnMut() -> bool) {
        if self.turns.is_some() {
            // A timer would change the schedule.
            for _ in 0..LOOKS_MAX {
                if state().await {
                    return;
                }
                tokio::task::yield_now().await;
            }
            panic!("looked too often whether {what}");
        }
        let mut tick = tokio::time::interval(Duration::from_millis(2));
        let wait = async {
            while !state().await {
                tick.tick().await;
            }
        };
        assert!(
            tokio::time::timeout(TIMEOUT, wait).await.is_ok(),
            "timed out waiting until {what}"
        );
    }
}

fn hook(faults: &Arc<Faults>, turns: Option<&Turns>) -> Arc<dyn Hook> {
    match turns {
        Some(turns) => Arc::new(turns.clone()),
        None => Arc::<Faults>::clone(faults),
    }
}

async fn start(
    options: &SqliteOptions,
    settings: &Settings,
    sabotage: Option<Sabotage>,
    generation: u64,
    hook: &Arc<dyn Hook>,
    clock: &Arc<TestClock>,
) -> (Service, Arc<dyn Operations>) {
    let store = SqliteStore::open(options).unwrap();
    let hooked_store = hooked_store(store, hook);
    let operations: Arc<dyn Operations> = Arc::clone(&hooked_store) as _;
    let store: Arc<dyn Store> = hooked_store;
    let memory = MemoryOptions {
        timeline_stories: settings.feed.timeline_stories,
        ..MemoryOptions::default()
    };
    let engines = hooked(Engines::memory(memory, generation), hook);
    let (store, engines) = match sabotage {
        Some(promise) => sabotaged(promise, store, engines),
        None => (store, engines),
    };
    let service = Service::start(Parts {
        store,
        shared: None,
        engines,
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        settings: settings.clone(),
    })
    .await
    .unwrap();
    (service, operations)
}

pub(crate) fn ids(page: &FeedPage) -> Vec<StoryId> {
    page.items.iter().map(|item| item.story.record.id).collect()
}

pub(crate) fn below(cursor: &Cursor) -> FeedStart {
    match cursor {
        Cursor::Older(older) => FeedStart::Older(*older),
        other => panic!("{other:?} is no cursor for older stories"),
    }
}

pub(crate) fn newer(page: &FeedPage) -> FeedStart {
    match &page.after {
        Some(Cursor::Newer(seen)) => FeedStart::Newer(seen.clone()),
        other => panic!("{other:?} is no cursor for newer stories"),
    }
}
