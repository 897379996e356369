//! Assigns ids to imported stories and recognizes stories that are already stored.
//!
//! An id consists of the story's time, the node number reserved for imports, the next free sequence number in that
//! millisecond in the order of the lines, and the author's bucket. A stored story is recognized by author, text and
//! time; that makes an import idempotent. If a stored story was edited or deleted, its text does not match. Then one
//! story of the same author and time that is not found counts as that story, so deleted stories do not come back.
//!
//! A file of dates without times puts a whole day into one millisecond. When its 64 sequence numbers are used, the next
//! millisecond is used.

use crate::Target;
use std::collections::{BTreeMap, BTreeSet};

use foldhash::HashMap;
use sosik_feed::id::{EPOCH, RawId, SEQUENCES, node_of_imports};
use sosik_feed::{Bucket, PersonId, StoryId, Timestamp, UnownedId};
use sosik_store::ExistingStory;
use xxhash_rust::xxh3::xxh3_64;

/// Maximum number of cached stories and milliseconds, about 50 bytes each. At the maximum the cache is cleared and
/// refilled as needed.
const REMEMBERED_MAX: usize = 1_000_000;
/// A story may use its own millisecond and the following ones, this many in total. That is enough for 400,000 stories
/// with the same time.
const SPILL_MAX: u64 = 6_250;

/// The result of looking up an imported story.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    /// The story is already stored.
    Existing,
    /// The story is new and gets this id.
    New(StoryId),
    /// All ids near its time are in use.
    Full,
}

/// Caches which ids are in use in the milliseconds that were read.
pub(super) struct Moments {
    node: u16,
    /// For each millisecond, the sequence number after the highest one in use.
    next: HashMap<u64, u16>,
    /// From a full millisecond to a later one that had a free number, so that a long run of full ones is not scanned
    /// again.
    skips: HashMap<u64, u64>,
    words: BTreeSet<(Words, u64)>,
    /// Number of stories of an author in a millisecond that were edited or deleted and not matched yet.
    changed: BTreeMap<(PersonId, u64), u32>,
}

/// An author and the hash of a text.
type Words = (PersonId, u64);

/// Result of searching a free id at a time.
#[derive(Debug, PartialEq, Eq)]
enum Room {
    /// This millisecond has a free id.
    At(u64),
    /// All ids are in use.
    Nowhere,
    /// This millisecond must be read first.
    Unknown(u64),
}

impl Moments {
    /// An empty cache.
    pub(super) fn new(region: u16) -> Self {
        Self {
            node: node_of_imports(region),
            next: HashMap::default(),
            skips: HashMap::default(),
            words: BTreeSet::default(),
            changed: BTreeMap::default(),
        }
    }

    /// Returns the id for a story, or that it is already stored.
    pub(super) async fn slot(
        &mut self,
        target: &Target,
        at: Timestamp,
        author: PersonId,
        text: &str,
    ) -> anyhow::Result<Slot> {
        let first = at.since(EPOCH).as_millis().try_into()?;
        let room = self.learn_room(target, first).await?;
        Ok(self.put(first, room, (author, xxh3_64(text.as_bytes()))))
    }

    /// Whether the story is stored with this time.
    pub(super) async fn holds(
        &mut self,
        target: &Target,
        at: Timestamp,
        author: PersonId,
        text: &str,
    ) -> anyhow::Result<bool> {
        let first = at.since(EPOCH).as_millis().try_into()?;
        let room = self.learn_room(target, first).await?;
        Ok(self.has(first, room, (author, xxh3_64(text.as_bytes()))))
    }

    /// Clears the cache if it is full. Call it only between steps: ids returned earlier must be in the store by then.
    pub(super) fn forget_if_many(&mut self) {
        if self.words.len() + self.next.len() > REMEMBERED_MAX {
            self.next.clear();
            self.skips.clear();
            self.words.clear();
            self.changed.clear();
        }
    }

    /// Returns the first millisecond with a free id. `None` if all that a story of this time may use are full.
    async fn learn_room(&mut self, target: &Target, first: u64) -> anyhow::Result<Option<u64>> {
        loop {
            match self.room(first) {
                Room::At(millis) => return Ok(Some(millis)),
                Room::Nowhere => return Ok(None),
                Room::Unknown(millis) => self.learn(target, millis).await?,
            }
        }
    }

    fn room(&mut self, first: u64) -> Room {
        let mut millis = first;
        while millis < first + SPILL_MAX {
            match self.next.get(&millis) {
                None => return Room::Unknown(millis),
                Some(next) if *next < SEQUENCES => {
                    self.skips.insert(first, millis);
                    return Room::At(millis);
                }
                Some(_full) => {
                    let skip = self.skips.get(&millis).filter(|skip| **skip > millis);
                    millis = skip.map_or(millis + 1, |skip| *skip);
                }
            }
        }
        Room::Nowhere
    }

    fn has(&self, first: u64, room: Option<u64>, words: Words) -> bool {
        let last = room.unwrap_or(first + SPILL_MAX - 1);
        let there = (words, first)..=(words, last);
        self.words.range(there).next().is_some()
    }

