//! Invalidation after a write. Every change to cached data passes through here.
//!
//! Call it after the commit and before the response, so that a read after the response sees the change. It cannot fail:
//! the write has happened, and a cache that missed it would stay wrong. It invalidates all caches of this node first
//! and the fabric second. Calls to the fabric that fail are retried (see the module `invalidations`). With several
//! nodes, this is also the place that notifies the other nodes and waits for their confirmation.

use std::sync::atomic::Ordering;

use sosik_fabric::Signals;
use sosik_feed::{CommitPosition, Committed, PersonId, StoryId};
use sosik_store::{StoreResult, StoryCounts, TokenHash};

use super::Core;
use super::invalidations::PendingInvalidation;
use crate::sabotage::Sabotage;

/// A change in the store that caches depend on.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    /// Text, audience or existence of a story.
    Story(StoryId),
    /// Likes and comments of a story.
    Counts(StoryId, StoryCounts),
    /// The profile of a person.
    Person(PersonId),
    /// The reader's circle lost people or stories: somebody is hidden, or fewer of their stories are visible. Reads
    /// filter the timeline, so the timeline stays.
    CircleShrank(PersonId),
    /// Stories that are not in the reader's timeline now belong into it. The timeline is dropped and rebuilt.
    CircleGrew(PersonId),
    /// The likes of a person.
    Liked(PersonId),
    /// The read position of a person, moved to this story.
    ReadPosition(PersonId, StoryId),
    /// Sessions of a person that ended.
    SessionsEnded(PersonId, Vec<TokenHash>),
    /// People with a new notification, or whose notifications were read.
    Notifications(Vec<PersonId>),
}

/// The effect of a change on the fabric.
enum FabricCall {
    DropTimeline(PendingInvalidation),
    Wake(Vec<PersonId>, Signals),
}

/// Where a write was committed. A write that failed may have committed, at a position that nobody knows.
pub(crate) fn position_of<T>(answer: &StoreResult<Committed<T>>) -> CommitPosition {
    (answer.as_ref()).map_or(CommitPosition::LATEST, |committed| committed.at)
}

impl Core {
    /// Invalidates whatever these changes affect. Every later read sees them: the caches are filled again from a copy
    /// of the store that has the position of the commit.
    pub(crate) async fn invalidate(
        &self,
        at: CommitPosition,
        changes: impl IntoIterator<Item = Change>,
    ) {
        let changes = changes.into_iter();
        let calls: Vec<_> = changes
            .filter_map(|change| self.invalidate_local(at, change))
            .collect();
        for call in calls {
            self.invalidate_in_fabric(call).await;
        }
    }

    /// Invalidates the caches of this node. Returns the call that the fabric needs.
    fn invalidate_local(&self, at: CommitPosition, change: Change) -> Option<FabricCall> {
        let caches = &self.caches;
        match change {
            Change::Story(story) if self.breaks(Sabotage::KeepDeleted) => {
                tracing::debug!(%story, "kept on purpose");
            }
            Change::Story(story) => caches.stories.invalidate(&story, at),
            Change::Counts(story, counts) => self.update_counts(story, at, counts),
            Change::Person(person) => caches.people.invalidate(&person, at),
            Change::CircleShrank(reader) => caches.circles.invalidate(&reader, at),
            Change::CircleGrew(reader) => {
                // The order matters: a timeline that is built in between must use the new circle or be dropped.
                caches.circles.invalidate(&reader, at);
                return Some(FabricCall::DropTimeline(self.invalidations.begin(reader)));
            }
            Change::Liked(person) => caches.liked.invalidate(&person, at),
            Change::ReadPosition(person, story) => {
                caches
                    .read_positions
                    .update_in_place(&person, at, |position| {
                        position.fetch_max(story.as_u64(), Ordering::AcqRel);
                    });
            }
            Change::SessionsEnded(person, tokens) => {
                tokens
                    .iter()
                    .for_each(|token| caches.sessions.invalidate(token, at));
                return Some(FabricCall::Wake(vec![person], Signals::SESSION));
            }
            Change::Notifications(people) => {
                return Some(FabricCall::Wake(people, Signals::NOTIFICATION));
            }
        }
        None
    }

    async fn invalidate_in_fabric(&self, call: FabricCall) {
        match call {
            FabricCall::DropTimeline(pending) => {
                let answer = self.fabric.drop_timeline(pending.reader).await;
                match self.fabric_result("forget", answer) {
                    Some(()) => self.invalidations.confirm(pending),
                    None => self.invalidations.start_retries(),
                }
                self.wake(&[pending.reader], Signals::STORY).await;
            }
            FabricCall::Wake(people, signals) => self.wake(&people, signals).await,
        }
    }

    async fn wake(&self, people: &[PersonId], signals: Signals) {
        let answer = self.fabric.wake(people, signals).await;
        if self.fabric_result("wake", answer).is_none() {
            self.invalidations.queue_wake_up(people, signals);
        }
    }

    /// Invalidates everything, because a write was interrupted and its effect is unknown.
    pub(crate) fn invalidate_all(&self) {
        self.caches.clear();
        self.invalidations.begin_all();
    }
}
