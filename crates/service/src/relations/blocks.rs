//! Blocking and muting.

use sosik_feed::{PersonId, RuleBroken};

use super::{Pair, Relations, result_of};
use crate::{Change, Changes, ServiceResult};

impl Relations {
    /// Blocks a person. The friendship, requests and follows between the two end, and neither sees the other any more.
    ///
    /// # Errors
    /// `NotFound` if the person does not exist; `RuleBroken` at the limit or for oneself.
    pub async fn block(&self, viewer: PersonId, other: PersonId) -> ServiceResult<()> {
        let pair = Pair::new(viewer, other)?;
        self.core.require_person(other).await?;
        let this = self.clone();
        self.core
            .run_to_completion(async move {
                let answer = this
                    .core
                    .store
                    .block(viewer, other, this.core.settings.relations, this.core.now())
                    .await;
                // Notifications about the other person are hidden now.
                let all = Changes::from(pair.both(Change::CircleShrank)).notify([viewer, other]);
                let change = this
                    .invalidate(answer, all, pair.both(Change::CircleShrank))
                    .await?;
                result_of(change, RuleBroken::BlockLimit)
            })
            .await
    }

    /// Unblocks a person. Nothing that the block ended is restored. The two can find each other again, unless the other
    /// person blocked the viewer too.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn unblock(&self, viewer: PersonId, other: PersonId) -> ServiceResult<()> {
        let pair = Pair { viewer, other };
        let this = self.clone();
        self.core
            .run_to_completion(async move {
                let answer = this.core.store.unblock(viewer, other).await;
                let all = pair.both(Change::CircleGrew);
                // Neither feed has stories of the other: the block ended the friendship and the follows.
                let again = [Change::CircleGrew(viewer), Change::CircleShrank(other)];
                let change = this.invalidate(answer, all, again).await?;
                result_of(change, RuleBroken::BlockLimit)
            })
            .await
    }

    /// Mutes a person: their stories leave the viewer's home feed. They are not notified.
    ///
    /// # Errors
    /// `NotFound` if the person does not exist or the two are severed; `RuleBroken` at the limit or for oneself.
    pub async fn mute(&self, viewer: PersonId, other: PersonId) -> ServiceResult<()> {
        Pair::new(viewer, other)?;
        self.core.require_person(other).await?;
        self.change_own_circle(
            Change::CircleShrank(viewer),
            RuleBroken::MuteLimit,
            move |core| async move {
                let (limits, now) = (core.settings.relations, core.now());
                core.store.mute(viewer, other, limits, now).await
            },
        )
        .await
    }

    /// Unmutes a person: their stories return to the viewer's home feed.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn unmute(&self, viewer: PersonId, other: PersonId) -> ServiceResult<()> {
        self.change_own_circle(
            Change::CircleGrew(viewer),
            RuleBroken::MuteLimit,
            move |core| async move { core.store.unmute(viewer, other).await },
        )
        .await
    }
}
