//! The stories of large authors that one reader takes: an extract of the log, merged into the timeline at every read.
//!
//! A story of a large author is one entry in a log and is inserted into no timeline. Each node has the newest part of
//! the log in memory and makes an extract for each active reader: the entries of the authors in the reader's circle. An
//! extract is a function of the log and the circle, so it can be dropped and recomputed at any time.
//!
//! The numbers of the log are in order of arrival, the ids of the stories nearly so. Pages go by id; "newer" goes by
//! number, so that it misses no story that was committed late.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::audience::{Audience, Circle};
use crate::id::{PersonId, StoryId};
use crate::timeline::{IdSlice, MarkExpired};

/// Bits of a position that count the entries: enough for a thousand entries a second during 34 years.
const NUMBER_BITS: u32 = 40;

/// A position in the log of large authors: after the entry with its number, and before the next one. The log has a
/// random number of its own, drawn when it was created. Positions of different logs do not compare. The default is
/// [`NONE`](Self::NONE).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct LogPosition(u64);

impl LogPosition {
    /// No position in any log.
    pub const NONE: Self = Self(0);

    /// After the entry with this number of this log. Entries count from 1. Uses the low 24 bits of `log` and the low 40
    /// bits of `number`.
    #[must_use]
    pub const fn new(log: u32, number: u64) -> Self {
        Self((log as u64) << NUMBER_BITS | (number & ((1 << NUMBER_BITS) - 1)))
    }

    /// The number of the log.
    #[must_use]
    pub const fn log(self) -> u32 {
        (self.0 >> NUMBER_BITS) as u32
    }

    /// The number of the entry before this position.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0 & ((1 << NUMBER_BITS) - 1)
    }

    /// Whether both are positions in the same log and this one is not before the other.
    #[must_use]
    pub const fn is_at_least(self, other: Self) -> bool {
        self.log() == other.log() && self.0 >= other.0
    }

    /// The number of this position, for cursors and atomic cells.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }

    /// The position with this number.
    #[must_use]
    pub const fn from_u64(number: u64) -> Self {
        Self(number)
    }
}

/// One story of a large author, with the audience for which it is delivered. A story whose audience widens gets a second
/// entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogEntry {
    /// The story.
    pub story: StoryId,
    /// The large author.
    pub author: PersonId,
    /// The audience at the time of the delivery.
    pub audience: Audience,
}

impl LogEntry {
    /// Whether the reader of this circle takes the entry. The reader's own stories are delivered to the timeline.
    #[must_use]
    pub fn is_for(&self, reader: PersonId, circle: &Circle) -> bool {
        self.author != reader && circle.entitles(reader, self.author, self.audience)
    }
}

/// A story of an extract, and the number of its first entry.
type Taken = (StoryId, LogPosition);

/// The entries of the log that one reader takes.
#[derive(Debug)]
pub struct Pulled {
    /// Ascending by story, each once.
    taken: Box<[Taken]>,
    /// Complete from this id upwards; 0 unless the extract was trimmed.
    floor: StoryId,
    /// Contains the entries after this position.
    from: LogPosition,
    /// Reads of newer stories need no entry up to this position: it is `from`, or the last entry that was trimmed.
    forgotten_to: LogPosition,
    /// The last entry that the reader took; `NONE` before the first one.
    taken_to: LogPosition,
    /// Contains the entries up to this position. It grows while no entry is for the reader.
    to: AtomicU64,
}

impl Pulled {
    /// An extract of the entries after `from` and up to `to`, from which the reader takes `taken`, ascending by number.
    /// Keeps the newest `keep` ids when there are more than twice as many.
    #[must_use]
    pub fn new(
        from: LogPosition,
        to: LogPosition,
        taken: &[(LogPosition, StoryId)],
        keep: usize,
    ) -> Self {
        let nothing = Self {
            taken: Box::default(),
            floor: StoryId::default(),
            from,
            forgotten_to: from,
            taken_to: LogPosition::NONE,
            to: AtomicU64::new(from.as_u64()),
        };
        nothing.grown(taken, to, keep)
    }

    /// This extract with further entries, ascending by number and behind those it has.
    #[must_use]
    pub fn grown(&self, taken: &[(LogPosition, StoryId)], to: LogPosition, keep: usize) -> Self {
        let ascend = |pair: &[(LogPosition, StoryId)]| pair[0].0.as_u64() < pair[1].0.as_u64();
        assert!(
            to.is_at_least(self.to()) && taken.windows(2).all(ascend),
            "the numbers of the log ascend"
        );
        let mut all = self.taken.to_vec();
        let above_floor = taken.iter().filter(|(_, story)| *story >= self.floor);
        all.extend(above_floor.map(|(number, story)| (*story, *number)));
        // The sort is stable and numbers ascend: the first number of a story stays.
        all.sort_by_key(|(story, _)| *story);
        all.dedup_by_key(|(story, _)| *story);
        let (mut floor, mut forgotten_to) = (self.floor, self.forgotten_to);
        if all.len() > keep.saturating_mul(2) {
            let surplus = all.len() - keep.max(1);
            let numbers = all.drain(..surplus).map(|(_, number)| number);
            let last = numbers.max_by_key(|number| number.as_u64());
            forgotten_to = last.map_or(forgotten_to, |last| later(forgotten_to, last));
            floor = all.first().map_or(floor, |(story, _)| *story);
        }
        assert!(floor >= self.floor, "a floor never sinks");
        Self {
            taken: all.into_boxed_slice(),
            floor,
            from: self.from,
            forgotten_to,
            taken_to: taken.last().map_or(self.taken_to, |(number, _)| *number),
            to: AtomicU64::new(to.as_u64()),
        }
    }

