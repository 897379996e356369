//! Two nodes with one store and one fabric: a read on one sees every write acknowledged by the other. The store has a copy
//! that lags behind.

#![expect(clippy::unwrap_used, reason = "in a test an unwrap is an assertion")]

mod in_flight;
mod lagging;
mod leases;
mod own_story;
mod previews;
mod shared_sessions;
mod shown;
mod unknown_outcomes;

use std::fs::File;
use std::sync::Arc;
use std::time::Duration;

use sosik_decorators::{Faults, Hook, Lagging, hooked, hooked_store};

use sosik_fabric::memory::{Alone, Hub, MemoryOptions};
use sosik_fabric::{Engines, Peers};
use sosik_feed::{Audience, PersonId, StoryId, Timestamp};
use sosik_service::accounts::SignUpRequest;
use sosik_service::feeds::{FeedQuery, FeedStart};
use sosik_service::stories::{EditRequest, PostRequest};
use sosik_service::{Parts, Service, Settings, SystemClock};
use sosik_store::Store;
use sosik_store_sqlite::{SqliteOptions, SqliteStore, backup};

/// A state that is not reached within this time counts as never reached.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Two nodes. A client writes on one and reads on the other.
struct Nodes {
    one: Service,
    other: Service,
    store: Lagging<SqliteStore>,
    /// The faults of the store, and of the fabric for the first node.
    faults: Arc<Faults>,
    folder: tempfile::TempDir,
}

/// A person with a session.
struct Person {
    id: PersonId,
    token: String,
}

impl Nodes {
    /// Two nodes that notify each other.
    async fn new() -> Self {
        let hub = Arc::new(Hub::default());
        Self::among([hub.join(), hub.join()]).await
    }

    /// Two nodes that do not know each other.
    async fn strangers() -> Self {
        Self::among([Arc::new(Alone::default()), Arc::new(Alone::default())]).await
    }

    async fn among([one, other]: [Arc<dyn Peers>; 2]) -> Self {
        let faults = Arc::new(Faults::default());
        let hook: Arc<dyn Hook> = Arc::<Faults>::clone(&faults);
        Self::hooked([one, other], faults, &hook).await
    }

    async fn hooked(
        [one, other]: [Arc<dyn Peers>; 2],
        faults: Arc<Faults>,
        hook: &Arc<dyn Hook>,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let primary = open(&folder, "primary.db");
        let copy = Arc::clone(&primary);
        let store = Lagging::new(primary, copy);
        let shared = Engines::memory(MemoryOptions::default(), 1);
        let node = async |name, engines| {
            let store = hooked_store(store.store(), hook);
            start(name, store, engines).await
        };
        let fabric: Arc<dyn Hook> = Arc::<Faults>::clone(&faults);
        let with = |peers| Engines {
            peers,
            ..shared.clone()
        };
        Self {
            one: node("one", hooked(with(one), &fabric)).await,
            other: node("other", with(other)).await,
            store,
            faults,
            folder,
        }
    }

    /// From now on the copy of the store does not follow.
    fn freeze_copy(&self) {
        let position = self.store.position();
        let path = |name: &str| self.folder.path().join(name);
        let name = format!("copy-{}.db", position.number());
        File::create(path(&name)).unwrap();
        backup::back_up(&path("primary.db"), &path(&name), |_, _| {}).unwrap();
        self.store.catch_up(position, open(&self.folder, &name));
    }

    async fn person(&self, handle: &str) -> Person {
        person_on(&self.one, handle).await
    }

    async fn friends(&self) -> [Person; 2] {
        let (mina, joon) = (self.person("mina").await, self.person("joon").await);
        let relations = self.one.relations();
        relations
            .send_friend_request(mina.id, joon.id)
            .await
            .unwrap();
        relations
            .accept_friend_request(joon.id, mina.id)
            .await
            .unwrap();
        [mina, joon]
    }

    async fn post(&self, author: &Person, audience: Audience) -> StoryId {
        post_on(&self.one, author.id, audience).await
    }

    /// A story of this author that this reader has read on the other node, so that its caches are warm.
    async fn read_story(&self, author: &Person, audience: Audience, reader: &Person) -> StoryId {
        let story = self.post(author, audience).await;
        assert!(opens(&self.other, reader, story).await);
        eventually(async || top(&self.other, reader).await == [story]).await;
        self.freeze_copy();
        story
    }

    async fn stop(self) {
        self.one.stop().await;
        self.other.stop().await;
    }
}

