//! Removal of likes and comments from stories that are hidden now, and the effect of blocks, over HTTP.

use reqwest::StatusCode;
use serde_json::{Value, json};
use sosik_api::schema::{CommentPage, PersonPage, Story, StoryPage};
use sosik_testkit::{TestApp, TestPerson, TestResponse};

fn like_of(story: &Story) -> String {
    format!("/v1/stories/{}/like", story.id)
}

async fn likes_seen_by(author: &TestPerson, story: &Story) -> u32 {
    let path = format!("/v1/stories/{}", story.id);
    author.get(&path).await.expect(200).read::<Story>().likes
}

/// The parts of a response by which a client can distinguish it from another one.
fn recognised_by(answer: &TestResponse) -> (StatusCode, &str) {
    (answer.status, &answer.body)
}

#[tokio::test]
async fn a_person_takes_a_like_back_also_when_the_story_is_no_longer_theirs_to_see() {
    let app = TestApp::start().await;
    let [mina, former, blocked, blocker] =
        app.users(["mina", "former", "blocked", "blocker"]).await;
    for friend in [&former, &blocked, &blocker] {
        friend.befriends(&mina).await;
    }
    let story = mina.posts_to_friends("for friends").await;
    for friend in [&former, &blocked, &blocker] {
        friend.likes(&story).await;
    }
    former.unfriends(&mina).await;
    mina.blocks(&blocked).await;
    blocker.blocks(&mina).await;
    assert_eq!(likes_seen_by(&mina, &story).await, 3);
    for (person, left) in [(&former, 2), (&blocked, 1), (&blocker, 0)] {
        person.delete(&like_of(&story)).await.expect(204);
        assert_eq!(likes_seen_by(&mina, &story).await, left);
    }
}

#[tokio::test]
async fn taking_a_like_back_does_not_tell_whether_a_story_exists() {
    let app = TestApp::start().await;
    let [mina, stranger] = app.users(["mina", "stranger"]).await;
    let hidden = mina.posts_to_friends("for friends").await;
    let deleted = mina.posts("for nobody any more").await;
    mina.deletes(&deleted).await;
    let open = mina.posts("for all").await;
    let mut answers = Vec::new();
    for path in [
        like_of(&hidden),
        like_of(&deleted),
        like_of(&open),
        "/v1/stories/1/like".to_owned(),
    ] {
        answers.push(stranger.delete(&path).await);
    }
    for answer in &answers {
        assert_eq!(recognised_by(answer), (StatusCode::NO_CONTENT, ""));
    }
    assert_eq!(likes_seen_by(&mina, &open).await, 0);
}

#[tokio::test]
async fn a_person_removes_their_comment_also_when_the_story_is_no_longer_theirs_to_see() {
    let app = TestApp::start().await;
    let [mina, former, blocked] = app.users(["mina", "former", "blocked"]).await;
    former.befriends(&mina).await;
    blocked.befriends(&mina).await;
    let story = mina.posts_to_friends("for friends").await;
    let mut comments = Vec::new();
    for person in [&former, &blocked] {
        comments.push(person.comments(&story, "a word").await);
    }
    former.unfriends(&mina).await;
    mina.blocks(&blocked).await;
    for (person, comment) in [&former, &blocked].into_iter().zip(&comments) {
        let path = format!("/v1/comments/{}", comment.id);
        person.delete(&path).await.expect(204);
    }
    let path = format!("/v1/stories/{}", story.id);
    assert_eq!(
        mina.get(&path).await.expect(200).read::<Story>().comments,
        0
    );
}

/// Every way in which a person can reach a story.
async fn everywhere(reader: &TestPerson, author: &TestPerson, story: &Story) -> Vec<Story> {
    let mut found = vec![
        reader
            .get(&format!("/v1/stories/{}", story.id))
            .await
            .expect(200)
            .read(),
    ];
    let lists = [
        format!("/v1/people/{}/stories", author.handle),
        "/v1/tags/meeting/stories".to_owned(),
    ];
    for path in lists {
        let page: StoryPage = reader.get(&path).await.expect(200).read();
        found.extend(page.items.into_iter().filter(|one| one.id == story.id));
    }
    let feed = reader.feed().await.items;
    found.extend(feed.into_iter().filter(|one| one.id == story.id));
    assert_eq!(found.len(), 4, "in every list once");
    found
}

