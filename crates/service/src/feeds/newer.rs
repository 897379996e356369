//! Stories that arrived after a client's last read.
//!
//! While the timeline is the same, its marks determine exactly which stories arrived, and the log of large authors
//! determines which of their stories did. If the timeline was lost in between (a restart, an eviction, a new friend),
//! the cursor's delivery watermark and the few stories listed above it give the same answer. The client starts over
//! only if there were too many to list, or if too much has happened since.

use std::collections::HashMap;
use std::sync::Arc;

use sosik_fabric::timelines::{Arrived, Since};
use sosik_feed::cursor::{RECENT_MAX, Recent, Seen};
use sosik_feed::pulled::LogPosition;
use sosik_feed::timeline::Mark;
use sosik_feed::{Cursor, StoryId};
use sosik_store::LateStory;

use super::reader::KnownReader;
use super::{FeedPage, Feeds};
use crate::ServiceResult;
use crate::caches::StoryEntry;

/// New ids for a client, and its cursor after them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Arrivals {
    /// Newest first.
    pub(super) ids: Vec<StoryId>,
    pub(super) seen: Seen,
    /// More stories follow after that cursor.
    pub(super) more: bool,
}

/// Maximum number of rounds for one page in which all arrivals are hidden. Beyond it the page is empty and not the end.
const HIDDEN_ROUNDS_MAX: usize = 20;

/// The arrivals that the reader may see.
struct Visible {
    stories: Vec<Arc<StoryEntry>>,
    /// The state of the cursor after them.
    seen: Seen,
    /// More stories follow after that cursor.
    more: bool,
}

/// A read of the top of a feed without a usable mark.
struct Top {
    incarnation: u64,
    mark: Mark,
    log: LogPosition,
    /// Newest first.
    ids: Vec<StoryId>,
    /// `ids` contains every story above this one.
    complete_above: StoryId,
}

impl Top {
    /// Whether the read would contain this story, and does not.
    fn lacks(&self, story: StoryId) -> bool {
        story > self.complete_above && !self.ids.contains(&story)
    }

    /// For a client that cannot use the position of the read.
    fn without_position(self) -> Self {
        Self {
            incarnation: 0,
            mark: Mark::default(),
            log: LogPosition::NONE,
            ..self
        }
    }

    /// The position of this read in the timeline and in the log, for a client that has the stories `recent`. There is
    /// none while one of them is missing in the read: the client got it from the store before its delivery, which would
    /// look like a new arrival.
    fn position_after(&self, recent: &[StoryId], watermark: StoryId) -> Seen {
        let mut on_the_way = recent.iter().filter(|id| **id > watermark);
        if on_the_way.any(|id| self.lacks(*id)) {
            return Seen::default();
        }
        Seen {
            incarnation: self.incarnation,
            mark: self.mark,
            log: self.log,
            ..Seen::default()
        }
    }
}

/// Late stories after a cursor.
enum Late {
    Some(Arrivals),
    /// No late story is new to the reader. The new cursor covers them.
    None(Seen),
    /// The next one has not reached the reader's timeline yet, and is not told before. The new cursor covers those
    /// before it.
    Awaited(Seen),
    /// Too many late stories were added since the cursor was made.
    Forgotten,
}

impl Feeds {
    pub(super) async fn newer_page(
        &self,
        reader: &KnownReader,
        seen: Seen,
        limit: usize,
    ) -> ServiceResult<FeedPage> {
        let Some(mut visible) = self.visible_arrivals(reader, seen, limit).await? else {
            let page = self.top_page(reader, limit).await?;
            return Ok(FeedPage {
                reset: true,
                ..page
            });
        };
        if visible.more {
            // If only hidden stories follow, this page is the end.
            let next = self.visible_arrivals(reader, visible.seen.clone(), 1);
            if let Some(next) = next.await?
                && next.stories.is_empty()
            {
                (visible.seen, visible.more) = (next.seen, next.more);
            }
        }
        let items = self
            .core
            .hydrate(reader.id, &reader.circle, visible.stories)
            .await?;
        Ok(FeedPage {
            items,
            after: Some(Cursor::Newer(visible.seen)),
            end: !visible.more,
            ..FeedPage::default()
        })
    }

    /// The next arrivals, with at least one that the reader may see if there is one.
    async fn visible_arrivals(
        &self,
        reader: &KnownReader,
        mut seen: Seen,
        limit: usize,
    ) -> ServiceResult<Option<Visible>> {
        let mut rounds = 1;
        loop {
            let Some(arrivals) = self.arrivals(reader, &seen, limit).await? else {
                return Ok(None);
            };
            let stories = self.admit(reader, &arrivals.ids).await?;
            if !stories.is_empty() || !arrivals.more || rounds == HIDDEN_ROUNDS_MAX {
                return Ok(Some(Visible {
                    stories,
                    seen: arrivals.seen,
                    more: arrivals.more,
                }));
            }
            seen = arrivals.seen;
            rounds += 1;
        }
    }

