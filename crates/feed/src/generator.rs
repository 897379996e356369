//! Generates ids that never repeat and always increase, regardless of clock corrections and of the owners of the ids.
//!
//! There is one generator per process, under a leased node number. The clock of the machine is not trusted: while it is
//! behind the last id (it was ahead and has been corrected, or more than [`SEQUENCES`] ids were made in a millisecond),
//! ids continue above the last one by sequence, without waiting. So the time in an id only defines an order. Clients
//! must not display it. The lease expires by the monotonic clock, which cannot be set. No id is later than the bound of
//! the lease, and the next holder of the number starts after that bound.
//!
//! A generator makes up to [`PER_SECOND`] ids a second before it runs ahead of the clock. A burst of *n* ids runs ahead
//! by *n* / 64 milliseconds, and the clock catches up in as long. That is harmless: an id ahead of the clock only sorts
//! later. Bulk imports and generated worlds compute the ids of their stories from the times of the stories instead.
//!
//! Rejected: waiting until the clock has caught up. It stops all writes for as long as the clock was ahead.

use std::time::Duration;

use crate::bucket::Bucket;
use crate::id::{EPOCH, MILLIS_MAX, RawId, SEQUENCES, UnownedId};
use crate::time::Timestamp;

/// Ids that are further ahead of the clock are logged. NTP steps on a machine that keeps time are smaller than this,
/// and so are bursts: it takes 320,000 ids at once to get here.
pub const STEP_BACK_MAX: Duration = Duration::from_secs(5);

/// Ids that one generator makes in a second while it keeps up with the clock: 64,000.
pub const PER_SECOND: u32 = SEQUENCES as u32 * 1_000;

/// A leased node number with its bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// 0 to 255.
    pub node: u16,
    /// Every id is later than this, because the previous holder may have used all ids up to it.
    pub ids_after: Timestamp,
    /// No id is later than this.
    pub ids_until: Timestamp,
    /// By the monotonic clock of the process. No id is generated from this time on.
    pub deadline: Duration,
}

/// The reason why no id can be generated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The clock shows a time before [`EPOCH`], which no id can represent. This happens on a machine without a battery
    /// that has not reached a time server yet.
    #[error("the clock of this machine shows a time before 2024: set it right")]
    ClockBeforeEpoch,
    /// The lease has expired, by the monotonic clock or by the time of the ids. It must be renewed first.
    #[error("the lease of the node number ran out")]
    LeaseExpired,
    /// The last id that fits 63 bits was generated, in the year 2093.
    #[error("there is no id left")]
    Exhausted,
}

/// Generates ids. Its owner must put a lock around it to share it between threads.
#[derive(Debug)]
pub struct IdGenerator {
    lease: Lease,
    /// Milliseconds since [`EPOCH`] of the last id, or of the last id that the previous holder may have used.
    last_millis: u64,
    /// The next free sequence number in `last_millis`; [`SEQUENCES`] if there is none.
    next_sequence: u16,
}

impl IdGenerator {
    /// Starts with a lease.
    #[must_use]
    pub fn new(lease: Lease) -> Self {
        Self {
            lease,
            last_millis: since_epoch(lease.ids_after),
            next_sequence: SEQUENCES,
        }
    }

    /// Continues with a renewed lease of the same number.
    pub fn renew(&mut self, ids_until: Timestamp, deadline: Duration) {
        self.lease.ids_until = ids_until;
        self.lease.deadline = deadline;
    }

    /// Continues with a lease of another number. All later ids are larger than all earlier ones.
    pub fn switch_lease(&mut self, lease: Lease) {
        self.last_millis = self.last_millis.max(since_epoch(lease.ids_after));
        self.next_sequence = SEQUENCES;
        self.lease = lease;
    }

    /// The current lease.
    #[must_use]
    pub const fn lease(&self) -> Lease {
        self.lease
    }

    /// No id is later than this. The lease is released with this time.
    #[must_use]
    pub fn last_id_at(&self) -> Timestamp {
        Timestamp::from_millis(EPOCH.as_millis() + self.last_millis)
    }

    /// All later ids are larger than this one.
    #[must_use]
    pub fn last(&self) -> RawId {
        RawId::from_fields(
            self.last_millis,
            self.lease.node,
            self.next_sequence.saturating_sub(1),
            Bucket::LAST,
        )
    }

    /// Makes all later ids larger than all ids of this time from any node.
    pub fn advance_past(&mut self, moment: Timestamp) {
        let millis = since_epoch(moment);
        // Also if this is the millisecond of the last id: ids with a lower node number could follow in it.
        if millis >= self.last_millis {
            self.last_millis = millis;
            self.next_sequence = SEQUENCES;
        }
    }

    /// By how much the newest id is ahead of the clock.
    #[must_use]
    pub fn ahead_of(&self, now: Timestamp) -> Duration {
        self.last_id_at().since(now)
    }

