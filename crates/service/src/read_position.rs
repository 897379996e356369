//! The read position: how far a person has read their feed.

use sosik_feed::{PersonId, StoryId};

use crate::{Change, Service, ServiceResult};

impl Service {
    /// Moves the viewer's read position forward to this story, never back. Returns the new position. A position beyond
    /// every possible story is reduced, so that future stories stay unread.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn mark_read(&self, viewer: PersonId, story: StoryId) -> ServiceResult<StoryId> {
        let story = story.min(StoryId::new(self.newest_possible()));
        let service = self.clone();
        self.run_to_completion(async move {
            // After a failed write the cache is equal to the store or behind it, never ahead, so nothing needs
            // invalidation.
            let position = service.0.store.advance_read_position(viewer, story).await?;
            service
                .invalidate([Change::ReadPosition(viewer, position)])
                .await;
            Ok(position)
        })
        .await
    }
}
