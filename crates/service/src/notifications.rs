//! Notifications: acts of others that concern a person.

use std::sync::Arc;

use sosik_feed::{Cursor, NotificationId, PersonId};
use sosik_store::NotificationRecord;

use crate::caches::PersonEntry;
use crate::pages::{Filled, fill, page_limit};
use crate::{Change, Service, ServiceResult};

/// A notification with the person who caused it.
#[derive(Debug, Clone)]
pub struct NotificationItem {
    /// The row of the store.
    pub notification: NotificationRecord,
    /// The person who caused it; for a group, the latest one.
    pub actor: Arc<PersonEntry>,
}

/// One page of notifications.
#[derive(Debug, Clone, Default)]
pub struct NotificationPage {
    /// Newest first. A short page does not mean the end.
    pub items: Vec<NotificationItem>,
    /// Where the next page starts. `None` at the end.
    pub before: Option<Cursor>,
    /// Whether this is the end of the list.
    pub end: bool,
    /// Number of unread notifications, counted up to `feed.unread_max`.
    pub unread: u32,
}

impl Service {
    /// One page of the viewer's notifications.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn notifications(
        &self,
        viewer: PersonId,
        before: Option<NotificationId>,
        limit: u32,
    ) -> ServiceResult<NotificationPage> {
        let limit = page_limit(limit);
        let store = &self.0.store;
        let Filled { shown: found, next } = fill(
            limit,
            before,
            |before, count| store.notifications(viewer, before, count),
            |notification| notification.id,
            // The store omits notifications that may not be shown.
            |_| true,
        )
        .await?;
        let actors: Vec<_> = found
            .iter()
            .map(|notification| notification.actor)
            .collect();
        let people = self.people(&actors).await?;
        let items = found.into_iter().filter_map(|notification| {
            let actor = Arc::clone(people.get(&notification.actor)?);
            Some(NotificationItem {
                notification,
                actor,
            })
        });
        Ok(NotificationPage {
            items: items.collect(),
            before: next.map(|last| Cursor::Below(last.raw())),
            end: next.is_none(),
            unread: self.unread_notifications(viewer).await?,
        })
    }

    /// Number of the viewer's unread notifications, counted up to `feed.unread_max`.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn unread_notifications(&self, viewer: PersonId) -> ServiceResult<u32> {
        Ok(self
            .0
            .store
            .unread_notifications(viewer, self.0.settings.feed.unread_max)
            .await?)
    }

    /// Marks every notification up to this one as read. The position never goes back. Future notifications stay unread,
    /// whatever id is given.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn mark_notifications_read(
        &self,
        viewer: PersonId,
        up_to: NotificationId,
    ) -> ServiceResult<()> {
        let up_to = up_to.min(NotificationId::new(self.newest_possible()));
        let service = self.clone();
        self.run_to_completion(async move {
            let answer = service.0.store.mark_notifications_read(viewer, up_to).await;
            // The person's other devices show the count, too.
            service
                .invalidate([Change::Notifications(vec![viewer])])
                .await;
            Ok(answer?)
        })
        .await
    }
}
