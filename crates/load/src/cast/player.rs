//! Chooses by chance what one person of the cast does next.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use parking_lot::Mutex;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use reqwest::Method;
use serde_json::json;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use super::act::{Page, PageRequest};
use super::record::Recorder;
use crate::check::{Act, Audience, Entry, Link, Reading};
use crate::client::Client;
use crate::people::Account;

/// Stories of a burst. They are sent at the same moment, so that their ids are close and their deliveries overtake one
/// another.
const BURST: usize = 4;

/// Most stories that anybody may delete, like or open: the newest of the run.
const REMEMBERED_MAX: usize = 200;

/// Most pages of one scroll, during the run and at the end.
const PAGES: usize = 4;
const PAGES_AT_THE_END: usize = 2_000;

/// Stories checked for comments of a person who was just blocked. Some of them cannot be opened.
const COMMENTED: usize = 4;

/// Wait before a request without an answer is tried again.
const RETRY_PAUSE: Duration = Duration::from_millis(250);

/// State that the whole cast shares.
pub(super) struct CastContext {
    pub(super) client: Client,
    pub(super) people: Arc<[Account]>,
    pub(super) ids: Vec<u64>,
    pub(super) recorder: Arc<Recorder>,
    /// Stories, each with the index of its author.
    stories: Mutex<Vec<(u64, usize)>>,
    /// Comments, each with the index of its author.
    comments: Mutex<Vec<(u64, usize)>>,
    /// Stories with comments, each with the index of the commenter.
    commented: Mutex<Vec<(u64, usize)>>,
}

/// One person of the cast.
pub(super) struct Player {
    pub(super) context: Arc<CastContext>,
    pub(super) place: usize,
    pub(super) chance: ChaCha8Rng,
    /// The last first page with its view and its cursors.
    top: Option<(u64, Page)>,
}

impl CastContext {
    pub(super) fn new(client: Client, people: Arc<[Account]>, recorder: Arc<Recorder>) -> Self {
        let ids = people.iter().map(|one| one.id.parse().unwrap_or_default());
        Self {
            ids: ids.collect(),
            client,
            people,
            recorder,
            stories: Mutex::default(),
            comments: Mutex::default(),
            commented: Mutex::default(),
        }
    }

    /// Records the name of everybody, and makes each person a friend of the next two.
    pub(super) async fn record_people(&self) {
        for (person, account) in self.ids.iter().zip(self.people.iter()) {
            self.recorder.note(Entry::Person {
                person: *person,
                name: account.handle.clone(),
            });
        }
        for place in 0..self.people.len() {
            for step in 1..=2 {
                let other = (place + step) % self.people.len();
                if other != place {
                    self.befriend(place, other).await;
                }
            }
        }
    }

    pub(super) async fn pause(&self) {
        let _a_moment = timeout(RETRY_PAUSE, pending::<()>()).await;
    }

    fn remember(&self, story: u64, author: usize) {
        remember(&mut self.stories.lock(), story, author);
    }

    pub(super) fn newest_stories(&self, many: usize) -> Vec<u64> {
        let stories = self.stories.lock();
        let newest = stories.iter().rev().take(many);
        newest.map(|(story, _)| *story).collect()
    }

    pub(super) fn remember_comment(&self, comment: u64, story: u64, author: usize) {
        remember(&mut self.comments.lock(), comment, author);
        remember(&mut self.commented.lock(), story, author);
    }
}

fn remember(known: &mut Vec<(u64, usize)>, id: u64, author: usize) {
    if known.len() == REMEMBERED_MAX {
        known.remove(0);
    }
    known.push((id, author));
}

/// A random remembered entry of a person matching the filter.
fn some(
    known: &[(u64, usize)],
    chance: &mut ChaCha8Rng,
    of: impl Fn(usize) -> bool,
) -> Option<u64> {
    let fit: Vec<u64> = (known.iter())
        .filter(|(_, author)| of(*author))
        .map(|(id, _)| *id)
        .collect();
    (!fit.is_empty()).then(|| fit[chance.random_range(0..fit.len())])
}

