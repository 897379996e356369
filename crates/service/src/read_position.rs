//! Up to where a person has read their feed.

use sosik_feed::{PersonId, StoryId};

use crate::{Change, Service, ServiceResult};

impl Service {
    /// Moves the viewer's read position forward to this story, never back; answers where it is now. A place beyond
    /// every story there can be by now is cut to that: stories to come stay unread.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn mark_read(&self, viewer: PersonId, story: StoryId) -> ServiceResult<StoryId> {
        let story = story.min(StoryId::new(self.newest_possible()));
        let service = self.clone();
        self.whole(async move {
            // When the write fails the cache is right or behind, never ahead: there is nothing to forget.
            let position = service.0.store.advance_read_position(viewer, story).await?;
            service
                .changed([Change::ReadPosition(viewer, position)])
                .await;
            Ok(position)
        })
        .await
    }
}
