//! Timelines of this process, within a limit of bytes.
//!
//! Readers are distributed over shards. Each shard has its own lock, order of last reads and share of the limit. A
//! delivery does not count as a read: a timeline that nobody reads ages, however many friends post.

use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use hashlink::LinkedHashMap;
use parking_lot::Mutex;
use sosik_feed::pulled::LogPosition;
use sosik_feed::timeline::{Delivered, MarkExpired, Timeline};
use sosik_feed::{PersonId, StoryId};
use tokio::time::Instant;

use super::MemoryOptions;
use crate::error::FabricResult;
use crate::hash::IdHash;
use crate::timelines::{Arrived, Below, Delivery, Rebuild, Since, TimelineStats, Timelines, View};

/// More than the cores of any machine, so that a lock rarely waits.
const SHARDS: usize = 128;

/// Bytes of a timeline in addition to its ids: the slot, its links, and its share of the hash table.
const SLOT_BYTES: usize = size_of::<Slot>() + size_of::<PersonId>() + 5 * size_of::<usize>();

struct Slot {
    incarnation: u64,
    log_from: LogPosition,
    content: Content,
}

enum Content {
    /// A caller is reading the store until this time; deliveries in the meantime are kept here.
    Building {
        arrived: Vec<StoryId>,
        until: Instant,
    },
    Ready(Timeline),
}

impl Slot {
    fn bytes(&self) -> usize {
        SLOT_BYTES
            + match &self.content {
                Content::Building { arrived, .. } => arrived.capacity() * size_of::<StoryId>(),
                Content::Ready(timeline) => timeline.heap_bytes(),
            }
    }

