//! Following people's public stories.

use sosik_feed::{PersonId, RuleBroken};

use super::{Pair, Relations, result_of};
use crate::{Change, ServiceResult};

impl Relations {
    /// Follows a person. Idempotent.
    ///
    /// # Errors
    /// `NotFound` if the person does not exist or the two are severed; `RuleBroken` at the limit or for oneself.
    pub async fn follow(&self, viewer: PersonId, other: PersonId) -> ServiceResult<()> {
        let Pair { .. } = Pair::new(viewer, other)?;
        let this = self.clone();
        self.core
            .run_to_completion(async move {
                let answer = this
                    .core
                    .store
                    .follow(viewer, other, this.core.settings.relations, this.core.now())
                    .await;
                let own = Change::CircleGrew(viewer);
                result_of(
                    this.invalidate(answer, [own.clone()], [own]).await?,
                    RuleBroken::FollowLimit,
                )
            })
            .await
    }

    /// Stops following a person. Idempotent.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn unfollow(&self, viewer: PersonId, other: PersonId) -> ServiceResult<()> {
        let this = self.clone();
        self.core
            .run_to_completion(async move {
                let answer = this.core.store.unfollow(viewer, other).await;
                let own = Change::CircleShrank(viewer);
                result_of(
                    this.invalidate(answer, [own.clone()], [own]).await?,
                    RuleBroken::FollowLimit,
                )
            })
            .await
    }
}
