//! Notifications: acts of others that concern a person.

use std::sync::Arc;

use sosik_feed::{Cursor, NotificationId, PersonId};
use sosik_store::NotificationRecord;

use crate::caches::PersonEntry;
use crate::core::Core;
use crate::core::invalidate::position_of;
use crate::pages::{Filled, fill, page_limit};
use crate::{Changes, ServiceResult};

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

/// Notifications. Cheap to clone.
#[derive(Clone)]
pub struct Notifications {
    core: Core,
}

impl Notifications {
    pub(crate) const fn new(core: Core) -> Self {
        Self { core }
    }

    /// One page of the viewer's notifications.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn list(
        &self,
        viewer: PersonId,
        before: Option<NotificationId>,
        limit: u32,
    ) -> ServiceResult<NotificationPage> {
        let limit = page_limit(limit);
        let store = &self.core.store;
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
        let people = self.core.people(&actors).await?;
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
            unread: self.unread(viewer).await?,
        })
    }

    /// Number of the viewer's unread notifications, counted up to `feed.unread_max`.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn unread(&self, viewer: PersonId) -> ServiceResult<u32> {
        Ok(self
            .core
            .store
            .unread_notifications(viewer, self.core.settings.feed.unread_max)
            .await?)
    }

    /// Marks every notification up to this one as read. The position never goes back. Future notifications stay unread,
    /// whatever id is given.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn mark_read(&self, viewer: PersonId, up_to: NotificationId) -> ServiceResult<()> {
        let up_to = up_to.min(NotificationId::new(self.core.newest_possible()));
        let this = self.clone();
        self.core
            .run_to_completion(async move {
                let answer = this.core.store.mark_notifications_read(viewer, up_to).await;
                // The person's other devices show the count, too.
                this.core
                    .invalidate(position_of(&answer), Changes::default().notify([viewer]))
                    .await;
                Ok(answer?.value)
            })
            .await
    }
}