    /// `keep` also bounds the deliveries during a rebuild: with more new stories than a timeline holds, the rebuild is
    /// too old to be useful.
    fn deliver(&mut self, story: StoryId, keep: usize) -> DeliveryOutcome {
        let added = match &mut self.content {
            Content::Building { arrived, .. } if arrived.contains(&story) => false,
            Content::Building { arrived, .. } if arrived.len() >= keep => {
                return DeliveryOutcome::TooMany;
            }
            Content::Building { arrived, .. } => {
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
            if matches!(slot.content, Content::Building { .. }) {
                self.slots.insert(reader, slot);
            } else {
                self.bytes -= slot.bytes();
                evicted += 1;
            }
        }
        evicted
    }
}

/// Timelines in this process.
pub struct MemoryTimelines {
    shards: Box<[Mutex<Shard>]>,
    hash: IdHash,
    keep: usize,
    shard_budget: usize,
    evicted: AtomicU64,
}

impl MemoryTimelines {
    /// No timelines yet.
    #[must_use]
    pub fn new(options: MemoryOptions) -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hash: IdHash::default(),
            keep: options.timeline_stories,
            shard_budget: options.timelines_bytes / SHARDS,
            evicted: AtomicU64::new(0),
        }
    }

    fn deliver_one(&self, story: StoryId, readers: &[PersonId]) -> usize {
        readers
            .iter()
            .filter(|reader| self.deliver_to(story, **reader))
            .count()
    }

    /// Each shard is locked once and each timeline is looked up once. The smallest ids are first, so that fewer are
    /// late.
    fn deliver_many(&self, deliveries: &[Delivery]) -> usize {
        if let [lone] = deliveries {
            return self.deliver_one(lone.story, &lone.readers);
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

    /// Reads a ready timeline. It becomes the most recently read one.
    fn read<T>(&self, reader: PersonId, look: impl FnOnce(&Slot, &Timeline) -> T) -> Option<T> {
        let mut shard = self.shard(reader).lock();
        let slot = shard.slots.to_back(&reader)?;
        match &slot.content {
            Content::Ready(timeline) => Some(look(slot, timeline)),
            Content::Building { .. } => None,
        }
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

#[async_trait]
impl Timelines for MemoryTimelines {
    async fn deliver(&self, deliveries: &[Delivery]) -> FabricResult<usize> {
        Ok(self.deliver_many(deliveries))
    }

    async fn view(&self, reader: PersonId, below: Below) -> FabricResult<Option<View>> {
        Ok(self.read(reader, |slot, timeline| View {
            incarnation: slot.incarnation,
            slice: timeline.below(below.before, below.count),
            floor: timeline.floor(),
            mark: timeline.mark(),
            log_from: slot.log_from,
        }))
    }

    async fn newer(
        &self,
        reader: PersonId,
        since: Since<'_>,
    ) -> FabricResult<Option<Result<Arrived, MarkExpired>>> {
        Ok(self.read(reader, |slot, timeline| {
            if slot.incarnation != since.incarnation {
                return Err(MarkExpired);
            }
            let others = since.others.iter();
            Ok(Arrived {
                newer: timeline.newer(since.mark, since.count)?,
                floor: timeline.floor(),
                log_from: slot.log_from,
                held: others.map(|id| timeline.contains(*id)).collect(),
            })
        }))
    }

    async fn begin_rebuild(
        &self,
        rebuild: Rebuild,
        log_from: LogPosition,
        hold: Duration,
    ) -> FabricResult<bool> {
        let now = Instant::now();
        let mut shard = self.shard(rebuild.reader).lock();
        let expired =
            |slot: &Slot| matches!(&slot.content, Content::Building { until, .. } if *until <= now);
        match shard.slots.get(&rebuild.reader) {
            Some(slot) if expired(slot) => shard.remove(rebuild.reader),
            Some(_) => return Ok(false),
            None => {}
        }
        let slot = Slot {
            incarnation: rebuild.incarnation,
            log_from,
            content: Content::Building {
                arrived: Vec::new(),
                until: now + hold,
            },
        };
        shard.bytes += slot.bytes();
        shard.slots.insert(rebuild.reader, slot);
        Ok(true)
    }

    async fn finish_rebuild(
        &self,
        rebuild: Rebuild,
        ids: Vec<StoryId>,
        floor: StoryId,
    ) -> FabricResult<bool> {
        let mut shard = self.shard(rebuild.reader).lock();
        let keep = self.keep;
        let ready = shard.change(rebuild.reader, |slot| {
            let Content::Building { arrived, .. } = &mut slot.content else {
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
        Ok(ready.unwrap_or(false))
    }

    async fn discard(&self, rebuild: Rebuild) -> FabricResult<()> {
        let mut shard = self.shard(rebuild.reader).lock();
        let slot = shard.slots.get(&rebuild.reader);
        if slot.is_some_and(|slot| slot.incarnation == rebuild.incarnation) {
            shard.remove(rebuild.reader);
        }
        Ok(())
    }

    async fn drop_timeline(&self, reader: PersonId) -> FabricResult<()> {
        self.shard(reader).lock().remove(reader);
        Ok(())
    }

    async fn drop_all_timelines(&self) -> FabricResult<()> {
        for shard in &self.shards {
            *shard.lock() = Shard::default();
        }
        Ok(())
    }

    fn stats(&self) -> TimelineStats {
        let mut stats = TimelineStats {
            evicted: self.evicted.load(Ordering::Relaxed),
            ..TimelineStats::default()
        };
        for shard in &self.shards {
            let shard = shard.lock();
            stats.timelines += shard.slots.len();
            stats.bytes += shard.bytes;
        }
        stats
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;
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

    fn options(timeline_stories: usize) -> MemoryOptions {
        MemoryOptions {
            timeline_stories,
            timelines_bytes: 64 << 20,
            pull_log_entries: 100,
            queued_max: 1,
        }
    }

    fn begin(timelines: &MemoryTimelines, reader: PersonId) -> Rebuild {
        let incarnation = 1;
        let rebuild = Rebuild {
            reader,
            incarnation,
        };
        let hold = Duration::from_secs(60);
        let begun = timelines.begin_rebuild(rebuild, LogPosition::NONE, hold);
        assert!(begun.now_or_never().unwrap().unwrap());
        rebuild
    }

    fn check_spread(id: impl Fn(u64) -> RawId) {
        let timelines = MemoryTimelines::new(options(800));
        for reader in (0..SHARDS as u64 * 100).map(id) {
            begin(&timelines, PersonId::new(reader));
        }
        let held = |shard: &Mutex<Shard>| shard.lock().slots.len();
        let fullest = timelines.shards.iter().map(held).max();
        assert!(fullest < Some(150), "100 each, and {fullest:?} in one");
    }
}
