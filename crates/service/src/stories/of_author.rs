//! The stories of one author: the page of a profile.

use sosik_feed::{Cursor, PersonId, Sees, StoryId};

use super::StoryPage;
use crate::pages::{Filled, fill, page_limit};
use crate::{Service, ServiceResult};

impl Service {
    /// What the viewer may see of somebody's stories, newest first. Muting does not matter here: the one who muted
    /// may still look.
    ///
    /// # Errors
    /// `NotFound` when nobody has the handle, or one of the two has blocked the other.
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
        let sees = if everything {
            Sees::Everything
        } else {
            Sees::Public
        };
        let store = &self.0.store;
        let Filled { shown: ids, next } = fill(
            page_limit(limit),
            before,
            |before, count| store.stories_of(author, sees, before, count),
            |id| *id,
            // The index of the audience leaves out what may not be shown.
            |_| true,
        )
        .await?;
        let mut stories: Vec<_> = self.stories(&ids).await?.into_iter().flatten().collect();
        // Whatever was changed since the list was read.
        stories.retain(|story| circle.may_open(viewer, story.record.author, story.record.audience));
        Ok(StoryPage {
            items: self.items(viewer, &circle, stories).await?,
            before: next.map(|last| Cursor::Below(last.raw())),
            end: next.is_none(),
        })
    }
}
