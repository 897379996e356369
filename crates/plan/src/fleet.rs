//! Many machines in one region. Each role is sized separately, so that it can grow separately.
//!
//! This version does not include the engines for many machines (a shared store, external timelines and queue, the
//! balancer). Their costs are assumed, and so are the results.

use serde::Serialize;

use super::demand::Demand;
use super::inputs::Inputs;
use super::needs::{Machine, Needs, whole};
use super::processor::{self, Works};
use super::{disk, memory, network};

/// Machines with the same role.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Role {
    /// Name of the role.
    pub name: &'static str,
    /// Needs of all machines together, for one copy.
    pub needs: Needs,
    /// Machines that carry the load.
    pub working: u64,
    /// Additional machines: copies or spares.
    pub further: u64,
    /// The resource that determines their number.
    pub bound_by: &'static str,
}

impl Role {
    /// Number of machines.
    pub const fn machines(&self) -> u64 {
        self.working + self.further
    }
}

/// All roles of a region.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fleet {
    /// Terminate TLS and forward requests.
    pub balancers: Role,
    /// Run `sosik serve`, without local data.
    pub nodes: Role,
    /// Keep the timelines.
    pub keepers: Role,
    /// Keep the durable data.
    pub store: Role,
    /// Notifies nodes of new delivery orders.
    pub queue: Role,
}

impl Fleet {
    /// The machines for these people.
    pub fn of(inputs: &Inputs, demand: &Demand) -> Self {
        Self {
            balancers: balancers(inputs, demand),
            nodes: nodes(inputs, demand),
            keepers: keepers(inputs, demand),
            store: store(inputs, demand),
            queue: Role {
                name: "queue",
                needs: Needs::default(),
                working: whole(inputs.queue_machines),
                further: 0,
                bound_by: "agreement",
            },
        }
    }

    /// The roles in the order in which a request reaches them.
    pub const fn roles(&self) -> [&Role; 5] {
        [
            &self.balancers,
            &self.nodes,
            &self.keepers,
            &self.store,
            &self.queue,
        ]
    }

    /// Number of machines of all roles.
    pub fn machines(&self) -> u64 {
        self.roles().into_iter().map(Role::machines).sum()
    }
}

/// The kind of additional machines.
#[derive(Clone, Copy)]
enum Further {
    Spare,
    Copies,
}

fn role(name: &'static str, inputs: &Inputs, needs: Needs, further: Further) -> Role {
    let machine = Machine::of(inputs, inputs.store_writes_max);
    let scarcest = machine.scarcest(&needs);
    let working = whole(scarcest.machines());
    // The numbers of copies and spare machines are small integers stored as floating-point numbers.
    let each = |number: f64| whole(number.max(1.0)) * u64::from(number > 0.0);
    Role {
        name,
        needs,
        working,
        further: match further {
            Further::Spare => each(inputs.spare),
            Further::Copies => working * each(inputs.replicas),
        },
        bound_by: scarcest.name,
    }
}

fn cores(works: &Works) -> Needs {
    Needs {
        cores: works.cores(),
        ..Needs::default()
    }
}

fn balancers(inputs: &Inputs, demand: &Demand) -> Role {
    let needs = Needs {
        // Every byte arrives and leaves.
        network: 2.0 * network::to_people(inputs, demand),
        connections: demand.connections,
        memory: demand.connections * inputs.connection_memory,
        ..cores(&processor::of_balancers(inputs, demand))
    };
    role("balancers", inputs, needs, Further::Spare)
}

fn nodes(inputs: &Inputs, demand: &Demand) -> Role {
    let needs = Needs {
        network: network::to_people(inputs, demand) + network::with_keepers(inputs, demand),
        connections: demand.connections,
        memory: memory::of_nodes(inputs, demand).bytes(),
        ..cores(&processor::of_nodes(inputs, demand))
    };
    role("nodes", inputs, needs, Further::Spare)
}

fn keepers(inputs: &Inputs, demand: &Demand) -> Role {
    let needs = Needs {
        network: network::with_keepers(inputs, demand),
        memory: memory::of_keepers(inputs, demand).bytes(),
        ..cores(&processor::of_keepers(inputs, demand))
    };
    role("timelines", inputs, needs, Further::Copies)
}

fn store(inputs: &Inputs, demand: &Demand) -> Role {
    let needs = Needs {
        disk: disk::of_store(inputs, demand).kept(),
        memory: memory::of_store(inputs, demand).bytes(),
        writes: demand.writes().peak,
        ..cores(&processor::of_store(inputs, demand))
    };
    role("store", inputs, needs, Further::Copies)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A region computed by hand, where each role lacks one resource.
    #[test]
    fn a_fleet_is_counted_as_by_hand() {
        let inputs = Inputs {
            people: 8_640_000.0,
            reads_per_day: 100.0,
            reads_per_story: 1e6,
            read_newer_empty: 0.0,
            read_not_modified: 0.0,
            read_below_floor: 0.0,
            rebuilds_per_day: 0.0,
            likes_per_day: 0.0,
            comments_per_day: 0.0,
            marks_per_day: 0.0,
            log_ins_per_day: 0.0,
            online_at_peak: 0.0,
            compressed: 0.0,
            peak_factor: 4.0,
            feed_read_warm: 200.0,
            shared_read: 40.0,
            cpu_overhead: 1.0,
            machine_cores: 10.0,
            processor_use_max: 0.5,
            proxy: 100.0,
            timeline_memory: 10_000.0,
            keeper_memory: 2.0,
            machine_memory: 100e9,
            memory_use_max: 0.5,
            process_memory: 10e9,
            person_memory: 1.0,
            cache_copies: 1.0,
            story_days: 0.0,
            friends_mean: 100.0,
            friendship_disk: 200.0,
            person_disk: 1.0,
            years_kept: 0.01,
            disk_overhead: 1.0,
            first_in_memory: 0.0,
            days_in_memory: 0.0,
            machine_disk: 50e9,
            disk_use_max: 1.0,
            machine_network: 1e13,
            replicas: 2.0,
            spare: 1.0,
            queue_machines: 3.0,
            ..Inputs::default()
        };
        let fleet = Fleet::of(&inputs, &Demand::of(&inputs));
        // 40,000 reads a second at the peak; 5 cores of a machine are used.
        // Balancers: 4 cores. Nodes: 9.6 cores; the 0.04 stories per second cost almost nothing.
        assert_eq!((fleet.balancers.working, fleet.balancers.further), (1, 1));
        assert_eq!((fleet.nodes.working, fleet.nodes.further), (2, 1));
        // 172.8 GB of timelines, 40 GB per machine: 5, and two more copies of each.
        assert_eq!((fleet.keepers.working, fleet.keepers.further), (5, 10));
        assert_eq!(fleet.keepers.bound_by, "memory");
        // 432 million friendships of 200 bytes: 86.4 GB, 50 per machine.
        assert_eq!((fleet.store.working, fleet.store.further), (2, 4));
        assert_eq!(fleet.store.bound_by, "disk");
        assert_eq!(fleet.machines(), 2 + 3 + 15 + 6 + 3);
    }

    #[test]
    fn without_spare_and_copies_there_are_none() {
        let inputs = Inputs {
            replicas: 0.0,
            spare: 0.0,
            ..Inputs::default()
        };
        let fleet = Fleet::of(&inputs, &Demand::of(&inputs));
        assert!(fleet.roles().into_iter().all(|role| role.further == 0));
    }
}