impl Player {
    pub(super) const fn new(context: Arc<CastContext>, place: usize, chance: ChaCha8Rng) -> Self {
        Self {
            context,
            place,
            chance,
            top: None,
        }
    }

    /// Acts until `end` is cancelled.
    pub(super) async fn play(mut self, pace: Duration, end: CancellationToken) -> Self {
        let mut tick = interval(pace);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while end.run_until_cancelled(tick.tick()).await.is_some() {
            self.act().await;
        }
        self
    }

    async fn act(&mut self) {
        match self.chance.random_range(0..100) {
            0..20 => self.newer().await,
            20..36 => self.scroll().await,
            36..40 => self.read_comments(|_| true).await,
            40..50 => self.reread().await,
            50..65 => self.post().await,
            65..73 => self.burst().await,
            73..80 => self.delete().await,
            80..83 => self.open().await,
            83..86 => self.like().await,
            86..89 => self.comment().await,
            89 => self.delete_comment().await,
            _ => self.change_relation().await,
        }
    }

    /// Reads the first page and a few older pages.
    async fn scroll(&mut self) {
        let limit = self.chance.random_range(2..8);
        self.scroll_down(limit, PAGES).await;
    }

    async fn scroll_down(&mut self, limit: usize, pages: usize) {
        let view = self.context.recorder.number();
        let Some(top) = self
            .page(view, Reading::Top, format!("limit={limit}"))
            .await
        else {
            return;
        };
        let mut before = top.before.clone();
        self.top = Some((view, top));
        for _ in 0..pages {
            let Some(cursor) = before else { return };
            let query = format!("limit={limit}&before={cursor}");
            let Some(page) = self.page(view, Reading::Older, query).await else {
                return;
            };
            before = page.before;
        }
    }

    async fn page(&self, view: u64, ask: Reading, query: String) -> Option<Page> {
        let have = None;
        let ask = PageRequest {
            view,
            ask,
            query,
            have,
        };
        self.context.page(self.place, ask).await
    }

    /// Reads the newer stories, to the end.
    async fn newer(&mut self) {
        let Some((view, top)) = self.top.take() else {
            return self.scroll().await;
        };
        let mut after = top.after.clone();
        for _ in 0..PAGES {
            let Some(cursor) = after.clone() else { return };
            let query = format!("limit=50&after={cursor}");
            let Some(page) = self.page(view, Reading::Newer, query).await else {
                return;
            };
            after = page.after.or(after);
            if page.end {
                break;
            }
        }
        self.top = Some((
            view,
            Page {
                after,
                etag: None,
                ..top
            },
        ));
    }

    /// Reads the first page twice, the second time with a conditional request.
    async fn reread(&mut self) {
        let query = "limit=5";
        let view = self.context.recorder.number();
        let Some(first) = self.page(view, Reading::Top, query.to_owned()).await else {
            return;
        };
        let ask = PageRequest {
            view: self.context.recorder.number(),
            ask: Reading::Top,
            query: query.to_owned(),
            have: Some(&first),
        };
        self.context.page(self.place, ask).await;
    }

    /// Posts, sometimes twice under the same key, and then reads.
    async fn post(&mut self) {
        let audience = self.audience();
        let Some((story, key)) = self.context.post(self.place, audience).await else {
            return;
        };
        self.context.remember(story, self.place);
        if self.chance.random_bool(0.3) {
            self.context.post_once(self.place, &key, audience).await;
        }
        if self.chance.random_bool(0.5) {
            self.scroll().await;
        }
    }

    async fn burst(&mut self) {
        let audience = self.audience();
        let posts = (0..BURST).map(|_| self.context.post(self.place, audience));
        for (story, _) in join_all(posts).await.into_iter().flatten() {
            self.context.remember(story, self.place);
        }
    }

