//! Reading the home feed.
//!
//! A page comes from the reader's timeline, merged with the log of large authors. Stories below its floor come from the
//! store, and so does the whole page while the timeline is not usable. A story in the timeline is shown only if the reader
//! may see it **now** (promise: private at read). Paging down goes by id and never skips or repeats a story. "Newer" goes
//! by arrival, so that it includes late deliveries.

mod newer;
mod page;
mod reader;
mod rebuild;
mod shown;
pub mod stream;
mod timeline;
mod wake_ups;

use std::sync::Arc;

use sosik_feed::cursor::{Older, RECENT_MAX, Recent, Seen};
use sosik_feed::pulled::LogPosition;
use sosik_feed::{Cursor, PersonId, StoryId};
use tokio::sync::Semaphore;

use crate::caches::StoryEntry;
use crate::core::Core;
use crate::delivery::Delivery;
use crate::notifications::Notifications;
use crate::stories::StoryItem;
use crate::{Change, Own, ServiceResult};
use reader::KnownReader;
pub(crate) use reader::Purpose;

/// Home feeds. Cheap to clone.
#[derive(Clone)]
pub struct Feeds {
    core: Core,
    delivery: Delivery,
    /// Streams count unread notifications.
    notifications: Notifications,
    permits: Arc<Permits>,
}

/// Bounds of concurrent work.
struct Permits {
    /// For rebuilding timelines.
    rebuilds: Semaphore,
    /// For pages read from the store: as many as for rebuilds, so that neither starves the other.
    store_pages: Semaphore,
    /// For pages of the self-check: one, so that the check never delays a reader.
    checks: Semaphore,
    /// For streams that read the stories they show again. After a lost connection all streams do.
    streams: Semaphore,
}

/// Which part of the feed to read.
#[derive(Debug, Clone)]
pub enum FeedStart {
    /// The newest stories.
    Top,
    /// Stories after this place of an older page.
    Older(Older),
    /// Stories that arrived after this state of the client.
    Newer(Seen),
}

impl FeedStart {
    /// Stories older than this one, for callers without a cursor.
    #[must_use]
    pub const fn below(below: StoryId) -> Self {
        let log = LogPosition::NONE;
        Self::Older(Older { below, log })
    }
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

impl Feeds {
    pub(crate) fn new(core: Core, delivery: Delivery, notifications: Notifications) -> Self {
        let at_once = core.settings.feed.rebuilds_at_once;
        Self {
            core,
            delivery,
            notifications,
            permits: Arc::new(Permits {
                rebuilds: Semaphore::new(at_once),
                store_pages: Semaphore::new(at_once),
                checks: Semaphore::new(1),
                streams: Semaphore::new(at_once),
            }),
        }
    }

    /// Reads a part of the reader's home feed.
    ///
    /// # Errors
    /// When the store fails or is too busy.
    pub async fn read(&self, reader: PersonId, request: FeedQuery) -> ServiceResult<FeedPage> {
        self.read_for(reader, request, Purpose::Serve).await
    }

    /// Like [`read`](Self::read), with a purpose.
    pub(crate) async fn read_for(
        &self,
        reader: PersonId,
        request: FeedQuery,
        purpose: Purpose,
    ) -> ServiceResult<FeedPage> {
        let reader = self.reader(reader, purpose).await?;
        let limit = request.limit.max(1);
        match request.from {
            FeedStart::Top => self.top_page(&reader, limit).await,
            FeedStart::Older(before) => self.older_page(&reader, before, limit).await,
            FeedStart::Newer(seen) => self.newer_page(&reader, seen, limit).await,
        }
    }

    /// The stories among these that exist and that the reader may see now, in the given order.
    async fn admit(
        &self,
        reader: &KnownReader,
        ids: &[StoryId],
    ) -> ServiceResult<Vec<Arc<StoryEntry>>> {
        let is_admitted = |story: &Arc<StoryEntry>| {
            let (author, audience) = (story.record.author, story.record.audience);
            reader.circle.entitles(reader.id, author, audience)
        };
        let stories = self.core.stories(ids).await?.into_iter();
        // In this form the vector is used again: `flatten` and `filter` grow another one.
        let admitted = stories.filter_map(|story| story.filter(is_admitted));
        Ok(admitted.collect())
    }

    /// The newest story that the person has read.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn read_position(&self, person: PersonId) -> ServiceResult<StoryId> {
        self.core.read_position(person).await
    }

    /// Moves the viewer's read position forward to this story, never back. Returns the new position. A position beyond
    /// every possible story is reduced, so that future stories stay unread.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn mark_read(&self, viewer: PersonId, story: StoryId) -> ServiceResult<StoryId> {
        let story = story.min(StoryId::new(self.core.newest_possible()));
        let this = self.clone();
        self.core
            .run_to_completion(async move {
                // After a failed write the cache is equal to the store or behind it, never ahead, so nothing needs
                // invalidation.
                let position = this.core.store.advance_read_position(viewer, story).await?;
                this.core
                    .invalidate(
                        position.at,
                        [Change::Own(viewer, Own::ReadPosition(position.value))],
                    )
                    .await;
                Ok(position.value)
            })
            .await
    }
}

/// The stories among `seen` that are above the delivery watermark, unless there are too many. `seen` is newest first;
/// `complete` states that it reaches down to the delivery watermark.
fn recent_of(seen: &[StoryId], watermark: StoryId, complete: bool) -> Recent {
    let above = seen.iter().copied().take_while(|id| *id > watermark);
    let recent: Vec<StoryId> = above.take(RECENT_MAX + 1).collect();
    let reaches = complete || recent.len() < seen.len();
    if reaches && recent.len() <= RECENT_MAX {
        return Recent::Named(recent);
    }
    let newest = seen.first().copied().unwrap_or_default();
    Recent::TooMany { newest }
}
