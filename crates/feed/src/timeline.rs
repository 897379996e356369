//! The cached top of one reader's home feed: ids only, with a floor.
//!
//! A timeline is complete from its floor upwards: every story that was delivered or read from the store is there,
//! whether or not the reader may still see it (that is decided when a page is made). Below the floor the store is
//! asked. It costs eight bytes an id.
//!
//! Deliveries come in any order. Those that come after a larger id are *late*: they are remembered in the order of
//! their arrival, so that "what is newer than what I saw" never misses one. Refused: a sequence number for every id,
//! which would double the memory for something that almost never differs from the order of ids.

use std::collections::VecDeque;

use crate::id::StoryId;

/// How many late arrivals are remembered. A cursor older than that falls back on the settled part of the feed.
/// Sized for a burst of deliveries that overtake each other; 512 bytes at the most.
pub const LATE_MAX: usize = 64;

/// Room grows by so many ids at a time, so that little of it is empty: at most 512 bytes.
const GROWTH: usize = 64;

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivered {
    /// It is in the timeline now.
    Added,
    /// It was there already: delivering again changes nothing.
    Known,
    /// It is older than the floor: the store has it.
    BelowFloor,
}

/// Up to where a client has seen a timeline: the newest id then, and how many late ones had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mark {
    /// The largest id of the timeline, 0 when it was empty.
    pub newest: StoryId,
    /// Late arrivals up to then, since the timeline was built.
    pub late: u32,
}

/// A part of a timeline, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stretch {
    /// Newest first.
    pub ids: Vec<StoryId>,
    /// There are more ids behind the last one and above the floor.
    pub more: bool,
}

/// What came after a mark, in the order in which to show it to a client bit by bit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Newer {
    /// Newest first. At most as many as asked for: the earliest of what came, so that going on from `mark` gets
    /// the rest.
    pub ids: Vec<StoryId>,
    /// Where to go on.
    pub mark: Mark,
    /// There is more behind `mark`.
    pub more: bool,
}

/// The mark is from before what the timeline remembers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forgotten;

/// Ids, ascending, complete from `floor` on.
#[derive(Debug, Clone, Default)]
pub struct Timeline {
    ids: Vec<StoryId>,
    floor: StoryId,
    late: VecDeque<StoryId>,
    late_forgotten: u32,
}

impl Timeline {
    /// From ids read from the store (any order) and what was delivered meanwhile. `floor` 0 means that the store
    /// had no more. Of more than `keep` ids the newest are kept.
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

    /// Complete from this id on; 0 when there is nothing older at all.
    #[must_use]
    pub const fn floor(&self) -> StoryId {
        self.floor
    }

    /// How many ids it keeps.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Keeps nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Bytes it keeps on the heap.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        (self.ids.capacity() + self.late.capacity()) * size_of::<StoryId>()
    }

    /// Up to where it is filled now.
    #[must_use]
    pub fn mark(&self) -> Mark {
        Mark {
            newest: self.newest(),
            late: self.late_count(),
        }
    }

    /// Takes a delivery. Beyond twice `keep` ids the oldest go, until `keep` are left, and the floor rises.
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

    /// The newest ids below `before` (from the top when there is none), at most `count`.
    #[must_use]
    pub fn below(&self, before: Option<StoryId>, count: usize) -> Stretch {
        let end = before.map_or(self.ids.len(), |before| {
            self.ids.partition_point(|id| *id < before)
        });
        let start = end.saturating_sub(count);
        Stretch {
            ids: self.ids[start..end].iter().rev().copied().collect(),
            more: start > 0,
        }
    }

    /// What came after `mark`, at most `count`.
    ///
    /// # Errors
    /// `Forgotten` when the mark is older than the floor or than the late arrivals remembered, or is not of this
    /// timeline.
    pub fn newer(&self, mark: Mark, count: usize) -> Result<Newer, Forgotten> {
        if mark.newest < self.floor || mark.newest > self.newest() || mark.late > self.late_count()
        {
            return Err(Forgotten);
        }
        let Some(seen) = mark.late.checked_sub(self.late_forgotten) else {
            return Err(Forgotten);
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

    /// Late arrivals behind the first `seen` remembered ones that belong below `newest` (those above it are among
    /// the newer ids anyway; those that were trimmed since are still news), at most `count`; and how many late arrivals that leaves behind.
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

    /// Ids above `id`, newest first, at most `count`.
    #[must_use]
    pub fn above(&self, id: StoryId, count: usize) -> Vec<StoryId> {
        let start = self
            .ids
            .partition_point(|known| *known <= id)
            .max(self.ids.len().saturating_sub(count));
        self.ids[start..].iter().rev().copied().collect()
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
            self.floor = *oldest;
        }
    }
}

#[cfg(test)]
mod tests;
