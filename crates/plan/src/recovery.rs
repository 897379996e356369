//! Two regions: the cost of a second one, by the time it needs to take over.
//!
//! The four strategies of the design. Loss and recovery time are described in words, because neither has been measured.

use serde::Serialize;

use super::demand::Rate;
use super::fleet::{Fleet, Role};
use super::inputs::Inputs;
use super::needs::whole;

/// A strategy for the loss of a region.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Recovery {
    /// Its name.
    pub name: &'static str,
    /// Machines in the serving region.
    pub here: u64,
    /// Machines running in the other region.
    pub there: u64,
    /// Bits per second between the regions.
    pub between: Rate,
    /// Data lost with a region. Not measured.
    pub lost: &'static str,
    /// Time until people are served again. Not measured.
    pub back: &'static str,
}

impl Recovery {
    /// All four strategies, from the cheapest to the fastest.
    pub fn all(inputs: &Inputs, fleet: &Fleet, between: Rate) -> [Self; 4] {
        let here = fleet.machines();
        let way = |name, there, lost, back| Self {
            name,
            here,
            there,
            between,
            lost,
            back,
        };
        [
            way(
                "backup and restore",
                0,
                "data since the last backup",
                "hours: rent machines, restore the backup",
            ),
            way(
                "pilot light",
                fleet.store.working,
                "seconds of replication",
                "start of all other machines",
            ),
            way(
                "warm standby",
                standby(inputs, fleet),
                "seconds of replication",
                "minutes: load is shed until the other nodes have started",
            ),
            way(
                "both serve",
                here,
                "seconds of replication",
                "expiry of cached DNS records",
            ),
        ]
    }
}

/// The store with its copies, a share of everything else, and at most one spare per role.
fn standby(inputs: &Inputs, fleet: &Fleet) -> u64 {
    #[expect(clippy::cast_precision_loss, reason = "machines are few")]
    let part =
        |role: &Role| whole(role.working as f64 * inputs.standby_share) + role.further.min(1);
    fleet.store.machines()
        + part(&fleet.balancers)
        + part(&fleet.nodes)
        + part(&fleet.keepers)
        + fleet.queue.machines()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demand::Demand;
    use crate::needs::Needs;

    fn role(working: u64, further: u64) -> Role {
        Role {
            name: "some",
            needs: Needs::default(),
            working,
            further,
            bound_by: "processor",
        }
    }

    #[test]
    fn the_other_region_is_counted_as_by_hand() {
        let fleet = Fleet {
            balancers: role(2, 1),
            nodes: role(10, 1),
            keepers: role(4, 4),
            store: role(3, 3),
            queue: role(3, 0),
        };
        let inputs = Inputs {
            standby_share: 0.3,
            ..Inputs::default()
        };
        let all = Recovery::all(&inputs, &fleet, Rate::default());
        let there: Vec<u64> = all.iter().map(|way| way.there).collect();
        // Standby: 6 of the store, 1 + 1 balancers, 3 + 1 nodes, 2 + 1 for timelines, 3 of the queue.
        assert_eq!(there, [0, 3, 18, 31]);
        assert!(all.iter().all(|way| way.here == 31));
    }

    #[test]
    fn what_is_faster_never_needs_fewer_machines() {
        for people in [1e3, 1e5, 1e7, 1e9] {
            let inputs = Inputs {
                people,
                ..Inputs::default()
            };
            let fleet = Fleet::of(&inputs, &Demand::of(&inputs));
            let all = Recovery::all(&inputs, &fleet, Rate::default());
            assert!(all.is_sorted_by_key(|way| way.there), "{all:?}");
        }
    }
}