    /// Generates the next id from the time of day and the monotonic clock.
    ///
    /// # Errors
    /// See [`IdError`]. After an error the generator is unchanged, so the same call may succeed later.
    pub fn next(&mut self, now: Timestamp, monotonic: Duration) -> Result<UnownedId, IdError> {
        if now < EPOCH {
            return Err(IdError::ClockBeforeEpoch);
        }
        let (millis, sequence) = self.next_place(since_epoch(now));
        if millis > MILLIS_MAX {
            return Err(IdError::Exhausted);
        }
        if monotonic >= self.lease.deadline || millis > since_epoch(self.lease.ids_until) {
            return Err(IdError::LeaseExpired);
        }
        let id = RawId::from_fields(millis, self.lease.node, sequence, Bucket::FIRST);
        assert!(id > self.last(), "ids rise");
        (self.last_millis, self.next_sequence) = (millis, sequence + 1);
        Ok(UnownedId::from_fields(millis, self.lease.node, sequence))
    }

    /// The first free position that is behind neither the clock nor the last id.
    const fn next_place(&self, clock_millis: u64) -> (u64, u16) {
        if clock_millis > self.last_millis {
            (clock_millis, 0)
        } else if self.next_sequence < SEQUENCES {
            (self.last_millis, self.next_sequence)
        } else {
            (self.last_millis + 1, 0)
        }
    }
}

