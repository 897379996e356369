//! Lists of a reader whom more people blocked than a circle lists.

use std::collections::BTreeSet;

use sosik_feed::Audience;
use sosik_feed::limits::BLOCKERS_HELD_MAX;

use crate::world::{Person, World};

/// A reader whom very many people blocked, one of these who is not in the circle, and somebody who did not block.
async fn cast(world: &World) -> [Person; 3] {
    let crowd = world.blockers().await;
    let [mina, unlisted, stranger] = world.people(["mina", "unlisted", "stranger"]).await;
    world.all_block(&crowd, &mina).await;
    world.all_block(&[unlisted.id], &mina).await;
    let circle = world.service.people().circle(mina.id).await.unwrap();
    let held = circle.heap_bytes() / 8;
    assert_eq!(
        held, BLOCKERS_HELD_MAX as usize,
        "the rest is not in memory"
    );
    [mina, unlisted, stranger]
}

#[tokio::test]
async fn comments_and_likes_of_those_who_blocked_are_hidden_and_all_others_shown() {
    let world = World::new().await;
    let [mina, unlisted, stranger] = cast(&world).await;
    let author = world.person("author").await;
    let story = world.post(&author, Audience::Public, "story").await;
    let (comments, likes) = (world.service.comments(), world.service.likes());
    for person in [&unlisted, &stranger, &mina] {
        let comment = comments.add(person.id, story, "a word", None).await;
        comment.unwrap();
        likes.add(person.id, story).await.unwrap();
    }
    let page = comments.list(mina.id, story, None, 9).await.unwrap();
    let authors = page.items.iter().map(|item| item.comment.author);
    assert_eq!(authors.collect::<Vec<_>>(), [stranger.id, mina.id]);
    assert_eq!((page.hidden, page.end), (1, true));
    let page = likes.list(mina.id, story, None, 9).await.unwrap();
    let likers = page
        .page
        .items
        .iter()
        .map(|(liker, _)| liker.person.record.id);
    // In any order: both liked within one millisecond.
    assert_eq!(
        likers.collect::<BTreeSet<_>>(),
        [mina.id, stranger.id].into()
    );
    assert_eq!(page.hidden, 1);
}

#[tokio::test]
async fn mentions_and_searches_hide_those_who_blocked_and_show_all_others() {
    let world = World::new().await;
    let [mina, _unlisted, stranger] = cast(&world).await;
    let text = "with @unlisted, @stranger and @mina";
    let story = world.post(&stranger, Audience::Public, text).await;
    let opened = world.service.stories().open(mina.id, story).await.unwrap();
    let mentions = opened.story.record.mentions.iter();
    let handles: Vec<_> = mentions.map(|mention| mention.handle.as_str()).collect();
    assert_eq!(handles, ["stranger", "mina"]);
    for (query, found) in [("unlisted", vec![]), ("stranger", vec!["stranger"])] {
        let people = world.service.people().search(mina.id, query, None, 9).await;
        let people = people.unwrap().items;
        let handles: Vec<_> = (people.iter())
            .map(|found| found.person.record.handle.as_str())
            .collect();
        assert_eq!(handles, found);
    }
}

#[tokio::test]
async fn notifications_of_those_who_blocked_are_hidden_and_all_others_shown() {
    let world = World::new().await;
    let [mina, later, stranger] = world.people(["mina", "later", "stranger"]).await;
    let story = world.post(&mina, Audience::Public, "mine").await;
    for person in [&stranger, &later] {
        let comments = world.service.comments();
        let comment = comments.add(person.id, story, "a word", None).await;
        comment.unwrap();
    }
    let crowd = world.blockers().await;
    world.all_block(&crowd, &mina).await;
    let relations = world.service.relations();
    relations.block(later.id, mina.id).await.unwrap();
    let notifications = world.service.notifications();
    let page = notifications.list(mina.id, None, 9).await.unwrap();
    let actors = page.items.iter().map(|item| item.actor.record.id);
    assert_eq!(actors.collect::<Vec<_>>(), [stranger.id]);
    assert_eq!((page.unread, page.end), (1, true));
}
