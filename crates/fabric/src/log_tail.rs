//! The newest entries of the log of large authors, in the memory of one node.
//!
//! A story by an author with more readers than `delivery.push_followers_max` is appended to the log once, instead of
//! being inserted into every timeline. Entries are in order of arrival, not of ids, so a late commit is not missed.
//!
//! The tail has an index by author. The extract of a reader costs one look-up for each author of the circle, or for each
//! author in the tail if there are fewer, and afterwards only the entries that are new.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};

use foldhash::HashMap;
use parking_lot::RwLock;
use sosik_feed::pulled::{LogEntry, LogPosition, Pulled};
use sosik_feed::{Circle, PersonId, StoryId};
use tokio::sync::Notify;

/// An extract that lags further behind is made anew from the index. Scanning this many entries costs about as much.
const SCANNED_MAX: u64 = 8_192;

/// Maximum number of entries that [`LogTail::entries`] returns: a burst of large authors within one wake-up.
pub const ENTRIES_MAX: u64 = 1_024;

/// The newest entries of the log. Every engine uses this structure. Reads take no I/O.
pub struct LogTail {
    ring: RwLock<Ring>,
    entries_max: usize,
    /// The position after the newest entry, readable without the lock.
    end: AtomicU64,
    /// The position before the oldest entry, readable without the lock.
    begin: AtomicU64,
    grown: Notify,
}

#[derive(Default)]
struct Ring {
    entries: VecDeque<LogEntry>,
    /// The numbers of each author's entries, ascending.
    by_author: HashMap<PersonId, VecDeque<u64>>,
}

/// An extract that is up to date.
#[derive(Debug)]
pub enum Extracted {
    /// The extract given is up to date.
    Unchanged,
    /// A new extract that replaces it.
    New(Pulled),
}

impl LogTail {
    /// An empty tail of a log with this number (not 0; 24 bits), for at most `entries_max` entries of 32 bytes.
    #[must_use]
    pub fn new(entries_max: usize, log: u32) -> Self {
        let begin = LogPosition::new(log, 0).as_u64();
        Self {
            ring: RwLock::default(),
            entries_max: entries_max.max(1),
            end: AtomicU64::new(begin),
            begin: AtomicU64::new(begin),
            grown: Notify::new(),
        }
    }

    /// Adds the next entry of the log. For engines.
    pub fn push(&self, entry: LogEntry) -> LogPosition {
        let mut ring = self.ring.write();
        if ring.entries.len() >= self.entries_max {
            ring.drop_oldest();
            self.begin.fetch_add(1, Ordering::AcqRel);
        }
        let before = self.end();
        let end = LogPosition::new(before.log(), before.number() + 1);
        assert!(
            end.as_u64() > before.as_u64(),
            "the numbers of the log ascend"
        );
        ring.entries.push_back(entry);
        let numbers = ring.by_author.entry(entry.author).or_default();
        numbers.push_back(end.number());
        self.end.store(end.as_u64(), Ordering::Release);
        drop(ring);
        self.grown.notify_waiters();
        end
    }

    /// Restarts after the entry `number` of another log, or after a gap that cannot be filled. For engines.
    pub fn reset(&self, log: u32, number: u64) {
        let mut ring = self.ring.write();
        *ring = Ring::default();
        let begin = LogPosition::new(log, number).as_u64();
        self.begin.store(begin, Ordering::Release);
        self.end.store(begin, Ordering::Release);
        drop(ring);
        self.grown.notify_waiters();
    }

    /// The position after the newest entry. One atomic load.
    #[must_use]
    pub fn end(&self) -> LogPosition {
        LogPosition::from_u64(self.end.load(Ordering::Acquire))
    }

    /// The position before the oldest entry that is still here. One atomic load.
    #[must_use]
    pub fn begin(&self) -> LogPosition {
        LogPosition::from_u64(self.begin.load(Ordering::Acquire))
    }

    /// Whether every entry after `from` up to the end is still here. A position after the end is covered: it comes from
    /// the tail of another node.
    #[must_use]
    pub fn covers(&self, from: LogPosition) -> bool {
        from.is_at_least(self.begin())
    }

