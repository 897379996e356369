//! Deletes the viewer's own story.

use sosik_feed::{PersonId, StoryId};

use crate::{Change, Service, ServiceError, ServiceResult};

impl Service {
    /// Deletes a story. Its text is gone immediately; its dependent rows are purged soon after.
    ///
    /// # Errors
    /// `NotFound` if the viewer has posted no such story, or if it has been deleted already.
    pub async fn delete_story(&self, viewer: PersonId, id: StoryId) -> ServiceResult<()> {
        let (service, now) = (self.clone(), self.now());
        self.run_to_completion(async move {
            let answer = service.0.store.delete_story(id, viewer, now).await;
            if !matches!(answer, Ok(false)) {
                service.invalidate([Change::Story(id)]).await;
                service.notify_workers();
            }
            if answer? {
                Ok(())
            } else {
                Err(ServiceError::NotFound("story"))
            }
        })
        .await
    }
}
