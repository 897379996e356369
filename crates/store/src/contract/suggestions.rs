//! Data for suggestions of people.

use async_trait::async_trait;
use sosik_feed::{PersonId, Timestamp};

use crate::{FollowedPerson, StoreResult};

/// Data for suggestions of people. The suggestions themselves are computed by the caller.
#[async_trait]
pub trait Suggestions {
    /// Records that `person` does not want `other` to be suggested. Does nothing if one of them does not exist. Removes
    /// the oldest such records beyond `put_aside_max`.
    async fn put_aside(
        &self,
        person: PersonId,
        other: PersonId,
        now: Timestamp,
        put_aside_max: u32,
    ) -> StoreResult<()>;

    /// Removes such a record.
    async fn take_up_again(&self, person: PersonId, other: PersonId) -> StoreResult<()>;

    /// The people whom `person` does not want to be suggested, in ascending order of id.
    async fn people_put_aside(&self, person: PersonId) -> StoreResult<Vec<PersonId>>;

    /// The people with the most followers, most first, at most `limit`. Omits people without followers.
    async fn most_followed(&self, limit: u32) -> StoreResult<Vec<FollowedPerson>>;
}
