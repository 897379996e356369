//! The nodes that have not confirmed a change.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use sosik_feed::PeerId;
use sosik_store::CacheLease;

/// Renewals after which the holder has applied the change. The first one may have read the log before the commit. The
/// second one read it after the first one ended, and returned the change, but the holder may not have received it yet.
/// The third one began after the second one was applied.
const COVERING_RENEWALS: u64 = 3;

/// A lease counts as expired after its duration and an eighth more, because the clocks of two machines run at slightly
/// different rates. Quartz clocks differ by less than 0.1 ‰; an eighth also covers a clock that is being adjusted.
const DRIFT_DIVISOR: u32 = 8;

/// What one writer knows about the leases of other nodes since its commit. No clock of another machine is involved.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(super) struct Silent {
    confirmed: BTreeSet<PeerId>,
    seen: BTreeMap<PeerId, Seen>,
}

/// The first observation of a lease, after the commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Seen {
    renewals: u64,
    at: Duration,
}

/// The state of a lease that the writer waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Its holder may serve outdated values.
    Waiting,
    /// A renewal that began before the commit has expired, and a later one returned the change. The lease was not renewed
    /// since it was first read, so its holder is gone or paused.
    Expired(CacheLease),
}

impl Silent {
    /// These members have applied the change.
    pub(super) fn confirmed(&mut self, members: impl IntoIterator<Item = PeerId>) {
        self.confirmed.extend(members);
    }

    /// Takes the leases as they are `now`, read after the commit. Returns the state of those that the writer waits for.
    /// A member without a lease is not waited for: it joins with empty caches, after the commit.
    pub(super) fn observe(
        &mut self,
        leases: impl Iterator<Item = CacheLease>,
        now: Duration,
    ) -> Vec<Verdict> {
        leases.filter_map(|lease| self.judge(lease, now)).collect()
    }

    fn judge(&mut self, lease: CacheLease, now: Duration) -> Option<Verdict> {
        if self.confirmed.contains(&lease.peer) {
            return None;
        }
        let seen = *self.seen.entry(lease.peer).or_insert(Seen {
            renewals: lease.renewals,
            at: now,
        });
        let expired = now >= seen.at + lease.hold + lease.hold / DRIFT_DIVISOR;
        match lease.renewals.saturating_sub(seen.renewals) {
            0 if expired => Some(Verdict::Expired(lease)),
            COVERING_RENEWALS.. => None,
            _ if expired => None,
            _ => Some(Verdict::Waiting),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOLD: Duration = Duration::from_secs(8);

    fn lease(renewals: u64) -> CacheLease {
        CacheLease {
            peer: PeerId::from_u64(1),
            renewals,
            hold: HOLD,
            alone: false,
        }
    }

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn observe(silent: &mut Silent, renewals: u64, seconds: u64) -> Vec<Verdict> {
        silent.observe([lease(renewals)].into_iter(), at(seconds))
    }

    #[test]
    fn a_member_that_confirmed_is_not_waited_for() {
        let mut silent = Silent::default();
        assert_eq!(observe(&mut silent, 5, 0), [Verdict::Waiting]);
        silent.confirmed([PeerId::from_u64(1)]);
        assert_eq!(observe(&mut silent, 5, 0), []);
    }

    #[test]
    fn the_third_renewal_began_after_the_change_was_applied() {
        let mut silent = Silent::default();
        observe(&mut silent, 5, 0);
        assert_eq!(observe(&mut silent, 6, 1), [Verdict::Waiting]);
        assert_eq!(observe(&mut silent, 7, 2), [Verdict::Waiting]);
        assert_eq!(observe(&mut silent, 8, 3), []);
    }

    #[test]
    fn a_lease_expires_when_it_was_not_renewed_for_its_duration_and_the_drift_of_clocks() {
        let mut silent = Silent::default();
        observe(&mut silent, 5, 10);
        assert_eq!(observe(&mut silent, 5, 18), [Verdict::Waiting]);
        assert_eq!(observe(&mut silent, 5, 19), [Verdict::Expired(lease(5))]);
    }

    #[test]
    fn a_lease_that_is_renewed_is_not_waited_for_longer_than_its_duration() {
        let mut silent = Silent::default();
        observe(&mut silent, 5, 10);
        assert_eq!(observe(&mut silent, 6, 18), [Verdict::Waiting]);
        assert_eq!(observe(&mut silent, 6, 19), [], "and not revoked");
    }

    #[test]
    fn a_member_without_a_lease_is_not_waited_for() {
        let mut silent = Silent::default();
        observe(&mut silent, 5, 0);
        assert_eq!(silent.observe(std::iter::empty(), at(1)), []);
    }
}
