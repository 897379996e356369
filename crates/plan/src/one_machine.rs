//! One machine: a process that contains the store and the timelines, and a TLS proxy beside it.

use serde::Serialize;

use super::demand::Demand;
use super::inputs::Inputs;
use super::memory::{self, Memory};
use super::needs::{Bound, Machine, Needs};
use super::processor::{self, Works};
use super::{disk, network};

/// Upper bound of the search for how many people fit.
const PEOPLE_MAX: f64 = 1e10;

/// The plan on one machine.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OneMachine {
    /// Processor time by activity.
    pub works: Works,
    /// Memory by use.
    pub memory: Memory,
    /// All needs compared with the usable part of the machine.
    pub bounds: [Bound; 6],
    /// Whether the people fit.
    pub fits: bool,
    /// The scarcest resource.
    pub scarcest: &'static str,
    /// How many people fit if they behave the same.
    pub people_max: f64,
}

impl OneMachine {
    /// The plan for these people.
    pub fn of(inputs: &Inputs, demand: &Demand) -> Self {
        let works = works(inputs, demand);
        let needs = needs(inputs, demand, &works);
        let machine = machine(inputs);
        let scarcest = machine.scarcest(&needs);
        Self {
            works,
            memory: memory::in_one_process(inputs, demand),
            bounds: machine.bounds(&needs),
            fits: scarcest.machines() <= 1.0,
            scarcest: scarcest.name,
            people_max: people_max(inputs),
        }
    }
}

fn works(inputs: &Inputs, demand: &Demand) -> Works {
    let mut works = processor::in_one_process(inputs, demand);
    works.0.extend(processor::of_balancers(inputs, demand).0);
    works
}

fn machine(inputs: &Inputs) -> Machine {
    Machine::of(inputs, inputs.writes_max)
}

fn needs(inputs: &Inputs, demand: &Demand, works: &Works) -> Needs {
    Needs {
        cores: works.cores(),
        memory: memory::in_one_process(inputs, demand).bytes(),
        disk: disk::of_store(inputs, demand).kept(),
        network: network::to_people(inputs, demand),
        connections: demand.connections,
        writes: demand.writes().peak,
    }
}

/// How many people fit, by bisection: every need grows with their number. 0 if none fit.
fn people_max(inputs: &Inputs) -> f64 {
    let fit = |people: f64| {
        let inputs = Inputs {
            people,
            ..inputs.clone()
        };
        let demand = Demand::of(&inputs);
        let needs = needs(&inputs, &demand, &works(&inputs, &demand));
        machine(&inputs).scarcest(&needs).machines() <= 1.0
    };
    let (mut fits, mut too_many) = (0.0, PEOPLE_MAX);
    while too_many - fits > 1.0 {
        let middle = (fits + too_many) / 2.0;
        if fit(middle) {
            fits = middle;
        } else {
            too_many = middle;
        }
    }
    fits.floor()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_people_as_are_told_fit_and_a_few_more_do_not() {
        let most = people_max(&Inputs::default());
        let with = |people| {
            let inputs = Inputs {
                people,
                ..Inputs::default()
            };
            OneMachine::of(&inputs, &Demand::of(&inputs))
        };
        assert!(most > 1_000.0);
        assert!(with(most).fits);
        assert!(!with(most + 2.0).fits);
    }

    #[test]
    fn the_thing_that_is_too_little_is_named() {
        let inputs = Inputs {
            people: 1_000_000.0,
            machine_network: 1e6,
            ..Inputs::default()
        };
        let one = OneMachine::of(&inputs, &Demand::of(&inputs));
        assert!(!one.fits);
        assert_eq!(one.scarcest, "network");
    }
}
