//! Erases what closed accounts left: stories, comments, likes, relations, and rows that only their owner saw.
//!
//! A closed account is hidden at once (see [`Accounts::close`](crate::Accounts::close)). A task of every node erases the
//! rest with the same operations that its owner would use, so that counts, files, caches and open pages follow. Each step
//! is idempotent: after a crash, and when two nodes erase the same account, the others continue.

use std::sync::Arc;
use std::time::Duration;

use sosik_feed::{PersonId, StoryId, Visibility};
use sosik_store::{ClosedAccount, CommitPosition, PeopleList, RequestSide, RowsLeft};
use tokio::sync::Notify;
use tokio::time::{MissedTickBehavior, interval};

use crate::core::Core;
use crate::{Comments, Likes, Media, Relations, ServiceError, ServiceResult, Sessions, Stories};

/// Rows of each kind that one step erases, one after the other.
const BATCH: u32 = 100;

/// Closed accounts that one query lists.
const ACCOUNTS_MAX: u32 = 100;

/// Steps of one account without a pause. An account that has more continues after the others.
const STEPS_MAX: u32 = 1_000;

/// Interval at which closed accounts are looked for. An account that is closed on another node waits for it.
const PAUSE: Duration = Duration::from_secs(30);

/// A request that was admitted before its account was closed may write afterwards, so an account is looked at for this long.
/// A request that takes longer, on a node that was paused, could leave a row that nobody sees.
const SETTLED_AFTER: Duration = Duration::from_secs(600);

/// All lists of relations that a person ends.
const LISTS: [PeopleList; 7] = [
    PeopleList::Friends,
    PeopleList::Follows,
    PeopleList::Followers,
    PeopleList::Blocks,
    PeopleList::Mutes,
    PeopleList::Requests(RequestSide::Incoming),
    PeopleList::Requests(RequestSide::Outgoing),
];

/// What a step left. The largest of several is that of all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[must_use]
pub enum Left {
    /// Nothing.
    Nothing,
    /// Rows that something else removes first: the likes of deleted stories.
    Waiting,
    /// There may be more rows than one step erases.
    More,
}

impl Left {
    const fn beyond(rows: usize) -> Self {
        match rows >= BATCH as usize {
            true => Self::More,
            false => Self::Nothing,
        }
    }
}

/// Erases closed accounts. Cheap to clone.
#[derive(Clone)]
pub struct Erasure {
    core: Core,
    uses: Arc<Uses>,
}

/// What it erases with.
pub(crate) struct Uses {
    pub(crate) comments: Comments,
    pub(crate) likes: Likes,
    pub(crate) media: Media,
    pub(crate) relations: Relations,
    pub(crate) sessions: Sessions,
    pub(crate) stories: Stories,
    /// Woken when an account is closed on this node.
    pub(crate) closed: Arc<Notify>,
}

impl Erasure {
    pub(crate) fn new(core: Core, uses: Uses) -> Self {
        let uses = Arc::new(uses);
        Self { core, uses }
    }

    pub(crate) fn spawn(&self) {
        let this = self.clone();
        self.core.supervise("erasure", move || {
            let this = this.clone();
            async move { this.run().await }
        });
    }