    /// The extract of a reader: the entries that the circle takes. Keeps the newest `keep` ids when there are more than
    /// twice as many.
    #[must_use]
    pub fn build(&self, reader: PersonId, circle: &Circle, keep: usize) -> Pulled {
        let ring = self.ring.read();
        let (begin, end) = (self.begin(), self.end());
        let mut numbers = ring.numbers_for(circle);
        numbers.sort_unstable();
        let entries = numbers
            .into_iter()
            .filter_map(|number| Some((number, ring.entry(begin, number)?)));
        Pulled::new(begin, end, &taken(entries, begin, reader, circle), keep)
    }

    /// Updates an extract. It must be for the same reader and circle.
    #[must_use]
    pub fn extend(
        &self,
        pulled: &Pulled,
        reader: PersonId,
        circle: &Circle,
        keep: usize,
    ) -> Extracted {
        let (from, end) = (pulled.to(), self.end());
        if from == end {
            return Extracted::Unchanged;
        }
        let Some((entries, end)) = self.entries_up_to(from, SCANNED_MAX) else {
            return Extracted::New(self.build(reader, circle, keep));
        };
        let numbered = (from.number() + 1..).zip(entries.iter());
        let taken = taken(numbered, from, reader, circle);
        if taken.is_empty() {
            pulled.nothing_up_to(end);
            return Extracted::Unchanged;
        }
        Extracted::New(pulled.grown(&taken, end, keep))
    }

    /// The entries after a position, and the position after them. `None` if some of them are gone, or if there are more
    /// than [`ENTRIES_MAX`].
    #[must_use]
    pub fn entries(&self, after: LogPosition) -> Option<(Vec<LogEntry>, LogPosition)> {
        self.entries_up_to(after, ENTRIES_MAX)
    }

    /// Waits until the end is not `past`. Returns the new end. Cancel-safe.
    pub async fn grown(&self, past: LogPosition) -> LogPosition {
        loop {
            // Registered before the check, so that no wake-up is lost.
            let grown = self.grown.notified();
            let end = self.end();
            if end != past {
                return end;
            }
            grown.await;
        }
    }

    fn entries_up_to(&self, after: LogPosition, most: u64) -> Option<(Vec<LogEntry>, LogPosition)> {
        let ring = self.ring.read();
        let (begin, end) = (self.begin(), self.end());
        if !after.is_at_least(begin) || end.number().saturating_sub(after.number()) > most {
            return None;
        }
        let skipped = usize::try_from(after.number() - begin.number()).ok()?;
        Some((ring.entries.iter().skip(skipped).copied().collect(), end))
    }
}

impl Ring {
    fn drop_oldest(&mut self) {
        let Some(oldest) = self.entries.pop_front() else {
            return;
        };
        if let Some(numbers) = self.by_author.get_mut(&oldest.author) {
            numbers.pop_front();
            if numbers.is_empty() {
                self.by_author.remove(&oldest.author);
            }
        }
    }

    fn entry(&self, begin: LogPosition, number: u64) -> Option<&LogEntry> {
        let place = number.checked_sub(begin.number() + 1)?;
        self.entries.get(usize::try_from(place).ok()?)
    }

    /// The numbers of all entries by authors of the circle. Scans the shorter list of authors.
    fn numbers_for(&self, circle: &Circle) -> Vec<u64> {
        let authors_max = circle.friends().len() + circle.follows().len();
        if authors_max < self.by_author.len() {
            let authors = circle.authors();
            let numbers = authors.filter_map(|(author, _)| self.by_author.get(&author));
            numbers.flatten().copied().collect()
        } else {
            let authors = self.by_author.iter();
            let numbers = authors.filter(|(author, _)| circle.subscribes_to(**author));
            numbers.flat_map(|(_, numbers)| numbers).copied().collect()
        }
    }
}

/// The numbered entries that the reader takes.
fn taken<'a>(
    entries: impl Iterator<Item = (u64, &'a LogEntry)>,
    log: LogPosition,
    reader: PersonId,
    circle: &Circle,
) -> Vec<(LogPosition, StoryId)> {
    let mine = entries.filter(|(_, entry)| entry.is_for(reader, circle));
    let placed = mine.map(|(number, entry)| (LogPosition::new(log.log(), number), entry.story));
    placed.collect()
}

#[cfg(test)]
mod tests {
    use sosik_feed::Audience;

    use super::*;

    const LOG: u32 = 7;
    const READER: PersonId = PersonId::from_u64(1);
    const STAR: PersonId = PersonId::from_u64(900);
    const OTHER_STAR: PersonId = PersonId::from_u64(901);