    fn audience(&mut self) -> Audience {
        match self.chance.random_bool(0.5) {
            true => Audience::Public,
            false => Audience::Friends,
        }
    }

    pub(super) fn some_story(&mut self, of: impl Fn(usize) -> bool) -> Option<u64> {
        some(&self.context.stories.lock(), &mut self.chance, of)
    }

    pub(super) fn some_comment(&mut self, of: impl Fn(usize) -> bool) -> Option<u64> {
        some(&self.context.comments.lock(), &mut self.chance, of)
    }

    /// A random story on which a person matching `of` commented.
    pub(super) fn some_commented(&mut self, of: impl Fn(usize) -> bool) -> Option<u64> {
        some(&self.context.commented.lock(), &mut self.chance, of)
    }

    /// Deletes one of the person's own stories, or changes its audience.
    async fn delete(&mut self) {
        let place = self.place;
        let Some(story) = self.some_story(|author| author == place) else {
            return;
        };
        let path = format!("/v1/stories/{story}");
        if self.chance.random_bool(0.3) {
            let audience = Audience::Friends;
            let act = Act::Readdress { story, audience };
            let body = Some(json!({ "audience": "friends" }));
            self.context
                .write(place, Method::PATCH, &path, body, act)
                .await;
        } else {
            let act = Act::Delete { story };
            self.context
                .write(place, Method::DELETE, &path, None, act)
                .await;
        }
        self.scroll().await;
    }

    async fn open(&mut self) {
        if let Some(story) = self.some_story(|_| true) {
            self.context.open(self.place, story).await;
        }
    }

    async fn like(&mut self) {
        let place = self.place;
        let Some(story) = self.some_story(|author| author != place) else {
            return;
        };
        let path = format!("/v1/stories/{story}/like");
        let (method, act) = match self.chance.random_bool(0.7) {
            true => (Method::PUT, Act::Like { story }),
            false => (Method::DELETE, Act::Unlike { story }),
        };
        self.context.write(place, method, &path, None, act).await;
    }

    /// Begins or ends a relation with another person, and then reads.
    async fn change_relation(&mut self) {
        let count = self.context.people.len();
        let other = (self.place + self.chance.random_range(1..count)) % count;
        let (from, to) = (self.context.ids[self.place], self.context.ids[other]);
        let one_way = match self.chance.random_range(0..10) {
            0..4 => return self.context.befriend(self.place, other).await,
            4 | 5 => Some((
                Method::DELETE,
                "friends",
                Act::End(Link::Friends {
                    one: from,
                    other: to,
                }),
            )),
            6 => Some((
                Method::PUT,
                "follows",
                Act::Begin(Link::Follows { from, to }),
            )),
            7 => Some((
                Method::DELETE,
                "follows",
                Act::End(Link::Follows { from, to }),
            )),
            _ => None,
        };
        if let Some((method, list, act)) = one_way {
            self.link(method, list, to, act).await;
            return self.scroll().await;
        }
        let (list, link) = match self.chance.random_bool(0.5) {
            true => ("mutes", Link::Mutes { from, to }),
            false => ("blocks", Link::Blocks { from, to }),
        };
        self.link(Method::PUT, list, to, Act::Begin(link)).await;
        self.scroll().await;
        for _ in 0..COMMENTED {
            self.read_comments(|author| author == other).await;
        }
        self.link(Method::DELETE, list, to, Act::End(link)).await;
    }

    async fn link(&self, method: Method, list: &str, to: u64, act: Act) {
        let path = format!("/v1/{list}/{to}");
        self.context
            .write(self.place, method, &path, None, act)
            .await;
    }

    /// Reads the whole feed, and the comments of the newest stories.
    pub(super) async fn read_everything(mut self) {
        self.scroll_down(50, PAGES_AT_THE_END).await;
        self.read_all_comments().await;
    }
}
