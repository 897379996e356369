//! The actions of one person.

use parking_lot::Mutex;
use rand::{Rng, RngExt};
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::mix::Action;
use crate::client::{Answer, Client, RequestOptions};
use crate::people::Account;

/// Stories on a page.
const PAGE: usize = 20;

/// A person and the state of their client.
#[derive(Debug)]
pub(super) struct Actor {
    pub(super) account: Account,
    memory: Mutex<Memory>,
}

#[derive(Debug)]
struct Memory {
    token: String,
    etag: Option<String>,
    before: Option<String>,
    after: Option<String>,
    /// The stories of the last page.
    stories: Vec<String>,
}

/// A request, ready to be sent.
pub(super) struct Request {
    pub(super) action: Action,
    method: Method,
    path: String,
    have: Option<String>,
    key: Option<String>,
    body: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Page {
    items: Vec<Shown>,
    before: Option<String>,
    after: Option<String>,
}

#[derive(Deserialize)]
struct Shown {
    id: String,
}

#[derive(Deserialize)]
struct SignedIn {
    token: String,
}

impl Actor {
    pub(super) fn new(account: Account) -> Self {
        let memory = Memory {
            token: account.token.clone(),
            etag: None,
            before: None,
            after: None,
            stories: Vec::new(),
        };
        Self {
            account,
            memory: Mutex::new(memory),
        }
    }

    /// The request for an action. An action that is not possible yet is replaced by another one, such as paging down
    /// before the first page was read. `mark` is the text of a story, unique in the run.
    pub(super) fn request(&self, action: Action, mark: &str, chance: &mut impl Rng) -> Request {
        let memory = self.memory.lock();
        let page = format!("/v1/feed?limit={PAGE}");
        let story = (!memory.stories.is_empty())
            .then(|| &memory.stories[chance.random_range(0..memory.stories.len())]);
        let ready = match (action, story) {
            (Action::Conditional, _) => memory.etag.clone().map(|etag| Request {
                have: Some(etag),
                ..Request::of(action, Method::GET, page.clone())
            }),
            (Action::Older, _) => memory
                .before
                .as_ref()
                .map(|before| Request::of(action, Method::GET, format!("{page}&before={before}"))),
            (Action::Newer, _) => memory
                .after
                .as_ref()
                .map(|after| Request::of(action, Method::GET, format!("{page}&after={after}"))),
            (Action::Post, _) => Some(Request {
                key: Some(mark.to_owned()),
                body: Some(json!({ "text": mark, "audience": "public" })),
                ..Request::of(action, Method::POST, "/v1/stories".to_owned())
            }),
            (Action::Like, Some(story)) => Some(Request::of(
                action,
                Method::PUT,
                format!("/v1/stories/{story}/like"),
            )),
            (Action::Comment, Some(story)) => Some(Request {
                body: Some(json!({ "text": "well said" })),
                ..Request::of(
                    action,
                    Method::POST,
                    format!("/v1/stories/{story}/comments"),
                )
            }),
            (Action::LogIn, _) => self.account.password.as_ref().map(|password| Request {
                body: Some(json!({ "handle": self.account.handle, "password": password })),
                ..Request::of(action, Method::POST, "/v1/sessions".to_owned())
            }),
            (Action::Top | Action::Like | Action::Comment, _) => None,
        };
        ready.unwrap_or_else(|| Request::of(Action::Top, Method::GET, page))
    }

    /// Sends the request and remembers what a client would.
    pub(super) async fn send(&self, client: &Client, request: &Request) -> reqwest::Result<Answer> {
        let token = match request.action {
            Action::LogIn => String::new(),
            _ => self.memory.lock().token.clone(),
        };
        let options = RequestOptions {
            token: &token,
            have: request.have.as_deref(),
            key: request.key.as_deref(),
            body: request.body.clone(),
        };
        let answer = client
            .send(request.method.clone(), &request.path, options)
            .await?;
        if answer.is_served() {
            self.remember(request.action, &answer);
        }
        Ok(answer)
    }

    fn remember(&self, action: Action, answer: &Answer) {
        match action {
            Action::Top | Action::Conditional | Action::Older | Action::Newer => {
                let Ok(page) = serde_json::from_slice::<Page>(&answer.body) else {
                    // Not modified, or not a page.
                    return;
                };
                let mut memory = self.memory.lock();
                if action != Action::Newer {
                    // At the end of the feed a person goes back to the top.
                    memory.before = page.before;
                }
                memory.after = page.after.or_else(|| memory.after.take());
                if !page.items.is_empty() {
                    memory.stories = page.items.into_iter().map(|shown| shown.id).collect();
                }
                if matches!(action, Action::Top | Action::Conditional) {
                    memory.etag.clone_from(&answer.etag);
                }
            }
            Action::LogIn => {
                if let Ok(signed_in) = serde_json::from_slice::<SignedIn>(&answer.body) {
                    self.memory.lock().token = signed_in.token;
                }
            }
            Action::Post | Action::Like | Action::Comment => {}
        }
    }

    pub(super) fn token(&self) -> String {
        self.memory.lock().token.clone()
    }
}

impl Request {
    const fn of(action: Action, method: Method, path: String) -> Self {
        Self {
            action,
            method,
            path,
            have: None,
            key: None,
            body: None,
        }
    }
}
