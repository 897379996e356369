//! Comments.

use sosik_feed::{CommentId, PersonId, StoryId};

use super::world::{World, key};
use crate::{CommentEdit, NewComment, Posted, StoryCounts};

pub async fn comments_are_kept_oldest_first_and_counted(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let (story, other) = (
        world.posts(mina, "story").await,
        world.posts(mina, "other").await,
    );
    let mut written = vec![];
    for number in 0..5 {
        written.push(
            world
                .comments(joon, story, &format!("comment {number}"))
                .await,
        );
        world.comments(mina, other, "elsewhere").await;
    }
    let first = world
        .comments_of(story, CommentId::default(), 3)
        .await
        .unwrap();
    let rest = world.comments_of(story, first[2].id, 3).await.unwrap();
    let walked: Vec<_> = first
        .iter()
        .chain(&rest)
        .map(|comment| comment.id)
        .collect();
    assert_eq!(walked, written);
    assert_eq!(world.story(story).await.unwrap().counts.comments, 5);
    let one = world.comment_by_id(written[1]).await.unwrap().unwrap();
    assert_eq!(
        (one.story, one.author, one.text.as_str(), one.edited_at),
        (story, joon, "comment 1", None)
    );
}

pub async fn comments_that_a_block_hides_are_counted_once_whoever_blocked(world: &World) {
    let [mina, blocked, blocker, both, other] = world
        .people(["mina", "blocked", "blocker", "both", "other"])
        .await;
    let (story, elsewhere) = (
        world.posts(other, "story").await,
        world.posts(other, "elsewhere").await,
    );
    for person in [mina, blocked, blocker, both, both, other] {
        world.comments(person, story, "a word").await;
        world.comments(person, elsewhere, "a word").await;
    }
    assert_eq!(world.comments_hidden_from(mina, story).await.unwrap(), 0);
    for person in [blocked, both] {
        world.blocks(mina, person).await;
    }
    for person in [blocker, both] {
        world.blocks(person, mina).await;
    }
    assert_eq!(world.comments_hidden_from(mina, story).await.unwrap(), 4);
    assert_eq!(world.comments_hidden_from(both, story).await.unwrap(), 1);
    assert_eq!(world.comments_hidden_from(other, story).await.unwrap(), 0);
}

pub async fn what_does_not_exist_cannot_be_commented_on(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let story = world.posts(mina, "story").await;
    let comment = world.comments(mina, story, "before").await;
    world.deletes(mina, story).await;
    for story in [story, StoryId::from_u64(5)] {
        let (outcome, _) = world
            .comment(world.new_comment(mina, story, "after"))
            .await
            .unwrap()
            .value;
        assert_eq!(outcome, Posted::NoSuchStory);
        assert!(
            world
                .comments_of(story, CommentId::default(), 10)
                .await
                .unwrap()
                .is_empty()
        );
    }
    assert!(
        world.comment_by_id(comment).await.unwrap().is_none(),
        "comments of a deleted story are gone"
    );
    assert!(
        world
            .edit_comment(edit(comment, mina, "x", world))
            .await
            .unwrap()
            .is_none()
    );
    assert!(world.delete_comment(comment, mina).await.unwrap().is_none());
}

/// A change of the text without mentions.
pub(super) fn edit(id: CommentId, author: PersonId, text: &str, world: &World) -> CommentEdit {
    CommentEdit {
        id,
        author,
        text: text.to_owned(),
        mentions: vec![],
        cause: world.id().lowest(),
        now: world.now(),
    }
}

pub async fn only_its_writer_edits_a_comment(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let story = world.posts(mina, "story").await;
    let comment = world.comments(joon, story, "before").await;
    assert!(
        world
            .edit_comment(edit(comment, mina, "mine", world))
            .await
            .unwrap()
            .is_none()
    );
    let after = edit(comment, joon, "after", world);
    let now = after.now;
    let edited = world
        .edit_comment(after)
        .await
        .unwrap()
        .value
        .unwrap()
        .record;
    assert_eq!(
        (edited.text.as_str(), edited.edited_at, edited.story),
        ("after", Some(now), story)
    );
    assert_eq!(world.comment_by_id(comment).await.unwrap(), Some(edited));
}

pub async fn a_comment_is_removed_by_its_writer_or_by_the_storys_author(world: &World) {
    let [mina, joon, yuna] = world.people(["mina", "joon", "yuna"]).await;
    let story = world.posts(mina, "story").await;
    let comments = [
        world.comments(joon, story, "one").await,
        world.comments(joon, story, "two").await,
    ];
    assert!(
        world
            .delete_comment(comments[0], yuna)
            .await
            .unwrap()
            .is_none(),
        "nobody else may"
    );
    let by_writer = world
        .delete_comment(comments[0], joon)
        .await
        .unwrap()
        .value
        .unwrap();
    assert_eq!((by_writer.story, by_writer.counts.comments), (story, 1));
    assert!(
        world
            .delete_comment(comments[0], joon)
            .await
            .unwrap()
            .is_none(),
        "it is gone"
    );
    let by_author = world
        .delete_comment(comments[1], mina)
        .await
        .unwrap()
        .value
        .unwrap();
    assert_eq!(by_author.counts.comments, 0);
    assert!(by_author.counts.revision > by_writer.counts.revision);
    assert!(
        world.notes(mina).await.is_empty(),
        "nothing tells of them any more"
    );
    assert_eq!(world.unread(mina).await, 0);
}

pub async fn the_same_request_comments_once(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let story = world.posts(mina, "story").await;
    let ask = |body| NewComment {
        idempotency: key("k", body),
        ..world.new_comment(mina, story, "once")
    };
    let first = ask(1);
    let id = first.id;
    let (_, counts) = world.comments_new(first).await;
    assert_eq!(
        world.comment(ask(1)).await.unwrap(),
        (Posted::Repeated(id), counts)
    );
    assert_eq!(world.comment(ask(2)).await.unwrap().0, Posted::KeyReused);
    let posted = crate::NewStory {
        idempotency: key("k", 3),
        ..world.new_story(mina, "story")
    };
    assert!(
        matches!(world.post(posted).await.unwrap().value, Posted::New { .. }),
        "a story's keys are other keys"
    );
    world.deletes(mina, story).await;
    assert_eq!(
        world.comment(ask(1)).await.unwrap().0,
        Posted::Repeated(id),
        "also when the story has been deleted"
    );
}

pub async fn likes_and_comments_share_one_revision(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let story = world.posts(mina, "story").await;
    let liked = world.likes(mina, story).await.counts;
    let (_, commented) = world
        .comments_new(world.new_comment(mina, story, "comment"))
        .await;
    assert_eq!(
        commented,
        StoryCounts {
            likes: 1,
            comments: 1,
            revision: liked.revision + 1
        }
    );
}

pub async fn imported_comments_are_counted_and_told_to_nobody(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let story = world.posts(mina, "story").await;
    let comment = world.new_comment(joon, story, "one");
    let comments = vec![
        comment.clone(),
        comment,
        world.new_comment(joon, StoryId::from_u64(5), "on nothing"),
        world.new_comment(PersonId::from_u64(5), story, "by nobody"),
        world.new_comment(mina, story, "two"),
    ];
    assert_eq!(world.comment_many(comments).await.unwrap(), 2);
    assert_eq!(world.story(story).await.unwrap().counts.comments, 2);
    assert!(world.notes(mina).await.is_empty());
}
