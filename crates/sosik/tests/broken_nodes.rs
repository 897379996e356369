//! Nodes that break a promise on purpose while a part fails: each is caught. Two nodes run in this process, on PostgreSQL.
//!
//! Runs with `--features sabotage` only. Other builds cannot break a promise.

#![cfg(feature = "sabotage")]
#![expect(
    clippy::unwrap_used,
    reason = "an unexpected result must fail the test"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sosik_decorators::{
    Fault, Faults, Hook, Sabotage, hooked, hooked_leases, sabotaged, sabotaged_leases,
};
use sosik_fabric::Engines;
use sosik_fabric::memory::{Hub, MemoryOptions};
use sosik_feed::{Audience, PersonId, StoryId, Timestamp};
use sosik_servers::test_database;
use sosik_service::accounts::SignUpRequest;
use sosik_service::feeds::{FeedQuery, FeedStart};
use sosik_service::stories::PostRequest;
use sosik_service::{Clock, Parts, Service, Settings, SharedStore, SystemClock};
use sosik_store::{ID_AGE_MAX, Store};
use sosik_store_postgres::{DatabaseUrl, PostgresOptions, PostgresStore};
use tokio::time::{interval, timeout};

/// A state that is not reached within this time counts as never reached.
const PATIENCE: Duration = Duration::from_secs(60);

/// Attempts to catch a broken promise. A busy machine may be so slow that a lease expires before the read that would be
/// outdated.
const ATTEMPTS_MAX: u32 = 5;

const RENEW: &str = "CacheLeases::renew";
const TELL: &str = "Peers::tell";
const DELIVER: &str = "Timelines::deliver";

/// The promise that does not hold.
type Broken = &'static str;

fn expect(holds: bool, broken: Broken) -> Result<(), Broken> {
    holds.then_some(()).ok_or(broken)
}

/// A clock that a test sets ahead.
#[derive(Default)]
struct AheadClock {
    milliseconds: AtomicU64,
}

impl AheadClock {
    fn by(milliseconds: u64) -> Self {
        let milliseconds = AtomicU64::new(milliseconds);
        Self { milliseconds }
    }

    fn ahead(&self) -> Duration {
        Duration::from_millis(self.milliseconds.load(Ordering::Relaxed))
    }
}

impl Clock for AheadClock {
    fn now(&self) -> Timestamp {
        SystemClock.now().plus(self.ahead())
    }

    fn monotonic(&self) -> Duration {
        SystemClock.monotonic() + self.ahead()
    }
}

/// A node, its clock, and the faults of its leases and engines.
struct Node {
    service: Service,
    store: Arc<dyn Store>,
    clock: Arc<AheadClock>,
    faults: Arc<Faults>,
}

/// What the nodes share.
struct Shared {
    url: String,
    hub: Arc<Hub>,
    engines: Engines,
    promise: Option<Sabotage>,
    id_age_max: Option<Duration>,
}

impl Shared {
    async fn new(promise: Option<Sabotage>) -> Self {
        let url = tokio::task::spawn_blocking(test_database).await;
        Self {
            url: url.unwrap().unwrap(),
            hub: Arc::default(),
            engines: Engines::memory(MemoryOptions::default(), 1),
            promise,
            id_age_max: Some(ID_AGE_MAX),
        }
    }

    async fn node(&self, name: &str, clock: AheadClock) -> Node {
        let url = DatabaseUrl::new(self.url.clone());
        let options = PostgresOptions {
            id_age_max: self.id_age_max,
            ..PostgresOptions::at(url, name, Timestamp::default())
        };
        let opened = PostgresStore::open(&options).await.unwrap();
        let faults = Arc::new(Faults::default());
        let hook: Arc<dyn Hook> = Arc::<Faults>::clone(&faults);
        let mut leases = hooked_leases(Arc::<PostgresStore>::clone(&opened), &hook);
        let peers = self.hub.join();
        let with_peers = Engines {
            peers,
            ..self.engines.clone()
        };
        let mut engines = hooked(with_peers, &hook);
        let mut store: Arc<dyn Store> = opened;
        if let Some(promise) = self.promise {
            leases = sabotaged_leases(promise, leases);
            (store, engines) = sabotaged(promise, store, engines);
        }
        let clock = Arc::new(clock);
        let parts = Parts {
            store: Arc::clone(&store),
            shared: Some(SharedStore {
                leases,
                alone: None,
            }),
            engines,
            clock: Arc::<AheadClock>::clone(&clock),
            settings: settings(name),
        };
        Node {
            service: Service::start(parts).await.unwrap(),
            store,
            clock,
            faults,
        }
    }

