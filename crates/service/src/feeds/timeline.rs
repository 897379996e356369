//! Access to the reader's timeline in the fabric, while it is usable.
//!
//! It is not usable when the fabric fails, and while an invalidation of it is not confirmed. In both cases the caller
//! gets `None` and reads the store instead.

use sosik_fabric::{Below, Since, View};
use sosik_feed::timeline::Newer;
use sosik_feed::{PersonId, StoryId};

use super::Feeds;
use super::reader::KnownReader;

impl Feeds {
    /// A range of the timeline.
    pub(super) async fn view(&self, reader: &KnownReader, below: Below) -> Option<View> {
        if !self.core.invalidations.allows(reader.id) {
            return None;
        }
        let view = self.core.fabric.view(reader.id, reader, below).await;
        self.core.fabric_result("view", view)?
    }

    /// Stories that arrived in the timeline since a mark. Also `None` when the mark belongs to another timeline.
    pub(super) async fn newer_than(&self, reader: &KnownReader, since: Since) -> Option<Newer> {
        if !self.core.invalidations.allows(reader.id) {
            return None;
        }
        let newer = self.core.fabric.newer(reader.id, reader, since).await;
        self.core.fabric_result("newer", newer)??.ok()
    }

    /// Ids above a story, newest first, at most `count`.
    pub(super) async fn above(
        &self,
        reader: PersonId,
        story: StoryId,
        count: usize,
    ) -> Option<Vec<StoryId>> {
        if !self.core.invalidations.allows(reader) {
            return None;
        }
        let above = self.core.fabric.above(reader, story, count).await;
        self.core.fabric_result("above", above)?
    }
}
