//! The stories of one author: the page of a profile.

use sosik_feed::{Cursor, PersonId, StoryId, Visibility};

use super::StoryPage;
use crate::pages::{Filled, fill, page_limit};
use crate::{Service, ServiceResult};

impl Service {
    /// The stories of a person that the viewer may see, newest first. Mutes are ignored: the viewer may still open the
    /// profile of a muted person.
    ///
    /// # Errors
    /// `NotFound` if the handle does not exist, or if either person has blocked the other.
    pub async fn stories_of(
        &self,
        viewer: PersonId,
        handle: &str,
        before: Option<StoryId>,
        limit: u32,
    ) -> ServiceResult<StoryPage> {
        let author = self.visible_person(viewer, handle).await?.record.id;
        let circle = self.circle(viewer).await?;
        let everything = author == viewer || circle.is_friend(author);
        let visibility = if everything {
            Visibility::Everything
        } else {
            Visibility::Public
        };
        let store = &self.0.store;
        let Filled { shown: ids, next } = fill(
            page_limit(limit),
            before,
            |before, count| store.stories_of(author, visibility, before, count),
            |id| *id,
            // The index by audience omits stories that may not be shown.
            |_| true,
        )
        .await?;
        let mut stories: Vec<_> = self.stories(&ids).await?.into_iter().flatten().collect();
        // A story may have changed since the list was read.
        stories.retain(|story| circle.may_open(viewer, story.record.author, story.record.audience));
        Ok(StoryPage {
            items: self.hydrate(viewer, &circle, stories).await?,
            before: next.map(|last| Cursor::Below(last.raw())),
            end: next.is_none(),
        })
    }
}
