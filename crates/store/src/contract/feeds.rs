//! Home feeds, straight from the truth.

use async_trait::async_trait;
use sosik_feed::{Circle, PersonId, StoryId};

use crate::{StoreResult, StorySpan};

/// What belongs into a reader's home feed.
#[async_trait]
pub trait Feeds {
    /// Ids of the newest stories of the reader and the authors of the circle, below `before`, newest first, at most
    /// `limit`. Walks the index (author, id) of each author and merges; the work is bounded by authors and `limit`,
    /// not by how many stories or people there are.
    async fn newest(
        &self,
        reader: PersonId,
        circle: &Circle,
        before: Option<StoryId>,
        limit: u32,
    ) -> StoreResult<Vec<StoryId>>;

    /// The same list from the definition of the home feed, as one statement over the tables and on purpose not with
    /// the code of [`Feeds::newest`] or [`Circle`]: what `verify` compares with. Looks at a span of ids, so that the
    /// work is bounded by authors, the span and `limit`, not by what is below the span. Never waits for readers and
    /// never holds them up.
    async fn feed_by_definition(
        &self,
        reader: PersonId,
        span: StorySpan,
        limit: u32,
    ) -> StoreResult<Vec<StoryId>>;
}
