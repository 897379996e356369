//! Buckets: the unit by which rows are spread over database shards.
//!
//! Every person has one of 256 buckets, drawn at sign-up and kept forever. Every id carries the bucket of the person
//! who owns the row (see [`crate::id`]), so a request that only names a story knows the shard of the story.
//!
//! A store with `n` shards, where `n` is a power of two up to 256, gives each shard a contiguous range of 256 / n
//! buckets. [`BucketCycle`] draws buckets so that shards of every such size stay even.
//!
//! Rejected: a hash of the id. Its buckets are even only on average, and a hash over a hash (the one by which an engine
//! distributes rows) is not even at all with 256 values.

use std::sync::atomic::{AtomicU8, Ordering};

/// The number of buckets.
pub const BUCKETS: u16 = 256;

/// The bucket of a person: 0 to 255.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bucket(u8);

impl Bucket {
    /// The lowest bucket.
    pub const FIRST: Self = Self(u8::MIN);
    /// The highest bucket.
    pub const LAST: Self = Self(u8::MAX);

    /// The bucket with this number.
    #[must_use]
    pub const fn new(number: u8) -> Self {
        Self(number)
    }

    /// The bucket of the n-th person of a list, for people whose ids are computed rather than made. Even for every
    /// number of shards, like [`BucketCycle`].
    #[must_use]
    pub const fn nth(person: u64) -> Self {
        let [.., lowest] = person.to_be_bytes();
        Self(lowest.reverse_bits())
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }
}

/// Draws the buckets of new people, for one process.
///
/// It is a counter with reversed bits. Any 2ᵏ consecutive people fall into 2ᵏ different shards if there are 2ᵏ of them.
/// So the shards of one process differ by at most one person, and processes need no coordination.
#[derive(Debug)]
pub struct BucketCycle(AtomicU8);

impl BucketCycle {
    /// Starts at this number. Pass a random one: otherwise processes that restart often fill the same shards first.
    #[must_use]
    pub const fn starting_at(start: u8) -> Self {
        Self(AtomicU8::new(start))
    }

    /// The bucket of the next person.
    pub fn draw(&self) -> Bucket {
        Bucket(self.0.fetch_add(1, Ordering::Relaxed).reverse_bits())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SHARD_COUNTS: [u16; 4] = [8, 16, 32, 64];

    /// People in each of `shards` contiguous ranges of buckets.
    fn of_shards(buckets: &[Bucket], shards: u16) -> Vec<u64> {
        let mut people = vec![0; usize::from(shards)];
        for bucket in buckets {
            people[usize::from(u16::from(bucket.number()) / (BUCKETS / shards))] += 1;
        }
        people
    }

    #[expect(clippy::cast_precision_loss, reason = "small numbers of people")]
    fn largest_over_mean(people: &[u64]) -> f64 {
        let (all, largest) = (people.iter().sum::<u64>(), people.iter().max().unwrap());
        *largest as f64 * people.len() as f64 / all as f64
    }

    proptest! {
        #[test]
        fn shards_of_one_process_differ_by_at_most_one_person(start: u8, people in 1_usize..2_000) {
            let cycle = BucketCycle::starting_at(start);
            let buckets: Vec<_> = (0..people).map(|_| cycle.draw()).collect();
            for shards in SHARD_COUNTS {
                let people = of_shards(&buckets, shards);
                let (least, most) = (people.iter().min().unwrap(), people.iter().max().unwrap());
                prop_assert!(most - least <= 1, "{shards} shards: {least} to {most}");
            }
        }

        #[test]
        fn shards_of_listed_people_differ_by_at_most_one_person(first in 0_u64..1_000_000, people in 1_u64..2_000) {
            let buckets: Vec<_> = (first..first + people).map(Bucket::nth).collect();
            for shards in SHARD_COUNTS {
                let people = of_shards(&buckets, shards);
                prop_assert!(people.iter().max().unwrap() - people.iter().min().unwrap() <= 1);
            }
        }
    }

    /// Each process signs up `each` people and is restarted.
    fn check_restarts(processes: u64, each: u64, bound: f64) {
        let mut buckets = Vec::new();
        for process in 0..processes {
            // Spreads the starts as a random source does (splitmix64).
            let mut chance = (process + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            chance = (chance ^ (chance >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let [start, ..] = chance.to_be_bytes();
            let cycle = BucketCycle::starting_at(start);
            buckets.extend((0..each).map(|_| cycle.draw()));
        }
        for shards in SHARD_COUNTS {
            let uneven = largest_over_mean(&of_shards(&buckets, shards));
            assert!(
                uneven <= bound,
                "{processes} processes of {each} people on {shards} shards: largest {uneven:.3} times the mean"
            );
        }
    }

    #[test]
    fn shards_are_even_however_often_processes_restart() {
        check_restarts(1, 20_000, 1.01);
        check_restarts(20, 1_000, 1.02);
        check_restarts(1_000, 20, 1.1);
        // One person per process: as even as chance.
        check_restarts(20_000, 1, 1.2);
    }
}