    /// Records that no entry up to `to` is for the reader.
    pub fn nothing_up_to(&self, to: LogPosition) {
        self.to.fetch_max(to.as_u64(), Ordering::AcqRel);
    }

    /// Contains the entries after this position.
    #[must_use]
    pub const fn from(&self) -> LogPosition {
        self.from
    }

    /// Contains the entries up to this position.
    #[must_use]
    pub fn to(&self) -> LogPosition {
        LogPosition::from_u64(self.to.load(Ordering::Acquire))
    }

    /// The position of the last entry that the reader took; `NONE` before the first one. It moves only with the reader's
    /// own stories, so cursors that contain it stay the same while the log grows by others.
    #[must_use]
    pub const fn taken_to(&self) -> LogPosition {
        self.taken_to
    }

    /// The extract is complete from this id upwards; 0 unless it was trimmed.
    #[must_use]
    pub const fn floor(&self) -> StoryId {
        self.floor
    }

    /// The newest ids below `before` (from the top if `None`), at most `count`.
    #[must_use]
    pub fn below(&self, before: Option<StoryId>, count: usize) -> IdSlice {
        let end = before.map_or(self.taken.len(), |before| {
            self.taken.partition_point(|(story, _)| *story < before)
        });
        let start = end.saturating_sub(count);
        let ids = self.taken[start..end].iter().rev();
        IdSlice {
            ids: ids.map(|(story, _)| *story).collect(),
            more: start > 0,
        }
    }

    /// The stories whose number is after `position`, the earliest first, with their numbers.
    ///
    /// # Errors
    /// `MarkExpired` if some of them were trimmed or are before this extract, or if the position is of another log.
    pub fn after(&self, position: LogPosition) -> Result<Vec<(LogPosition, StoryId)>, MarkExpired> {
        if !position.is_at_least(self.forgotten_to) {
            return Err(MarkExpired);
        }
        let later = self.taken.iter();
        let later = later.filter(|(_, number)| number.as_u64() > position.as_u64());
        let mut later: Vec<_> = later.map(|(story, number)| (*number, *story)).collect();
        later.sort_unstable_by_key(|(number, _)| number.as_u64());
        Ok(later)
    }

    /// The number of a story, if the extract contains it.
    #[must_use]
    pub fn number_of(&self, story: StoryId) -> Option<LogPosition> {
        let place = self.taken.binary_search_by_key(&story, |(story, _)| *story);
        place.ok().map(|place| self.taken[place].1)
    }

    /// Bytes of heap memory.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.taken.len() * size_of::<Taken>()
    }
}

fn later(one: LogPosition, other: LogPosition) -> LogPosition {
    LogPosition::from_u64(one.as_u64().max(other.as_u64()))
}

/// Two slices as one: newest first, without repeats, at most `count` ids, none below `floor`. Both slices must begin at
/// the same place and must have been read with this `count`, so that a slice with `more` ids reaches as far down as the
/// result.
#[must_use]
pub fn merge(one: IdSlice, other: &IdSlice, count: usize, floor: StoryId) -> IdSlice {
    let whole = one.ids.last().is_none_or(|last| *last >= floor);
    if other.ids.is_empty() && whole && one.ids.len() <= count {
        return one; // nearly every read
    }
    let mut ids = Vec::with_capacity(count.min(one.ids.len() + other.ids.len()));
    let (mut left, mut right) = (one.ids.as_slice(), other.ids.as_slice());
    while ids.len() < count {
        let next = left.first().max(right.first());
        let Some(next) = next.copied().filter(|id| *id >= floor) else {
            break;
        };
        left = left.strip_prefix(&[next]).unwrap_or(left);
        right = right.strip_prefix(&[next]).unwrap_or(right);
        ids.push(next);
    }
    assert!(
        ids.is_sorted_by(|above, below| above > below),
        "the ids of a page descend"
    );
    let follows = |rest: &[StoryId], more| rest.first().map_or(more, |id| *id >= floor);
    let more = follows(left, one.more) || follows(right, other.more);
    IdSlice { ids, more }
}

#[cfg(test)]
mod tests;