    async fn nodes(&self) -> [Node; 2] {
        let one = self.node("one", AheadClock::default()).await;
        [one, self.node("other", AheadClock::default()).await]
    }
}

fn settings(name: &str) -> Settings {
    let mut settings = Settings::default();
    // The cheapest parameters of Argon2: its cost is not under test.
    settings.passwords.memory_kib = 8;
    settings.passwords.passes = 1;
    settings.node.name = name.to_owned();
    settings.delivery.sweep_every = Duration::from_millis(200);
    settings
}

impl Node {
    async fn person(&self, handle: &str) -> PersonId {
        let request = SignUpRequest {
            handle: handle.to_owned(),
            display_name: handle.to_owned(),
            password: "river-7-lantern".to_owned(),
            language: None,
            client: String::new(),
        };
        let signed_up = self.service.accounts().sign_up(request).await.unwrap();
        signed_up.person.record.id
    }

    async fn friends(&self) -> [PersonId; 2] {
        let (mina, joon) = (self.person("mina").await, self.person("joon").await);
        let relations = self.service.relations();
        relations.send_friend_request(mina, joon).await.unwrap();
        relations.accept_friend_request(joon, mina).await.unwrap();
        [mina, joon]
    }

    async fn post(&self, author: PersonId) -> StoryId {
        let request = PostRequest {
            attachments: Vec::new(),
            text: "hello".to_owned(),
            audience: Audience::Friends,
            idempotency_key: None,
        };
        let posted = self.service.stories().post(author, request).await.unwrap();
        posted.story.record.id
    }

    async fn opens(&self, reader: PersonId, story: StoryId) -> bool {
        self.service.stories().open(reader, story).await.is_ok()
    }

    async fn shows(&self, reader: PersonId, story: StoryId) -> bool {
        let query = FeedQuery {
            from: FeedStart::Top,
            limit: 20,
        };
        let page = self.service.feeds().read(reader, query).await.unwrap();
        page.items.iter().any(|item| item.story.record.id == story)
    }

    /// Waits for this many more calls to begin.
    async fn begins(&self, call: &'static str, more: u64) {
        let before = self.faults.begun(call);
        eventually(async || self.faults.begun(call) >= before + more).await;
    }

    async fn stop(self) {
        self.faults.lift_all();
        self.service.stop().await;
    }
}

async fn eventually(mut state: impl AsyncFnMut() -> bool) {
    let mut tick = interval(Duration::from_millis(2));
    let wait = async {
        while !state().await {
            tick.tick().await;
        }
    };
    timeout(PATIENCE, wait).await.unwrap();
}

/// What does not reach the second node.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lost {
    Messages,
    MessagesAndRenewals,
}

/// P3: a friend who read a story on one node cannot open it there after an unfriending on another one.
async fn private(promise: Option<Sabotage>, lost: Lost) -> Result<(), Broken> {
    let shared = Shared::new(promise).await;
    let [one, other] = shared.nodes().await;
    let [mina, joon] = one.friends().await;
    let story = one.post(mina).await;
    // The other node has its lease, and the values in its caches.
    other.begins(RENEW, 2).await;
    assert!(other.opens(joon, story).await);
    one.faults.always(TELL, Fault::Error);
    if lost == Lost::MessagesAndRenewals {
        other.faults.always(RENEW, Fault::Wait);
    }
    let relations = one.service.relations();
    relations.unfriend(mina, joon).await.unwrap();
    let opens = other.opens(joon, story).await;
    one.stop().await;
    other.stop().await;
    expect(!opens, "a former friend opened the story on another node")
}

/// P5: a node whose lease of its number expired makes no id with it after another node has leased it.
async fn numbered(promise: Option<Sabotage>) -> Result<(), Broken> {
    const HOUR: u64 = 3_600_000;
    let mut shared = Shared::new(promise).await;
    // The clock of the store does not go on with those of the nodes.
    shared.id_age_max = None;
    let one = shared.node("one", AheadClock::default()).await;
    let mina = one.person("mina").await;
    let other = shared.node("other", AheadClock::by(HOUR)).await;
    one.clock.milliseconds.store(HOUR, Ordering::Relaxed);
    let numbers = [other.post(mina).await, one.post(mina).await].map(|story| story.raw().node());
    one.stop().await;
    other.stop().await;
    expect(
        numbers[0] != numbers[1],
        "two nodes made ids with the same number",
    )
}

