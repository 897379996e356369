//! Memory by use.

use serde::Serialize;

use super::demand::{DAY_SECONDS, Demand};
use super::disk;
use super::inputs::Inputs;

/// A text is in memory twice: as written and as JSON.
const TEXT_COPIES: f64 = 2.0;

/// Bytes of memory.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Memory {
    /// Timelines.
    pub timelines: f64,
    /// Cached data of readers.
    pub people: f64,
    /// Cached stories.
    pub stories: f64,
    /// Open connections.
    pub connections: f64,
    /// Pages of the store.
    pub store: f64,
}

impl Memory {
    /// The sum, without the process itself.
    pub fn bytes(&self) -> f64 {
        self.timelines + self.people + self.stories + self.connections + self.store
    }
}

/// One copy of the caches.
fn remembered(inputs: &Inputs, demand: &Demand) -> Memory {
    let story = inputs.story_memory + TEXT_COPIES * inputs.story_text;
    Memory {
        people: demand.active * inputs.person_memory,
        stories: demand.stories.mean * DAY_SECONDS * inputs.story_days * story,
        connections: demand.connections * inputs.connection_memory,
        ..Memory::default()
    }
}

/// One process that contains the store and the timelines.
pub fn in_one_process(inputs: &Inputs, demand: &Demand) -> Memory {
    Memory {
        timelines: demand.timelines * inputs.timeline_memory,
        store: store_pages(inputs, demand),
        ..remembered(inputs, demand)
    }
}

/// All nodes. Several of them cache the same people and stories.
pub fn of_nodes(inputs: &Inputs, demand: &Demand) -> Memory {
    let once = remembered(inputs, demand);
    Memory {
        people: once.people * inputs.cache_copies,
        stories: once.stories * inputs.cache_copies,
        ..once
    }
}

/// One copy of the timelines on their machines.
pub fn of_keepers(inputs: &Inputs, demand: &Demand) -> Memory {
    Memory {
        timelines: demand.timelines * inputs.timeline_memory * inputs.keeper_memory,
        ..Memory::default()
    }
}

/// One copy of the store on its machines.
pub fn of_store(inputs: &Inputs, demand: &Demand) -> Memory {
    Memory {
        store: store_pages(inputs, demand),
        ..Memory::default()
    }
}

fn store_pages(inputs: &Inputs, demand: &Demand) -> f64 {
    /// Days per year, averaged over leap years.
    const YEAR_DAYS: f64 = 365.25;
    let disk = disk::of_store(inputs, demand);
    let days = inputs.days_in_memory.min(inputs.years_kept * YEAR_DAYS);
    disk.first * inputs.first_in_memory + disk.per_year * days / YEAR_DAYS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_of_a_thousand_people_is_counted_as_by_hand() {
        let inputs = Inputs {
            people: 1_000.0,
            reads_per_day: 60.0,
            reads_per_story: 60.0,
            timeline_memory: 7_000.0,
            person_memory: 4_000.0,
            story_memory: 600.0,
            story_text: 200.0,
            story_days: 2.0,
            online_at_peak: 0.1,
            connection_memory: 50_000.0,
            first_in_memory: 0.5,
            days_in_memory: 10.0,
            person_disk: 1_000.0,
            friends_mean: 100.0,
            friends_median: 100.0,
            friendship_disk: 100.0,
            story_disk: 300.0,
            likes_per_day: 0.0,
            comments_per_day: 0.0,
            disk_overhead: 1.0,
            cache_copies: 3.0,
            keeper_memory: 1.5,
            ..Inputs::default()
        };
        let demand = Demand::of(&inputs);
        let memory = in_one_process(&inputs, &demand);
        // A story a day each, for two days, 600 bytes and two copies of its text.
        let stories = 2_000.0 * 1_000.0;
        // Half of 1,000 bytes and of 50 friendships each, and 500 bytes a day.
        let store = 1_000.0 * (0.5 * (1_000.0 + 5_000.0) + 10.0 * 500.0);
        let expected = 7_000_000.0 + 4_000_000.0 + stories + 100.0 * 50_000.0 + store;
        assert!((memory.bytes() - expected).abs() < 1e-3, "{memory:?}");
        let nodes = of_nodes(&inputs, &demand).bytes();
        assert!(
            (nodes - (3.0 * (4_000_000.0 + stories) + 5_000_000.0)).abs() < 1e-3,
            "{nodes}"
        );
        assert!((of_keepers(&inputs, &demand).bytes() - 10_500_000.0).abs() < 1e-3);
    }
}