async fn person_on(node: &Service, handle: &str) -> Person {
    let request = SignUpRequest {
        handle: handle.to_owned(),
        display_name: handle.to_owned(),
        password: "river-7-lantern".to_owned(),
        language: None,
        client: String::new(),
    };
    let signed_up = node.accounts().sign_up(request).await.unwrap();
    Person {
        id: signed_up.person.record.id,
        token: signed_up.token.as_str().to_owned(),
    }
}

async fn post_on(node: &Service, author: PersonId, audience: Audience) -> StoryId {
    let request = PostRequest {
        text: "hello".to_owned(),
        attachments: Vec::new(),
        audience,
        idempotency_key: None,
    };
    let posted = node.stories().post(author, request).await.unwrap();
    posted.story.record.id
}

fn open(folder: &tempfile::TempDir, name: &str) -> Arc<SqliteStore> {
    let file = folder.path().join(name);
    SqliteStore::open(&SqliteOptions::at(file, Timestamp::default())).unwrap()
}

fn settings(name: &str) -> Settings {
    let mut settings = Settings::default();
    // The cheapest parameters of Argon2: its cost is not under test.
    settings.passwords.memory_kib = 8;
    settings.passwords.passes = 1;
    settings.media.poll_every = Duration::from_millis(20);
    settings.node.name = name.to_owned();
    settings
}

async fn start(name: &str, store: Arc<dyn Store>, engines: Engines) -> Service {
    let parts = Parts {
        store,
        shared: None,
        engines,
        clock: Arc::new(SystemClock),
        settings: settings(name),
    };
    Service::start(parts).await.unwrap()
}

async fn eventually(mut state: impl AsyncFnMut() -> bool) {
    let mut tick = tokio::time::interval(Duration::from_millis(2));
    let wait = async {
        while !state().await {
            tick.tick().await;
        }
    };
    tokio::time::timeout(TIMEOUT, wait).await.unwrap();
}

async fn opens(node: &Service, reader: &Person, story: StoryId) -> bool {
    node.stories().open(reader.id, story).await.is_ok()
}

async fn top(node: &Service, reader: &Person) -> Vec<StoryId> {
    let query = FeedQuery {
        from: FeedStart::Top,
        limit: 20,
    };
    let page = node.feeds().read(reader.id, query).await.unwrap();
    page.items.iter().map(|item| item.story.record.id).collect()
}

async fn narrow(node: &Service, author: &Person, story: StoryId) {
    let request = EditRequest {
        text: None,
        attachments: None,
        audience: Some(Audience::Friends),
    };
    node.stories()
        .edit(author.id, story, request)
        .await
        .unwrap();
}

#[tokio::test]
async fn after_an_unfriending_the_other_node_shows_nothing_to_the_former_friend() {
    let nodes = Nodes::new().await;
    let [mina, joon] = nodes.friends().await;
    let story = nodes.read_story(&mina, Audience::Friends, &joon).await;
    let relations = nodes.one.relations();
    relations.unfriend(mina.id, joon.id).await.unwrap();
    assert!(!opens(&nodes.other, &joon, story).await);
    assert_eq!(top(&nodes.other, &joon).await, []);
    nodes.stop().await;
}

#[tokio::test]
async fn after_a_block_the_other_node_hides_each_from_the_other() {
    let nodes = Nodes::new().await;
    let [mina, joon] = nodes.friends().await;
    let story = nodes.read_story(&mina, Audience::Public, &joon).await;
    nodes.one.relations().block(mina.id, joon.id).await.unwrap();
    assert!(!opens(&nodes.other, &joon, story).await);
    assert_eq!(top(&nodes.other, &joon).await, []);
    nodes.stop().await;
}

#[tokio::test]
async fn a_story_narrowed_to_friends_is_closed_to_strangers_on_the_other_node() {
    let nodes = Nodes::new().await;
    let (mina, eve) = (nodes.person("mina").await, nodes.person("eve").await);
    nodes.one.relations().follow(eve.id, mina.id).await.unwrap();
    let story = nodes.read_story(&mina, Audience::Public, &eve).await;
    narrow(&nodes.one, &mina, story).await;
    assert!(!opens(&nodes.other, &eve, story).await);
    assert_eq!(top(&nodes.other, &eve).await, []);
    nodes.stop().await;
}

#[tokio::test]
async fn a_deleted_story_is_gone_on_the_other_node() {
    let nodes = Nodes::new().await;
    let [mina, joon] = nodes.friends().await;
    let story = nodes.read_story(&mina, Audience::Public, &joon).await;
    nodes.one.stories().delete(mina.id, story).await.unwrap();
    assert!(!opens(&nodes.other, &joon, story).await);
    assert_eq!(top(&nodes.other, &joon).await, []);
    nodes.stop().await;
}

