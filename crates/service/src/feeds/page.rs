//! Pages from the top of the feed downwards.

use std::sync::Arc;

use sosik_fabric::timelines::Below;
use sosik_feed::cursor::{Older, RECENT_MAX, Seen};
use sosik_feed::pulled::LogPosition;
use sosik_feed::{CommitPosition, Cursor, StoryId};

use super::reader::{KnownReader, Purpose};
use super::timeline::FeedView;
use super::{FeedPage, Feeds, recent_of};
use crate::ServiceResult;
use crate::caches::StoryEntry;
use crate::stories::StoryItem;

/// Extra ids read from the timeline, as replacements for hidden or deleted stories.
const SPARE: usize = 4;

/// Maximum number of candidates for one page, as a multiple of its size. If more hidden ones follow each other, the
/// page is short and not marked as the end.
const CANDIDATES_PER_STORY: usize = 10;

/// Minimum of that maximum, for small pages. Otherwise a client could count hidden stories with pages of one story.
const CANDIDATES_MIN: usize = 200;

/// Ids whose entitlement is not checked yet, and what follows below them.
struct Candidates {
    /// Newest first.
    ids: Vec<StoryId>,
    below: Continuation,
    /// The last position in the log that the ids may be from. `NONE` for ids of the store, which has every story.
    log: LogPosition,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Continuation {
    /// More stories may follow.
    More,
    /// Nothing follows.
    Nothing,
}

/// A page while it is being filled.
struct PageBuilder {
    stories: Vec<Arc<StoryEntry>>,
    /// The last id that was shown or skipped.
    position: Option<StoryId>,
    /// Number of ids that were shown or skipped.
    looked_at: usize,
    end: bool,
}

impl PageBuilder {
    /// Removes the extra story: the next page begins with it.
    fn truncate_to(&mut self, limit: usize) {
        if self.stories.len() > limit {
            self.stories.truncate(limit);
            self.position = self.stories.last().map(|story| story.record.id);
            self.end = false;
        }
    }
}

impl Feeds {
    pub(super) async fn top_page(
        &self,
        reader: &KnownReader,
        limit: usize,
    ) -> ServiceResult<FeedPage> {
        // Before the read: a story that is delivered in between may also be in the view, which is harmless.
        let (watermark, late) = (self.delivery.watermark(), self.delivery.late_watermark());
        let wanted = limit.max(RECENT_MAX) + SPARE;
        // The same view counts the unread stories below the page.
        let unread_max = self.core.settings.feed.unread_max as usize;
        let view = self.view_or_rebuild(reader, wanted.max(unread_max)).await?;
        let (first, seen) = match view {
            Some(view) => {
                let everything = !view.slice.more && view.floor == StoryId::default();
                let recent = recent_of(&view.slice.ids, watermark, everything);
                let seen = Seen {
                    incarnation: view.incarnation,
                    mark: view.mark,
                    watermark,
                    late,
                    log: view.log,
                    recent,
                };
                (candidates(view), seen)
            }
            None => {
                let ids = self.newest(reader, None, wanted).await?;
                let recent = recent_of(&ids, watermark, ids.len() < wanted);
                let seen = Seen {
                    watermark,
                    late,
                    recent,
                    ..Seen::default()
                };
                (read_from_store(ids, wanted), seen)
            }
        };
        let page = self.fill(reader, &first, None, limit).await?;
        Ok(FeedPage {
            unread: Some(self.unread(reader, &first.ids, &page).await?),
            after: Some(Cursor::Newer(seen)),
            ..page
        })
    }

    pub(super) async fn older_page(
        &self,
        reader: &KnownReader,
        before: Older,
        limit: usize,
    ) -> ServiceResult<FeedPage> {
        let wanted = limit + SPARE;
        let below = Some(before.below);
        let first = if self.has_log_up_to(before.log).await {
            self.candidates_below(reader, below, wanted).await?
        } else {
            let ids = self.newest(reader, below, wanted).await?;
            read_from_store(ids, wanted)
        };
        self.fill(reader, &first, below, limit).await
    }

    /// Takes visible stories from the candidates, and reads more candidates when these run out. It looks for one story
    /// more than the page holds. If there is none, the page is the last one, even if hidden stories remain.
    async fn fill(
        &self,
        reader: &KnownReader,
        first: &Candidates,
        start: Option<StoryId>,
        limit: usize,
    ) -> ServiceResult<FeedPage> {
        let wanted = limit + 1;
        let mut builder = PageBuilder {
            stories: Vec::with_capacity(wanted),
            position: start,
            looked_at: 0,
            end: false,
        };
        let mut next;
        let mut candidates = first;
        loop {
            let used_up = self.take(reader, candidates, &mut builder, wanted).await?;
            if !used_up {
                break;
            }
            if candidates.below == Continuation::Nothing {
                builder.end = true;
                break;
            }
            let candidates_max = (limit * CANDIDATES_PER_STORY).max(CANDIDATES_MIN);
            if builder.stories.len() == wanted || builder.looked_at >= candidates_max {
                break;
            }
            let position = builder.position;
            next = self
                .candidates_below(reader, position, limit + SPARE)
                .await?;
            candidates = &next;
        }
        builder.truncate_to(limit);
        let shown = builder.stories.iter().map(|story| story.record.id);
        assert!(
            is_descending(start.into_iter().chain(shown)),
            "a page is sorted, without repeats, below its start"
        );
        let log = candidates.log;
        let before = builder
            .position
            .filter(|_| !builder.end)
            .map(|below| Cursor::Older(Older { below, log }));
        let items = self
            .core
            .hydrate(reader.id, &reader.circle, builder.stories)
            .await?;
        Ok(FeedPage {
            items,
            before,
            end: builder.end,
            ..FeedPage::default()
        })
    }

