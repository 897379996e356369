//! Following people's public stories.

use sosik_feed::{PersonId, RuleBroken};

use super::{Pair, Relations};
use crate::{Change, ServiceResult};

impl Relations {
    /// Follows a person. Idempotent.
    ///
    /// # Errors
    /// `NotFound` if the person does not exist or the two are severed; `RuleBroken` at the limit or for oneself.
    pub async fn follow(&self, viewer: PersonId, other: PersonId) -> ServiceResult<()> {
        Pair::new(viewer, other)?;
        self.core.require_person(other).await?;
        self.change_own_circle(
            Change::CircleGrew(viewer),
            RuleBroken::FollowLimit,
            move |core| async move {
                let (limits, now) = (core.settings.relations, core.now());
                core.store.follow(viewer, other, limits, now).await
            },
        )
        .await
    }

    /// Stops following a person. Idempotent.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn unfollow(&self, viewer: PersonId, other: PersonId) -> ServiceResult<()> {
        self.change_own_circle(
            Change::CircleShrank(viewer),
            RuleBroken::FollowLimit,
            move |core| async move { core.store.unfollow(viewer, other).await },
        )
        .await
    }
}
