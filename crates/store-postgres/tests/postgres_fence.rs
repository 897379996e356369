//! A story, comment or notification whose id is too old at its commit is not stored.

mod harness;

use std::sync::Arc;
use std::time::Duration;

use harness::{Session, options, url};
use sosik_feed::{CommentId, NotificationId, PersonId, RawId, StoryId, Timestamp, UnownedId};
use sosik_store::suite::world::{EmptyStore, LIMITS, World, key};
use sosik_store::{
    CommentEdit, EditedText, LeaseRequest, NewComment, NewStory, Nodes, Posted, Store, StoreError,
    StoreResult, StoryEdit,
};
use sosik_store_postgres::{PostgresOptions, PostgresStore};

/// The oldest id that the stores of these tests accept.
const LIMIT: Duration = Duration::from_secs(20);

/// A store that rejects ids older than this.
async fn fenced(options: &PostgresOptions, limit: Duration) -> Arc<PostgresStore> {
    let options = PostgresOptions {
        id_age_max: Some(limit),
        ..options.clone()
    };
    PostgresStore::open(&options).await.expect("a store opens")
}

async fn server_time(session: &Session) -> Timestamp {
    let now = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint";
    let row = session.client.query_one(now, &[]).await.expect("a time");
    Timestamp::from_i64(row.get(0))
}

/// An id that the server would call this old.
async fn id_of_age(session: &Session, age: Duration) -> UnownedId {
    id_at(server_time(session).await.minus(age), 0)
}

fn id_at(time: Timestamp, sequence: u16) -> UnownedId {
    UnownedId::from_fields(RawId::first_at(time).millis(), 0, sequence)
}

/// What the writes of a test are about.
struct Scene {
    world: World,
    author: PersonId,
    friend: PersonId,
    /// The author wrote it.
    story: StoryId,
    /// The friend wrote it on the story.
    comment: CommentId,
    /// Asked the author to be friends.
    asker: PersonId,
    stranger: PersonId,
}

impl Scene {
    async fn new(store: Arc<PostgresStore>) -> Self {
        let world = World::new(store);
        let handles = ["author", "friend", "asker", "stranger"];
        let [author, friend, asker, stranger] = world.people(handles).await;
        world.befriend(author, friend).await;
        let story = world.posts(author, "story").await;
        let comment = world.comments(friend, story, "comment").await;
        world.asks(asker, author).await;
        Self {
            world,
            author,
            friend,
            story,
            comment,
            asker,
            stranger,
        }
    }

    /// Every write that inserts a row with a new id, with ids of this age.
    async fn writes(
        &self,
        store: &dyn EmptyStore,
        session: &Session,
        age: Duration,
    ) -> Vec<(&'static str, StoreResult<()>)> {
        let Self { author, friend, .. } = *self;
        let now = self.world.now();
        let then = server_time(session).await.minus(age);
        let id = |sequence| id_at(then, sequence);
        let note = |sequence, reader| NotificationId::for_reader(reader, id(sequence));
        let story = NewStory {
            id: StoryId::of_author(author, id(0)),
            ..self.world.new_story(author, "another story")
        };
        let comment = NewComment {
            id: CommentId::on_story(self.story, id(1)),
            ..self
                .world
                .new_comment(friend, self.story, "another comment")
        };
        vec![
            ("post", store.post(story).await.map(drop)),
            ("comment", store.comment(comment).await.map(drop)),
            (
                "edit a story",
                store
                    .edit_story(self.story_edit(id(2).lowest()))
                    .await
                    .map(drop),
            ),
            (
                "edit a comment",
                store
                    .edit_comment(self.comment_edit(id(3).lowest()))
                    .await
                    .map(drop),
            ),
            (
                "like",
                store
                    .like(friend, self.story, note(4, author), now)
                    .await
                    .map(drop),
            ),
            (
                "like a comment",
                store
                    .like_comment(author, self.comment, note(5, friend), now)
                    .await
                    .map(drop),
            ),
            (
                "ask",
                store
                    .send_friend_request(friend, self.stranger, LIMITS, note(6, self.stranger), now)
                    .await
                    .map(drop),
            ),
            (
                "accept",
                store
                    .accept_friend_request(author, self.asker, LIMITS, note(7, self.asker), now)
                    .await
                    .map(drop),
            ),
            (
                "befriend an invited person",
                store
                    .befriend_invited(self.stranger, author, LIMITS, note(7, author), now)
                    .await
                    .map(drop),
            ),
        ]
    }

    fn story_edit(&self, cause: RawId) -> StoryEdit {
        StoryEdit {
            id: self.story,
            author: self.author,
            text: Some(EditedText {
                text: "@friend".to_owned(),
                mentions: vec!["friend".to_owned()],
                tags: vec![],
                link: None,
                cause,
            }),
            audience: None,
            attachments: None,
            now: self.world.now(),
        }
    }

    fn comment_edit(&self, cause: RawId) -> CommentEdit {
        CommentEdit {
            id: self.comment,
            author: self.friend,
            text: "@author".to_owned(),
            mentions: vec!["author".to_owned()],
            cause,
            now: self.world.now(),
        }
    }
}