    fn put(&mut self, first: u64, room: Option<u64>, words: Words) -> Slot {
        if self.has(first, room, words) {
            return Slot::Existing;
        }
        let Some(millis) = room else {
            return Slot::Full;
        };
        if self.stands_for(words.0, first, millis) {
            return Slot::Existing;
        }
        let next = self.next.entry(millis).or_default();
        let id = UnownedId::from_fields(millis, self.node, *next);
        *next += 1;
        self.words.insert((words, millis));
        Slot::New(StoryId::of_author(words.0, id))
    }

    /// Matches the line with an edited or deleted story of the author from `first` to `last`. `false` if all of those
    /// are matched already.
    fn stands_for(&mut self, author: PersonId, first: u64, last: u64) -> bool {
        let mut changed = self.changed.range_mut((author, first)..=(author, last));
        let left = changed.find(|(_, left)| **left > 0);
        left.map(|(_, left)| *left -= 1).is_some()
    }

    /// Reads the stories of a millisecond.
    async fn learn(&mut self, target: &Target, millis: u64) -> anyhow::Result<()> {
        let lowest = RawId::from_fields(millis, self.node, 0, Bucket::FIRST);
        let highest = RawId::from_fields(millis, self.node, SEQUENCES - 1, Bucket::LAST);
        let taken = target
            .operations
            .existing_stories(StoryId::new(lowest), StoryId::new(highest))
            .await?;
        self.know(millis, taken);
        Ok(())
    }

    fn know(&mut self, millis: u64, taken: Vec<ExistingStory>) {
        let newest = taken.last().map(|place| place.id.raw().sequence() + 1);
        self.next.insert(millis, newest.unwrap_or_default());
        for place in taken {
            let words = (place.author, xxh3_64(place.text.as_bytes()));
            self.words.insert((words, millis));
            if place.changed {
                *self.changed.entry((place.author, millis)).or_default() += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn author(number: u16) -> PersonId {
        let bucket = Bucket::nth(number.into());
        PersonId::in_bucket(bucket, UnownedId::from_fields(0, 0, number))
    }

    fn story(sequence: u16, author: PersonId, text: &str, changed: bool) -> ExistingStory {
        let id = UnownedId::from_fields(0, node_of_imports(0), sequence);
        ExistingStory {
            id: StoryId::of_author(author, id),
            author,
            text: text.to_owned(),
            changed,
        }
    }

    /// The slot of a story at time 0, in a store that contains only the stories given.
    fn slot(moments: &mut Moments, author: PersonId, text: &str) -> Slot {
        let words = (author, xxh3_64(text.as_bytes()));
        loop {
            let room = match moments.room(0) {
                Room::At(millis) => Some(millis),
                Room::Nowhere => None,
                Room::Unknown(millis) => {
                    moments.know(millis, Vec::new());
                    continue;
                }
            };
            return moments.put(0, room, words);
        }
    }

    fn moments(taken: Vec<ExistingStory>) -> Moments {
        let mut moments = Moments::new(0);
        moments.know(0, taken);
        moments
    }

    fn id(slot: Slot) -> Option<(u64, u16)> {
        match slot {
            Slot::New(id) => Some((id.raw().millis(), id.raw().sequence())),
            Slot::Existing | Slot::Full => None,
        }
    }

    #[test]
    fn stories_of_one_moment_take_one_place_after_the_other() {
        let (one, other) = (author(1), author(2));
        let mut moments = moments(vec![story(0, one, "a", false)]);
        assert_eq!(slot(&mut moments, one, "a"), Slot::Existing);
        assert_eq!(id(slot(&mut moments, one, "b")), Some((0, 1)));
        assert_eq!(id(slot(&mut moments, other, "a")), Some((0, 2)));
        assert_eq!(slot(&mut moments, other, "a"), Slot::Existing);
    }

    #[test]
    fn a_story_that_was_deleted_or_edited_does_not_come_back() {
        let (one, other) = (author(1), author(2));
        let mut moments = moments(vec![
            story(0, one, "", true),
            story(1, other, "edited", true),
        ]);
        assert_eq!(slot(&mut moments, one, "a"), Slot::Existing);
        assert_eq!(id(slot(&mut moments, one, "b")), Some((0, 2)));
        assert_eq!(slot(&mut moments, other, "before"), Slot::Existing);
    }

    #[test]
    fn a_moment_has_room_for_400_000_stories_in_the_order_of_their_lines() {
        let mut moments = moments(Vec::new());
        let mut last = StoryId::default();
        for number in 0..400_000_u32 {
            let author = author((number % 50) as u16);
            let Slot::New(id) = slot(&mut moments, author, &number.to_string()) else {
                panic!("no place for story {number}");
            };
            assert!(id > last && id.bucket() == author.bucket(), "{number}");
            last = id;
        }
        assert_eq!(slot(&mut moments, author(1), "one more"), Slot::Full);
        assert_eq!(slot(&mut moments, author(0), "399950"), Slot::Existing);
        assert_eq!(slot(&mut moments, author(0), "0"), Slot::Existing);
    }
}
