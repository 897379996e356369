//! The cached top of one reader's home feed: ids only, with a floor.
//!
//! A timeline is complete from its floor upwards: it contains every story that was delivered or read from the store,
//! whether or not the reader may still see it (that is decided at read). Stories below the floor come from the store.
//! An id takes eight bytes.
//!
//! Deliveries arrive in any order. A delivery that arrives after a larger id is *late*. Late deliveries are recorded in
//! the order of their arrival, so that a read of newer stories never misses one. Refused: a sequence number for every
//! id. It would double the memory, although this order almost never differs from the order of the ids.

use std::collections::VecDeque;

use crate::id::StoryId;

/// Maximum number of recorded late arrivals. For an older cursor the delivery watermark is used instead. The maximum
/// allows for a burst of deliveries that overtake each other, and takes at most 512 bytes.
pub const LATE_MAX: usize = 64;

/// The capacity grows by this many ids at a time, so that at most 512 bytes are unused.
const GROWTH: usize = 64;

/// The outcome of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivered {
    /// The story was added.
    Added,
    /// The timeline contained the story already. Redelivery is idempotent.
    Known,
    /// The story is older than the floor. The store has it.
    BelowFloor,
}

/// A position in a timeline: its newest id and its number of late arrivals at that time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mark {
    /// The largest id of the timeline; 0 if it was empty.
    pub newest: StoryId,
    /// Number of late arrivals since the timeline was built.
    pub late: u32,
}

/// A range of a timeline, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IdSlice {
    /// Newest first.
    pub ids: Vec<StoryId>,
    /// More ids follow after the last one and above the floor.
    pub more: bool,
}

/// The stories after a mark, or the earliest part of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Newer {
    /// Newest first. At most the requested number: the earliest of the new stories, so that reading on from `mark`
    /// returns the rest.
    pub ids: Vec<StoryId>,
    /// Where to continue.
    pub mark: Mark,
    /// More stories follow after `mark`.
    pub more: bool,
}

/// The mark is older than the recorded part of the timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarkExpired;

/// Ids, ascending, complete from `floor` upwards.
#[derive(Debug, Clone, Default)]
pub struct Timeline {
    ids: Vec<StoryId>,
    floor: StoryId,
    late: VecDeque<StoryId>,
    late_forgotten: u32,
}

impl Timeline {
    /// Builds a timeline from ids read from the store (in any order) and the deliveries that arrived in between.
    /// `floor` is 0 if the store has no older stories. If there are more than `keep` ids, the newest are kept.
    #[must_use]
    pub fn new(mut ids: Vec<StoryId>, floor: StoryId, keep: usize) -> Self {
        ids.sort_unstable();
        ids.dedup();
        let below = ids.partition_point(|id| *id < floor);
        ids.drain(..below);
        let mut timeline = Self {
            ids,
            floor,
            ..Self::default()
        };
        if timeline.ids.len() > keep {
            timeline.trim(keep);
        }
        timeline.ids.shrink_to_fit();
        timeline
    }

    /// The newest part of a timeline that an engine keeps elsewhere: its largest ids, ascending, and the last of its
    /// `late_count` late arrivals, in the order of arrival. Reads answer as the whole timeline does, if they need no id
    /// and no late arrival before the part.
    #[must_use]
    pub fn newest_part(
        ids: Vec<StoryId>,
        floor: StoryId,
        late: VecDeque<StoryId>,
        late_count: u32,
    ) -> Self {
        let kept = u32::try_from(late.len()).unwrap_or(u32::MAX);
        Self {
            ids,
            floor,
            late,
            late_forgotten: late_count.saturating_sub(kept),
        }
    }

    /// The timeline is complete from this id upwards; 0 if there is nothing older.
    #[must_use]
    pub const fn floor(&self) -> StoryId {
        self.floor
    }

