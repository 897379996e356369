//! The capacity plan: from a number of people to machines, memory, disk and network.
//!
//! Pure arithmetic over [`Inputs`]: this crate reads no clock, file or machine. Every input has a name, a unit, a range
//! and an origin, and can be changed. The results are computed in one file per noun:
//!
//! [`demand`] the operations · [`processor`] · [`memory`] · [`disk`] · [`network`] · [`needs`] the scarcest resource ·
//! [`one_machine`] · [`fleet`] one region · [`recovery`] two regions.
//!
//! Everything is linear except that machines are rounded up, so the plan can be computed by hand, as the tests do. A
//! queueing model was refused. Instead, the use of a machine is limited (`processor_use_max`).

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

/// The result.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plan {
    /// The operations.
    pub demand: Demand,
    /// One copy of the store.
    pub store_disk: Disk,
    /// Photos.
    pub media_disk: Disk,
    /// Bits per second to people at the peak, without photos.
    pub network: f64,
    /// Bits per second of photos at the peak.
    pub media_network: f64,
    /// All people on one machine.
    pub one_machine: OneMachine,
    /// Many machines in one region.
    pub one_region: Fleet,
    /// A second region, by four strategies.
    pub two_regions: [Recovery; 4],
}

impl Plan {
    /// Computes the plan.
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

    /// A larger value of these inputs never reduces the number of machines.
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

    /// A larger value of these inputs never increases it.
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

    /// Some inputs, each near its default and within its range.
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

    /// The same inputs with one of them multiplied.
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
                    // JSON represents infinity and NaN as null.
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
