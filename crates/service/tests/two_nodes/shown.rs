//! A stream on one node gets the changes of the stories that its client shows, made on the other node.

use std::time::Duration;

use sosik_feed::{Audience, StoryId};
use sosik_service::feeds::stream::{CHANGES_EVERY, FeedStream, StreamEvent};
use sosik_service::stories::{EditRequest, StoryState};
use tokio::time::{Instant, timeout};

use super::{Nodes, Person, TIMEOUT, narrow};

async fn shows(nodes: &Nodes, reader: &Person, stories: &[StoryId]) -> FeedStream {
    let feeds = nodes.other.feeds();
    feeds.open_stream(reader.id, None, stories).await.unwrap()
}

/// The next event about a story that the client shows. Others are skipped.
async fn next(stream: &mut FeedStream) -> StreamEvent {
    let next = async {
        loop {
            let event = stream.next().await.unwrap();
            if matches!(event, StreamEvent::Changed(_) | StreamEvent::Comments(_)) {
                return event;
            }
        }
    };
    timeout(TIMEOUT, next).await.unwrap()
}

async fn changed(stream: &mut FeedStream) -> StoryState {
    loop {
        if let StreamEvent::Changed(state) = next(stream).await {
            return state;
        }
    }
}

/// Makes a change that the stream must send, and requires that it is the next event.
async fn nothing_came_before(nodes: &Nodes, by: &Person, stream: &mut FeedStream, story: StoryId) {
    nodes.one.likes().add(by.id, story).await.unwrap();
    let event = next(stream).await;
    assert!(
        matches!(&event, StreamEvent::Changed(state) if state.id == story),
        "{event:?}"
    );
}

#[tokio::test]
async fn an_edit_a_like_a_comment_and_the_end_of_a_story_reach_a_reader_on_the_other_node() {
    let nodes = Nodes::new().await;
    let [mina, joon] = nodes.friends().await;
    let story = nodes.read_story(&mina, Audience::Friends, &joon).await;
    let mut stream = shows(&nodes, &joon, &[story]).await;
    let request = EditRequest {
        text: Some("changed".to_owned()),
        attachments: None,
        audience: None,
    };
    let stories = nodes.one.stories();
    stories.edit(mina.id, story, request).await.unwrap();
    let item = changed(&mut stream).await.item.unwrap();
    assert_eq!(&*item.story.record.text, "changed");
    // The own like in another browser.
    nodes.one.likes().add(joon.id, story).await.unwrap();
    let item = changed(&mut stream).await.item.unwrap();
    assert_eq!((item.liked, item.story.counts().likes), (true, 1));
    let comments = nodes.one.comments();
    let comment = comments.add(mina.id, story, "first", None).await.unwrap();
    assert_eq!(
        changed(&mut stream)
            .await
            .item
            .unwrap()
            .story
            .counts()
            .comments,
        1
    );
    assert!(matches!(next(&mut stream).await, StreamEvent::Comments(id) if id == story));
    let id = comment.comment.id;
    comments.edit(mina.id, id, "better").await.unwrap();
    assert!(matches!(next(&mut stream).await, StreamEvent::Comments(id) if id == story));
    stories.delete(mina.id, story).await.unwrap();
    let state = changed(&mut stream).await;
    assert!(state.item.is_none() && !state.on_home);
    drop(stream);
    nodes.stop().await;
}

#[tokio::test]
async fn what_a_change_of_relations_hides_leaves_the_page_and_comes_back_with_it() {
    let nodes = Nodes::new().await;
    let [mina, joon] = nodes.friends().await;
    let story = nodes.read_story(&mina, Audience::Friends, &joon).await;
    let mut stream = shows(&nodes, &joon, &[story]).await;
    let relations = nodes.one.relations();
    relations.mute(joon.id, mina.id).await.unwrap();
    let state = changed(&mut stream).await;
    assert!(state.item.is_some() && !state.on_home, "muted");
    relations.unmute(joon.id, mina.id).await.unwrap();
    assert!(changed(&mut stream).await.on_home);
    relations.unfriend(mina.id, joon.id).await.unwrap();
    assert!(changed(&mut stream).await.item.is_none());
    for (asking, asked) in [(&mina, &joon), (&joon, &mina)] {
        let asked = relations.send_friend_request(asking.id, asked.id).await;
        asked.unwrap();
    }
    let state = changed(&mut stream).await;
    assert!(state.item.is_some() && state.on_home, "friends again");
    relations.block(mina.id, joon.id).await.unwrap();
    assert!(changed(&mut stream).await.item.is_none());
    drop(stream);
    nodes.stop().await;
}

