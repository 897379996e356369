//! Two regions: what a second one costs, by how fast it is to take over.
//!
//! The four strategies of the design. How much is lost and how long it takes is said in words: nobody has measured it
//! yet.

use serde::Serialize;

use super::demand::Rate;
use super::fleet::{Fleet, Role};
use super::inputs::Inputs;
use super::needs::whole;

/// One way to survive the loss of a region.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Recovery {
    /// What it is called.
    pub name: &'static str,
    /// Machines in the region that serves.
    pub here: u64,
    /// Machines that run in the other one.
    pub there: u64,
    /// Bits a second between the regions.
    pub between: Rate,
    /// What is lost with a region. Not measured.
    pub lost: &'static str,
    /// How long until people are served again. Not measured.
    pub back: &'static str,
}

impl Recovery {
    /// All four, from the cheapest to the fastest.
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
                "what came since the last backup",
                "hours: machines are bought, the backup is read",
            ),
            way(
                "pilot light",
                fleet.store.working,
                "seconds of replication",
                "as long as all other machines take to start",
            ),
            way(
                "warm standby",
                standby(inputs, fleet),
                "seconds of replication",
                "minutes: shedding until the further nodes have started",
            ),
            way(
                "both serve",
                here,
                "seconds of replication",
                "as long as names are cached (DNS)",
            ),
        ]
    }
}

/// The store with its copies, everything else in part, and nothing without a spare.
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
