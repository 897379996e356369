//! Pages that stay open: the states of stories, and their changes in the live stream.

use sosik_api::schema::{Story, StoryState, StoryStates};
use sosik_testkit::{TestApp, TestPerson};

async fn states(of: &TestPerson, ids: &str) -> Vec<StoryState> {
    let answer = of.get(&format!("/v1/stories?ids={ids}")).await.expect(200);
    answer.read::<StoryStates>().items
}

#[tokio::test]
async fn the_states_of_stories_are_what_their_pages_show_and_hidden_ones_look_like_missing_ones() {
    let app = TestApp::start().await;
    let [mina, jun, sora] = app.users(["mina", "jun", "sora"]).await;
    mina.befriends(&jun).await;
    let public = mina.posts("for all").await;
    let friends = mina.posts_to_friends("for friends").await;
    let deleted = mina.posts("gone").await;
    mina.delete(&format!("/v1/stories/{}", deleted.id))
        .await
        .expect(204);
    let ids = format!(
        "{},{},{},7,{}",
        friends.id, public.id, deleted.id, public.id
    );
    let shown = |of: Vec<StoryState>| -> Vec<(String, bool, Option<Story>)> {
        let rows = of.into_iter();
        rows.map(|state| (state.id.to_string(), state.home, state.story))
            .collect()
    };
    let [public_id, friends_id] = [public.id.to_string(), friends.id.to_string()];
    let gone = |id: &str| (id.to_owned(), false, None);
    assert_eq!(
        shown(states(&jun, &ids).await),
        [
            (friends_id.clone(), true, Some(friends)),
            (public_id.clone(), true, Some(public.clone())),
            gone(&deleted.id.to_string()),
            gone("7"),
        ]
    );
    assert_eq!(
        shown(states(&sora, &ids).await),
        [
            gone(&friends_id),
            (public_id, false, Some(public)),
            gone(&deleted.id.to_string()),
            gone("7"),
        ]
    );
}

#[tokio::test]
async fn the_states_have_a_tag_and_refuse_what_is_no_list_of_ids() {
    let app = TestApp::start().await;
    let mina = app.user("mina").await;
    let story = mina.posts("hello").await;
    let path = format!("/v1/stories?ids={}", story.id);
    let tag = mina.get(&path).await.expect(200);
    let tag = tag.header("etag").unwrap().to_owned();
    let again = mina
        .request(reqwest::Method::GET, &path)
        .header("If-None-Match", &tag);
    assert_eq!(again.send().await.unwrap().status(), 304);
    let many = vec!["7"; 51].join(",");
    for wrong in ["", "?ids=", "?ids=x", "?ids=1,,2", &format!("?ids={many}")] {
        let answer = mina.get(&format!("/v1/stories{wrong}")).await;
        answer.problem(400, "query_invalid");
    }
    for wrong in ["x", "1,", &many] {
        let answer = mina.get(&format!("/v1/feed/stream?watch={wrong}")).await;
        answer.problem(400, "query_invalid");
    }
}

#[tokio::test]
async fn a_change_of_a_story_that_is_shown_comes_live() {
    let app = TestApp::start().await;
    let [mina, jun] = app.users(["mina", "jun"]).await;
    mina.befriends(&jun).await;
    let story = mina.posts("hello").await;
    let mut stream = jun.stream_of(&[&story]).await;
    let resumed = stream.expect("hello").await;
    mina.likes(&story).await;
    let event = stream.expect("changed").await;
    assert_eq!(event.id, None, "the cursor stays");
    let state: StoryState = serde_json::from_str(&event.data).unwrap();
    let now = state.story.unwrap();
    assert_eq!((state.home, now.likes), (true, 1));
    assert!(now.revision > story.revision);
    assert_eq!(
        states(&jun, &story.id.to_string()).await[0].story.as_ref(),
        Some(&now)
    );
    mina.comments(&story, "hi").await;
    stream.expect("changed").await;
    let event = stream.expect("comments").await;
    assert_eq!(event.data, format!("{{\"story\":\"{}\"}}", story.id));
    mina.delete(&format!("/v1/stories/{}", story.id))
        .await
        .expect(204);
    let event = stream.expect("changed").await;
    let gone = format!("{{\"id\":\"{}\",\"home\":false,\"story\":null}}", story.id);
    assert_eq!(event.data, gone);
    assert!(resumed.id.is_some());
}
