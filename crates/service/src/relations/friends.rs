//! Friend requests and friendships.

use sosik_feed::{Committed, NotificationId, PersonId, RuleBroken};
use sosik_store::{RelationChange, StoreResult};

use super::{Pair, Relations, result_of};
use crate::{Change, Changes, ServiceResult};

impl Relations {
    /// Sends a friend request. If the other person has sent one, the two become friends. Idempotent.
    ///
    /// # Errors
    /// `NotFound` if the person does not exist or the two are severed; `RuleBroken` at a limit, for oneself, or if
    /// the settings of the person permit no request by the viewer.
    pub async fn send_friend_request(
        &self,
        viewer: PersonId,
        other: PersonId,
    ) -> ServiceResult<()> {
        let pair = Pair::new(viewer, other)?;
        self.core.require_person(other).await?;
        if self.core.refuses_request(viewer, other).await? {
            return Err(RuleBroken::RequestsLimited.into());
        }
        let notification = NotificationId::for_reader(other, self.core.next_id().await?);
        let this = self.clone();
        self.core
            .run_to_completion(async move {
                let limits = this.core.settings.relations;
                let answer = this
                    .core
                    .store
                    .send_friend_request(viewer, other, limits, notification, this.core.now())
                    .await;
                let all = match &answer {
                    // A request grants no access, so the circles are unchanged.
                    Ok(change) if *change == RelationChange::Changed => {
                        Changes::default().notify([other])
                    }
                    _ => became_friends(pair),
                };
                let again = this.invalidations_of_repeat(&answer, pair).await;
                let change = this.invalidate(answer, all, again).await?;
                result_of(
                    change,
                    this.limit_reached(viewer, change, RuleBroken::RequestLimit)
                        .await?,
                )
            })
            .await
    }

    /// Accepts a person's friend request. Idempotent.
    ///
    /// # Errors
    /// `NotFound` if there is no such request; `RuleBroken` if one of the two has reached the limit of friends.
    pub async fn accept_friend_request(
        &self,
        viewer: PersonId,
        other: PersonId,
    ) -> ServiceResult<()> {
        self.core.require_person(other).await?;
        let notification = NotificationId::for_reader(other, self.core.next_id().await?);
        let this = self.clone();
        self.core
            .run_to_completion(async move {
                let limits = this.core.settings.relations;
                let answer = this
                    .core
                    .store
                    .accept_friend_request(viewer, other, limits, notification, this.core.now())
                    .await;
                let pair = Pair { viewer, other };
                let again = this.invalidations_of_repeat(&answer, pair).await;
                let change = this.invalidate(answer, became_friends(pair), again).await?;
                result_of(change, RuleBroken::FriendLimitYours)
            })
            .await
    }

    /// Makes an invited person and the inviter friends without a request. Idempotent.
    ///
    /// # Errors
    /// `NotFound` if the two are severed; `RuleBroken` if one of the two has reached the limit of friends.
    pub(crate) async fn befriend_invited(
        &self,
        invited: PersonId,
        inviter: PersonId,
    ) -> ServiceResult<()> {
        let notification = NotificationId::for_reader(inviter, self.core.next_id().await?);
        let (limits, now) = (self.core.settings.relations, self.core.now());
        let store = &self.core.store;
        let answer = store
            .befriend_invited(invited, inviter, limits, notification, now)
            .await;
        let pair = Pair {
            viewer: invited,
            other: inviter,
        };
        let again = self.invalidations_of_repeat(&answer, pair).await;
        let change = self.invalidate(answer, became_friends(pair), again).await?;
        result_of(change, RuleBroken::FriendLimitYours)
    }

    /// Withdraws the viewer's friend request or declines the other person's, whichever exists. Idempotent.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn remove_friend_request(
        &self,
        viewer: PersonId,
        other: PersonId,
    ) -> ServiceResult<()> {
        let this = self.clone();
        self.core
            .run_to_completion(async move {
                let answer = this.core.store.remove_friend_request(viewer, other).await;
                // The notification of the request was deleted with it.
                let (all, own) = (
                    Changes::default().notify([viewer, other]),
                    Changes::default().notify([viewer]),
                );
                result_of(
                    this.invalidate(answer, all, own).await?,
                    RuleBroken::RequestLimit,
                )
            })
            .await
    }

    /// Ends a friendship. Idempotent.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn unfriend(&self, viewer: PersonId, other: PersonId) -> ServiceResult<()> {
        let pair = Pair { viewer, other };
        let this = self.clone();
        self.core
            .run_to_completion(async move {
                let answer = this.core.store.unfriend(viewer, other).await;
                let all = pair.both(Change::CircleShrank);
                let change = this
                    .invalidate(answer, all, pair.both(Change::CircleShrank))
                    .await?;
                result_of(change, RuleBroken::FriendLimitYours)
            })
            .await
    }

    /// The invalidations when nothing changed because the two are already friends or the request already exists.
    async fn invalidations_of_repeat(
        &self,
        answer: &StoreResult<Committed<RelationChange>>,
        pair: Pair,
    ) -> Changes {
        let unchanged =
            (answer.as_ref().ok()).filter(|change| **change == RelationChange::Unchanged);
        let Some(unchanged) = unchanged else {
            return Changes::default();
        };
        let circle = self.core.store.circle(pair.viewer, unchanged.at).await;
        match circle.is_ok_and(|circle| !circle.is_friend(pair.other)) {
            true => pair.both(Change::CircleShrank).into(),
            false => pair.both(Change::CircleGrew).into(),
        }
    }

    /// The rule that stopped a request: the viewer's limit of friends, or `otherwise`.
    async fn limit_reached(
        &self,
        viewer: PersonId,
        change: RelationChange,
        otherwise: RuleBroken,
    ) -> ServiceResult<RuleBroken> {
        if change != RelationChange::LimitReached {
            return Ok(otherwise);
        }
        let counts = self.core.store.person_counts(viewer).await?;
        let full = counts.friends >= self.core.settings.relations.friends_max;
        Ok(if full {
            RuleBroken::FriendLimitYours
        } else {
            otherwise
        })
    }
}

/// Each feed gains the stories of the other. The notification of the request is gone, and a new one exists.
fn became_friends(pair: Pair) -> Changes {
    Changes::from(pair.both(Change::CircleGrew)).notify([pair.viewer, pair.other])
}
