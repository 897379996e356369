//! A service on a real store, with a gated fabric and a clock that tests can advance.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sosik_decorators::LayeredTimelines;
use sosik_fabric::memory::{MemoryOptions, MemoryTimelines};
use sosik_fabric::timelines::Below;
use sosik_fabric::{Engines, Timelines};
use sosik_feed::people::Language;
use sosik_feed::{Audience, Cursor, PersonId, StoryId};
use sosik_service::feeds::{FeedPage, FeedQuery, FeedStart};
use sosik_service::stories::EditRequest;
use sosik_service::stories::PostRequest;
use sosik_service::{Clock, Parts, Service, ServiceResult, Settings};
use sosik_store::{NewPerson, Operations, OrderStats, Store};
use sosik_store_sqlite::{SqliteOptions, SqliteStore};

use crate::clock::TestClock;
use crate::gate::{GateTimelines, TIMEOUT};

/// Longer than any test, so that the timer of the sweeper never fires.
const NEVER: Duration = Duration::from_secs(100_000);

pub struct World {
    pub service: Service,
    pub operations: Arc<dyn Operations>,
    pub clock: Arc<TestClock>,
    pub gate: Arc<GateTimelines>,
    settings: Settings,
    engines: MemoryOptions,
    folder: tempfile::TempDir,
    starts: u64,
}

