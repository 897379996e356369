//! From the needs of a role to a number of machines. The scarcest resource decides.

use serde::Serialize;

use super::inputs::Inputs;

/// The needs of a role at the peak: all machines together, one copy.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Needs {
    /// Busy cores.
    pub cores: f64,
    /// Bytes of memory, without the processes themselves.
    pub memory: f64,
    /// Bytes of disk.
    pub disk: f64,
    /// Bits per second.
    pub network: f64,
    /// Open connections.
    pub connections: f64,
    /// Durable writes per second.
    pub writes: f64,
}

/// The need of one resource compared with what one machine provides.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bound {
    /// The resource.
    pub name: &'static str,
    /// The need, in its base unit.
    pub needed: f64,
    /// The usable part of one machine.
    pub of_a_machine: f64,
}

impl Bound {
    /// Machines required by this resource alone, not rounded.
    pub fn machines(&self) -> f64 {
        self.needed / self.of_a_machine
    }
}

/// The usable part of one machine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Machine {
    cores: f64,
    memory: f64,
    disk: f64,
    network: f64,
    connections: f64,
    writes: f64,
}

impl Machine {
    /// A machine by the inputs. `writes` is the number of durable writes per second it can do.
    pub fn of(inputs: &Inputs, writes: f64) -> Self {
        Self {
            cores: inputs.machine_cores * inputs.processor_use_max,
            memory: usable_memory(inputs),
            disk: inputs.machine_disk * inputs.disk_use_max,
            network: inputs.machine_network * inputs.network_use_max,
            connections: inputs.machine_connections,
            writes: writes * inputs.writes_use_max,
        }
    }

    /// All needs compared with the machine.
    pub fn bounds(&self, needs: &Needs) -> [Bound; 6] {
        let bound = |name, needed, of_a_machine| Bound {
            name,
            needed,
            of_a_machine,
        };
        [
            bound("processor", needs.cores, self.cores),
            bound("memory", needs.memory, self.memory),
            bound("disk", needs.disk, self.disk),
            bound("network", needs.network, self.network),
            bound("connections", needs.connections, self.connections),
            bound("writes", needs.writes, self.writes),
        ]
    }

    /// The scarcest resource.
    pub fn scarcest(&self, needs: &Needs) -> Bound {
        let [first, rest @ ..] = self.bounds(needs);
        rest.into_iter().fold(first, |most, bound| {
            if bound.machines() > most.machines() {
                bound
            } else {
                most
            }
        })
    }
}

/// Usable memory of a machine after the process itself.
pub fn usable_memory(inputs: &Inputs) -> f64 {
    inputs.machine_memory * inputs.memory_use_max - inputs.process_memory
}

/// The number of machines rounded up, at least one.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rounded, at least one, and saturating far beyond any fleet"
)]
pub fn whole(machines: f64) -> u64 {
    // A difference caused by rounding does not add a machine.
    const ROUNDING: f64 = 1e-9;
    (machines - ROUNDING).ceil().max(1.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scarcest_thing_decides_and_says_so() {
        let machine = Machine::of(
            &Inputs {
                machine_cores: 10.0,
                processor_use_max: 0.5,
                machine_memory: 10e9,
                memory_use_max: 0.8,
                process_memory: 1e9,
                machine_disk: 1e12,
                disk_use_max: 0.5,
                machine_network: 1e9,
                network_use_max: 0.5,
                machine_connections: 1_000.0,
                writes_use_max: 0.5,
                ..Inputs::default()
            },
            2_000.0,
        );
        let needs = Needs {
            cores: 6.0,
            memory: 7e9,
            disk: 0.25e12,
            network: 1e9,
            connections: 2_500.0,
            writes: 900.0,
        };
        let machines = machine.bounds(&needs).map(|bound| bound.machines());
        assert_eq!(machines, [1.2, 1.0, 0.5, 2.0, 2.5, 0.9]);
        assert_eq!(machine.scarcest(&needs).name, "connections");
        assert_eq!(whole(machine.scarcest(&needs).machines()), 3);
    }

    #[test]
    fn machines_are_whole_and_at_least_one() {
        for (broken, number) in [
            (0.0, 1),
            (0.3, 1),
            (1.0, 1),
            (1.0 + 1e-12, 1),
            (1.01, 2),
            (7.5, 8),
        ] {
            assert_eq!(whole(broken), number, "{broken}");
        }
    }
}
