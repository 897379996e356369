//! Comments: who may write, edit, delete and read them.

use sosik_feed::{Audience, CommentId, Cursor, RuleBroken};
use sosik_service::ServiceError;

use crate::world::{World, broken, missing};

#[tokio::test]
async fn comments_go_oldest_first_to_the_end_without_those_of_severed_people() {
    let world = World::new().await;
    let [author, me, other] = world.people(["author", "me_", "other"]).await;
    let story = world.post(&author, Audience::Public, "x").await;
    let mut made = Vec::new();
    for number in 0..6 {
        let writer = if number % 3 == 1 { &other } else { &author };
        made.push(
            world
                .service
                .comments()
                .add(writer.id, story, &format!("{number}"), None)
                .await
                .unwrap()
                .comment,
        );
    }
    let walk = async || {
        let (mut texts, mut after) = (String::new(), None);
        loop {
            let page = world
                .service
                .comments()
                .list(me.id, story, after, 2)
                .await
                .unwrap();
            page.items
                .iter()
                .for_each(|item| texts.push_str(&item.comment.text));
            match page.after {
                Some(Cursor::Above(id)) => after = Some(CommentId::new(id)),
                None => break assert!(page.end),
                found => panic!("{found:?} is no place in a list of comments"),
            }
        }
        texts
    };
    assert_eq!(walk().await, "012345");
    world.block(&me, &other).await;
    assert_eq!(walk().await, "0235");
    world
        .service
        .comments()
        .delete(author.id, made[0].id)
        .await
        .unwrap();
    assert_eq!(walk().await, "235");
}

#[tokio::test]
async fn a_repeat_with_the_same_key_comments_once() {
    let world = World::new().await;
    let [author, me] = world.people(["author", "me_"]).await;
    let [one, other] = [
        world.post(&author, Audience::Public, "1").await,
        world.post(&author, Audience::Public, "2").await,
    ];
    let first = world
        .service
        .comments()
        .add(me.id, one, "hello", Some("key"))
        .await
        .unwrap();
    let repeated = world
        .service
        .comments()
        .add(me.id, one, "hello", Some("key"))
        .await
        .unwrap();
    assert_eq!(repeated.comment, first.comment);
    assert_eq!(
        world
            .service
            .stories()
            .open(me.id, one)
            .await
            .unwrap()
            .story
            .counts()
            .comments,
        1
    );
    for (story, text) in [(one, "another"), (other, "hello")] {
        let reused = world
            .service
            .comments()
            .add(me.id, story, text, Some("key"))
            .await
            .unwrap_err();
        assert!(
            matches!(reused, ServiceError::IdempotencyKeyReused),
            "{reused}"
        );
    }
    world
        .service
        .comments()
        .add(author.id, one, "hello", Some("key"))
        .await
        .unwrap();
    world
        .service
        .comments()
        .delete(me.id, first.comment.id)
        .await
        .unwrap();
    assert_eq!(
        missing(
            world
                .service
                .comments()
                .add(me.id, one, "hello", Some("key"))
                .await
        ),
        "comment"
    );
    assert_eq!(
        broken(
            world
                .service
                .comments()
                .add(me.id, one, "x", Some("no good key"))
                .await
        ),
        RuleBroken::IdempotencyKeyInvalid
    );
}

#[tokio::test]
async fn one_edits_only_ones_own_comment_and_only_where_one_may_still_look() {
    let world = World::new().await;
    let [author, me] = world.people(["author", "me_"]).await;
    let story = world.post(&author, Audience::Public, "x").await;
    let comment = world
        .service
        .comments()
        .add(me.id, story, "before", None)
        .await
        .unwrap()
        .comment
        .id;
    assert_eq!(
        missing(
            world
                .service
                .comments()
                .edit(author.id, comment, "mine")
                .await
        ),
        "comment"
    );
    let same = world
        .service
        .comments()
        .edit(me.id, comment, "before")
        .await
        .unwrap();
    assert_eq!(
        same.comment.edited_at, None,
        "an identical text is not an edit"
    );
    let edited = world
        .service
        .comments()
        .edit(me.id, comment, "after \n")
        .await
        .unwrap();
    assert_eq!(
        (
            edited.comment.text.as_str(),
            edited.comment.edited_at.is_some()
        ),
        ("after", true)
    );
    assert_eq!(
        broken(world.service.comments().edit(me.id, comment, " ").await),
        RuleBroken::CommentTextEmpty
    );

    world.block(&author, &me).await;
    assert_eq!(
        missing(world.service.comments().edit(me.id, comment, "late").await),
        "comment"
    );
}

#[tokio::test]
async fn a_comment_is_removed_by_who_wrote_it_or_wrote_the_story_and_by_nobody_else() {
    let world = World::new().await;
    let [author, me, other] = world.people(["author", "me_", "other"]).await;
    let story = world.post(&author, Audience::Public, "x").await;
    let comment = async || {
        world
            .service
            .comments()
            .add(me.id, story, "hi", None)
            .await
            .unwrap()
            .comment
            .id
    };
    let (first, second, third) = (comment().await, comment().await, comment().await);
    assert_eq!(
        missing(world.service.comments().delete(other.id, first).await),
        "comment"
    );
    world
        .service
        .comments()
        .delete(author.id, first)
        .await
        .unwrap();
    world
        .service
        .comments()
        .delete(me.id, second)
        .await
        .unwrap();
    assert_eq!(
        missing(world.service.comments().delete(me.id, second).await),
        "comment"
    );

    world.block(&author, &me).await;
    world.service.comments().delete(me.id, third).await.unwrap();
    assert_eq!(
        world
            .service
            .stories()
            .open(author.id, story)
            .await
            .unwrap()
            .story
            .counts()
            .comments,
        0
    );
}

#[tokio::test]
async fn a_comment_is_no_longer_than_the_operator_allows() {
    let world = World::with(|settings| settings.texts.comment_characters_max = 3).await;
    let author = world.person("author").await;
    let story = world.post(&author, Audience::Public, "x").await;
    assert!(
        world
            .service
            .comments()
            .add(author.id, story, "세글자", None)
            .await
            .is_ok()
    );
    let too_long = world
        .service
        .comments()
        .add(author.id, story, "네글자다", None)
        .await;
    assert_eq!(
        broken(too_long),
        RuleBroken::CommentTextTooLong { characters: 4 }
    );
}
