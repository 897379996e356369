//! The capacity plan: from how many people to how many machines, memory, disk and network.
//!
//! Pure arithmetic over [`Inputs`]: nothing here reads a clock, a file or a machine. Every figure it starts from has a
//! name, a unit, a range and an origin, and can be changed; the rest follows, one noun per file:
//!
//! [`demand`] what people ask for · [`processor`] · [`memory`] · [`disk`] · [`network`] · [`needs`] the scarcest thing
//! decides · [`one_machine`] · [`fleet`] one region · [`recovery`] two regions.
//!
//! All of it is linear but for the rounding up of machines, so that it can be followed by hand, as the tests do. A
//! queueing model was left out: how full a machine may be (`processor_use_max`) stands for it.

pub mod assumptions;
pub mod costs;
pub mod demand;
pub mod disk;
pub mod fleet;
pub mod input;
pub mod inputs;
pub mod memory;
pub mod needs;
pub mod network;
pub mod one_machine;
pub mod processor;
pub mod recovery;
pub mod table;
pub mod unit;

use serde::Serialize;

use self::demand::{Demand, Rate};
use self::disk::Disk;
use self::fleet::Fleet;
use self::inputs::Inputs;
use self::one_machine::OneMachine;
use self::recovery::Recovery;

/// What follows from the inputs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plan {
    /// What people ask for.
    pub demand: Demand,
    /// The store, one copy.
    pub store_disk: Disk,
    /// Photos.
    pub media_disk: Disk,
    /// Bits a second to people at the peak, without photos.
    pub network: f64,
    /// Bits a second of photos at the peak.
    pub media_network: f64,
    /// All on one machine.
    pub one_machine: OneMachine,
    /// Many machines in one region.
    pub one_region: Fleet,
    /// A second region, in four ways.
    pub two_regions: [Recovery; 4],
}

impl Plan {
    /// Does the arithmetic.
    pub fn of(inputs: &Inputs) -> Self {
        let demand = Demand::of(inputs);
        let store_disk = disk::of_store(inputs, &demand);
        let one_region = Fleet::of(inputs, &demand);
        let between: Rate = network::to_another_region(inputs, store_disk.per_year);
        Self {
            media_disk: disk::of_media(inputs, &demand),
            network: network::to_people(inputs, &demand),
            media_network: network::media_to_people(inputs, &demand),
            one_machine: OneMachine::of(inputs, &demand),
            two_regions: Recovery::all(inputs, &one_region, between),
            store_disk,
            one_region,
            demand,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::input::Input;
    use super::inputs::INPUTS;
    use super::*;

    /// Inputs of which more never means fewer machines.
    const MORE_COSTS_MORE: &[&str] = &[
        "people",
        "daily_active",
        "peak_factor",
        "reads_per_day",
        "likes_per_day",
        "comments_per_day",
        "log_ins_per_day",
        "online_at_peak",
        "feed_read_warm",
        "post",
        "delivery",
        "timeline_memory",
        "story_disk",
        "years_kept",
        "page_bytes",
        "cpu_overhead",
        "replicas",
        "spare",
        "store_write",
        "keeper_memory",
        "first_in_memory",
        "days_in_memory",
        "cache_copies",
    ];

    /// And of which more never means more.
    const MORE_CARRIES_MORE: &[&str] = &[
        "machine_cores",
        "core_speed",
        "machine_memory",
        "machine_disk",
        "machine_network",
        "processor_use_max",
        "memory_use_max",
        "reads_per_story",
    ];

    fn machines(plan: &Plan) -> [u64; 8] {
        let [a, b, c, d, e] = plan.one_region.roles().map(fleet::Role::machines);
        let [_, pilot, standby, both] = &plan.two_regions;
        [a, b, c, d, e, pilot.there, standby.there, both.there]
    }

    fn people() -> impl Strategy<Value = f64> {
        (0.0..9.0_f64).prop_map(|power| 10_f64.powf(power))
    }

    /// Some inputs, each between its default and a bit more or less, within its range.
    fn somewhere() -> impl Strategy<Value = Inputs> {
        (people(), prop::collection::vec(0.5..2.0_f64, INPUTS.len())).prop_map(
            |(people, factors)| {
                let mut inputs = Inputs::default();
                for (input, factor) in INPUTS.iter().zip(factors) {
                    let (least, most) = input.range;
                    let value = (input.get)(&inputs) * factor;
                    (input.put)(&mut inputs, value.clamp(least, most));
                }
                inputs.friends_median = inputs.friends_median.min(inputs.friends_mean);
                Inputs { people, ..inputs }
            },
        )
    }

    /// The same with more of one thing.
    fn with_more(inputs: &Inputs, name: &str, factor: f64) -> Inputs {
        let input = Input::named(name).unwrap();
        let mut more = inputs.clone();
        (input.put)(&mut more, ((input.get)(inputs) * factor).min(input.range.1));
        more
    }

    proptest! {
        #[test]
        fn more_of_what_costs_never_needs_fewer_machines(
            inputs in somewhere(), name in prop::sample::select(MORE_COSTS_MORE), factor in 1.0..20.0_f64,
        ) {
            let (less, more) = (Plan::of(&inputs), Plan::of(&with_more(&inputs, name, factor)));
            for (less, more) in machines(&less).into_iter().zip(machines(&more)) {
                prop_assert!(more >= less, "{}", name);
            }
            prop_assert!(more.one_region.machines() >= less.one_region.machines());
            if name != "people" {
                prop_assert!(more.one_machine.people_max <= less.one_machine.people_max);
            }
        }

        #[test]
        fn more_of_what_carries_never_needs_more_machines(
            inputs in somewhere(), name in prop::sample::select(MORE_CARRIES_MORE), factor in 1.0..20.0_f64,
        ) {
            let (less, more) = (Plan::of(&inputs), Plan::of(&with_more(&inputs, name, factor)));
            for (less, more) in machines(&less).into_iter().zip(machines(&more)) {
                prop_assert!(more <= less, "{}", name);
            }
            prop_assert!(more.one_machine.people_max >= less.one_machine.people_max);
        }

        #[test]
        fn no_machine_is_fuller_than_it_may_be_and_none_is_there_for_nothing(inputs in somewhere()) {
            let plan = Plan::of(&inputs);
            for role in plan.one_region.roles() {
                let machine = needs::Machine::of(&inputs, inputs.store_writes_max);
                #[expect(clippy::cast_precision_loss, reason = "machines are few")]
                let working = role.working as f64;
                let needed = machine.scarcest(&role.needs).machines();
                prop_assert!(needed <= working * (1.0 + 1e-6));
                prop_assert!(role.name == "queue" || working - needed <= 1.0);
            }
        }

        #[test]
        fn every_figure_is_a_number_and_not_negative(inputs in somewhere()) {
            fn look(value: &serde_json::Value) -> bool {
                match value {
                    // What is not a number (infinite, or none) is null in JSON.
                    serde_json::Value::Null => false,
                    serde_json::Value::Number(number) => number.as_f64().is_some_and(|number| number >= 0.0),
                    serde_json::Value::Array(all) => all.iter().all(look),
                    serde_json::Value::Object(all) => all.values().all(look),
                    serde_json::Value::Bool(_) | serde_json::Value::String(_) => true,
                }
            }
            prop_assert!(look(&serde_json::to_value(Plan::of(&inputs)).unwrap()));
        }
    }
}
