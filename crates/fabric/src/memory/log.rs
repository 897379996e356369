//! The log of large authors: their newest stories in the order in which they became visible.
//!
//! A story by an author with more readers than `delivery.push_followers_max` is appended here once, instead of being
//! inserted into every timeline. A read fills the timeline up from the log. Entries are in order of arrival, not of
//! ids, so a late commit is not missed. The cost of a read is bounded by the entries since the last one, however many
//! large authors the reader follows.
//!
//! Refused: merging the newest stories of every followed large author at each read. A reader who follows thousands of
//! them would pay for all of them on every page.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::RwLock;
use sosik_feed::{PersonId, StoryId};

/// A timeline that lags further behind is rebuilt instead of filled up. Reading this many entries costs about as much
/// as a rebuild.
pub(super) const BEHIND_MAX: u64 = 8192;

/// A ring of the newest entries. Positions count from the start of the process and are never reused.
pub(super) struct PullLog {
    entries: RwLock<VecDeque<(StoryId, PersonId)>>,
    /// Position after the newest entry, readable without the lock.
    end: AtomicU64,
    entries_max: usize,
}

impl PullLog {
    pub(super) fn new(entries_max: usize) -> Self {
        Self {
            entries: RwLock::default(),
            end: AtomicU64::new(0),
            entries_max,
        }
    }

    pub(super) fn end(&self) -> u64 {
        self.end.load(Ordering::Acquire)
    }

    pub(super) fn append(&self, story: StoryId, author: PersonId) {
        let mut entries = self.entries.write();
        if entries.len() >= self.entries_max {
            entries.pop_front();
        }
        entries.push_back((story, author));
        self.end.fetch_add(1, Ordering::Release);
    }

    /// Passes every entry from `position` to `take` and returns the new position; `None` if the log no longer has that
    /// part or if there are too many entries.
    pub(super) fn read(
        &self,
        position: u64,
        mut take: impl FnMut(StoryId, PersonId),
    ) -> Option<u64> {
        if position == self.end() {
            return Some(position);
        }
        let entries = self.entries.read();
        let end = self.end();
        let behind = end - position;
        let length = entries.len() as u64;
        if behind > length || behind > BEHIND_MAX {
            return None;
        }
        for (story, author) in entries.range(usize::try_from(length - behind).ok()?..) {
            take(*story, *author);
        }
        Some(end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(log: &PullLog, position: u64) -> Option<Vec<u64>> {
        let mut stories = Vec::new();
        log.read(position, |story, _| stories.push(story.as_u64()))?;
        Some(stories)
    }

    #[test]
    fn a_reader_gets_what_came_since_and_is_told_when_that_is_gone() {
        let log = PullLog::new(3);
        let author = PersonId::from_u64(9);
        assert_eq!(read(&log, 0), Some(vec![]));
        for story in [5, 4, 6, 7] {
            log.append(StoryId::from_u64(story), author);
        }
        assert_eq!(read(&log, 2), Some(vec![6, 7]));
        assert_eq!(read(&log, 1), Some(vec![4, 6, 7]));
        assert_eq!(read(&log, 0), None);
        assert_eq!(log.end(), 4);
    }
}