    /// Number of ids.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether it has no ids.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Bytes of heap memory.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        (self.ids.capacity() + self.late.capacity()) * size_of::<StoryId>()
    }

    /// The current position.
    #[must_use]
    pub fn mark(&self) -> Mark {
        Mark {
            newest: self.newest(),
            late: self.late_count(),
        }
    }

    /// Adds a delivery. Beyond twice `keep` ids the oldest are removed until `keep` are left, and the floor rises.
    pub fn deliver(&mut self, id: StoryId, keep: usize) -> Delivered {
        if id < self.floor {
            return Delivered::BelowFloor;
        }
        if self.ids.last().is_none_or(|newest| *newest < id) {
            self.make_room();
            self.ids.push(id);
        } else {
            let Err(place) = self.ids.binary_search(&id) else {
                return Delivered::Known;
            };
            self.make_room();
            self.ids.insert(place, id);
            self.remember_late(id);
        }
        if self.ids.len() > keep.saturating_mul(2) {
            self.trim(keep);
        }
        Delivered::Added
    }

    /// The newest ids below `before` (from the top if `None`), at most `count`.
    #[must_use]
    pub fn below(&self, before: Option<StoryId>, count: usize) -> IdSlice {
        let end = before.map_or(self.ids.len(), |before| {
            self.ids.partition_point(|id| *id < before)
        });
        let start = end.saturating_sub(count);
        IdSlice {
            ids: self.ids[start..end].iter().rev().copied().collect(),
            more: start > 0,
        }
    }

    /// The stories after `mark`, at most `count`.
    ///
    /// # Errors
    /// `MarkExpired` if the mark is older than the floor or than the recorded late arrivals, or belongs to another
    /// timeline.
    pub fn newer(&self, mark: Mark, count: usize) -> Result<Newer, MarkExpired> {
        if mark.newest < self.floor || mark.newest > self.newest() || mark.late > self.late_count()
        {
            return Err(MarkExpired);
        }
        let Some(seen) = mark.late.checked_sub(self.late_forgotten) else {
            return Err(MarkExpired);
        };
        let (mut ids, late) = self.late_after(seen, mark.newest, count);
        let start = self.ids.partition_point(|id| *id <= mark.newest);
        let end = self
            .ids
            .len()
            .min(start.saturating_add(count.saturating_sub(ids.len())));
        ids.extend_from_slice(&self.ids[start..end]);
        ids.sort_unstable_by(|a, b| b.cmp(a));
        let newest = if end > start {
            self.ids[end - 1]
        } else {
            mark.newest
        };
        let more = end < self.ids.len() || late < self.late_count();
        Ok(Newer {
            ids,
            mark: Mark { newest, late },
            more,
        })
    }

    /// Late arrivals after the first `seen` recorded ones that are below `newest`, at most `count`, and the number of
    /// late arrivals up to them. Late arrivals above `newest` are among the newer ids anyway. Those that have been
    /// trimmed since are still new to the client.
    fn late_after(&self, seen: u32, newest: StoryId, count: usize) -> (Vec<StoryId>, u32) {
        let mut ids = Vec::new();
        let mut place = self.late_forgotten + seen;
        for id in self.late.iter().skip(seen as usize) {
            if *id < newest {
                if ids.len() == count {
                    return (ids, place);
                }
                ids.push(*id);
            }
            place += 1;
        }
        (ids, place)
    }

    /// Whether it contains a story.
    #[must_use]
    pub fn contains(&self, id: StoryId) -> bool {
        self.ids.binary_search(&id).is_ok()
    }

    /// All ids, ascending.
    #[must_use]
    pub fn ids(&self) -> &[StoryId] {
        &self.ids
    }

    fn newest(&self) -> StoryId {
        self.ids.last().copied().unwrap_or_default()
    }

    fn late_count(&self) -> u32 {
        self.late_forgotten + u32::try_from(self.late.len()).unwrap_or(u32::MAX)
    }

    fn make_room(&mut self) {
        if self.ids.len() == self.ids.capacity() {
            self.ids.reserve_exact(GROWTH);
        }
    }

    fn remember_late(&mut self, id: StoryId) {
        if self.late.len() == LATE_MAX {
            self.late.pop_front();
            self.late_forgotten += 1;
        }
        self.late.push_back(id);
    }

    fn trim(&mut self, keep: usize) {
        let surplus = self.ids.len().saturating_sub(keep.max(1));
        self.ids.drain(..surplus);
        self.ids.shrink_to(keep + GROWTH);
        if let Some(oldest) = self.ids.first() {
            assert!(*oldest >= self.floor, "a floor never sinks");
            self.floor = *oldest;
        }
    }
}

#[cfg(test)]
mod tests;
