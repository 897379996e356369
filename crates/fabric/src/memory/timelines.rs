//! Timelines of this process, within a limit of bytes.
//!
//! Readers are distributed over shards. Each shard has its own lock, order of last reads and share of the limit. A
//! delivery does not count as a read: a timeline that nobody reads ages, however many friends post.

use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, Ordering};

use hashlink::LinkedHashMap;
use parking_lot::Mutex;
use sosik_feed::timeline::{Delivered, Timeline};
use sosik_feed::{PersonId, StoryId};

use super::MemoryOptions;
use super::log::PullLog;
use crate::contract::{Delivery, Reader, Rebuild, Stats};
use crate::hash::IdHash;

/// More than the cores of any machine, so that a lock rarely waits.
const SHARDS: usize = 128;

/// Bytes of a timeline in addition to its ids: the slot, its links, and its share of the hash table.
const SLOT_BYTES: usize = size_of::<Slot>() + size_of::<PersonId>() + 5 * size_of::<usize>();

struct Slot {
    incarnation: u64,
    /// Position up to which it is filled up from the log of large authors.
    log_position: u64,
    content: Content,
}

enum Content {
    /// A caller is reading the store; deliveries in the meantime are kept here.
    Building(Vec<StoryId>),
    Ready(Timeline),
}

impl Slot {
    fn bytes(&self) -> usize {
        SLOT_BYTES
            + match &self.content {
                Content::Building(arrived) => arrived.capacity() * size_of::<StoryId>(),
                Content::Ready(timeline) => timeline.heap_bytes(),
            }
    }

    /// `keep` also bounds the deliveries during a rebuild: with more new stories than a timeline holds, the rebuild is
    /// too old to be useful.
    fn deliver(&mut self, story: StoryId, keep: usize) -> DeliveryOutcome {
        let added = match &mut self.content {
            Content::Building(arrived) if arrived.len() >= keep => return DeliveryOutcome::TooMany,
            Content::Building(arrived) => {
                arrived.push(story);
                true
            }
            Content::Ready(timeline) => timeline.deliver(story, keep) == Delivered::Added,
        };
        if added {
            DeliveryOutcome::Yes
        } else {
            DeliveryOutcome::No
        }
    }
}

/// The effect of a delivery on a slot.
#[derive(Clone, Copy, PartialEq, Eq)]
enum DeliveryOutcome {
    Yes,
    No,
    /// More stories arrived during a rebuild than are kept: the rebuild has to start again.
    TooMany,
}

/// One shard. The least recently read timeline is first.
#[derive(Default)]
struct Shard {
    slots: LinkedHashMap<PersonId, Slot, IdHash>,
    bytes: usize,
}

impl Shard {
    /// Lets `work` change a slot and updates the sum of bytes.
    fn change<T>(&mut self, reader: PersonId, work: impl FnOnce(&mut Slot) -> T) -> Option<T> {
        let slot = self.slots.get_mut(&reader)?;
        let before = slot.bytes();
        let result = work(slot);
        self.bytes = self.bytes - before + slot.bytes();
        Some(result)
    }

    fn remove(&mut self, reader: PersonId) {
        if let Some(slot) = self.slots.remove(&reader) {
            self.bytes -= slot.bytes();
        }
    }

    /// Evicts the least recently read timelines until the rest fits; returns the number evicted. Timelines that are
    /// being built stay: a request waits for each of them, and the number of concurrent rebuilds is bounded.
    fn shrink_to(&mut self, budget: usize) -> u64 {
        let mut evicted = 0;
        for _ in 0..self.slots.len() {
            if self.bytes <= budget {
                break;
            }
            let Some((reader, slot)) = self.slots.pop_front() else {
                break;
            };
            if matches!(slot.content, Content::Building(_)) {
                self.slots.insert(reader, slot);
            } else {
                self.bytes -= slot.bytes();
                evicted += 1;
            }
        }
        evicted
    }
}

pub(super) struct Timelines {
    shards: Box<[Mutex<Shard>]>,
    hash: IdHash,
    keep: usize,
    shard_budget: usize,
    next_incarnation: AtomicU64,
    evicted: AtomicU64,
}

