//! Recorded requests: each is sent, and the request and its answer are recorded.

use reqwest::Method;
use serde_json::{Value, json};

use super::player::CastContext;
use super::record::{item, outcome};
use crate::check::{Act, Audience, Entry, Item, Link, Outcome, Read, Reading, Span, Write};
use crate::client::{Answer, RequestOptions};

/// Most attempts of an unanswered post, under the same key.
pub(super) const TRIES_MAX: usize = 40;

/// A page that was read.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
    pub(super) end: bool,
    pub(super) etag: Option<String>,
    pub(super) items: Vec<Item>,
}

/// The parameters of a page request.
pub(super) struct PageRequest<'a> {
    pub(super) view: u64,
    pub(super) ask: Reading,
    pub(super) query: String,
    /// The page that the client has, for a conditional request.
    pub(super) have: Option<&'a Page>,
}

impl CastContext {
    /// Sends a request. Records a failure if there is no answer or an error.
    pub(super) async fn send(
        &self,
        place: usize,
        method: Method,
        path: &str,
        options: RequestOptions<'_>,
    ) -> Option<Answer> {
        let begin = self.recorder.now();
        let what = format!("{method} {}", path.split('?').next().unwrap_or(path));
        let token = self.people[place].token.as_str();
        let answer = self
            .client
            .send(method, path, RequestOptions { token, ..options })
            .await
            .ok();
        let span = self.recorder.since(begin);
        self.recorder
            .note_failure(self.ids[place], span, &what, answer.as_ref());
        answer
    }

    /// Sends a write as one request.
    pub(super) async fn write(
        &self,
        place: usize,
        method: Method,
        path: &str,
        body: Option<Value>,
        act: Act,
    ) -> Outcome {
        let begin = self.recorder.now();
        let options = RequestOptions {
            body,
            ..RequestOptions::default()
        };
        let answer = self.send(place, method, path, options).await;
        let outcome = outcome(answer.as_ref());
        self.note_write(place, begin, outcome, act);
        outcome
    }

    pub(super) fn note_write(&self, place: usize, begin: u64, outcome: Outcome, act: Act) {
        self.recorder.note(Entry::Write(Write {
            who: self.ids[place],
            span: self.recorder.since(begin),
            outcome,
            act,
        }));
    }

    /// Posts under a key. Without an answer it repeats the request, up to [`TRIES_MAX`] times.
    pub(super) async fn post(&self, place: usize, audience: Audience) -> Option<(u64, String)> {
        let key = format!("{}-{}", self.people[place].handle, self.recorder.number());
        for _ in 0..TRIES_MAX {
            let (outcome, story) = self.post_once(place, &key, audience).await;
            if outcome != Outcome::Unknown {
                return Some((story?, key));
            }
            self.pause().await;
        }
        None
    }

    /// One attempt of a post.
    pub(super) async fn post_once(
        &self,
        place: usize,
        key: &str,
        audience: Audience,
    ) -> (Outcome, Option<u64>) {
        let begin = self.recorder.now();
        let word = match audience {
            Audience::Public => "public",
            Audience::Friends => "friends",
        };
        let options = RequestOptions {
            key: Some(key),
            body: Some(json!({ "text": key, "audience": word })),
            ..RequestOptions::default()
        };
        let answer = self.send(place, Method::POST, "/v1/stories", options).await;
        let outcome = outcome(answer.as_ref());
        let story = answer.and_then(|answer| answer.json()["id"].as_str()?.parse().ok());
        let story = story.filter(|_| outcome == Outcome::Acknowledged);
        let act = Act::Post {
            story,
            text: key.to_owned(),
            audience,
            key: Some(key.to_owned()),
        };
        self.note_write(place, begin, outcome, act);
        (outcome, story)
    }

    /// Makes two people friends. Both send a request. The act lasts from the first request to the second answer.
    pub(super) async fn befriend(&self, place: usize, other: usize) {
        let begin = self.recorder.now();
        let mut answers = [Outcome::Unknown; 2];
        for ((from, to), answered) in [(place, other), (other, place)]
            .into_iter()
            .zip(&mut answers)
        {
            let path = format!("/v1/friend-requests/{}", self.ids[to]);
            let answer = self
                .send(from, Method::PUT, &path, RequestOptions::default())
                .await;
            *answered = outcome(answer.as_ref());
        }
        // If the other person had already sent a request, a single request can be enough.
        let done = match answers {
            [one, other] if one == other => one,
            _ => Outcome::Unknown,
        };
        let link = Link::Friends {
            one: self.ids[place],
            other: self.ids[other],
        };
        self.note_write(place, begin, done, Act::Begin(link));
    }

    /// Reads a page and records it.
    pub(super) async fn page(&self, place: usize, ask: PageRequest<'_>) -> Option<Page> {
        let begin = self.recorder.now();
        let have = ask.have.and_then(|page| page.etag.as_deref());
        let request = RequestOptions {
            have,
            ..RequestOptions::default()
        };
        let path = format!("/v1/feed?{}", ask.query);
        let answer = self.send(place, Method::GET, &path, request).await?;
        let span = self.recorder.since(begin);
        let page = match (answer.status, ask.have) {
            (304, Some(same)) => Page {
                etag: same.etag.clone(),
                before: same.before.clone(),
                after: same.after.clone(),
                end: same.end,
                items: same.items.clone(),
            },
            (200, _) => Page {
                etag: answer.etag.clone(),
                ..Page::of(&answer.json())?
            },
            _ => return None,
        };
        let reset = answer.status == 200 && answer.json()["reset"] == true;
        self.recorder.note(Entry::Read(Read {
            who: self.ids[place],
            span,
            view: ask.view,
            ask: if reset { Reading::Reset } else { ask.ask },
            items: page.items.clone(),
            end: page.end,
        }));
        Some(page)
    }

    /// Opens a story and records whether it exists.
    pub(super) async fn open(&self, place: usize, story: u64) {
        let begin = self.recorder.now();
        let path = format!("/v1/stories/{story}");
        let answer = self
            .send(place, Method::GET, &path, RequestOptions::default())
            .await;
        let found = match answer.map(|answer| answer.status) {
            Some(200) => true,
            Some(404) => false,
            _ => return,
        };
        self.note_opened(place, self.recorder.since(begin), story, found);
    }

    pub(super) fn note_opened(&self, place: usize, span: Span, story: u64, found: bool) {
        let who = self.ids[place];
        self.recorder.note(Entry::Opened {
            who,
            span,
            story,
            found,
        });
    }
}

impl Page {
    fn of(page: &Value) -> Option<Self> {
        let cursor = |name: &str| page[name].as_str().map(str::to_owned);
        Some(Self {
            before: cursor("before"),
            after: cursor("after"),
            end: page["end"].as_bool()?,
            etag: None,
            items: page["items"]
                .as_array()?
                .iter()
                .map(item)
                .collect::<Option<_>>()?,
        })
    }
}