#[tokio::test]
async fn a_stream_sends_nothing_of_what_its_reader_may_not_see() {
    let nodes = Nodes::new().await;
    let [mina, joon] = nodes.friends().await;
    let (eve, zoe) = (nodes.person("eve").await, nodes.person("zoe").await);
    let hidden = nodes.post(&mina, Audience::Friends).await;
    let public = nodes.post(&mina, Audience::Public).await;
    let relations = nodes.one.relations();
    relations.block(eve.id, joon.id).await.unwrap();
    // A stranger who shows a story for friends and a public one.
    let mut stream = shows(&nodes, &zoe, &[hidden, public]).await;
    let mut joons = shows(&nodes, &joon, &[public]).await;
    nodes.one.likes().add(joon.id, hidden).await.unwrap();
    let comments = nodes.one.comments();
    comments.add(joon.id, hidden, "x", None).await.unwrap();
    nodes.one.stories().delete(mina.id, hidden).await.unwrap();
    // A block by somebody who is not on the page.
    relations.block(joon.id, zoe.id).await.unwrap();
    nothing_came_before(&nodes, &mina, &mut stream, public).await;
    changed(&mut joons).await;
    // Comments by a person who blocked the reader change the count, and nothing else is known of them.
    let comment = comments.add(eve.id, public, "x", None).await.unwrap();
    assert_eq!(
        changed(&mut joons)
            .await
            .item
            .unwrap()
            .story
            .counts()
            .comments,
        1
    );
    let id = comment.comment.id;
    comments.edit(eve.id, id, "y").await.unwrap();
    nothing_came_before(&nodes, &joon, &mut joons, public).await;
    narrow(&nodes.one, &mina, public).await;
    loop {
        if changed(&mut stream).await.item.is_none() {
            break;
        }
    }
    nodes.one.likes().remove(joon.id, public).await.unwrap();
    let silence = timeout(CHANGES_EVERY * 2, stream.next()).await;
    assert!(
        silence.is_err(),
        "narrowed, so later changes are hidden: {silence:?}"
    );
    drop((stream, joons));
    nodes.stop().await;
}

#[tokio::test]
async fn a_burst_of_likes_is_few_events_and_counts_never_go_back() {
    let nodes = Nodes::new().await;
    let [mina, joon] = nodes.friends().await;
    let story = nodes.read_story(&mina, Audience::Public, &joon).await;
    let mut stream = shows(&nodes, &joon, &[story]).await;
    let started = Instant::now();
    const CALLS: u64 = 300;
    for _ in 0..CALLS / 2 {
        nodes.one.likes().add(mina.id, story).await.unwrap();
        nodes.one.likes().remove(mina.id, story).await.unwrap();
    }
    let (mut events, mut last) = (0, 0);
    while last < CALLS {
        let item = changed(&mut stream).await.item.unwrap();
        let revision = item.story.counts().revision;
        assert!(revision > last, "{revision} after {last}");
        (last, events) = (revision, events + 1);
    }
    let most = started.elapsed().as_secs() / CHANGES_EVERY.as_secs() + 2;
    assert!(events <= most, "{events} events, at most {most}");
    drop(stream);
    nodes.stop().await;
}

#[tokio::test]
async fn a_stream_that_shows_nothing_gets_no_event_of_stories() {
    let nodes = Nodes::new().await;
    let [mina, joon] = nodes.friends().await;
    let story = nodes.read_story(&mina, Audience::Public, &joon).await;
    let mut stream = shows(&nodes, &joon, &[]).await;
    nodes.one.stories().delete(mina.id, story).await.unwrap();
    let silence = timeout(Duration::from_millis(500), next(&mut stream)).await;
    assert!(silence.is_err(), "{silence:?}");
    drop(stream);
    nodes.stop().await;
}
