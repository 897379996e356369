//! Notifications.

use async_trait::async_trait;
use sosik_feed::{NotificationId, PersonId, Timestamp};

use crate::{Committed, NotificationRecord, StoreResult};

/// Notifications of a person. Each is written in the transaction of the write that causes it.
///
/// Reads omit notifications by blocked people, about deleted stories or comments, and about stories that the person may
/// no longer open.
#[async_trait]
pub trait Notifications {
    /// Newest first, below `before`, at most `limit`.
    async fn notifications(
        &self,
        person: PersonId,
        before: Option<NotificationId>,
        limit: u32,
    ) -> StoreResult<Vec<NotificationRecord>>;

    /// Number of unread notifications, counted up to `at_most`.
    async fn unread_notifications(&self, person: PersonId, at_most: u32) -> StoreResult<u32>;

    /// Marks every notification up to this one as read. The position never goes back.
    async fn mark_notifications_read(
        &self,
        person: PersonId,
        up_to: NotificationId,
    ) -> StoreResult<Committed<()>>;

    /// Deletes the records of withdrawn likes and friend requests that were made before `before`, at most `limit`.
    /// Returns their number.
    async fn delete_withdrawn(&self, before: Timestamp, limit: u32) -> StoreResult<u64>;
}
