//! Invalidation after a write. Every change to cached data passes through here.
//!
//! Call it after the commit and before the response, so that a read after the response sees the change, on any node. It
//! cannot fail: the write has happened, and a cache that missed it would stay wrong. In this order:
//!
//! 1. Invalidate the caches of this node. This takes no I/O and cannot fail. A timeline that now lacks stories, and an
//!    outdated entry of the shared cache, are distrusted.
//! 2. Drop the distrusted copies in the fabric, and at the same time notify the other nodes. They do step 1, confirm,
//!    and drop the copies, too. Copies that could not be dropped stay distrusted and are retried in the background (see
//!    the module `invalidations`). The notification of the nodes is retried until it succeeds: after an earlier response
//!    they could still serve outdated values.
//! 3. Wake the live streams, which read immediately.
//!
//! Counts and notifications reach other nodes soon, without confirmation (see
//! `docs/decisions/0015-changes-are-confirmed-and-updates-are-not.md`).

use std::sync::atomic::Ordering;
use std::time::Duration;

pub(crate) use sosik_fabric::peers::{Change, Own};
use sosik_fabric::peers::{Heard, Notice, Update};
use sosik_fabric::{SharedKey, Signals};
use sosik_feed::{CommitPosition, Committed, PersonId, StoryCounts, StoryId};
use sosik_store::{StoreResult, TokenHash};
use tokio::time::{Instant, sleep_until};

use super::Core;
use super::invalidations::{PendingInvalidation, SharedCopy};

/// Pause after the first failed attempt to send or receive a notice. Doubles up to [`RETRY_MAX`].
const RETRY_FIRST: Duration = Duration::from_millis(10);

/// Longest pause between attempts. After a lost connection is restored, a writer may wait this long.
const RETRY_MAX: Duration = Duration::from_secs(1);

/// What a write changed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Changes {
    notice: Notice,
    notified: Vec<PersonId>,
}

impl Changes {
    /// The new counts of a story.
    pub(crate) fn counts(mut self, story: StoryId, counts: StoryCounts) -> Self {
        self.notice.updates.push(Update::Counts(story, counts));
        self
    }

    /// This person wrote, edited, deleted or liked a comment on a story, or took a like back.
    pub(crate) fn comment(mut self, story: StoryId, author: PersonId) -> Self {
        self.notice.updates.push(Update::Comment { story, author });
        self
    }

    /// People with a new notification, or whose notifications were read or deleted.
    pub(crate) fn notify(mut self, people: impl IntoIterator<Item = PersonId>) -> Self {
        self.notified.extend(people);
        self
    }
}

impl<const N: usize> From<[Change; N]> for Changes {
    fn from(changes: [Change; N]) -> Self {
        let notice = Notice {
            changes: changes.into(),
            ..Notice::default()
        };
        Self {
            notice,
            notified: Vec::new(),
        }
    }
}

/// The position at which a write was committed. A failed write may have committed at an unknown position.
pub(crate) fn position_of<T>(answer: &StoreResult<Committed<T>>) -> CommitPosition {
    (answer.as_ref()).map_or(CommitPosition::LATEST, |committed| committed.at)
}

impl Core {
    /// Makes every later read see these changes. The caches are refilled from a copy of the store that has the position
    /// of the commit.
    pub(crate) async fn invalidate(&self, at: CommitPosition, changes: impl Into<Changes>) {
        let Changes {
            mut notice,
            notified,
        } = changes.into();
        notice.at = at;
        let pending = self.apply_to_caches(&notice);
        tokio::join!(self.drop_copies(pending), self.tell(&notice));
        for change in &notice.changes {
            match change {
                Change::CircleGrew(reader) => self.wake(&[*reader], Signals::STORY).await,
                Change::SessionsEnded(person, _) => self.wake(&[*person], Signals::SESSION).await,
                Change::Story(_)
                | Change::Person(_)
                | Change::CircleShrank(_)
                | Change::Own(..)
                | Change::Everything => {}
            }
        }
        if !notified.is_empty() {
            self.wake(&notified, Signals::NOTIFICATION).await;
        }
    }

    /// Makes every node distrust a timeline until it is dropped, because this node could not add a story that the reader
    /// must find. Other nodes may reach the timeline and do not know that the story is missing.
    ///
    /// # Errors
    /// The change cannot be logged. The other nodes may still use the timeline.
    pub(crate) async fn distrust_timeline(&self, reader: PersonId) -> StoreResult<()> {
        let changes = [Change::CircleGrew(reader)];
        let at = self.log_changes(&changes).await?;
        self.invalidate(at, changes).await;
        Ok(())
    }

    /// Invalidates everything on every node, because a write was interrupted and its effect is unknown.
    pub(crate) fn invalidate_all(&self) {
        let core = self.clone();
        let notice = Notice {
            at: CommitPosition::LATEST,
            changes: vec![Change::Everything],
            updates: Vec::new(),
        };
        let _retried_in_the_background = self.apply_to_caches(&notice);
        // There is no runtime only when the process ends.
        if tokio::runtime::Handle::try_current().is_ok() {
            self.spawn(async move { core.tell(&notice).await });
        }
    }

