//! Checks what a viewer may open. Everything else is reported as missing.

use std::sync::Arc;

use sosik_feed::people::Handle;
use sosik_feed::{PersonId, StoryId};

use super::Core;
use crate::caches::{PersonEntry, StoryEntry};
use crate::people::NO_SUCH_PERSON;
use crate::{ServiceError, ServiceResult};

impl Core {
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

    /// The person with this handle, unless either person has blocked the other.
    pub(crate) async fn visible_person(
        &self,
        viewer: PersonId,
        handle: &str,
    ) -> ServiceResult<Arc<PersonEntry>> {
        let handle = Handle::lookup(handle).ok_or(NO_SUCH_PERSON)?;
        let record = self
            .store
            .person_by_handle(handle.as_str())
            .await?
            .ok_or(NO_SUCH_PERSON)?;
        if self.circle(viewer).await?.is_severed_from(record.id) {
            return Err(NO_SUCH_PERSON);
        }
        self.person(record.id).await?.ok_or(NO_SUCH_PERSON)
    }
}
