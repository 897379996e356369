//! Two nodes on one database: what holds although both write about the same rows at the same time.

mod harness;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use harness::{Nodes, Session};
use sosik_feed::{Audience, CommentId, PersonId, StoryId, Timestamp};
use sosik_store::suite::world::{EmptyStore, World};
use sosik_store::{
    Claim, ClaimName, FailedOrder, Idempotency, NewStory, OrderKind, PersonLimits, Posted, Quota,
    StoreError, StoryEdit,
};

/// Writes at once: more than the connections of both nodes, so that some wait for one.
const AT_ONCE: usize = 40;

/// Transactions that have begun before the first one goes on. Fewer than the connections of both nodes.
const WAITING: i64 = 6;

/// A story without a claim, so its delivery is due.
fn due(world: &World, author: PersonId) -> NewStory {
    NewStory {
        claim: None,
        audience: Audience::Friends,
        ..world.new_story(author, "story")
    }
}

async fn claims_all(node: Arc<dyn EmptyStore>, process: u64, now: Timestamp) -> Vec<StoryId> {
    let mut claimed = Vec::new();
    loop {
        let claim = Claim {
            name: ClaimName { process, number: 1 },
            until: now.plus(Duration::from_secs(60)),
        };
        let orders = node.claim_orders(claim, now, 7).await.expect("a claim");
        claimed.extend(orders.iter().map(|order| order.story));
        // Another worker may have claimed all that were read.
        if orders.is_empty()
            && node
                .delivery_progress(now)
                .await
                .expect("a watermark")
                .due_since
                .is_none()
        {
            return claimed;
        }
    }
}

#[tokio::test]
async fn workers_that_claim_at_once_get_every_order_once() {
    let nodes = Nodes::start(PersonLimits::default()).await;
    let [mina] = nodes.world.people(["mina"]).await;
    let mut stories = Vec::new();
    for _ in 0..60 {
        let story = due(&nodes.world, mina);
        stories.push(story.id);
        nodes.world.posts_new(story).await;
    }
    let now = nodes.world.now();
    let workers = (0..4).map(|worker| claims_all(nodes.node(worker), worker as u64 + 1, now));
    let mut claimed = join_all(workers).await.concat();
    claimed.sort_unstable();
    assert_eq!(claimed, stories);
    nodes.finish().await;
}

#[tokio::test]
async fn late_stories_of_two_nodes_have_numbers_without_gaps() {
    let nodes = Nodes::start(PersonLimits::default()).await;
    let world = &nodes.world;
    let authors = world.crowd(AT_ONCE).await;
    let (mut published, mut dead) = (Vec::new(), Vec::new());
    for (number, author) in authors.iter().enumerate() {
        let story = world.posts_for(*author, Audience::Friends, "story").await;
        if number % 4 == 0 {
            dead.push(story);
        } else {
            published.push((*author, story));
        }
    }
    let failed = dead.iter().map(|story| FailedOrder {
        held: sosik_store::HeldOrder {
            story: *story,
            kind: OrderKind::Deliver,
            claim: sosik_store::suite::world::POSTED,
        },
        error: "error".to_owned(),
        due: world.now(),
    });
    world
        .fail_orders(failed.collect(), 1)
        .await
        .expect("dead orders");
    let publishes = published
        .iter()
        .enumerate()
        .map(async |(number, (author, id))| {
            let edit = StoryEdit {
                id: *id,
                author: *author,
                text: None,
                attachments: None,
                audience: Some(Audience::Public),
                now: world.now(),
            };
            nodes.node(number).edit_story(edit).await.expect("an edit");
        });
    let retry = async {
        let retried = nodes.other.retry_dead_orders(world.now()).await;
        assert_eq!(retried.expect("a retry"), dead.len() as u64);
    };
    futures::future::join(join_all(publishes), retry).await;
    let late = world
        .late_stories(0)
        .await
        .expect("late stories")
        .expect("all of them");
    let numbers: Vec<_> = late.iter().map(|late| late.number).collect();
    assert_eq!(numbers, (1..=AT_ONCE as u64).collect::<Vec<_>>());
    let stories: BTreeSet<_> = late.iter().map(|late| late.story).collect();
    assert_eq!(stories.len(), AT_ONCE);
    nodes.finish().await;
}

