//! A user of the HTTP API.

use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use sosik_api::schema::{Comment, FeedPage, Person, SignedIn, Story};
use sosik_feed::{PersonId, StoryId};

use crate::app::{PASSWORD, TestApp};
use crate::response::TestResponse;
use crate::stream::TestStream;

/// Most pages of one walk through a feed. A test that needs more is in an endless loop.
const PAGES_MAX: usize = 1_000;

/// A person with a session.
#[derive(Debug, Clone)]
pub struct TestPerson {
    /// Their id.
    pub id: PersonId,
    /// Their handle, without the `@`.
    pub handle: String,
    /// The token of their session.
    pub token: String,
    url: String,
    client: Client,
}

impl TestPerson {
    pub(crate) async fn sign_up(client: &Client, url: &str, handle: &str) -> Self {
        let ask = json!({ "handle": handle, "display_name": format!("{handle} of the test"), "password": PASSWORD });
        let answer = TestResponse::of(client.post(format!("{url}/v1/people")).json(&ask))
            .await
            .expect(201);
        Self::signed_in(client, url, answer.read())
    }

    fn signed_in(client: &Client, url: &str, SignedIn { person, token, .. }: SignedIn) -> Self {
        Self {
            id: person.id,
            handle: person.handle,
            token,
            url: url.to_owned(),
            client: client.clone(),
        }
    }

    /// Signs in the same person on another device.
    pub async fn logs_in_again(&self) -> Self {
        let ask = json!({ "handle": self.handle, "password": PASSWORD });
        let answer = TestResponse::of(
            self.client
                .post(format!("{}/v1/sessions", self.url))
                .json(&ask),
        )
        .await
        .expect(201);
        Self::signed_in(&self.client, &self.url, answer.read())
    }

    /// The same person with the same session, on another node.
    #[must_use]
    pub fn at(&self, node: &TestApp) -> Self {
        Self {
            url: node.url(),
            ..self.clone()
        }
    }