    fn entry(story: u64, author: PersonId) -> LogEntry {
        LogEntry {
            story: StoryId::from_u64(story),
            author,
            audience: Audience::Public,
        }
    }

    fn fan() -> Circle {
        Circle::new(vec![], vec![STAR], vec![], vec![])
    }

    /// A fan of more authors than the tail has, so that the other list is walked.
    fn fan_of_many() -> Circle {
        let many = (800..=900).map(PersonId::from_u64).collect();
        Circle::new(vec![], many, vec![], vec![])
    }

    fn stories(pulled: &Pulled) -> Vec<u64> {
        let ids = pulled.below(None, 100).ids;
        ids.iter().map(|id| id.as_u64()).collect()
    }

    fn at(number: u64) -> LogPosition {
        LogPosition::new(LOG, number)
    }

    #[test]
    fn an_extract_has_the_entries_of_the_circle_and_grows_with_the_log() {
        let tail = LogTail::new(100, LOG);
        for story in [5, 4, 6] {
            tail.push(entry(story, STAR));
            tail.push(entry(story + 10, OTHER_STAR));
            tail.push(entry(story + 20, PersonId::from_u64(902)));
        }
        let pulled = tail.build(READER, &fan(), 10);
        assert_eq!(stories(&pulled), [6, 5, 4]);
        assert_eq!(stories(&tail.build(READER, &fan_of_many(), 10)), [6, 5, 4]);
        let end = tail.push(entry(7, OTHER_STAR));
        let unchanged = tail.extend(&pulled, READER, &fan(), 10);
        assert!(matches!(unchanged, Extracted::Unchanged));
        assert_eq!(pulled.to(), end, "it has looked at the entry");
        tail.push(entry(3, STAR));
        let Extracted::New(grown) = tail.extend(&pulled, READER, &fan(), 10) else {
            panic!("there is a new story")
        };
        assert_eq!(stories(&grown), [6, 5, 4, 3]);
    }

    #[test]
    fn a_position_whose_later_entries_are_gone_is_not_covered() {
        let tail = LogTail::new(3, LOG);
        assert!(tail.covers(at(0)) && !tail.covers(LogPosition::NONE));
        for story in 1..=5 {
            tail.push(entry(story, STAR));
        }
        assert_eq!((tail.begin(), tail.end()), (at(2), at(5)));
        assert!(tail.covers(at(2)) && tail.covers(at(9)) && !tail.covers(at(1)));
        assert_eq!(stories(&tail.build(READER, &fan(), 10)), [5, 4, 3]);
        assert_eq!(tail.entries(at(1)), None);
        let (entries, end) = tail.entries(at(4)).unwrap();
        assert_eq!((entries, end), (vec![entry(5, STAR)], at(5)));
    }

    #[test]
    fn an_extract_that_lags_behind_the_ring_is_made_anew() {
        let tail = LogTail::new(3, LOG);
        tail.push(entry(1, STAR));
        let pulled = tail.build(READER, &fan(), 10);
        for story in 2..=5 {
            tail.push(entry(story, OTHER_STAR));
        }
        let Extracted::New(made) = tail.extend(&pulled, READER, &fan(), 10) else {
            panic!("entries are gone")
        };
        assert_eq!((made.from(), stories(&made)), (at(2), vec![]));
    }

    #[test]
    fn another_log_covers_nothing_of_the_first() {
        let tail = LogTail::new(3, LOG);
        tail.push(entry(1, STAR));
        let pulled = tail.build(READER, &fan(), 10);
        tail.reset(LOG + 1, 40);
        assert!(!tail.covers(pulled.from()) && tail.covers(LogPosition::new(LOG + 1, 40)));
        let Extracted::New(made) = tail.extend(&pulled, READER, &fan(), 10) else {
            panic!("it is another log")
        };
        assert_eq!(stories(&made), []);
        tail.push(entry(2, STAR));
        assert_eq!(tail.end(), LogPosition::new(LOG + 1, 41));
    }

    #[tokio::test]
    async fn a_waiter_is_woken_by_an_entry_and_never_misses_one() {
        let tail = LogTail::new(3, LOG);
        let past = tail.end();
        let grown = tail.grown(past);
        let end = tail.push(entry(1, STAR));
        assert_eq!(grown.await, end);
        assert_eq!(tail.grown(past).await, end);
    }
}