impl World {
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::with_engines(MemoryOptions::default(), change).await
    }

    /// A world with these sizes of its engines.
    pub async fn with_engines(engines: MemoryOptions, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings::default();
        settings.delivery.sweep_every = NEVER;
        settings.delivery.backlog_wait_max = NEVER;
        change(&mut settings);
        let clock = Arc::new(TestClock::default());
        let folder = tempfile::tempdir().unwrap();
        let (service, operations, gate) = start(file(&folder), &settings, engines, &clock, 1).await;
        Self {
            service,
            operations,
            clock,
            gate,
            settings,
            engines,
            folder,
            starts: 1,
        }
    }

    /// Restarts the service on the same store. Everything in memory is lost.
    pub async fn start_again(&mut self) {
        self.starts += 1;
        let place = file(&self.folder);
        let started = start(
            place,
            &self.settings,
            self.engines,
            &self.clock,
            self.starts,
        );
        (self.service, self.operations, self.gate) = started.await;
    }

    /// Restarts the service on a copy of the current store. As after a kill, the old process releases and writes
    /// nothing at its end.
    pub async fn start_again_after_a_kill(&mut self) {
        let copy = tempfile::tempdir().unwrap();
        for entry in std::fs::read_dir(&self.folder).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
        }
        self.service.stop().await;
        self.folder = copy;
        self.start_again().await;
    }

    /// Counts rows in the database file of a service that has stopped.
    pub fn rows_of_stopped(&self, of: &str) -> i64 {
        let file = rusqlite::Connection::open(file(&self.folder)).unwrap();
        let count = format!("SELECT count(*) FROM {of}");
        file.query_row(&count, [], |row| row.get(0)).unwrap()
    }

    pub fn store(&self) -> &Arc<dyn Store> {
        self.service.store()
    }

    pub async fn people<const N: usize>(&self, handles: [&str; N]) -> [PersonId; N] {
        let handles: Vec<_> = handles.iter().map(|&handle| handle.to_owned()).collect();
        self.sign_up(handles).await.try_into().unwrap()
    }

    pub async fn crowd(&self, count: usize) -> Vec<PersonId> {
        let handles = (0..count).map(|number| format!("crowd{number}"));
        self.sign_up(handles.collect()).await
    }

    async fn sign_up(&self, handles: Vec<String>) -> Vec<PersonId> {
        let count = handles.len() as u64;
        let mut people = Vec::new();
        for handle in handles {
            people.push(NewPerson {
                id: self.service.next_person().await.unwrap(),
                skeleton: handle.clone(),
                display_name: handle.clone(),
                handle,
                language: Language::En,
                password_hash: String::new(),
                search_terms: vec![],
                created_at: self.service.clock().now(),
            });
        }
        let ids: Vec<_> = people.iter().map(|person| person.id).collect();
        assert_eq!(self.operations.sign_up_many(people).await.unwrap(), count);
        ids
    }

    pub async fn befriend(&self, one: PersonId, other: PersonId) {
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

    pub async fn try_post(
        &self,
        author: PersonId,
        audience: Audience,
        key: Option<&str>,
    ) -> ServiceResult<StoryId> {
        let request = PostRequest {
            text: "news".to_owned(),
            attachments: Vec::new(),
            audience,
            idempotency_key: key.map(str::to_owned),
        };
        let item = self.service.stories().post(author, request).await?;
        Ok(item.story.record.id)
    }

    pub async fn post(&self, author: PersonId, audience: Audience) -> StoryId {
        self.try_post(author, audience, None).await.unwrap()
    }

    pub async fn make_public(&self, author: PersonId, story: StoryId) {
        self.set_audience(author, story, Audience::Public).await;
    }

    pub async fn set_audience(&self, author: PersonId, story: StoryId, audience: Audience) {
        let request = EditRequest {
            text: None,
            attachments: None,
            audience: Some(audience),
        };
        self.service
            .stories()
            .edit(author, story, request)
            .await
            .unwrap();
    }

    pub async fn read(&self, reader: PersonId, from: FeedStart) -> FeedPage {
        self.read_some(reader, from, 20).await
    }

    pub async fn read_some(&self, reader: PersonId, from: FeedStart, limit: usize) -> FeedPage {
        self.service
            .feeds()
            .read(reader, FeedQuery { from, limit })
            .await
            .unwrap()
    }

    pub fn timelines(&self) -> &dyn Timelines {
        &*self.service.engines().timelines
    }

    /// Evicts the timelines of these readers.
    pub async fn lose_timelines(&self, readers: &[PersonId]) {
        for reader in readers {
            self.timelines().drop_timeline(*reader).await.unwrap();
        }
    }

    pub async fn top(&self, reader: PersonId) -> FeedPage {
        self.read(reader, FeedStart::Top).await
    }

    /// Whether the story is in the reader's timeline in memory.
    pub async fn in_timeline(&self, reader: PersonId, story: StoryId) -> bool {
        let below = Below {
            before: None,
            count: 1_000,
        };
        let view = self.timelines().view(reader, below).await.unwrap();
        view.is_some_and(|view| view.slice.ids.contains(&story))
    }

    pub async fn stats(&self) -> OrderStats {
        self.store().order_stats().await.unwrap()
    }

    /// Number of orders in the store.
    pub async fn pending(&self) -> u64 {
        self.stats().await.pending
    }

    /// Waits until every order is delivered.
    pub async fn quiet(&self) {
        self.eventually("every order is done", async || self.pending().await == 0)
            .await;
        self.service.delivery().advance_watermark().await.unwrap();
    }

    /// Waits for a state.
    pub async fn eventually(&self, what: &str, mut state: impl AsyncFnMut() -> bool) {
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

fn file(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("sosik.db")
}

async fn start(
    file: PathBuf,
    settings: &Settings,
    engines: MemoryOptions,
    clock: &Arc<TestClock>,
    starts: u64,
) -> (Service, Arc<dyn Operations>, Arc<GateTimelines>) {
    let store = SqliteStore::open(&SqliteOptions::at(file, clock.now())).unwrap();
    let operations = Arc::<SqliteStore>::clone(&store);
    let options = MemoryOptions {
        timeline_stories: settings.feed.timeline_stories,
        ..engines
    };
    let gate = GateTimelines::new(MemoryTimelines::new(options));
    let engines = Engines {
        timelines: Arc::new(LayeredTimelines(Arc::clone(&gate))),
        ..Engines::memory(options, starts)
    };
    let parts = Parts {
        store,
        shared: None,
        engines,
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        settings: settings.clone(),
    };
    (Service::start(parts).await.unwrap(), operations, gate)
}

/// Ids of a page.
pub fn ids(page: &FeedPage) -> Vec<StoryId> {
    page.items.iter().map(|item| item.story.record.id).collect()
}
/// Asks for what came after the page.
pub fn newer(page: &FeedPage) -> FeedStart {
    match &page.after {
        Some(Cursor::Newer(seen)) => FeedStart::Newer(seen.clone()),
        other => panic!("{other:?} is no cursor for newer stories"),
    }
}