/// Starts an act on a story with counts, and lets it wait for these counts, with its other rows written. Then the
/// story is deleted and purged while the act goes on.
async fn deleted_while<F: Future>(nodes: &Nodes, author: PersonId, act: impl FnOnce(StoryId) -> F) {
    let (world, other) = (&nodes.world, Arc::clone(&nodes.other));
    let story = world.posts(author, "soon deleted").await;
    world.likes(author, story).await;
    let session = Session::connect(&nodes.url).await;
    session
        .run("BEGIN; SELECT FROM story_counts FOR UPDATE")
        .await;
    let now = world.now();
    let delete = async {
        waiting(&session, 1).await;
        let delete = async {
            other
                .delete_story(story, author, now)
                .await
                .expect("a deletion");
            let purged = async || while !other.purge_story(story, 100).await.expect("a step") {};
            harness::within("the story is purged", purged()).await;
        };
        let go_on = async {
            waiting(&session, 2).await;
            session.run("COMMIT").await;
        };
        futures::future::join(delete, go_on).await;
    };
    futures::future::join(act(story), delete).await;
}

/// Runs writes that all change these rows, and lets each of them get as far as it can before the first one goes on.
async fn all_at_once<F: Future>(
    nodes: &Nodes,
    table: &str,
    writes: impl Iterator<Item = F>,
) -> Vec<F::Output> {
    let session = Session::connect(&nodes.url).await;
    session
        .run(&format!("BEGIN; SELECT FROM {table} FOR UPDATE"))
        .await;
    let go_on = async {
        waiting(&session, WAITING).await;
        session.run("COMMIT").await;
    };
    futures::future::join(join_all(writes), go_on).await.0
}