    /// An unfinished request with their session, to be completed and sent by the test.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("{}{path}", self.url))
            .bearer_auth(&self.token)
    }

    /// Sends a GET request.
    pub async fn get(&self, path: &str) -> TestResponse {
        TestResponse::of(self.request(Method::GET, path)).await
    }

    /// Sends a POST request with a body.
    pub async fn post(&self, path: &str, body: &Value) -> TestResponse {
        TestResponse::of(self.request(Method::POST, path).json(body)).await
    }

    /// Sends a PATCH request with a body.
    pub async fn patch(&self, path: &str, body: &Value) -> TestResponse {
        TestResponse::of(self.request(Method::PATCH, path).json(body)).await
    }

    /// Sends a PUT request with a body.
    pub async fn put_json(&self, path: &str, body: &Value) -> TestResponse {
        TestResponse::of(self.request(Method::PUT, path).json(body)).await
    }

    /// Sends a PUT request without a body.
    pub async fn put(&self, path: &str) -> TestResponse {
        TestResponse::of(self.request(Method::PUT, path)).await
    }

    /// Sends a DELETE request.
    pub async fn delete(&self, path: &str) -> TestResponse {
        TestResponse::of(self.request(Method::DELETE, path)).await
    }

    /// Posts a public story.
    pub async fn posts(&self, text: &str) -> Story {
        self.post(
            "/v1/stories",
            &json!({ "text": text, "audience": "public" }),
        )
        .await
        .expect(201)
        .read()
    }

    /// Posts a story for friends.
    pub async fn posts_to_friends(&self, text: &str) -> Story {
        self.post(
            "/v1/stories",
            &json!({ "text": text, "audience": "friends" }),
        )
        .await
        .expect(201)
        .read()
    }

    /// The first page of their home feed.
    pub async fn feed(&self) -> FeedPage {
        self.feed_page("").await
    }

    /// A page of their home feed; `query` without the question mark.
    pub async fn feed_page(&self, query: &str) -> FeedPage {
        self.get(&format!("/v1/feed?{query}"))
            .await
            .expect(200)
            .read()
    }

    /// All ids of their home feed, from the newest to the end, read in pages of `limit`.
    pub async fn feed_to_the_end(&self, limit: usize) -> Vec<StoryId> {
        let mut page = self.feed_page(&format!("limit={limit}")).await;
        let mut ids: Vec<StoryId> = ids(&page);
        for _ in 0..PAGES_MAX {
            if page.end {
                return ids;
            }
            let before = page
                .before
                .expect("a page that is not the end has a cursor");
            page = self
                .feed_page(&format!("limit={limit}&before={before}"))
                .await;
            ids.extend(page.items.iter().map(|story| story.id));
        }
        panic!("the feed has no end");
    }

    /// Whether the first page of their home feed contains this story.
    pub async fn sees(&self, story: &Story) -> bool {
        ids(&self.feed().await).contains(&story.id)
    }

    /// Sends a friend request, which `other` accepts.
    pub async fn befriends(&self, other: &Self) {
        self.asks(other).await;
        other
            .post(
                &format!("/v1/friend-requests/{}/accept", self.id),
                &json!({}),
            )
            .await
            .expect(204);
    }

    /// Sends a friend request.
    pub async fn asks(&self, other: &Self) {
        self.put(&format!("/v1/friend-requests/{}", other.id))
            .await
            .expect(204);
    }

    /// Ends the friendship.
    pub async fn unfriends(&self, other: &Self) {
        self.delete(&format!("/v1/friends/{}", other.id))
            .await
            .expect(204);
    }

    /// Follows a person.
    pub async fn follows(&self, other: &Self) {
        self.put(&format!("/v1/follows/{}", other.id))
            .await
            .expect(204);
    }

    /// Unfollows a person.
    pub async fn unfollows(&self, other: &Self) {
        self.delete(&format!("/v1/follows/{}", other.id))
            .await
            .expect(204);
    }

    /// Blocks a person.
    pub async fn blocks(&self, other: &Self) {
        self.put(&format!("/v1/blocks/{}", other.id))
            .await
            .expect(204);
    }

    /// Unblocks a person.
    pub async fn unblocks(&self, other: &Self) {
        self.delete(&format!("/v1/blocks/{}", other.id))
            .await
            .expect(204);
    }

    /// Mutes a person.
    pub async fn mutes(&self, other: &Self) {
        self.put(&format!("/v1/mutes/{}", other.id))
            .await
            .expect(204);
    }

    /// Unmutes a person.
    pub async fn unmutes(&self, other: &Self) {
        self.delete(&format!("/v1/mutes/{}", other.id))
            .await
            .expect(204);
    }

    /// Likes a story.
    pub async fn likes(&self, story: &Story) {
        self.put(&format!("/v1/stories/{}/like", story.id))
            .await
            .expect(200);
    }

    /// Comments on a story.
    pub async fn comments(&self, story: &Story, text: &str) -> Comment {
        self.post(
            &format!("/v1/stories/{}/comments", story.id),
            &json!({ "text": text }),
        )
        .await
        .expect(201)
        .read()
    }

    /// Replies to a comment.
    pub async fn replies(&self, comment: &Comment, text: &str) -> Comment {
        let ask = json!({ "text": text, "reply_to": comment.id.to_string() });
        self.post(&format!("/v1/stories/{}/comments", comment.story), &ask)
            .await
            .expect(201)
            .read()
    }

    /// Likes a comment.
    pub async fn likes_comment(&self, comment: &Comment) {
        self.put(&format!("/v1/comments/{}/like", comment.id))
            .await
            .expect(200);
    }

    /// Deletes one of their stories.
    pub async fn deletes(&self, story: &Story) {
        self.delete(&format!("/v1/stories/{}", story.id))
            .await
            .expect(204);
    }

    /// The profile of `other` as this person sees it.
    pub async fn profile_of(&self, other: &Self) -> Person {
        self.get(&format!("/v1/people/{}", other.handle))
            .await
            .expect(200)
            .read()
    }

    /// Ends the session.
    pub async fn logs_out(&self) {
        self.delete("/v1/sessions/current").await.expect(204);
    }

    /// Opens a live stream that starts now.
    pub async fn stream(&self) -> TestStream {
        TestStream::open(self.request(Method::GET, "/v1/feed/stream")).await
    }

    /// Opens a live stream of a client that shows these stories.
    pub async fn stream_of(&self, stories: &[&Story]) -> TestStream {
        let ids: Vec<_> = stories.iter().map(|story| story.id.to_string()).collect();
        let path = format!("/v1/feed/stream?watch={}", ids.join(","));
        TestStream::open(self.request(Method::GET, &path)).await
    }

    /// Opens a live stream that continues after an event.
    pub async fn stream_after(&self, last_event_id: &str) -> TestStream {
        let request = self
            .request(Method::GET, "/v1/feed/stream")
            .header("Last-Event-ID", last_event_id);
        TestStream::open(request).await
    }
}

/// The ids of a page.
pub fn ids(page: &FeedPage) -> Vec<StoryId> {
    page.items.iter().map(|story| story.id).collect()
}