#[tokio::test]
async fn a_session_that_ended_opens_nothing_on_the_other_node() {
    let nodes = Nodes::new().await;
    let mina = nodes.person("mina").await;
    let viewer = nodes.other.sessions().viewer(&mina.token).await.unwrap();
    nodes.freeze_copy();
    nodes
        .one
        .sessions()
        .log_out(&viewer.unwrap())
        .await
        .unwrap();
    let viewer = nodes.other.sessions().viewer(&mina.token).await.unwrap();
    assert_eq!(viewer, None);
    nodes.stop().await;
}

#[tokio::test]
async fn a_new_friend_sees_the_stories_on_their_next_read_on_the_other_node() {
    let nodes = Nodes::new().await;
    let (mina, joon) = (nodes.person("mina").await, nodes.person("joon").await);
    // Builds a timeline on the other node, without the story.
    assert_eq!(top(&nodes.other, &joon).await, []);
    let request = PostRequest {
        text: "hello".to_owned(),
        attachments: Vec::new(),
        audience: Audience::Friends,
        idempotency_key: None,
    };
    let posted = nodes.one.stories().post(mina.id, request).await.unwrap();
    nodes.freeze_copy();
    for (asking, asked) in [(&mina, &joon), (&joon, &mina)] {
        let relations = nodes.one.relations();
        relations
            .send_friend_request(asking.id, asked.id)
            .await
            .unwrap();
    }
    let found = top(&nodes.other, &joon).await;
    assert_eq!(found, [posted.story.record.id]);
    nodes.stop().await;
}

#[tokio::test]
async fn ones_own_like_and_read_position_are_there_on_the_next_read_on_the_other_node() {
    let nodes = Nodes::new().await;
    let [mina, joon] = nodes.friends().await;
    let story = nodes.read_story(&mina, Audience::Public, &joon).await;
    let (one, other) = (&nodes.one, &nodes.other);
    // Caches both values on the other node.
    let before = other.stories().open(joon.id, story).await.unwrap();
    assert!(!before.liked);
    let position = other.feeds().read_position(joon.id).await.unwrap();
    assert!(position < story);
    one.likes().add(joon.id, story).await.unwrap();
    one.feeds().mark_read(joon.id, story).await.unwrap();
    let after = other.stories().open(joon.id, story).await.unwrap();
    assert!(after.liked);
    let position = other.feeds().read_position(joon.id).await.unwrap();
    assert_eq!(position, story);
    nodes.stop().await;
}

#[tokio::test]
async fn counts_arrive_soon_on_the_other_node_and_never_go_back() {
    let nodes = Nodes::new().await;
    let [mina, joon] = nodes.friends().await;
    let story = nodes.read_story(&mina, Audience::Public, &joon).await;
    let comments = nodes.one.comments();
    let mut last = 0;
    for number in 1..=20 {
        comments.add(mina.id, story, "x", None).await.unwrap();
        eventually(async || {
            let found = nodes.other.stories().open(joon.id, story).await.unwrap();
            let count = found.story.counts().comments;
            assert!(count >= last, "{count} after {last}");
            last = count;
            count == number
        })
        .await;
    }
    nodes.stop().await;
}

/// Checks the tests above: without notices between the nodes, the other node serves its outdated caches.
#[tokio::test]
async fn a_node_that_hears_nothing_serves_outdated_values() {
    let nodes = Nodes::strangers().await;
    let [mina, joon] = nodes.friends().await;
    let story = nodes.read_story(&mina, Audience::Friends, &joon).await;
    let viewer = nodes.other.sessions().viewer(&mina.token).await.unwrap();
    let (one, other) = (&nodes.one, &nodes.other);
    one.likes().add(joon.id, story).await.unwrap();
    one.feeds().mark_read(joon.id, story).await.unwrap();
    let found = other.stories().open(joon.id, story).await.unwrap();
    assert_eq!((found.liked, found.story.counts().likes), (false, 0));
    one.relations().unfriend(mina.id, joon.id).await.unwrap();
    assert!(opens(other, &joon, story).await);
    one.stories().delete(mina.id, story).await.unwrap();
    assert!(opens(other, &joon, story).await);
    one.sessions().log_out(&viewer.unwrap()).await.unwrap();
    assert!(
        other
            .sessions()
            .viewer(&mina.token)
            .await
            .unwrap()
            .is_some()
    );
    nodes.stop().await;
}
