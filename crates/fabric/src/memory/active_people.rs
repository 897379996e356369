//! Active people of a single process, since its start.

use std::collections::BTreeMap;
use std::hash::BuildHasher;

use async_trait::async_trait;
use parking_lot::Mutex;
use sosik_feed::{PersonId, Timestamp};

use crate::active_people::{ActiveCounts, ActivePeople, DAYS, day_of};
use crate::error::FabricResult;
use crate::hash::IdHash;

/// Number of registers of an estimate, as a power of two. 4,096 registers have a standard error of 1.6 %.
const REGISTER_BITS: u32 = 12;
const REGISTERS: usize = 1 << REGISTER_BITS;

/// An estimate for each of the last days: at most 120 KiB.
#[derive(Default)]
pub struct MemoryActivePeople {
    days: Mutex<BTreeMap<u64, Estimate>>,
    hash: IdHash,
}

#[async_trait]
impl ActivePeople for MemoryActivePeople {
    async fn note(&self, person: PersonId, at: Timestamp) -> FabricResult<()> {
        let (hash, day) = (self.hash.hash_one(person), day_of(at));
        let mut days = self.days.lock();
        days.entry(day).or_default().add(hash);
        while days.len() as u64 > DAYS {
            days.pop_first();
        }
        Ok(())
    }

    async fn count(&self, at: Timestamp) -> FabricResult<ActiveCounts> {
        let day = day_of(at);
        let first = (day + 1).saturating_sub(DAYS);
        let days = self.days.lock();
        let mut thirty_days = Estimate::default();
        for (_, estimate) in days.range(first..=day) {
            thirty_days.add_all(estimate);
        }
        Ok(ActiveCounts {
            day: days.get(&day).map_or(0, Estimate::count),
            thirty_days: thirty_days.count(),
        })
    }
}

/// A number of different hashes (Flajolet et al., "HyperLogLog", 2007). A register has the largest number of leading
/// zeros, plus one, among its hashes.
struct Estimate(Box<[u8; REGISTERS]>);

impl Default for Estimate {
    fn default() -> Self {
        Self(Box::new([0; REGISTERS]))
    }
}

impl Estimate {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a register and a number of bits"
    )]
    fn add(&mut self, hash: u64) {
        let register = &mut self.0[(hash >> (u64::BITS - REGISTER_BITS)) as usize];
        let rest = hash << REGISTER_BITS | 1 << (REGISTER_BITS - 1);
        *register = (*register).max(rest.leading_zeros() as u8 + 1);
    }

    fn add_all(&mut self, other: &Self) {
        for (register, others) in self.0.iter_mut().zip(other.0.iter()) {
            *register = (*register).max(*others);
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an estimate"
    )]
    fn count(&self) -> u64 {
        let registers = REGISTERS as f64;
        let powers = self.0.iter().map(|zeros| 0.5_f64.powi(i32::from(*zeros)));
        let bias = 0.7213 / (1.0 + 1.079 / registers);
        let raw = bias * registers * registers / powers.sum::<f64>();
        let empty = self.0.iter().filter(|zeros| **zeros == 0).count();
        // Few hashes are counted by the registers that none of them reached.
        let estimate = match empty > 0 && raw <= 2.5 * registers {
            true => registers * (registers / empty as f64).ln(),
            false => raw,
        };
        estimate.round() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_people_is_estimated_within_a_few_percent() {
        let (mut estimate, hash) = (Estimate::default(), IdHash::default());
        let mut next = 0_u64;
        for people in [1, 100, 5_000, 10_000, 30_000, 1_000_000] {
            while next < people {
                estimate.add(hash.hash_one(PersonId::from_u64(next << 8)));
                next += 1;
            }
            let count = estimate.count();
            assert!(count.abs_diff(people) <= people / 16, "{count} of {people}");
        }
    }

    #[tokio::test]
    async fn no_more_days_are_kept_than_are_counted() {
        let people = MemoryActivePeople::default();
        for day in 0..100 {
            let at = Timestamp::from_millis(day * 24 * 60 * 60 * 1_000);
            people.note(PersonId::from_u64(day), at).await.unwrap();
        }
        assert_eq!(people.days.lock().len() as u64, DAYS);
    }
}