#[tokio::test]
async fn a_mention_of_somebody_severed_reads_like_one_of_a_handle_that_nobody_has() {
    let app = TestApp::start().await;
    let [mina, jun, sora] = app.users(["mina", "jun", "sora"]).await;
    mina.follows(&sora).await;
    jun.blocks(&mina).await;
    let text = "@jun and @nobody_has_it and @sora #meeting";
    let only_sora = json!([{ "id": sora.id.to_string(), "handle": "sora" }]);
    let mentions = |story: &Story| serde_json::to_value(&story.mentions).unwrap();
    // The author's own story: in responses, edited, and in searches.
    let own = mina.posts(text).await;
    assert_eq!(mentions(&own), only_sora);
    let path = format!("/v1/stories/{}", own.id);
    let changed = json!({ "text": format!("{text}!") });
    let edited: Story = mina.patch(&path, &changed).await.expect(200).read();
    assert_eq!(mentions(&edited), only_sora);
    for shown in everywhere(&mina, &mina, &own).await {
        assert_eq!(mentions(&shown), only_sora);
    }
    // Another person's story, also live.
    let mut live = mina.stream().await;
    live.expect("hello").await;
    let other = sora.posts(text).await;
    let told: Value = serde_json::from_str(&live.expect("story").await.data).unwrap();
    assert_eq!(told["id"], other.id.to_string());
    assert_eq!(told["mentions"], only_sora);
    for shown in everywhere(&mina, &sora, &other).await {
        assert_eq!(mentions(&shown), only_sora);
    }
    // Everybody else reads it as it was written, and so does mina after the block has ended.
    assert_eq!(other.mentions.len(), 2);
    jun.unblocks(&mina).await;
    for shown in everywhere(&mina, &sora, &other).await {
        assert_eq!(shown.mentions.len(), 2);
    }
}

#[tokio::test]
async fn a_profile_counts_the_stories_that_the_viewer_may_see() {
    let app = TestApp::start().await;
    let [mina, friend, reader, stranger] = app.users(["mina", "jun", "sora", "yuki"]).await;
    friend.befriends(&mina).await;
    reader.follows(&mina).await;
    for number in 0..3 {
        mina.posts_to_friends(&format!("for friends {number}"))
            .await;
    }
    let public = mina.posts("for all").await;
    let counted = async || {
        let mut counts = Vec::new();
        for viewer in [&mina, &friend, &reader, &stranger] {
            let seen = viewer.profile_of(&mina).await.counts.unwrap().stories;
            let path = format!("/v1/people/{}/stories", mina.handle);
            let shown: StoryPage = viewer.get(&path).await.expect(200).read();
            assert_eq!(seen as usize, shown.items.len());
            counts.push(seen);
        }
        counts
    };
    assert_eq!(counted().await, [4, 4, 1, 1]);
    let narrower = json!({ "audience": "friends" });
    mina.patch(&format!("/v1/stories/{}", public.id), &narrower)
        .await
        .expect(200);
    assert_eq!(counted().await, [4, 4, 0, 0]);
    mina.deletes(&public).await;
    assert_eq!(counted().await, [3, 3, 0, 0]);
    friend.unfriends(&mina).await;
    assert_eq!(counted().await, [3, 0, 0, 0]);
}

#[tokio::test]
async fn a_list_tells_how_many_likes_and_comments_are_not_available() {
    let app = TestApp::start().await;
    let [mina, jun, sora, author] = app.users(["mina", "jun", "sora", "author"]).await;
    let story = author.posts("hello").await;
    for person in [&mina, &jun, &sora] {
        person.likes(&story).await;
        person.comments(&story, "a word").await;
    }
    jun.comments(&story, "another").await;
    // One blocked, the other is blocked.
    jun.blocks(&mina).await;
    mina.blocks(&sora).await;
    let path = format!("/v1/stories/{}", story.id);
    let of = async |viewer: &TestPerson| {
        let total: Story = viewer.get(&path).await.expect(200).read();
        let likes: PersonPage = viewer
            .get(&format!("{path}/likes"))
            .await
            .expect(200)
            .read();
        let comments: CommentPage = viewer
            .get(&format!("{path}/comments"))
            .await
            .expect(200)
            .read();
        let hidden = (likes.hidden.unwrap(), comments.hidden);
        let shown = (likes.items.len(), comments.items.len());
        assert_eq!(shown.0 + hidden.0 as usize, total.likes as usize);
        assert_eq!(shown.1 + hidden.1 as usize, total.comments as usize);
        hidden
    };
    assert_eq!(of(&mina).await, (2, 3));
    assert_eq!(of(&jun).await, (1, 1));
    assert_eq!(of(&author).await, (0, 0));
}
