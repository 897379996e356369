//! Reading the home feed.
//!
//! A page comes from the reader's timeline; stories below its floor come from the store, and so does everything while
//! the timeline cannot be used. A story in the timeline is shown only if the reader may see it **now** (promise:
//! private at read). Paging down goes by id and never skips or repeats. "Newer" goes by arrival, so that late
//! deliveries are not missed.

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

/// Which part of the feed is asked for.
#[derive(Debug, Clone)]
pub enum From {
    /// The newest stories.
    Top,
    /// Stories older than this one.
    Below(StoryId),
    /// What came since.
    Newer(Seen),
}

/// A read of the home feed.
#[derive(Debug, Clone)]
pub struct FeedAsk {
    /// Which part.
    pub from: From,
    /// Stories on the page, at least 1.
    pub limit: usize,
}

/// A page of the home feed.
#[derive(Debug, Clone, Default)]
pub struct FeedPage {
    /// Newest first. A short page does not mean the end.
    pub items: Vec<StoryItem>,
    /// For older stories; none at the end, and none on a page of newer ones.
    pub before: Option<Cursor>,
    /// For what comes after; none on pages of older stories.
    pub after: Option<Cursor>,
    /// There is nothing more in the direction asked for.
    pub end: bool,
    /// Stories above the read position, up to the maximum; on the first page only.
    pub unread: Option<u32>,
    /// What came since could not be told: this is the first page instead, to be shown in place of what the client
    /// has.
    pub reset: bool,
}

impl Service {
    /// Reads a part of the reader's home feed.
    ///
    /// # Errors
    /// When the store fails or is too busy.
    pub async fn feed(&self, reader: PersonId, ask: FeedAsk) -> ServiceResult<FeedPage> {
        self.feed_for(reader, ask, Purpose::Serve).await
    }

    /// Like [`feed`](Self::feed), for a purpose.
    pub(crate) async fn feed_for(
        &self,
        reader: PersonId,
        ask: FeedAsk,
        purpose: Purpose,
    ) -> ServiceResult<FeedPage> {
        let reader = self.reader(reader, purpose).await?;
        let limit = ask.limit.max(1);
        match ask.from {
            From::Top => self.top_page(&reader, limit).await,
            From::Below(before) => self.older_page(&reader, before, limit).await,
            From::Newer(seen) => self.newer_page(&reader, seen, limit).await,
        }
    }

    /// Those of the stories that exist and that the reader may see now, in the order given.
    async fn admit(
        &self,
        reader: &KnownReader,
        ids: &[StoryId],
    ) -> ServiceResult<Vec<Arc<StoryEntry>>> {
        let show_all = self.breaks(Sabotage::ShowWhatIsCached);
        let stories = self.stories(ids).await?.into_iter().flatten();
        let admitted = stories.filter(|story| {
            show_all
                || reader
                    .circle
                    .entitles(reader.id, story.record.author, story.record.audience)
        });
        Ok(admitted.collect())
    }

    /// Late stories up to this number are delivered.
    fn late_point(&self) -> u64 {
        self.0.courier.settled.late()
    }

    /// Up to which story everything is delivered.
    pub fn settled_point(&self) -> StoryId {
        self.0.courier.settled.point()
    }
}

/// The stories above the settled point among those seen, unless they are too many. `seen` is newest first and
/// `complete` says that it reaches down to the settled point.
fn recent_of(seen: &[StoryId], settled: StoryId, complete: bool) -> Option<Vec<StoryId>> {
    let recent: Vec<StoryId> = seen
        .iter()
        .copied()
        .take_while(|id| *id > settled)
        .collect();
    let reaches = complete || recent.len() < seen.len();
    (reaches && recent.len() <= RECENT_MAX).then_some(recent)
}
