//! Makes ids that never repeat and always rise, whatever the clock does.
//!
//! One generator a process, under a leased node number. The clock of the machine is not trusted: small steps back
//! are waited out (time stands still at the last id), large ones are refused and said. The lease is kept by the
//! monotonic clock, which cannot be set, and no id is later than the lease allows: whoever gets the number next
//! starts behind that.

use std::time::Duration;

use crate::id::{EPOCH, MILLIS_MAX, RawId, SEQUENCES};
use crate::time::Timestamp;

/// The clock may go back by so much without an error: what NTP corrects in a step on a machine that keeps time.
pub const STEP_BACK_MAX: Duration = Duration::from_secs(5);

/// A node number with its bounds, as the store leased it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// 0 to 1,023.
    pub node: u16,
    /// Every id is later than this: the previous holder may have used everything up to it.
    pub ids_after: Timestamp,
    /// No id is later than this.
    pub ids_until: Timestamp,
    /// On the monotonic clock of the process: no id is made from then on.
    pub deadline: Duration,
}

/// Why there is no id now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdRefused {
    /// All ids of this millisecond are taken, or the clock went back a little: ask again after so long.
    #[error("no id is free for {} ms", .0.as_millis())]
    Wait(Duration),
    /// The clock went back by more than [`STEP_BACK_MAX`].
    #[error("the clock of this machine went back by {} ms: set it right", .by.as_millis())]
    ClockWentBack {
        /// By how much, against the last id.
        by: Duration,
    },
    /// The lease ran out, by the monotonic clock or by the time of day; it has to be renewed first.
    #[error("the lease of the node number ran out")]
    LeaseOver,
}

/// Makes ids. Not shared between threads: whoever owns it puts a lock around it.
#[derive(Debug)]
pub struct IdGenerator {
    lease: Lease,
    /// Milliseconds since [`EPOCH`] of the last id, or of the end of the previous holder's time.
    last_millis: u64,
    /// The next free place in `last_millis`; [`SEQUENCES`] when it is full.
    next_sequence: u16,
}

impl IdGenerator {
    /// Starts under a lease.
    #[must_use]
    pub fn new(lease: Lease) -> Self {
        Self {
            lease,
            last_millis: since_epoch(lease.ids_after),
            next_sequence: SEQUENCES,
        }
    }

    /// Goes on under a renewed lease of the same number.
    pub fn renew(&mut self, ids_until: Timestamp, deadline: Duration) {
        self.lease.ids_until = ids_until;
        self.lease.deadline = deadline;
    }

    /// Goes on under a lease of another number. Every id is larger than those made before.
    pub fn take_over(&mut self, lease: Lease) {
        self.last_millis = self.last_millis.max(since_epoch(lease.ids_after));
        self.next_sequence = SEQUENCES;
        self.lease = lease;
    }

    /// The lease it works under.
    #[must_use]
    pub const fn lease(&self) -> Lease {
        self.lease
    }

    /// No id was made after this moment: what to hand back with the lease.
    #[must_use]
    pub fn last_id_at(&self) -> Timestamp {
        Timestamp::from_millis(EPOCH.as_millis() + self.last_millis)
    }

    /// Every id made from now on is larger than this one.
    #[must_use]
    pub fn last(&self) -> RawId {
        RawId::from_fields(
            self.last_millis,
            self.lease.node,
            self.next_sequence.saturating_sub(1),
        )
    }

    /// The next id, given the time of day and the monotonic clock.
    ///
    /// # Errors
    /// See [`IdRefused`]. A refusal changes nothing; the same call may succeed later.
    pub fn next(&mut self, now: Timestamp, monotonic: Duration) -> Result<RawId, IdRefused> {
        if monotonic >= self.lease.deadline || now > self.lease.ids_until {
            return Err(IdRefused::LeaseOver);
        }
        let millis = since_epoch(now);
        if millis > self.last_millis {
            self.last_millis = millis;
            self.next_sequence = 0;
        } else {
            self.stand_still(millis)?;
        }
        let id = RawId::from_fields(self.last_millis, self.lease.node, self.next_sequence);
        self.next_sequence += 1;
        Ok(id)
    }