/// Waits until so many sessions of the nodes wait for locks.
async fn waiting(session: &Session, number: i64) {
    let count = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    loop {
        session.run("SELECT pg_stat_clear_snapshot()").await;
        let row = session
            .client
            .query_one(count, &[])
            .await
            .expect("sessions");
        if row.get::<_, i64>(0) >= number {
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_like_of_a_story_that_is_being_deleted_leaves_no_rows() {
    let nodes = Nodes::start(PersonLimits::default()).await;
    let world = &nodes.world;
    let [mina, joon] = world.people(["mina", "joon"]).await;
    deleted_while(&nodes, mina, async |story| {
        let note = world.note_of_likes(story);
        world
            .like(joon, story, note, world.now())
            .await
            .expect("a like");
        story
    })
    .await;
    let liked = world.liked_stories(joon, 9).await.expect("likes");
    assert_eq!(liked.stories, []);
    assert_eq!(rows(&nodes, "likes").await, 0);
    nodes.finish().await;
}

#[tokio::test]
async fn a_comment_on_a_story_that_is_being_deleted_leaves_no_rows() {
    let nodes = Nodes::start(PersonLimits::default()).await;
    let world = &nodes.world;
    let [mina, joon] = world.people(["mina", "joon"]).await;
    deleted_while(&nodes, mina, async |story| {
        let comment = world.new_comment(joon, story, "a word");
        world.comment(comment).await.expect("a comment");
    })
    .await;
    assert_eq!(rows(&nodes, "comments").await, 0);
    assert_eq!(rows(&nodes, "notifications").await, 0);
    nodes.finish().await;
}

/// The number of rows of a table.
async fn rows(nodes: &Nodes, table: &str) -> i64 {
    let session = Session::connect(&nodes.url).await;
    let count = format!("SELECT count(*) FROM {table}");
    session
        .client
        .query_one(&count, &[])
        .await
        .expect("a count")
        .get(0)
}

#[tokio::test]
async fn a_quota_holds_when_a_person_posts_on_two_nodes_at_once() {
    let limits = PersonLimits {
        stories_max: 10,
        ..PersonLimits::default()
    };
    let nodes = Nodes::start(limits).await;
    let [mina] = nodes.world.people(["mina"]).await;
    let posts = (0..AT_ONCE).map(async |number| {
        let story = nodes.world.new_story(mina, "story");
        match nodes.node(number).post(story).await {
            Ok(_) => true,
            Err(StoreError::QuotaReached(Quota::Stories)) => false,
            Err(error) => panic!("{error:?}"),
        }
    });
    let posted = all_at_once(&nodes, "person_counts", posts).await;
    let posted = posted.into_iter().filter(|posted| *posted).count();
    assert_eq!(posted, 10);
    nodes.finish().await;
}

#[tokio::test]
async fn strangers_are_notified_up_to_the_limit_when_a_person_posts_on_two_nodes_at_once() {
    let limits = PersonLimits {
        stranger_mentions_per_day_max: 5,
        ..PersonLimits::default()
    };
    let nodes = Nodes::start(limits).await;
    let [mina] = nodes.world.people(["mina"]).await;
    let strangers = nodes.world.crowd(20).await;
    let posts = (0..strangers.len()).map(async |number| {
        let story = NewStory {
            mentions: vec![format!("p{number}")],
            ..nodes.world.new_story(mina, "story")
        };
        let posted = nodes.node(number).post(story).await.expect("a post").value;
        match posted {
            Posted::New { notified, .. } => notified.len(),
            other => panic!("{other:?}"),
        }
    });
    assert_eq!(
        all_at_once(&nodes, "person_counts", posts)
            .await
            .into_iter()
            .sum::<usize>(),
        5
    );
    nodes.finish().await;
}

#[tokio::test]
async fn the_same_request_on_two_nodes_at_once_posts_once() {
    let nodes = Nodes::start(PersonLimits::default()).await;
    let [mina] = nodes.world.people(["mina"]).await;
    let posts = (0..AT_ONCE).map(async |number| {
        let story = NewStory {
            idempotency: Some(Idempotency {
                key: "key".to_owned(),
                fingerprint: u64::MAX,
            }),
            ..nodes.world.new_story(mina, "story")
        };
        let id = story.id;
        match nodes
            .node(number)
            .post(story)
            .await
            .expect("an answer")
            .value
        {
            Posted::New { .. } => (true, id),
            Posted::Repeated(id) => (false, id),
            other => panic!("{other:?}"),
        }
    });
    let answers = all_at_once(&nodes, "person_counts", posts).await;
    assert_eq!(answers.iter().filter(|(new, _)| *new).count(), 1);
    let ids: BTreeSet<_> = answers.into_iter().map(|(_, id)| id).collect();
    assert_eq!(ids.len(), 1, "everybody gets the same story");
    nodes.finish().await;
}

#[tokio::test]
async fn the_last_of_many_who_take_their_likes_back_at_once_removes_the_notification() {
    let nodes = Nodes::start(PersonLimits::default()).await;
    let world = &nodes.world;
    let [mina] = world.people(["mina"]).await;
    let readers = world.crowd(8).await;
    for _ in 0..5 {
        let story = world.posts(mina, "story").await;
        for reader in &readers {
            world.likes(*reader, story).await;
        }
        assert_eq!(world.notes(mina).await.len(), 1);
        let unlikes = readers.iter().enumerate().map(async |(number, reader)| {
            nodes
                .node(number)
                .unlike(*reader, story)
                .await
                .expect("an unlike");
        });
        all_at_once(&nodes, "story_counts", unlikes).await;
        assert_eq!(world.notes(mina).await, []);
    }
    nodes.finish().await;
}

#[tokio::test]
async fn edits_and_deletions_of_one_comment_at_once_end_with_right_counts() {
    let nodes = Nodes::start(PersonLimits::default()).await;
    let world = &nodes.world;
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let story = world.posts(mina, "story").await;
    for _ in 0..10 {
        let comment = world.comments(joon, story, "a word").await;
        let edits = (0..4).map(async |number| {
            let edit = edit(world, comment, joon, &"가".repeat(number + 1));
            nodes
                .node(number)
                .edit_comment(edit)
                .await
                .expect("an edit or none");
        });
        let deletes = [mina, joon].map(async |person| {
            let deleted = nodes.other.delete_comment(comment, person).await;
            deleted.expect("a deletion or none").value.is_some()
        });
        let (_, deleted) = futures::future::join(join_all(edits), join_all(deletes)).await;
        assert_eq!(deleted.into_iter().filter(|deleted| *deleted).count(), 1);
    }
    nodes.finish().await;
}

/// Marks a comment as deleted while a write that needs it waits, as a deletion on another node does.
async fn deleted_during<F: Future>(nodes: &Nodes, comment: CommentId, write: F) -> F::Output {
    let session = Session::connect(&nodes.url).await;
    let delete = format!(
        "BEGIN; UPDATE comments SET deleted = true, text = '' WHERE id = {}",
        comment.as_i64()
    );
    session.run(&delete).await;
    let go_on = async {
        waiting(&session, 1).await;
        session.run("COMMIT").await;
    };
    futures::future::join(write, go_on).await.0
}

#[tokio::test]
async fn an_import_adds_neither_likes_nor_replies_to_a_comment_that_is_being_deleted() {
    let nodes = Nodes::start(PersonLimits::default()).await;
    let world = &nodes.world;
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let story = world.posts(mina, "story").await;
    let liked = world.comments(mina, story, "liked").await;
    let likes = nodes
        .other
        .like_comments_many(vec![(joon, liked, world.now())]);
    assert_eq!(
        deleted_during(&nodes, liked, likes).await.expect("likes"),
        0
    );
    let likers = world.comment_likers(liked, None, 9).await;
    assert!(likers.expect("likers").is_empty());
    let answered = world.comments(mina, story, "answered").await;
    let reply = sosik_store::NewComment {
        reply_to: Some(answered),
        ..world.new_comment(joon, story, "reply")
    };
    let replies = nodes.other.comment_many(vec![reply]);
    let made = deleted_during(&nodes, answered, replies).await;
    assert_eq!(made.expect("replies"), 0);
    // The deletions are not complete, so their counts are not compared.
    nodes.other.close().await;
    nodes.world.close().await;
}

#[tokio::test]
async fn a_repair_locks_a_reply_before_its_parent_as_a_deletion_does() {
    let nodes = Nodes::start(PersonLimits::default()).await;
    let world = &nodes.world;
    let [mina] = world.people(["mina"]).await;
    let story = world.posts(mina, "story").await;
    let parent = world.comments(mina, story, "parent").await;
    let reply = sosik_store::NewComment {
        reply_to: Some(parent),
        ..world.new_comment(mina, story, "reply")
    };
    let id = reply.id;
    world.comments_new(reply).await;
    let session = Session::connect(&nodes.url).await;
    let lock = |id: CommentId, wait| {
        format!(
            "SELECT FROM comments WHERE id = {} FOR UPDATE {wait}",
            id.as_i64()
        )
    };
    session.run(&format!("BEGIN; {}", lock(id, ""))).await;
    let deletion = async {
        waiting(&session, 1).await;
        session.run(&lock(parent, "NOWAIT")).await;
        session.run("COMMIT").await;
    };
    let repair = nodes.other.repair_comments(CommentId::default(), 100);
    let (repaired, ()) = futures::future::join(repair, deletion).await;
    assert_eq!(repaired.expect("a repair").checked, 2);
    nodes.finish().await;
}

fn edit(world: &World, id: CommentId, author: PersonId, text: &str) -> sosik_store::CommentEdit {
    sosik_store::CommentEdit {
        id,
        author,
        text: text.to_owned(),
        mentions: vec![],
        cause: CommentId::on_story(StoryId::default(), world.id()).raw(),
        now: world.now(),
    }
}

#[tokio::test]
async fn likes_and_comments_imported_to_a_story_that_is_being_deleted_leave_no_rows() {
    let nodes = Nodes::start(PersonLimits::default()).await;
    let world = &nodes.world;
    let [mina, joon] = world.people(["mina", "joon"]).await;
    deleted_while(&nodes, mina, async |story| {
        let likes = vec![(joon, story, world.now())];
        world.like_many(likes).await.expect("an import");
    })
    .await;
    deleted_while(&nodes, mina, async |story| {
        let comments = vec![world.new_comment(joon, story, "a word")];
        world.comment_many(comments).await.expect("an import");
    })
    .await;
    for table in ["likes", "liked", "comments", "story_counts"] {
        assert_eq!(rows(&nodes, table).await, 0, "{table}");
    }
    nodes.finish().await;
}

#[tokio::test]
async fn a_story_that_two_workers_purge_at_once_is_purged_when_one_of_them_says_so() {
    let nodes = Nodes::start(PersonLimits::default()).await;
    let world = &nodes.world;
    let [mina] = world.people(["mina"]).await;
    let story = world.posts(mina, "hello").await;
    for _ in 0..10 {
        world.comments(mina, story, "a word").await;
    }
    world.deletes(mina, story).await;
    let session = Session::connect(&nodes.url).await;
    session.run("BEGIN; SELECT FROM comments FOR UPDATE").await;
    let purge = |number| {
        let node = nodes.node(number);
        async move { node.purge_story(story, 7).await.expect("a step") }
    };
    let go_on = async {
        waiting(&session, 2).await;
        session.run("COMMIT").await;
    };
    let (one, other, ()) = futures::future::join3(purge(0), purge(1), go_on).await;
    assert_ne!((one, other), (false, false), "seven and three were left");
    assert_eq!(rows(&nodes, "comments").await, 0);
    nodes.finish().await;
}