    /// Moves candidates to the page. Returns whether all of them were shown or skipped.
    async fn take(
        &self,
        reader: &KnownReader,
        candidates: &Candidates,
        builder: &mut PageBuilder,
        limit: usize,
    ) -> ServiceResult<bool> {
        let mut ids = candidates.ids.as_slice();
        while !ids.is_empty() {
            let room = limit - builder.stories.len();
            if room == 0 {
                return Ok(false);
            }
            let (now, later) = ids.split_at(room.min(ids.len()));
            builder.stories.extend(self.admit(reader, now).await?);
            builder.position = now.last().copied();
            builder.looked_at += now.len();
            ids = later;
        }
        Ok(true)
    }

    /// Ids below a position: from the timeline above its floor, from the store below it.
    async fn candidates_below(
        &self,
        reader: &KnownReader,
        before: Option<StoryId>,
        count: usize,
    ) -> ServiceResult<Candidates> {
        let view = self.view(reader, Below { before, count }).await;
        let above_floor = |view: &FeedView| before.is_none_or(|before| before > view.floor);
        match view {
            Some(view) if above_floor(&view) && !view.slice.ids.is_empty() => Ok(candidates(view)),
            Some(view) if above_floor(&view) && view.floor == StoryId::default() => {
                Ok(candidates(view))
            }
            _ => {
                let ids = self.newest(reader, before, count).await?;
                Ok(read_from_store(ids, count))
            }
        }
    }

    /// Ids from the store, newest first, under a permit.
    pub(super) async fn newest(
        &self,
        reader: &KnownReader,
        before: Option<StoryId>,
        count: usize,
    ) -> ServiceResult<Vec<StoryId>> {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        // The semaphore is never closed. The page would be correct even without a permit.
        let turns = match reader.purpose {
            Purpose::Serve => &self.permits.store_pages,
            Purpose::Check => &self.permits.checks,
        };
        let _turn = turns.acquire().await;
        Ok(self
            .core
            .store
            .newest(
                reader.id,
                &reader.circle,
                before,
                count,
                // The author of a story sees it on the next read.
                CommitPosition::LATEST,
            )
            .await?)
    }

    /// Number of stories by others above the read position. On this page it counts the stories shown, below the page it
    /// counts `ids`, the newest ids of the feed. Checking the entitlement of the latter would cost up to a hundred
    /// look-ups for each page.
    async fn unread(
        &self,
        reader: &KnownReader,
        ids: &[StoryId],
        page: &FeedPage,
    ) -> ServiceResult<u32> {
        let position = self.core.read_position(reader.id).await?;
        if ids.first().is_none_or(|newest| *newest <= position) {
            return Ok(0);
        }
        let most = self.core.settings.feed.unread_max;
        let is_unread = |item: &&StoryItem| {
            item.story.record.id > position && item.story.record.author != reader.id
        };
        let shown = page.items.iter().filter(is_unread).count();
        let behind = match page.before {
            Some(Cursor::Older(Older { below, .. })) => {
                let is_behind = |id: &&StoryId| **id > position && **id < below;
                ids.iter().filter(is_behind).count()
            }
            _ => 0,
        };
        Ok(u32::try_from(shown + behind).unwrap_or(most).min(most))
    }
}

/// Each id is below the one before it.
fn is_descending(ids: impl Iterator<Item = StoryId>) -> bool {
    ids.is_sorted_by(|above, below| above > below)
}

fn read_from_store(ids: Vec<StoryId>, wanted: usize) -> Candidates {
    metrics::counter!("sosik_feed_store_reads_total").increment(1);
    let below = if ids.len() < wanted {
        Continuation::Nothing
    } else {
        Continuation::More
    };
    let log = LogPosition::NONE;
    Candidates { ids, below, log }
}

fn candidates(view: FeedView) -> Candidates {
    let nothing = !view.slice.more && view.floor == StoryId::default();
    let below = if nothing {
        Continuation::Nothing
    } else {
        Continuation::More
    };
    Candidates {
        ids: view.slice.ids,
        below,
        log: view.taken_to,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_and_ids_out_of_order_do_not_descend() {
        let descends = |ids: &[u64]| is_descending(ids.iter().copied().map(StoryId::from_u64));
        assert!(descends(&[]) && descends(&[3]) && descends(&[9, 3, 1]));
        assert!(!descends(&[3, 3]) && !descends(&[9, 1, 3]));
    }
}
