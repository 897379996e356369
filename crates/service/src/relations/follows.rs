//! Following people's public stories.

use sosik_feed::{PersonId, RuleBroken};

use super::{Two, answer_of};
use crate::{Change, Service, ServiceResult};

impl Service {
    /// Follows a person. Idempotent.
    ///
    /// # Errors
    /// `NotFound` if the person does not exist or the two are severed; `RuleBroken` at the limit or for oneself.
    pub async fn follow(&self, viewer: PersonId, other: PersonId) -> ServiceResult<()> {
        let Two { .. } = Two::new(viewer, other)?;
        let service = self.clone();
        self.whole(async move {
            let answer = service
                .0
                .store
                .follow(viewer, other, service.0.settings.relations, service.now())
                .await;
            let own = Change::CircleGrew(viewer);
            answer_of(
                service
                    .tell_related(answer, vec![own.clone()], vec![own])
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
        self.whole(async move {
            let answer = service.0.store.unfollow(viewer, other).await;
            let own = Change::CircleShrank(viewer);
            answer_of(
                service
                    .tell_related(answer, vec![own.clone()], vec![own])
                    .await?,
                RuleBroken::FollowLimit,
            )
        })
        .await
    }
}