/// Everything that these writes change.
async fn rows(session: &Session) -> Vec<i64> {
    let counts = "SELECT unnest(ARRAY[(SELECT count(*) FROM stories), (SELECT count(*) FROM comments),
        (SELECT count(*) FROM notifications), (SELECT count(*) FROM likes), (SELECT count(*) FROM comment_likes),
        (SELECT count(*) FROM friendships),
        (SELECT count(*) FROM stories WHERE edited_at IS NOT NULL),
        (SELECT count(*) FROM comments WHERE edited_at IS NOT NULL)])";
    let rows = session.client.query(counts, &[]).await.expect("counts");
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn nothing_is_stored_with_an_old_id() {
    let options = options().await;
    let open = PostgresStore::open(&options).await.expect("a store opens");
    let scene = Scene::new(open).await;
    let (store, session) = (
        fenced(&options, LIMIT).await,
        Session::connect(url(&options)).await,
    );
    let before = rows(&session).await;
    let late = LIMIT + Duration::from_secs(1);
    for (write, outcome) in scene.writes(&*store, &session, late).await {
        assert!(
            matches!(outcome, Err(StoreError::Busy)),
            "{write}: {outcome:?}"
        );
    }
    assert_eq!(rows(&session).await, before);

    for (write, outcome) in scene.writes(&*store, &session, Duration::ZERO).await {
        assert!(outcome.is_ok(), "{write}: {outcome:?}");
    }
    let changed = rows(&session).await;
    assert!(
        changed.iter().zip(&before).all(|(now, then)| now != then),
        "{before:?}, {changed:?}"
    );
    store.close().await;
    scene.world.finish().await;
}

#[tokio::test]
async fn a_story_with_an_old_id_can_be_posted_again_with_a_new_one() {
    let options = options().await;
    let world = World::new(fenced(&options, LIMIT).await);
    let session = Session::connect(url(&options)).await;
    let [author] = world.people(["mina"]).await;
    let story = async |age: Duration| NewStory {
        id: StoryId::of_author(author, id_of_age(&session, age).await),
        idempotency: key("again", 1),
        ..world.new_story(author, "story")
    };
    let old = story(LIMIT + Duration::from_secs(1)).await;
    let refused = world.post(old).await;
    assert!(matches!(refused, Err(StoreError::Busy)), "{refused:?}");
    let again = story(Duration::ZERO).await;
    let posted = world.post(again.clone()).await.expect("in time").value;
    assert!(matches!(posted, Posted::New { .. }), "{posted:?}");
    assert!(world.story(again.id).await.is_some());
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_that_waits_too_long_before_its_commit_is_not_stored() {
    const LIMIT: Duration = Duration::from_secs(2);
    let options = options().await;
    let world = World::new(fenced(&options, LIMIT).await);
    let session = Session::connect(url(&options)).await;
    // The transaction of a story with mentions has other last statements.
    let [author, _mentioned] = world.people(["mina", "joon"]).await;
    let id = StoryId::of_author(author, id_of_age(&session, Duration::ZERO).await);
    let story = NewStory {
        id,
        mentions: vec!["joon".to_owned()],
        ..world.new_story(author, "story")
    };
    let lock = format!("BEGIN; SELECT 1 FROM person_counts WHERE person = {author} FOR UPDATE");
    session.run(&lock).await;
    let store = world.shared();
    let post = tokio::spawn(async move { store.post(story).await });
    session.waiting("post", "Lock").await;
    while server_time(&session).await <= id.time().plus(LIMIT) {
        tokio::task::yield_now().await;
    }
    session.run("COMMIT").await;
    let refused = post.await.expect("a task");
    assert!(matches!(refused, Err(StoreError::Busy)), "{refused:?}");
    assert!(world.story(id).await.is_none());
    world.finish().await;
}

#[tokio::test]
async fn a_node_gets_the_time_of_the_server_with_its_lease_if_ids_are_fenced() {
    let options = options().await;
    let unfenced = PostgresStore::open(&options).await.expect("a store opens");
    let session = Session::connect(url(&options)).await;
    let request = || LeaseRequest {
        region: 0,
        holder: "test".to_owned(),
        now: Timestamp::default(),
        span: LIMIT,
    };
    let lease = unfenced.lease_node(request()).await.expect("a number");
    assert_eq!(lease.store_now, None);

    let fenced = fenced(&options, LIMIT).await;
    let before = server_time(&session).await;
    let leased = fenced.lease_node(request()).await.expect("a number");
    let now = Timestamp::default();
    let renewed = fenced.renew_node(leased, now, now, LIMIT).await;
    let renewed = renewed.expect("the number is kept").store_now;
    let after = server_time(&session).await;
    let told = [Some(before), leased.store_now, renewed, Some(after)];
    assert!(told.is_sorted() && !told.contains(&None), "{told:?}");
    unfenced.close().await;
    fenced.close().await;
}