    /// Invalidates the caches of this node. Returns the copies in the fabric that must be dropped.
    pub(super) fn apply_to_caches(&self, notice: &Notice) -> Vec<PendingInvalidation> {
        for update in &notice.updates {
            match update {
                Update::Counts(story, counts) => self.update_counts(*story, notice.at, *counts),
                Update::Comment { .. } => {}
            }
        }
        let changes = notice.changes.iter();
        let pending = changes
            .flat_map(|change| self.invalidate_local(notice.at, change))
            .collect();
        // After the caches: a stream reads through them.
        self.watched.note(notice);
        pending
    }

    fn invalidate_local(&self, at: CommitPosition, change: &Change) -> Vec<PendingInvalidation> {
        let caches = &self.caches;
        match change {
            Change::Story(story) => caches.stories.invalidate(story, at),
            Change::Person(person) => caches.people.invalidate(person, at),
            Change::CircleShrank(reader) => caches.circles.invalidate(reader, at),
            Change::CircleGrew(reader) => {
                // The order matters: a timeline that is built in between must use the new circle or be dropped.
                caches.circles.invalidate(reader, at);
                let timeline = SharedCopy::Timeline(*reader);
                return vec![self.invalidations.begin(timeline)];
            }
            Change::SessionsEnded(_, tokens) => {
                let end = |token| self.end_session_here(token, at);
                return tokens.iter().filter_map(end).collect();
            }
            Change::Own(person, Own::Likes) => caches.liked.invalidate(person, at),
            Change::Own(person, Own::ReadPosition(story)) => {
                caches
                    .read_positions
                    .update_in_place(person, at, |position| {
                        position.fetch_max(story.as_u64(), Ordering::AcqRel);
                    });
            }
            Change::Everything => self.invalidate_everything(),
        }
        Vec::new()
    }

    /// The order matters as for a timeline: a value that is filled in between was read after the change.
    fn end_session_here(
        &self,
        token: &TokenHash,
        at: CommitPosition,
    ) -> Option<PendingInvalidation> {
        self.caches.sessions.invalidate(token, at);
        self.distrust_entry(SharedKey::Session(*token))
    }

    /// Empties the caches of this node. Timelines that only this node has, or that no log of changes protects, are
    /// dropped, too. The log of a shared store names every copy to drop, so the copies in a shared fabric stay.
    fn invalidate_everything(&self) {
        self.caches.clear();
        match self.shares_store() {
            true => self.wake_everybody_here(),
            false => self.invalidations.begin_all(),
        }
    }

    /// Applies the changes of another node. The caches are invalidated at once. The copies are distrusted at once and
    /// dropped in the background, so that a slow fabric delays neither the writer nor the renewal of a lease.
    pub(super) fn apply_and_drop_later(&self, notice: &Notice) {
        if !self.apply_to_caches(notice).is_empty() {
            self.invalidations.retry_now();
        }
    }

    /// Sends the notice to the other nodes. Returns when none of them can serve what it outdates.
    async fn tell(&self, notice: &Notice) {
        match &self.cache_lease {
            _ if notice.is_empty() => {}
            Some(lease) if !notice.changes.is_empty() => {
                self.tell_lease_holders(lease, notice).await;
            }
            _ => self.tell_all(notice).await,
        }
    }

    /// Sends the notice until all nodes have applied the changes. For nodes that cannot vanish. Gives up when the service
    /// stops: the listeners are closed by then, so no client gets an answer that the change has to precede.
    async fn tell_all(&self, notice: &Notice) {
        let mut pause = RETRY_FIRST;
        loop {
            let answer = self.engines.peers.tell(notice).await;
            let told = self.fabric_result("tell", answer);
            if notice.changes.is_empty() || told.is_some_and(|told| told.is_complete()) {
                return;
            }
            if self.stopping.is_cancelled() {
                tracing::error!("the service stopped before the other nodes confirmed a change");
                return;
            }
            self.pause(&mut pause).await;
        }
    }

    /// Wakes the streams of these people, now or, if the fabric fails, soon.
    pub(crate) async fn wake(&self, people: &[PersonId], signals: Signals) {
        let answer = self.engines.wake_ups.wake(people, signals).await;
        if self.fabric_result("wake", answer).is_none() {
            self.failed_wake_ups.add(people, signals);
        }
    }

    /// Applies the notices of other nodes until the service stops.
    pub(crate) fn spawn_peers(&self) {
        let core = self.clone();
        self.supervise("peers", move || {
            let core = core.clone();
            async move { core.hear_peers().await }
        });
    }

    async fn hear_peers(&self) {
        let mut pause = RETRY_FIRST;
        while !self.stopping.is_cancelled() {
            let heard = tokio::select! {
                () = self.stopping.cancelled() => return,
                heard = self.engines.peers.hear() => heard,
            };
            match self.fabric_result("hear", heard) {
                Some(heard) => {
                    pause = RETRY_FIRST;
                    self.apply(heard);
                }
                None => self.pause(&mut pause).await,
            }
        }
    }

    fn apply(&self, heard: Heard) {
        self.apply_and_drop_later(&heard.notice);
        heard.applied();
    }

    /// Waits, and doubles the next pause.
    async fn pause(&self, pause: &mut Duration) {
        sleep_until(Instant::now() + *pause).await;
        *pause = (*pause * 2).min(RETRY_MAX);
    }
}
