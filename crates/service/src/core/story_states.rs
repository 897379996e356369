//! What one reader may see now of several stories.

use std::sync::Arc;

use foldhash::HashMap;
use sosik_feed::{PersonId, StoryId};

use super::Core;
use crate::ServiceResult;
use crate::caches::StoryEntry;
use crate::stories::StoryState;

impl Core {
    /// The state of each of these stories for the reader, in the order of the ids. It reads everything that a page with
    /// the same stories reads.
    pub(crate) async fn story_states(
        &self,
        reader: PersonId,
        ids: &[StoryId],
    ) -> ServiceResult<Vec<StoryState>> {
        let known = self.stories(ids).await?;
        let circle = self.circle(reader).await?;
        let authors = known.iter().flatten().map(|story| story.record.author);
        let decided = self.decide(reader, &circle, authors).await?;
        let opens = |story: &Arc<StoryEntry>| {
            let (author, audience) = (story.record.author, story.record.audience);
            decided.may_open(reader, author, audience)
        };
        let open = known.into_iter().flatten().filter(opens).collect();
        let items = self.hydrate(reader, &circle, open).await?;
        let mut items: HashMap<_, _> = items
            .into_iter()
            .map(|item| (item.story.record.id, item))
            .collect();
        let state = |id: &StoryId| {
            let item = items.remove(id);
            let on_home = item.as_ref().is_some_and(|item| {
                let story = &item.story.record;
                decided.entitles(reader, story.author, story.audience)
            });
            StoryState {
                id: *id,
                on_home,
                item,
            }
        };
        Ok(ids.iter().map(state).collect())
    }
}
