//! Notifications.

use async_trait::async_trait;
use sosik_feed::{NotificationId, PersonId, Timestamp};

use crate::{Committed, NotificationList, NotificationRecord, StoreResult};

/// Notifications of a person. Each is written in the transaction of the write that causes it.
///
/// Reads omit notifications about deleted stories or comments. They know nothing of blocks and audiences: the caller
/// decides which rows a person may see (`Circle::shows_notification`).
#[async_trait]
pub trait Notifications {
    /// Rows of a list, newest first, below `before`, at most `limit`.
    async fn notifications(
        &self,
        person: PersonId,
        list: NotificationList,
        before: Option<NotificationId>,
        limit: u32,
    ) -> StoreResult<Vec<NotificationRecord>>;

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