fn since_epoch(at: Timestamp) -> u64 {
    at.as_millis()
        .saturating_sub(EPOCH.as_millis())
        .min(MILLIS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const START: u64 = 60_000_000_000;

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(EPOCH.as_millis() + START + millis)
    }

    fn generator(node: u16) -> IdGenerator {
        let forever = Duration::from_secs(u64::from(u32::MAX));
        IdGenerator::new(Lease {
            node,
            ids_after: at(0),
            ids_until: at(1 << 40),
            deadline: forever,
        })
    }

    /// Generates the next id, alternating between the highest and the lowest bucket.
    fn make(ids: &mut IdGenerator, now: Timestamp) -> Result<RawId, IdError> {
        make_later(ids, now, Duration::ZERO)
    }

    fn make_later(
        ids: &mut IdGenerator,
        now: Timestamp,
        later: Duration,
    ) -> Result<RawId, IdError> {
        let id = ids.next(now, later)?;
        let turn = id.lowest().sequence() % 2 == 0;
        Ok(id.owned_in(if turn { Bucket::LAST } else { Bucket::FIRST }))
    }

    #[test]
    fn ids_of_one_millisecond_differ_and_then_those_of_the_next_one_are_taken() {
        let mut ids = generator(7);
        let made: Vec<_> = (0..=SEQUENCES)
            .map(|_| make(&mut ids, at(1)).unwrap())
            .collect();
        assert!(made.is_sorted_by(|a, b| a < b));
        let last = made[SEQUENCES as usize];
        assert_eq!((last.time(), last.sequence()), (at(2), 0));
        assert!(make(&mut ids, at(2)).unwrap() > last);
    }

    #[test]
    fn a_clock_that_goes_back_by_days_stops_nobody_and_ids_rise() {
        const DAYS: u64 = 3 * 24 * 3_600_000;
        let mut ids = generator(7);
        let mut last = make(&mut ids, at(DAYS)).unwrap();
        for step in 1..=10_000 {
            let next = make(&mut ids, at(step)).unwrap();
            assert!(next > last);
            last = next;
        }
        assert_eq!(
            ids.ahead_of(at(10_000)).as_millis(),
            u128::from(DAYS + 10_000 / u64::from(SEQUENCES) - 10_000)
        );
        let caught_up = make(&mut ids, at(DAYS + 1_000)).unwrap();
        assert!(caught_up > last);
        assert_eq!(caught_up.time(), at(DAYS + 1_000));
        assert_eq!(ids.ahead_of(at(DAYS + 1_000)), Duration::ZERO);
    }

    #[test]
    fn ids_pass_a_moment_for_every_node() {
        let mut ids = generator(0);
        ids.advance_past(at(500));
        let of_another_node = RawId::from_fields(START + 500, 255, SEQUENCES - 1, Bucket::LAST);
        assert!(ids.last() <= of_another_node);
        assert!(make(&mut ids, at(3)).unwrap() > of_another_node);
        ids.advance_past(at(4));
        assert!(make(&mut ids, at(5)).unwrap() > of_another_node);
    }

    #[test]
    fn ids_pass_the_moment_of_the_last_one_too() {
        let mut ids = generator(0);
        assert_eq!(make(&mut ids, at(500)).unwrap().time(), at(500));
        ids.advance_past(at(500));
        let of_another_node = RawId::from_fields(START + 500, 255, SEQUENCES - 1, Bucket::LAST);
        let after_the_clock_went_back = make(&mut ids, at(3)).unwrap();
        assert!(after_the_clock_went_back > of_another_node);
    }

    #[test]
    fn no_id_is_made_before_2024_or_behind_the_last_one_that_there_is() {
        let mut ids = generator(0);
        let before = Timestamp::from_millis(EPOCH.as_millis() - 1);
        assert_eq!(make(&mut ids, before), Err(IdError::ClockBeforeEpoch));
        let end = Timestamp::from_millis(EPOCH.as_millis() + MILLIS_MAX);
        ids.renew(end, Duration::MAX);
        for _ in 0..SEQUENCES {
            make(&mut ids, end).unwrap();
        }
        assert_eq!(make(&mut ids, end), Err(IdError::Exhausted));
    }

    #[test]
    fn no_id_is_made_outside_the_lease() {
        let lease = Lease {
            node: 3,
            ids_after: at(100),
            ids_until: at(200),
            deadline: Duration::from_secs(1),
        };
        let mut ids = IdGenerator::new(lease);
        let first = make(&mut ids, at(100)).unwrap();
        assert_eq!(first.time(), at(101), "behind the previous holder");
        assert!(make(&mut ids, at(102)).is_ok());
        assert_eq!(
            make_later(&mut ids, at(150), Duration::from_secs(1)),
            Err(IdError::LeaseExpired)
        );
        assert_eq!(make(&mut ids, at(201)), Err(IdError::LeaseExpired));
        ids.renew(at(300), Duration::from_secs(2));
        assert!(make_later(&mut ids, at(201), Duration::from_secs(1)).is_ok());
        ids.advance_past(at(300));
        assert_eq!(
            make(&mut ids, at(202)),
            Err(IdError::LeaseExpired),
            "ids that are ahead of the clock keep to the lease too"
        );
    }

    #[test]
    fn ids_under_another_number_are_larger_than_those_before() {
        let mut ids = generator(7);
        let before = make(&mut ids, at(10)).unwrap();
        let lower = Lease {
            node: 2,
            ids_after: at(1),
            ..ids.lease()
        };
        ids.switch_lease(lower);
        assert!(ids.last() < before, "nothing was made under the number");
        let after = make(&mut ids, at(3)).unwrap();
        assert!(
            after > before,
            "{after:?} > {before:?}, whatever the clock does"
        );
        ids.switch_lease(Lease {
            ids_after: at(50),
            ..lower
        });
        let behind = make(&mut ids, at(50)).unwrap();
        assert_eq!(behind.time(), at(51));
    }

    #[test]
    fn a_burst_runs_ahead_of_the_clock_by_its_count_and_no_longer_than_it_takes() {
        const BURST: u64 = 320_000;
        let mut ids = generator(1);
        for _ in 0..BURST {
            make(&mut ids, at(1)).unwrap();
        }
        assert_eq!(
            ids.ahead_of(at(1)),
            STEP_BACK_MAX - Duration::from_millis(1)
        );
        let caught_up = make(&mut ids, at(1 + 5_000)).unwrap();
        assert_eq!(caught_up.time(), at(1 + 5_000));
    }

    #[test]
    fn as_many_ids_as_fit_the_clock_never_run_ahead_of_it() {
        let mut ids = generator(1);
        for millis in 1..=1_000 {
            for _ in 0..PER_SECOND / 1_000 {
                assert_eq!(make(&mut ids, at(millis)).unwrap().time(), at(millis));
            }
        }
        assert_eq!(ids.ahead_of(at(1_000)), Duration::ZERO);
    }

    proptest! {
        #[test]
        fn ids_rise_whatever_the_clock_does(steps in prop::collection::vec((-8_000i64..8_000, 1u16..200), 1..60)) {
            let mut ids = generator(255);
            let mut clock: i64 = 100_000;
            let mut last = RawId::default();
            for (step, count) in steps {
                clock = (clock + step).max(0);
                for _ in 0..count {
                    if let Ok(id) = make(&mut ids, at(clock.unsigned_abs())) {
                        prop_assert!(id > last);
                        prop_assert!(id <= ids.last(), "the bound covers it in any bucket");
                        last = id;
                    }
                }
            }
        }

        #[test]
        fn holders_of_one_number_after_each_other_never_make_the_same_id(
            spans in prop::collection::vec((1u64..50, -40i64..40), 2..20)
        ) {
            // The clock of each holder is off by another amount. The bound of one lease is the start of the next.
            let mut ids_after = at(0);
            let mut last = RawId::default();
            for (span, skew) in spans {
                let start = ids_after.as_millis().saturating_add_signed(skew);
                let ids_until = Timestamp::from_millis(ids_after.as_millis().max(start) + span);
                let lease = Lease { node: 5, ids_after, ids_until, deadline: Duration::MAX };
                let mut ids = IdGenerator::new(lease);
                for millis in 0..span {
                    if let Ok(id) = make(&mut ids, Timestamp::from_millis(start + millis)) {
                        prop_assert!(id > last);
                        prop_assert!(id.time() <= ids_until);
                        last = id;
                    }
                }
                ids_after = ids_until;
            }
        }
    }
}
