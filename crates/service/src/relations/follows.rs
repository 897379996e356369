//! Following people's public stories.

use sosik_feed::{PersonId, RuleBroken};

use super::{Pair, result_of};
use crate::{Change, Service, ServiceResult};

impl Service {
    /// Follows a person. Idempotent.
    ///
    /// # Errors
    /// `NotFound` if the person does not exist or the two are severed; `RuleBroken` at the limit or for oneself.
    pub async fn follow(&self, viewer: PersonId, other: PersonId) -> ServiceResult<()> {
        let Pair { .. } = Pair::new(viewer, other)?;
        let service = self.clone();
        self.run_to_completion(async move {
            let answer = service
                .0
                .store
                .follow(viewer, other, service.0.settings.relations, service.now())
                .await;
            let own = Change::CircleGrew(viewer);
            result_of(
                service
                    .invalidate_relation(answer, vec![own.clone()], vec![own])
                    .await?,
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
        let service = self.clone();
        self.run_to_completion(async move {
            let answer = service.0.store.unfollow(viewer, other).await;
            let own = Change::CircleShrank(viewer);
            result_of(
                service
                    .invalidate_relation(answer, vec![own.clone()], vec![own])
                    .await?,
                RuleBroken::FollowLimit,
            )
        })
        .await
    }
}
