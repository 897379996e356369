//! Reading the home feed.
//!
//! A page comes from the reader's timeline. Stories below its floor come from the store, and so does the whole page
//! while the timeline is not usable. A story in the timeline is shown only if the reader may see it **now** (promise:
//! private at read). Paging down goes by id and never skips or repeats a story. "Newer" goes by arrival, so that it
//! includes late deliveries.

mod newer;
mod page;
mod rebuild;
pub mod stream;
mod timeline;

use std::sync::Arc;

use sosik_feed::cursor::{RECENT_MAX, Seen};
use sosik_feed::{Cursor, PersonId, StoryId};

use crate::caches::{KnownReader, Purpose, StoryEntry};
use crate::sabotage::Sabotage;
use crate::stories::StoryItem;
use crate::{Service, ServiceResult};

/// Which part of the feed to read.
#[derive(Debug, Clone)]
pub enum FeedStart {
    /// The newest stories.
    Top,
    /// Stories older than this one.
    Below(StoryId),
    /// Stories that arrived after this state of the client.
    Newer(Seen),
}

/// A read of the home feed.
#[derive(Debug, Clone)]
pub struct FeedQuery {
    /// Which part to read.
    pub from: FeedStart,
    /// Maximum number of stories on the page, at least 1.
    pub limit: usize,
}

/// A page of the home feed.
#[derive(Debug, Clone, Default)]
pub struct FeedPage {
    /// Newest first. A short page does not mean the end.
    pub items: Vec<StoryItem>,
    /// The cursor for older stories. `None` at the end, and on a page of newer stories.
    pub before: Option<Cursor>,
    /// The cursor for newer stories. `None` on pages of older stories.
    pub after: Option<Cursor>,
    /// Whether there is nothing more in the requested direction.
    pub end: bool,
    /// Number of stories above the read position, up to a maximum. Only on the first page.
    pub unread: Option<u32>,
    /// The new stories could not be determined. This is the first page instead; the client replaces its stories with
    /// it.
    pub reset: bool,
}

impl Service {
    /// Reads a part of the reader's home feed.
    ///
    /// # Errors
    /// When the store fails or is too busy.
    pub async fn feed(&self, reader: PersonId, request: FeedQuery) -> ServiceResult<FeedPage> {
        self.feed_for(reader, request, Purpose::Serve).await
    }

    /// Like [`feed`](Self::feed), with a purpose.
    pub(crate) async fn feed_for(
        &self,
        reader: PersonId,
        request: FeedQuery,
        purpose: Purpose,
    ) -> ServiceResult<FeedPage> {
        let reader = self.reader(reader, purpose).await?;
        let limit = request.limit.max(1);
        match request.from {
            FeedStart::Top => self.top_page(&reader, limit).await,
            FeedStart::Below(before) => self.older_page(&reader, before, limit).await,
            FeedStart::Newer(seen) => self.newer_page(&reader, seen, limit).await,
        }
    }

    /// The stories among these that exist and that the reader may see now, in the given order.
    async fn admit(
        &self,
        reader: &KnownReader,
        ids: &[StoryId],
    ) -> ServiceResult<Vec<Arc<StoryEntry>>> {
        let show_all = self.breaks(Sabotage::ShowWhatIsCached);
        let is_admitted = |story: &Arc<StoryEntry>| {
            let (author, audience) = (story.record.author, story.record.audience);
            show_all || reader.circle.entitles(reader.id, author, audience)
        };
        let stories = self.stories(ids).await?.into_iter();
        // In this form the vector is used again: `flatten` and `filter` grow another one.
        let admitted = stories.filter_map(|story| story.filter(is_admitted));
        Ok(admitted.collect())
    }

    /// Late stories up to this number are delivered.
    fn late_watermark(&self) -> u64 {
        self.0.courier.watermark.late()
    }

    /// Every story up to this one is delivered.
    pub fn delivery_watermark(&self) -> StoryId {
        self.0.courier.watermark.id()
    }
}

/// The stories among `seen` that are above the delivery watermark, unless there are too many. `seen` is newest first;
/// `complete` states that it reaches down to the delivery watermark.
fn recent_of(seen: &[StoryId], watermark: StoryId, complete: bool) -> Option<Vec<StoryId>> {
    let recent: Vec<StoryId> = seen
        .iter()
        .copied()
        .take_while(|id| *id > watermark)
        .collect();
    let reaches = complete || recent.len() < seen.len();
    (reaches && recent.len() <= RECENT_MAX).then_some(recent)
}
