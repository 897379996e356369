//! Notifications.

use async_trait::async_trait;
use sosik_feed::{NotificationId, PersonId, Timestamp};

use crate::{NotificationRecord, StoreResult};

/// What a person is told. Written by the acts they tell of, in the same transaction.
///
/// Notifications by somebody blocked, of a deleted story or comment, or of a story that the person may no longer
/// open are left out when read.
#[async_trait]
pub trait Notifications {
    /// Newest first, below `before`, at most `limit`.
    async fn notifications(
        &self,
        person: PersonId,
        before: Option<NotificationId>,
        limit: u32,
    ) -> StoreResult<Vec<NotificationRecord>>;

    /// How many are unread, counted up to `at_most`.
    async fn unread_notifications(&self, person: PersonId, at_most: u32) -> StoreResult<u32>;

    /// Everything up to this one is read; never goes back.
    async fn mark_notifications_read(
        &self,
        person: PersonId,
        up_to: NotificationId,
    ) -> StoreResult<()>;

    /// Forgets likes and friend requests withdrawn after they were done before `before`, at most `limit`. Answers how
    /// many.
    async fn forget_withdrawn(&self, before: Timestamp, limit: u32) -> StoreResult<u64>;
}
