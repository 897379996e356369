//! Relations between people: friends, follows, blocks, mutes, and the lists of them.
//!
//! Every change is idempotent. A change of entitlements invalidates the caches of both people before the answer, so it
//! takes effect on the next read. When nothing changed, an earlier attempt may have failed before it invalidated the
//! caches, so both circles are dropped again. A timeline costs more than a circle. A repeat drops the timeline of the
//! other person only if the two are friends, so that a stranger cannot cause repeated rebuilds.

mod blocks;
mod follows;
mod friends;
mod lists;

use sosik_feed::{Committed, PersonId, RuleBroken};
use sosik_store::{RelationChange, StoreResult};

use crate::core::Core;
use crate::core::invalidate::position_of;
use crate::{Change, Changes, ServiceError, ServiceResult};

pub use lists::PersonPage;
pub(crate) use lists::{person_of, place_of};

/// Relations between people. Cheap to clone.
#[derive(Clone)]
pub struct Relations {
    core: Core,
}

/// The two people of a change: the one who requests it, and the other one.
#[derive(Debug, Clone, Copy)]
struct Pair {
    viewer: PersonId,
    other: PersonId,
}

impl Pair {
    fn new(viewer: PersonId, other: PersonId) -> ServiceResult<Self> {
        if viewer == other {
            Err(RuleBroken::Yourself.into())
        } else {
            Ok(Self { viewer, other })
        }
    }

    fn both(self, change: fn(PersonId) -> Change) -> [Change; 2] {
        [change(self.viewer), change(self.other)]
    }
}

impl Relations {
    pub(crate) const fn new(core: Core) -> Self {
        Self { core }
    }

    /// Makes a change that only the circle of one person contains. `limit` is the rule that stops it.
    async fn change_own_circle<F>(
        &self,
        change: Change,
        limit: RuleBroken,
        write: impl FnOnce(Core) -> F + Send + 'static,
    ) -> ServiceResult<()>
    where
        F: Future<Output = StoreResult<Committed<RelationChange>>> + Send,
    {
        let this = self.clone();
        self.core
            .run_to_completion(async move {
                let answer = write(this.core.clone()).await;
                let outcome = this.invalidate(answer, [change.clone()], [change]).await?;
                result_of(outcome, limit)
            })
            .await
    }

    /// Invalidates the caches after a change of a relation and returns its outcome. It applies `all` if the change
    /// happened or may have happened, and `again` if nothing changed. An earlier attempt may have failed before its
    /// invalidation, so in the second case it also drops both circles.
    async fn invalidate(
        &self,
        answer: StoreResult<Committed<RelationChange>>,
        all: impl Into<Changes>,
        again: impl Into<Changes>,
    ) -> ServiceResult<RelationChange> {
        let at = position_of(&answer);
        match answer.as_ref().map(|change| change.value) {
            Ok(RelationChange::Changed | RelationChange::BecameFriends) | Err(_) => {
                self.core.invalidate(at, all).await;
            }
            Ok(RelationChange::Unchanged) => self.core.invalidate(at, again).await,
            // Requests are not cached, and the recipient already has the notification.
            Ok(
                RelationChange::ChangedQuietly
                | RelationChange::NoSuchPerson
                | RelationChange::NoSuchRequest
                | RelationChange::LimitReached
                | RelationChange::TheirLimitReached,
            ) => {}
        }
        Ok(answer?.value)
    }
}

/// The result for the caller.
fn result_of(change: RelationChange, limit: RuleBroken) -> ServiceResult<()> {
    match change {
        RelationChange::Changed
        | RelationChange::ChangedQuietly
        | RelationChange::Unchanged
        | RelationChange::BecameFriends => Ok(()),
        RelationChange::NoSuchPerson => Err(ServiceError::NotFound("person")),
        RelationChange::NoSuchRequest => Err(ServiceError::NotFound("friend request")),
        RelationChange::LimitReached => Err(limit.into()),
        RelationChange::TheirLimitReached => Err(RuleBroken::FriendLimitTheirs.into()),
    }
}