/// What a node whose clock is 5 s behind writes after a reader has read everything is unread.
async fn unread(promise: Option<Sabotage>) -> Result<(), Broken> {
    let shared = Shared::new(promise).await;
    let other = shared.node("other", AheadClock::default()).await;
    let one = shared.node("one", AheadClock::by(5_000)).await;
    let [mina, joon] = one.friends().await;
    let story = one.post(mina).await;
    one.service.likes().add(joon, story).await.unwrap();
    let notifications = one.service.notifications();
    let listed = notifications.list(mina, None, 1).await.unwrap();
    let newest = listed.items[0].notification.id;
    notifications.mark_read(mina, newest).await.unwrap();

    // The times by which two nodes make ids differ by less than this.
    let later = SystemClock.now().plus(Duration::from_millis(300));
    eventually(async || SystemClock.now() > later).await;
    let comments = other.service.comments();
    comments.add(joon, story, "hello", None).await.unwrap();
    let later = other.post(mina).await;
    let unread = notifications.unread(mina).await.unwrap();
    one.stop().await;
    other.stop().await;
    expect(unread == 1, "a new notification counts as read")?;
    expect(later > story, "a new story counts as read")
}

/// P2: a story whose delivery failed at first reaches its reader.
async fn delivered(promise: Option<Sabotage>) -> Result<(), Broken> {
    let shared = Shared::new(promise).await;
    let node = shared.node("one", AheadClock::default()).await;
    let [mina, joon] = node.friends().await;
    let first = node.post(mina).await;
    // From now on the timeline shows what is delivered.
    eventually(async || node.shows(joon, first).await).await;
    eventually(async || node.store.order_stats().await.unwrap().pending == 0).await;
    node.faults.always(DELIVER, Fault::Error);
    let before = node.faults.begun(DELIVER);
    let second = node.post(mina).await;
    // One is the insertion into the timeline of the author.
    eventually(async || node.faults.begun(DELIVER) >= before + 2).await;
    node.faults.lift_all();
    let mut shown = false;
    let mut tick = interval(Duration::from_millis(2));
    let outcome = timeout(PATIENCE, async {
        loop {
            tick.tick().await;
            let pending = node.store.order_stats().await.unwrap().pending;
            shown = node.shows(joon, second).await;
            if shown || pending == 0 {
                return;
            }
        }
    });
    outcome.await.unwrap();
    node.stop().await;
    expect(shown, "a story was recorded as delivered and is missing")
}

async fn check(sabotage: Sabotage, promise: Option<Sabotage>) -> Result<(), Broken> {
    match sabotage {
        Sabotage::IgnoreFencing => numbered(promise).await,
        Sabotage::AcknowledgeUndelivered => delivered(promise).await,
        Sabotage::UseOwnClock => unread(promise).await,
        Sabotage::SkipChangeLog => private(promise, Lost::Messages).await,
        _ => private(promise, Lost::MessagesAndRenewals).await,
    }
}

fn of_nodes() -> impl Iterator<Item = Sabotage> {
    let all = Sabotage::ALL.into_iter();
    all.filter(|promise| promise.needs_a_fault())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promises_hold_while_messages_renewals_deliveries_and_leases_fail() {
    for sabotage in of_nodes() {
        assert_eq!(check(sabotage, None).await, Ok(()), "{}", sabotage.name());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_promise_that_is_broken_between_nodes_is_caught() {
    for sabotage in of_nodes() {
        let mut found = Ok(());
        for _ in 0..ATTEMPTS_MAX {
            found = check(sabotage, Some(sabotage)).await;
            if found.is_err() {
                break;
            }
        }
        assert!(found.is_err(), "{} was not caught", sabotage.name());
    }
}

/// The writer never sends its change, as if it had been killed behind its commit.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_whose_writer_died_after_its_commit_holds_after_the_request_is_repeated_elsewhere()
{
    let shared = Shared::new(None).await;
    let [one, other] = shared.nodes().await;
    let third = shared.node("third", AheadClock::default()).await;
    let [mina, joon] = one.friends().await;
    let story = one.post(mina).await;
    third.begins(RENEW, 2).await;
    assert!(third.opens(joon, story).await);
    for call in [TELL, RENEW] {
        one.faults.always(call, Fault::Wait);
    }
    let told = one.faults.begun(TELL);
    let relations = one.service.relations().clone();
    let dies = tokio::spawn(async move { relations.unfriend(mina, joon).await });
    eventually(async || one.faults.begun(TELL) > told).await;
    let relations = other.service.relations();
    relations.unfriend(mina, joon).await.unwrap();
    assert!(!third.opens(joon, story).await);
    assert!(!other.opens(joon, story).await);
    one.faults.lift_all();
    dies.await.unwrap().unwrap();
    for node in [one, other, third] {
        node.stop().await;
    }
}
