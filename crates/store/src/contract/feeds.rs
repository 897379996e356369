//! Home feeds, computed from the rows.

use async_trait::async_trait;
use sosik_feed::{Circle, PersonId, StoryId};

use crate::{CommitPosition, StoreResult, StorySpan};

/// The content of a reader's home feed.
#[async_trait]
pub trait Feeds {
    /// Ids of the newest stories of the reader and the authors of the circle, below `before`, newest first, at most
    /// `limit`. Scans the index (author, id) of each author and merges the results. The cost is bounded by the number
    /// of authors and `limit`, and independent of the number of stories and people.
    async fn newest(
        &self,
        reader: PersonId,
        circle: &Circle,
        before: Option<StoryId>,
        limit: u32,
        at_least: CommitPosition,
    ) -> StoreResult<Vec<StoryId>>;

    /// The same list by the definition of the home feed: one statement over the tables, by design independent of the
    /// code of [`Feeds::newest`] and [`Circle`]. `verify` compares feeds with it. It covers a span of ids, so the cost
    /// is bounded by the number of authors, the span and `limit`, and independent of the stories below the span. It
    /// never waits for readers and never delays them.
    async fn feed_by_definition(
        &self,
        reader: PersonId,
        span: StorySpan,
        limit: u32,
    ) -> StoreResult<Vec<StoryId>>;
}