impl Timelines {
    pub(super) fn new(options: MemoryOptions) -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hash: IdHash::default(),
            keep: options.timeline_stories,
            shard_budget: options.timelines_bytes / SHARDS,
            // Never 0, and distant from those of another process.
            next_incarnation: AtomicU64::new(options.seed | 1),
            evicted: AtomicU64::new(0),
        }
    }

    pub(super) fn deliver(&self, story: StoryId, readers: &[PersonId]) -> usize {
        readers
            .iter()
            .filter(|reader| self.deliver_to(story, **reader))
            .count()
    }

    /// Each shard is locked once and each timeline is looked up once. The smallest ids are first, so that fewer are
    /// late.
    pub(super) fn deliver_many(&self, deliveries: &[Delivery]) -> usize {
        if let [lone] = deliveries {
            return self.deliver(lone.story, &lone.readers);
        }
        let mut pairs: Vec<(usize, PersonId, StoryId)> = deliveries
            .iter()
            .flat_map(|delivery| {
                delivery
                    .readers
                    .iter()
                    .map(|reader| (delivery.story, *reader))
            })
            .map(|(story, reader)| (self.shard_number(reader), reader, story))
            .collect();
        pairs.sort_unstable();
        let of_shard =
            |one: &(usize, PersonId, StoryId), other: &(usize, PersonId, StoryId)| one.0 == other.0;
        let taken = pairs
            .chunk_by(of_shard)
            .map(|pairs| self.deliver_to_shard(pairs));
        taken.sum()
    }

    /// Delivers to one shard; `pairs` is sorted by reader.
    fn deliver_to_shard(&self, pairs: &[(usize, PersonId, StoryId)]) -> usize {
        let Some((number, ..)) = pairs.first() else {
            return 0;
        };
        let mut shard = self.shards[*number].lock();
        let before = shard.bytes;
        let mut taken = 0;
        for of_reader in pairs.chunk_by(|one, other| one.1 == other.1) {
            let reader = of_reader[0].1;
            let deliver_all = |slot: &mut Slot| {
                of_reader.iter().any(|(_, _, story)| {
                    let outcome = slot.deliver(*story, self.keep);
                    taken += usize::from(outcome == DeliveryOutcome::Yes);
                    outcome == DeliveryOutcome::TooMany
                })
            };
            if shard.change(reader, deliver_all) == Some(true) {
                shard.remove(reader);
            }
        }
        if shard.bytes > before {
            self.evict(&mut shard);
        }
        taken
    }

    fn deliver_to(&self, story: StoryId, reader: PersonId) -> bool {
        let mut shard = self.shard(reader).lock();
        let before = shard.bytes;
        let taken = shard
            .change(reader, |slot| slot.deliver(story, self.keep))
            .unwrap_or(DeliveryOutcome::No);
        if taken == DeliveryOutcome::TooMany {
            shard.remove(reader);
        }
        if shard.bytes > before {
            self.evict(&mut shard);
        }
        taken == DeliveryOutcome::Yes
    }

    /// Fills a ready timeline up from the log and reads it.
    pub(super) fn read<T>(
        &self,
        reader: PersonId,
        who: &dyn Reader,
        log: &PullLog,
        look: impl FnOnce(u64, &Timeline) -> T,
    ) -> Option<T> {
        let mut shard = self.shard(reader).lock();
        let slot = shard.slots.to_back(&reader)?;
        if slot.log_position != log.end()
            && matches!(slot.content, Content::Ready(_))
            && who.is_current()
        {
            let filled = shard.change(reader, |slot| fill_up(slot, who, log, self.keep))?;
            if !filled {
                shard.remove(reader);
                return None;
            }
        }
        let slot = shard.slots.get(&reader)?;
        let Content::Ready(timeline) = &slot.content else {
            return None;
        };
        let result = look(slot.incarnation, timeline);
        self.evict(&mut shard);
        Some(result)
    }

    /// Reads a ready timeline without filling it up.
    pub(super) fn peek<T>(&self, reader: PersonId, look: impl FnOnce(&Timeline) -> T) -> Option<T> {
        match &self.shard(reader).lock().slots.get(&reader)?.content {
            Content::Ready(timeline) => Some(look(timeline)),
            Content::Building(_) => None,
        }
    }

    pub(super) fn begin(&self, reader: PersonId, log_position: u64) -> Option<Rebuild> {
        let mut shard = self.shard(reader).lock();
        if shard.slots.contains_key(&reader) {
            return None;
        }
        let incarnation = self.next_incarnation.fetch_add(2, Ordering::Relaxed);
        let slot = Slot {
            incarnation,
            log_position,
            content: Content::Building(Vec::new()),
        };
        shard.bytes += slot.bytes();
        shard.slots.insert(reader, slot);
        Some(Rebuild {
            reader,
            incarnation,
        })
    }

    pub(super) fn finish(&self, rebuild: Rebuild, ids: Vec<StoryId>, floor: StoryId) -> bool {
        let mut shard = self.shard(rebuild.reader).lock();
        let keep = self.keep;
        let ready = shard.change(rebuild.reader, |slot| {
            let Content::Building(arrived) = &mut slot.content else {
                return false;
            };
            if slot.incarnation != rebuild.incarnation {
                return false;
            }
            let mut all = ids;
            all.append(arrived);
            slot.content = Content::Ready(Timeline::new(all, floor, keep));
            true
        });
        self.evict(&mut shard);
        ready.unwrap_or(false)
    }

    pub(super) fn abandon(&self, rebuild: Rebuild) {
        let mut shard = self.shard(rebuild.reader).lock();
        let ours = shard.slots.get(&rebuild.reader).is_some_and(|slot| {
            slot.incarnation == rebuild.incarnation && matches!(slot.content, Content::Building(_))
        });
        if ours {
            shard.remove(rebuild.reader);
        }
    }

    pub(super) fn drop_timeline(&self, reader: PersonId) {
        self.shard(reader).lock().remove(reader);
    }

    pub(super) fn drop_all_timelines(&self) {
        for shard in &self.shards {
            *shard.lock() = Shard::default();
        }
    }

    pub(super) fn stats(&self) -> Stats {
        let mut stats = Stats {
            evicted: self.evicted.load(Ordering::Relaxed),
            ..Stats::default()
        };
        for shard in &self.shards {
            let shard = shard.lock();
            stats.timelines += shard.slots.len();
            stats.timeline_bytes += shard.bytes;
        }
        stats
    }

    fn evict(&self, shard: &mut Shard) {
        if shard.bytes > self.shard_budget {
            let evicted = shard.shrink_to(self.shard_budget);
            self.evicted.fetch_add(evicted, Ordering::Relaxed);
        }
    }

    fn shard(&self, reader: PersonId) -> &Mutex<Shard> {
        &self.shards[self.shard_number(reader)]
    }

    /// The table inside the shard uses the low and the top bits of the same hash.
    fn shard_number(&self, reader: PersonId) -> usize {
        (self.hash.hash_one(reader) >> 20) as usize % SHARDS
    }
}

