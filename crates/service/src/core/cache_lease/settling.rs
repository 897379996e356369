//! Up to which change the timelines in the shared fabric are right.
//!
//! A change after which a timeline must be dropped is *settled* when the fabric has confirmed a drop that began after
//! the commit. The log keeps changes that are not settled, for a member that joins after this one died. `model` checks
//! that this suffices.

#[cfg(test)]
mod model;

use sosik_store::Horizon;

/// The settled changes of one member.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Settling {
    /// Every change before this horizon is settled. Empty until the drops of the first renewal are confirmed.
    settled: Horizon,
    /// The horizon that is settled next, and the newest invalidation of its changes. There is only one at a time, so an
    /// outage of the fabric takes no memory here.
    next: Option<(u64, Horizon)>,
}

impl Settling {
    /// Changes up to this horizon were applied. Their timelines are distrusted by invalidations up to this number.
    pub(super) fn applied(&mut self, newest: u64, horizon: Horizon) {
        self.next.get_or_insert((newest, horizon));
    }

    /// The horizon that is settled.
    pub(super) fn settled(&mut self, is_confirmed_to: impl Fn(u64) -> bool) -> Horizon {
        if let Some((_, horizon)) = self.next.take_if(|(newest, _)| is_confirmed_to(*newest)) {
            self.settled = horizon;
        }
        self.settled.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn horizon(text: &str) -> Horizon {
        Horizon(text.to_owned())
    }

    #[test]
    fn a_horizon_is_settled_when_its_invalidations_are_confirmed() {
        let mut settling = Settling::default();
        let settled =
            |settling: &mut Settling, confirmed| settling.settled(|number| number <= confirmed).0;
        assert_eq!(settled(&mut settling, 9), "", "nothing was applied");
        settling.applied(3, horizon("a"));
        assert_eq!(settled(&mut settling, 2), "");
        settling.applied(5, horizon("b"));
        assert_eq!(settled(&mut settling, 3), "a");
        assert_eq!(
            settled(&mut settling, 9),
            "a",
            "a later renewal offers the next"
        );
        settling.applied(7, horizon("c"));
        assert_eq!(settled(&mut settling, 6), "a");
        assert_eq!(settled(&mut settling, 7), "c");
    }
}
