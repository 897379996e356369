//! Saved stories over HTTP.

use sosik_api::schema::{Story, StoryPage};
use sosik_feed::StoryId;
use sosik_testkit::{TestApp, TestPerson};

fn save_of(story: &Story) -> String {
    format!("/v1/stories/{}/save", story.id)
}

async fn saved_by(person: &TestPerson) -> Vec<StoryId> {
    let page: StoryPage = person.get("/v1/saved").await.expect(200).read();
    page.items.iter().map(|story| story.id).collect()
}

async fn opens(person: &TestPerson, story: &Story) -> Story {
    let path = format!("/v1/stories/{}", story.id);
    person.get(&path).await.expect(200).read()
}

#[tokio::test]
async fn a_story_is_saved_once_and_only_for_oneself() {
    let app = TestApp::start().await;
    let [mina, joon] = app.users(["mina", "joon"]).await;
    let (first, second) = (mina.posts("first").await, mina.posts("second").await);
    assert_eq!(saved_by(&joon).await, []);
    assert_eq!(opens(&joon, &first).await.saved, Some(false));
    for story in [&first, &second, &first] {
        joon.put(&save_of(story)).await.expect(204);
    }
    assert_eq!(saved_by(&joon).await, [second.id, first.id]);
    assert_eq!(opens(&joon, &first).await.saved, Some(true));
    assert_eq!(opens(&mina, &first).await.saved, Some(false));
    assert_eq!(saved_by(&mina).await, []);
    for _ in 0..2 {
        joon.delete(&save_of(&second)).await.expect(204);
    }
    assert_eq!(saved_by(&joon).await, [first.id]);
    joon.delete("/v1/stories/1/save").await.expect(204);
}

#[tokio::test]
async fn a_saved_story_is_hidden_and_comes_back_as_the_right_to_see_it_does() {
    let app = TestApp::start().await;
    let [mina, joon] = app.users(["mina", "joon"]).await;
    joon.befriends(&mina).await;
    let story = mina.posts_to_friends("for friends").await;
    joon.put(&save_of(&story)).await.expect(204);
    assert_eq!(saved_by(&joon).await, [story.id]);
    mina.unfriends(&joon).await;
    assert_eq!(saved_by(&joon).await, []);
    joon.put(&save_of(&story)).await.expect(404);
    joon.befriends(&mina).await;
    assert_eq!(saved_by(&joon).await, [story.id]);
    mina.mutes(&joon).await;
    mina.deletes(&story).await;
    assert_eq!(saved_by(&joon).await, []);
}

#[tokio::test]
async fn saved_stories_are_paged_to_the_end() {
    let app = TestApp::start().await;
    let [mina] = app.users(["mina"]).await;
    let mut stories = Vec::new();
    for number in 0..5 {
        let story = mina.posts(&format!("number {number}")).await;
        mina.put(&save_of(&story)).await.expect(204);
        stories.push(story.id);
    }
    stories.reverse();
    let (mut walked, mut place) = (Vec::new(), String::new());
    loop {
        let path = format!("/v1/saved?limit=2{place}");
        let page: StoryPage = mina.get(&path).await.expect(200).read();
        walked.extend(page.items.iter().map(|story| story.id));
        let Some(before) = page.before else {
            assert!(page.end);
            break;
        };
        place = format!("&before={before}");
    }
    assert_eq!(walked, stories);
}
