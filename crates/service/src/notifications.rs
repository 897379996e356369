//! Notifications: acts of others that concern a person.

use std::sync::Arc;

use sosik_feed::{Circle, CommentId, Cursor, NotificationCause, NotificationId, PersonId, StoryId};
use sosik_store::{NotificationKind, NotificationList, NotificationRecord};

use crate::caches::PersonEntry;
use crate::core::Core;
use crate::core::invalidate::position_of;
use crate::pages::{Filled, Judged, fill, page_limit};
use crate::relations::{person_of, place_of};
use crate::{Changes, ServiceResult};

/// A notification with the person who caused it.
#[derive(Debug, Clone)]
pub struct NotificationItem {
    /// The row of the store.
    pub notification: NotificationRecord,
    /// The person who caused it; for a group, the latest one who is neither severed from the viewer nor muted.
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

/// What a notification of likes is about.
#[derive(Debug, Clone, Copy)]
enum Liked {
    Story(StoryId),
    Comment(CommentId),
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
        let circle = self.core.circle(viewer).await?;
        let page = self.shown(
            viewer,
            &circle,
            NotificationList::All,
            before,
            page_limit(limit),
        );
        let Filled { shown, next } = page.await?;
        let actors: Vec<_> = shown.iter().map(|(actor, _)| *actor).collect();
        let people = self.core.people(&actors).await?;
        let items = shown.into_iter().filter_map(|(actor, notification)| {
            let actor = Arc::clone(people.get(&actor)?);
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

    /// Number of the viewer's unread notifications, counted up to `feed.unread_max`. At most about a thousand rows are
    /// read, so the count is too low if most of them are hidden.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn unread(&self, viewer: PersonId) -> ServiceResult<u32> {
        let circle = self.core.circle(viewer).await?;
        let max = self.core.settings.feed.unread_max;
        let limit = usize::try_from(max).unwrap_or(usize::MAX);
        let unread = self.shown(viewer, &circle, NotificationList::Unread, None, limit);
        Ok(u32::try_from(unread.await?.shown.len()).unwrap_or(max))
    }

    /// Notifications that the viewer may see, each with its actor, and where the next page starts.
    async fn shown(
        &self,
        viewer: PersonId,
        circle: &Circle,
        list: NotificationList,
        before: Option<NotificationId>,
        limit: usize,
    ) -> ServiceResult<Filled<(PersonId, NotificationRecord), NotificationId>> {
        let Filled { shown, next } = fill(
            limit,
            before,
            |before, count| self.rows(viewer, circle, (list, before), count),
            |(_, row)| row.id,
        )
        .await?;
        let shown = shown
            .into_iter()
            .filter_map(|(actor, row)| Some((actor?, row)));
        Ok(Filled {
            shown: shown.collect(),
            next,
        })
    }

    /// Rows of the store, each with its actor. A like has none if no liker may be shown.
    async fn rows(
        &self,
        viewer: PersonId,
        circle: &Circle,
        (list, before): (NotificationList, Option<NotificationId>),
        count: u32,
    ) -> ServiceResult<Vec<Judged<(Option<PersonId>, NotificationRecord)>>> {
        let rows = self.core.store.notifications(viewer, list, before, count);
        let rows = rows.await?;
        let actors: Vec<_> = rows.iter().flat_map(|row| &row.actors).copied().collect();
        // A closed account notifies nobody any more.
        let known = self.core.people(&actors).await?;
        let mut with_actors = Vec::new();
        for mut row in rows {
            row.actors.retain(|actor| known.contains_key(actor));
            let actor = match (row.kind, row.story, row.comment) {
                (NotificationKind::Like, Some(story), _) => {
                    let liked = Liked::Story(story.id);
                    self.liker(viewer, circle, liked, &row.actors).await?
                }
                (NotificationKind::CommentLike, _, Some(comment)) => {
                    let liked = Liked::Comment(comment);
                    self.liker(viewer, circle, liked, &row.actors).await?
                }
                _ => row.actors.first().copied(),
            };
            with_actors.push((actor, row));
        }
        let people = |(actor, row): &(Option<PersonId>, NotificationRecord)| {
            actor
                .iter()
                .copied()
                .chain(row.story.map(|story| story.author))
                .collect::<Vec<_>>()
        };
        self.core
            .judge(
                viewer,
                circle,
                with_actors,
                people,
                |circle, (actor, row)| {
                    let story = row.story.map(|story| (story.author, story.audience));
                    actor.is_some_and(|actor| {
                        circle.shows_notification(viewer, NotificationCause { actor, story })
                    })
                },
            )
            .await
    }

    /// The latest liker who is neither severed from the viewer nor muted. Usually it is one of the `newest`, which are
    /// part of the row. Otherwise the list of likers is read, up to the maximum for one page.
    async fn liker(
        &self,
        viewer: PersonId,
        circle: &Circle,
        liked: Liked,
        newest: &[PersonId],
    ) -> ServiceResult<Option<PersonId>> {
        let is_visible =
            |circle: &Circle, person: PersonId| person != viewer && !circle.is_hidden(person);
        let decided = self
            .core
            .decide(viewer, circle, newest.iter().copied())
            .await?;
        let found = newest
            .iter()
            .copied()
            .find(|one| is_visible(&decided, *one));
        if found.is_some() || newest.len() < NotificationRecord::LIKERS_MAX as usize {
            return Ok(found);
        }
        let store = &self.core.store;
        let filled = fill(
            1,
            None,
            async |before, count| {
                let rows = match liked {
                    Liked::Story(story) => store.likers(story, before, count).await?,
                    Liked::Comment(comment) => store.comment_likers(comment, before, count).await?,
                };
                self.core
                    .judge(viewer, circle, rows, person_of, |circle, liker| {
                        is_visible(circle, liker.person)
                    })
                    .await
            },
            place_of,
        );
        Ok(filled.await?.shown.first().map(|liker| liker.person))
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
                answer?;
                Ok(())
            })
            .await
    }
}