    async fn run(&self) {
        let mut tick = interval(PAUSE);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.core.stopping.cancelled() => return,
                () = self.uses.closed.notified() => {}
                _ = tick.tick() => {}
            }
            if let Err(error) = self.erase_closed().await {
                tracing::warn!(%error, "closed accounts could not be listed: the next attempt continues");
            }
        }
    }

    /// Erases all closed accounts. Returns what is left. An account that fails is logged, and the next call tries again.
    ///
    /// # Errors
    /// The accounts cannot be listed.
    pub async fn erase_closed(&self) -> ServiceResult<Left> {
        let (mut after, mut left, mut accounts) = (PersonId::default(), Left::Nothing, 0_u64);
        loop {
            let store = &self.core.store;
            let closed = store.closed_accounts(after, ACCOUNTS_MAX).await?;
            let Some(last) = closed.last() else {
                metrics::gauge!("sosik_accounts_to_erase").set(accounts as f64);
                return Ok(left);
            };
            after = last.person;
            for account in closed {
                accounts += 1;
                let erased = self.erase(account).await;
                left = left.max(erased.unwrap_or_else(|error| {
                    let person = account.person;
                    tracing::warn!(%person, %error, "a closed account could not be erased: the next attempt continues");
                    Left::Waiting
                }));
            }
        }
    }

    async fn erase(&self, account: ClosedAccount) -> ServiceResult<Left> {
        let person = account.person;
        // A log-in may have begun before the account was closed.
        self.uses.sessions.end_all(person).await?;
        let mut left = Left::More;
        for _ in 0..STEPS_MAX {
            if left < Left::More || self.core.stopping.is_cancelled() {
                break;
            }
            left = self.step(person).await?;
        }
        // A step that ends early, because the service stops, has left rows.
        if left == Left::Nothing && !self.core.stopping.is_cancelled() {
            self.uses.media.remove_avatar(person).await?;
            self.finish(account).await?;
        }
        Ok(left)
    }

    async fn step(&self, person: PersonId) -> ServiceResult<Left> {
        let left = [
            self.stories(person).await?,
            self.comments(person).await?,
            self.likes(person).await?,
            self.relations(person).await?,
            self.own_rows(person).await?,
        ];
        Ok(left.into_iter().max().unwrap_or(Left::Nothing))
    }

    async fn finish(&self, account: ClosedAccount) -> ServiceResult<()> {
        let now = self.core.now();
        if now.since(account.closed_at) >= SETTLED_AFTER {
            self.core.store.finish_erasure(account.person, now).await?;
        }
        Ok(())
    }

    async fn stories(&self, author: PersonId) -> ServiceResult<Left> {
        let store = &self.core.store;
        let stories = store
            .stories_of(author, Visibility::Everything, None, BATCH)
            .await?;
        for story in self.until_stopping(&stories) {
            done_if_gone(self.uses.stories.delete(author, *story).await)?;
        }
        Ok(Left::beyond(stories.len()))
    }

    /// Comments, and likes of comments.
    async fn comments(&self, person: PersonId) -> ServiceResult<Left> {
        let remains = self.core.store.remains_of(person, BATCH).await?;
        let comments = &self.uses.comments;
        for comment in self.until_stopping(&remains.comments) {
            done_if_gone(comments.delete(person, *comment).await)?;
        }
        for comment in self.until_stopping(&remains.liked_comments) {
            comments.unlike(person, *comment).await?;
        }
        let most = remains.comments.len().max(remains.liked_comments.len());
        Ok(Left::beyond(most))
    }

    /// Likes of stories. Those of deleted stories go away with the purge of the stories.
    async fn likes(&self, person: PersonId) -> ServiceResult<Left> {
        let before = self.liked(person).await?;
        for story in self.until_stopping(&before) {
            self.uses.likes.remove(person, *story).await?;
        }
        Ok(match self.liked(person).await? {
            after if after.is_empty() => Left::Nothing,
            after if after == before => Left::Waiting,
            _ => Left::More,
        })
    }

    async fn liked(&self, person: PersonId) -> ServiceResult<Vec<StoryId>> {
        let store = &self.core.store;
        let liked = store.liked_stories(person, BATCH, CommitPosition::LATEST);
        Ok(liked.await?.stories)
    }

    async fn relations(&self, person: PersonId) -> ServiceResult<Left> {
        let mut most = 0;
        for list in LISTS {
            let related = self.core.store.related(person, list, None, BATCH).await?;
            for other in self.until_stopping(&related) {
                done_if_gone(self.end_relation(person, other.person, list).await)?;
            }
            most = most.max(related.len());
        }
        Ok(Left::beyond(most))
    }

    async fn end_relation(
        &self,
        person: PersonId,
        other: PersonId,
        list: PeopleList,
    ) -> ServiceResult<()> {
        let relations = &self.uses.relations;
        match list {
            PeopleList::Friends => relations.unfriend(person, other).await,
            PeopleList::Follows => relations.unfollow(person, other).await,
            PeopleList::Followers => relations.unfollow(other, person).await,
            PeopleList::Blocks => relations.unblock(person, other).await,
            PeopleList::Mutes => relations.unmute(person, other).await,
            PeopleList::Requests(_) => relations.remove_friend_request(person, other).await,
        }
    }

    /// The rows of a step. A service that stops does not wait for all of them.
    fn until_stopping<'r, T>(&self, rows: &'r [T]) -> impl Iterator<Item = &'r T> {
        let stopping = self.core.stopping.clone();
        rows.iter().take_while(move |_| !stopping.is_cancelled())
    }

    async fn own_rows(&self, person: PersonId) -> ServiceResult<Left> {
        Ok(match self.core.store.erase_own_rows(person, BATCH).await? {
            RowsLeft::Some => Left::More,
            RowsLeft::None => Left::Nothing,
        })
    }
}

/// What another node, or the purge of a story, erased first is done.
fn done_if_gone(result: ServiceResult<()>) -> ServiceResult<()> {
    match result {
        Err(ServiceError::NotFound(_)) => Ok(()),
        result => result,
    }
}