/// Returns whether the log still had every entry since the last time.
fn fill_up(slot: &mut Slot, who: &dyn Reader, log: &PullLog, keep: usize) -> bool {
    let Content::Ready(timeline) = &mut slot.content else {
        return true;
    };
    let filled = log.read(slot.log_position, |story, author| {
        if who.subscribes_to(author) {
            timeline.deliver(story, keep);
        }
    });
    match filled {
        Some(position) => {
            slot.log_position = position;
            true
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use sosik_feed::{Bucket, RawId};

    use super::*;

    #[test]
    fn readers_whose_ids_differ_in_their_time_only_are_spread_over_all_shards() {
        check_spread(|milliseconds| RawId::from_fields(milliseconds, 3, 0, Bucket::FIRST));
    }

    #[test]
    fn readers_whose_buckets_take_turns_are_spread_over_all_shards() {
        check_spread(|number| {
            RawId::from_fields(number / 64, 3, (number % 64) as u16, Bucket::nth(number))
        });
    }

    fn check_spread(id: impl Fn(u64) -> RawId) {
        let timelines = Timelines::new(MemoryOptions {
            timeline_stories: 800,
            timelines_bytes: 64 << 20,
            pull_log_entries: 100,
            seed: 42,
        });
        for reader in (0..SHARDS as u64 * 100).map(id) {
            timelines.begin(PersonId::new(reader), 0);
        }
        let held = |shard: &Mutex<Shard>| shard.lock().slots.len();
        let fullest = timelines.shards.iter().map(held).max();
        assert!(fullest < Some(150), "100 each, and {fullest:?} in one");
    }

    fn built(readers: u64) -> Timelines {
        let timelines = Timelines::new(MemoryOptions {
            timeline_stories: 8,
            timelines_bytes: 64 << 20,
            pull_log_entries: 100,
            seed: 42,
        });
        for reader in (1..=readers).map(PersonId::from_u64) {
            let rebuild = timelines.begin(reader, 0).unwrap();
            assert!(timelines.finish(rebuild, vec![StoryId::from_u64(50)], StoryId::default()));
        }
        timelines
    }

    #[test]
    fn many_deliveries_at_once_do_what_they_do_one_after_the_other() {
        let (at_once, one_by_one) = (built(300), built(300));
        // Stories around the existing ones, some twice, to some of the readers and to people without a timeline.
        let deliveries: Vec<Delivery> = (1..60)
            .map(|number| Delivery {
                story: StoryId::from_u64(20 + number * 7 % 50),
                readers: (1..=400)
                    .filter(|reader| reader % (number % 5 + 1) == 0)
                    .map(PersonId::from_u64)
                    .collect(),
            })
            .collect();
        let mut sorted = deliveries.clone();
        sorted.sort_by_key(|delivery| delivery.story);
        let taken: usize = (sorted.iter())
            .map(|delivery| one_by_one.deliver(delivery.story, &delivery.readers))
            .sum();
        assert_eq!(at_once.deliver_many(&deliveries), taken);
        assert!(taken > 0);
        let look = |timelines: &Timelines, reader: u64| {
            let reader = PersonId::from_u64(reader);
            timelines.peek(reader, |timeline| {
                (timeline.ids().to_vec(), timeline.floor())
            })
        };
        for reader in 1..=400 {
            assert_eq!(
                look(&at_once, reader),
                look(&one_by_one, reader),
                "{reader}"
            );
        }
        assert_eq!(at_once.stats(), one_by_one.stats());
        assert_eq!(at_once.deliver_many(&[]), 0);
    }
}
