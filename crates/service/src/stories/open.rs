//! Opens one story.

use std::sync::Arc;

use sosik_feed::{PersonId, StoryId};

use super::StoryItem;
use crate::caches::StoryEntry;
use crate::{Service, ServiceError, ServiceResult};

impl Service {
    /// One story, if the viewer may see it.
    ///
    /// # Errors
    /// `NotFound` if the story does not exist or the viewer may not see it.
    pub async fn open_story(&self, viewer: PersonId, id: StoryId) -> ServiceResult<StoryItem> {
        let story = self.require_visible(viewer, id).await?;
        let circle = self.circle(viewer).await?;
        self.hydrate(viewer, &circle, vec![story])
            .await?
            .pop()
            .ok_or(ServiceError::NotFound("story"))
    }

    /// The story, if the viewer may open it now. Every operation on a story calls this first.
    pub(crate) async fn require_visible(
        &self,
        viewer: PersonId,
        id: StoryId,
    ) -> ServiceResult<Arc<StoryEntry>> {
        let story = self
            .stories(&[id])
            .await?
            .pop()
            .flatten()
            .ok_or(ServiceError::NotFound("story"))?;
        let circle = self.circle(viewer).await?;
        if circle.may_open(viewer, story.record.author, story.record.audience) {
            Ok(story)
        } else {
            Err(ServiceError::NotFound("story"))
        }
    }
}