    /// The clock has not moved on, or went back: is there room in the last millisecond?
    fn stand_still(&self, millis: u64) -> Result<(), IdRefused> {
        let behind = Duration::from_millis(self.last_millis - millis);
        if behind > STEP_BACK_MAX {
            return Err(IdRefused::ClockWentBack { by: behind });
        }
        if self.next_sequence >= SEQUENCES {
            return Err(IdRefused::Wait(behind + Duration::from_millis(1)));
        }
        Ok(())
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

    #[test]
    fn ids_of_one_millisecond_differ_and_then_the_generator_waits() {
        let mut ids = generator(7);
        let made: Vec<_> = (0..SEQUENCES)
            .map(|_| ids.next(at(1), Duration::ZERO).unwrap())
            .collect();
        assert!(made.is_sorted_by(|a, b| a < b));
        assert_eq!(
            ids.next(at(1), Duration::ZERO),
            Err(IdRefused::Wait(Duration::from_millis(1)))
        );
        assert!(ids.next(at(2), Duration::ZERO).unwrap() > made[4095]);
    }

    #[test]
    fn a_small_step_back_is_waited_out_and_a_large_one_refused() {
        let mut ids = generator(7);
        let before = ids.next(at(10_000), Duration::ZERO).unwrap();
        assert!(ids.next(at(9_000), Duration::ZERO).unwrap() > before);
        let by = Duration::from_millis(5_001);
        assert_eq!(
            ids.next(at(4_999), Duration::ZERO),
            Err(IdRefused::ClockWentBack { by })
        );
        assert!(ids.next(at(10_001), Duration::ZERO).unwrap() > before);
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
        assert_eq!(
            ids.next(at(100), Duration::ZERO),
            Err(IdRefused::Wait(Duration::from_millis(1)))
        );
        assert!(ids.next(at(101), Duration::ZERO).is_ok());
        assert_eq!(
            ids.next(at(150), Duration::from_secs(1)),
            Err(IdRefused::LeaseOver)
        );
        assert_eq!(ids.next(at(201), Duration::ZERO), Err(IdRefused::LeaseOver));
        ids.renew(at(300), Duration::from_secs(2));
        assert!(ids.next(at(201), Duration::from_secs(1)).is_ok());
    }

    #[test]
    fn ids_under_another_number_are_larger_than_those_before() {
        let mut ids = generator(7);
        let before = ids.next(at(10), Duration::ZERO).unwrap();
        let lower = Lease {
            node: 2,
            ids_after: at(1),
            ..ids.lease()
        };
        ids.take_over(lower);
        let wait = Err(IdRefused::Wait(Duration::from_millis(1)));
        assert_eq!(ids.next(at(10), Duration::ZERO), wait);
        assert!(ids.last() < before, "nothing was made under the number");
        let after = ids.next(at(11), Duration::ZERO).unwrap();
        assert!(after > before, "{after:?} > {before:?}");
        ids.take_over(Lease {
            ids_after: at(50),
            ..lower
        });
        assert!(ids.next(at(50), Duration::ZERO).is_err());
        assert!(ids.next(at(51), Duration::ZERO).is_ok());
    }

    proptest! {
        #[test]
        fn ids_rise_whatever_the_clock_does(steps in prop::collection::vec((-8_000i64..8_000, 1u16..200), 1..60)) {
            let mut ids = generator(1023);
            let mut clock: i64 = 100_000;
            let mut last = RawId::default();
            for (step, count) in steps {
                clock = (clock + step).max(0);
                for _ in 0..count {
                    if let Ok(id) = ids.next(at(clock.unsigned_abs()), Duration::ZERO) {
                        prop_assert!(id > last);
                        last = id;
                    }
                }
            }
        }

        #[test]
        fn holders_of_one_number_after_each_other_never_make_the_same_id(
            spans in prop::collection::vec((1u64..50, -40i64..40), 2..20)
        ) {
            // Each holder's clock is off by its own amount; the lease hands the end of one's time to the next.
            let mut ids_after = at(0);
            let mut last = RawId::default();
            for (span, skew) in spans {
                let start = ids_after.as_millis().saturating_add_signed(skew);
                let ids_until = Timestamp::from_millis(ids_after.as_millis().max(start) + span);
                let lease = Lease { node: 5, ids_after, ids_until, deadline: Duration::MAX };
                let mut ids = IdGenerator::new(lease);
                for millis in 0..span {
                    if let Ok(id) = ids.next(Timestamp::from_millis(start + millis), Duration::ZERO) {
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