    /// The stories that arrived after `seen`, at most `limit`, the earliest ones; `None` if the client has to start
    /// over.
    pub(super) async fn arrivals(
        &self,
        reader: &KnownReader,
        seen: &Seen,
        limit: usize,
    ) -> ServiceResult<Option<Arrivals>> {
        // Before the read: see `top_page`.
        let (watermark, late) = (self.delivery.watermark(), self.delivery.late_watermark());
        let arrived = self.arrived_since(reader, seen, limit).await;
        let arrived = arrived.map(|arrivals| arrivals.with_watermark(seen, watermark, late));
        let is_late = |id: &StoryId| *id <= seen.watermark;
        if let Some(arrivals) = &arrived
            && !arrivals.ids.iter().any(is_late)
        {
            return Ok(arrived);
        }
        let Recent::Named(recent) = &seen.recent else {
            return Ok(arrived);
        };
        let top = self.top(reader).await?;
        let is_awaited = |story: &LateStory| story.number > late && top.lacks(story.story);
        // After the read: a story in this read that became late has its number by now.
        let late = self.late_arrivals(reader, seen, is_awaited, limit).await?;
        let others = |seen: &Seen, top: &Top| by_watermark(seen, recent, top, watermark, limit);
        Ok(match late {
            // Also a late story that arrived in the timeline: it is not told again if the timeline is lost.
            Late::Some(arrivals) => Some(arrivals),
            Late::None(seen) => arrived.or_else(|| others(&seen, &top)),
            Late::Awaited(seen) => arrived.or_else(|| others(&seen, &top.without_position())),
            Late::Forgotten => arrived,
        })
    }

    /// Late stories that are not covered by the cursor and are new to the reader, at most `limit`. The page contains
    /// only these; other stories follow after its cursor.
    async fn late_arrivals(
        &self,
        reader: &KnownReader,
        seen: &Seen,
        is_awaited: impl Fn(&LateStory) -> bool,
        limit: usize,
    ) -> ServiceResult<Late> {
        let Some(late) = self.core.store.late_stories(seen.late).await? else {
            return Ok(Late::Forgotten);
        };
        // Above the delivery watermark the cursor lists the stories seen, so arrivals cover the rest.
        let is_new = |late: &&LateStory| late.story <= seen.watermark && is_late_for(reader, late);
        // A story that became late several times arrives with its last number, so on one page only.
        let last_numbers: HashMap<StoryId, u64> = late
            .iter()
            .filter(is_new)
            .map(|late| (late.story, late.number))
            .collect();
        let (mut ids, mut number, mut awaited) = (Vec::new(), seen.late, false);
        for story in late {
            let is_told = last_numbers.get(&story.story) == Some(&story.number);
            awaited = is_told && is_awaited(&story);
            if awaited || ids.len() == limit {
                break;
            }
            number = story.number;
            ids.extend(is_told.then_some(story.story));
        }
        ids.sort_unstable_by(|a, b| b.cmp(a));
        let seen = Seen {
            late: number,
            ..seen.clone()
        };
        if ids.is_empty() && awaited {
            return Ok(Late::Awaited(seen));
        }
        if ids.is_empty() {
            return Ok(Late::None(seen));
        }
        let seen = Seen {
            incarnation: 0,
            ..seen
        };
        let more = true;
        Ok(Late::Some(Arrivals { ids, seen, more }))
    }

    /// What arrived in the timeline and in the log, while both are those of the cursor.
    async fn arrived_since(
        &self,
        reader: &KnownReader,
        seen: &Seen,
        limit: usize,
    ) -> Option<Arrivals> {
        if seen.incarnation == 0 || !self.has_log_up_to(seen.log).await {
            return None;
        }
        let extract = self.extract(reader);
        let candidates = extract.after(seen.log).ok()?;
        let others: Vec<StoryId> = candidates.iter().map(|(_, story)| *story).collect();
        let since = Since {
            incarnation: seen.incarnation,
            mark: seen.mark,
            count: limit,
            others: &others,
        };
        let mut arrived = self.arrived(reader, since, &extract).await?;
        // A story may be delivered and logged, when its author crosses the limit or after a crash. The client already
        // has it.
        let told = |story: &StoryId| extract.has_up_to(*story, seen.log);
        arrived.newer.ids.retain(|story| !told(story));
        Some(with_log(seen, arrived, &candidates, extract.to, limit))
    }

    async fn top(&self, reader: &KnownReader) -> ServiceResult<Top> {
        let most = self.core.settings.feed.timeline_stories * 2;
        if let Some(view) = self.view_or_rebuild(reader, most).await? {
            // The timeline is complete from the floor upwards, so it is complete above the id before the floor.
            let complete_above = StoryId::from_u64(view.floor.as_u64().saturating_sub(1));
            return Ok(Top {
                incarnation: view.incarnation,
                mark: view.mark,
                log: view.log,
                ids: view.slice.ids,
                complete_above,
            });
        }
        /// Stories read from the store for a client whose timeline cannot be rebuilt now.
        const FROM_STORE: usize = 100;
        let ids = self.newest(reader, None, FROM_STORE).await?;
        let complete_above = ids
            .last()
            .copied()
            .filter(|_| ids.len() == FROM_STORE)
            .unwrap_or_default();
        Ok(Top {
            incarnation: 0,
            mark: Mark::default(),
            log: LogPosition::NONE,
            ids,
            complete_above,
        })
    }
}

impl Arrivals {
    /// Advances the watermark of the cursor, unless more arrivals follow: stories that are not seen yet may be below the
    /// new one.
    fn with_watermark(mut self, before: &Seen, watermark: StoryId, late: u64) -> Self {
        if !self.more {
            self.seen.watermark = watermark.max(before.watermark);
            self.seen.late = late.max(before.late);
        }
        self.seen.recent = recent_after(before, &self.ids, self.seen.watermark);
        self
    }
}

/// The arrivals of the timeline, and, after the last of them, those of the log. `candidates` are the entries after the
/// cursor, the earliest first; `end` is the position after the last one. Entries that the timeline contains are
/// omitted.
fn with_log(
    seen: &Seen,
    arrived: Arrived,
    candidates: &[(LogPosition, StoryId)],
    end: LogPosition,
    limit: usize,
) -> Arrivals {
    let Arrived {
        newer, floor, held, ..
    } = arrived;
    let (mut ids, mut log, mut more) = (newer.ids, seen.log, newer.more);
    if !more {
        for ((number, story), held) in candidates.iter().zip(held) {
            if held || *story < floor {
                log = *number;
                continue;
            }
            if ids.len() >= limit {
                more = true;
                break;
            }
            ids.push(*story);
            log = *number;
        }
        if !more && end.is_at_least(log) {
            log = end;
        }
        ids.sort_unstable_by(|a, b| b.cmp(a));
    }
    let seen = Seen {
        incarnation: seen.incarnation,
        mark: newer.mark,
        watermark: seen.watermark,
        late: seen.late,
        log,
        recent: Recent::default(), // see `with_watermark`
    };
    Arrivals { ids, seen, more }
}

/// Whether a late story can be new to the reader. A later step decides whether it is shown.
fn is_late_for(reader: &KnownReader, late: &LateStory) -> bool {
    let circle = &reader.circle;
    circle.subscribes_to(late.author) && (late.to_friends || !circle.is_friend(late.author))
}

/// Every story above the delivery watermark of the cursor that the cursor does not list. `None` if the read does not
/// reach down to that point.
fn by_watermark(
    seen: &Seen,
    recent: &[StoryId],
    top: &Top,
    watermark: StoryId,
    limit: usize,
) -> Option<Arrivals> {
    if top.complete_above > seen.watermark {
        return None;
    }
    let above = top
        .ids
        .iter()
        .copied()
        .take_while(|id| *id > seen.watermark);
    let mut ids: Vec<StoryId> = above.filter(|id| !recent.contains(id)).collect();
    if ids.len() <= limit {
        let watermark = watermark.max(seen.watermark);
        let seen = Seen {
            watermark,
            late: seen.late,
            recent: recent_after(seen, &ids, watermark),
            ..top.position_after(recent, watermark)
        };
        return Some(Arrivals {
            ids,
            seen,
            more: false,
        });
    }
    // The page takes the earliest of them. A story below the newest of these may not have reached the timeline yet, so
    // the new delivery watermark does not pass the point up to which everything is delivered. The cursor lists the
    // stories seen above it.
    ids.drain(..ids.len() - limit);
    let seen_to = ids.first().copied().unwrap_or(seen.watermark);
    let watermark = watermark.min(seen_to).max(seen.watermark);
    let recent @ Recent::Named(_) = recent_after(seen, &ids, watermark) else {
        return None;
    };
    Some(Arrivals {
        ids,
        seen: Seen {
            watermark,
            late: seen.late,
            recent,
            ..Seen::default()
        },
        more: true,
    })
}

/// The stories seen above the new delivery watermark: those that the old cursor lists, and the arrivals.
fn recent_after(seen: &Seen, ids: &[StoryId], watermark: StoryId) -> Recent {
    let before: &[StoryId] = match &seen.recent {
        Recent::Named(recent) => recent,
        // There were too many to list, but none of them is above the new delivery watermark.
        Recent::TooMany { newest } if watermark >= *newest => &[],
        Recent::TooMany { newest } => {
            let newest = ids.first().map_or(*newest, |id| *newest.max(id));
            return Recent::TooMany { newest };
        }
    };
    let above = before.iter().chain(ids).copied();
    let mut recent: Vec<StoryId> = above.filter(|id| *id > watermark).collect();
    recent.sort_unstable_by(|a, b| b.cmp(a));
    recent.dedup();
    match recent.first() {
        Some(newest) if recent.len() > RECENT_MAX => Recent::TooMany { newest: *newest },
        _ => Recent::Named(recent),
    }
}

#[cfg(test)]
mod tests;
