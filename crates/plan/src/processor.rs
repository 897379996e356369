//! Processor time by activity, in busy cores at the peak.

use serde::Serialize;

use super::demand::Demand;
use super::inputs::Inputs;

/// One activity.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Work {
    /// Its name.
    pub name: &'static str,
    /// Rate per second at the peak.
    pub per_second: f64,
    /// Measured processor time each.
    pub micros: f64,
    /// Busy cores, including `cpu_overhead` and the speed of the machine.
    pub cores: f64,
}

/// Several activities on the same machines.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Works(pub Vec<Work>);

impl Works {
    fn of(inputs: &Inputs, all: &[(&'static str, f64, f64)]) -> Self {
        let slower = inputs.cpu_overhead / inputs.core_speed;
        let work = |&(name, per_second, micros): &(&'static str, f64, f64)| Work {
            name,
            per_second,
            micros,
            cores: per_second * micros / 1e6 * slower,
        };
        Self(all.iter().map(work).collect())
    }

    /// The sum.
    pub fn cores(&self) -> f64 {
        self.0.iter().map(|work| work.cores).sum()
    }
}

/// Activities whose cost does not depend on where timelines and store are.
fn serving(inputs: &Inputs, demand: &Demand) -> Vec<(&'static str, f64, f64)> {
    let beats = demand.connections / inputs.stream_beat_every;
    // Reads below the floor and rebuilds have their own lines.
    let warm = (demand.pages.peak - demand.below_floor.peak - demand.rebuilds.peak).max(0.0);
    vec![
        ("pages from warm timelines", warm, inputs.feed_read_warm),
        (
            "reads with nothing newer",
            demand.newer_empty.peak,
            inputs.feed_read_newer_empty,
        ),
        (
            "reads not modified",
            demand.not_modified.peak,
            inputs.feed_read_304,
        ),
        (
            "pages below the floor",
            demand.below_floor.peak,
            inputs.feed_read_below_floor,
        ),
        (
            "timeline rebuilds",
            demand.rebuilds.peak,
            inputs.feed_read_cold,
        ),
        (
            "pages compressed",
            demand.pages.peak * inputs.compressed,
            inputs.compress_page,
        ),
        ("stories posted", demand.stories.peak, inputs.post),
        ("likes", demand.likes.peak, inputs.like),
        ("comments", demand.comments.peak, inputs.comment),
        ("read positions", demand.marks.peak, inputs.mark),
        ("log-ins", demand.log_ins.peak, inputs.log_in),
        (
            "stories sent to streams",
            demand.stream_events.peak,
            inputs.stream_event,
        ),
        ("heart-beats of streams", beats, inputs.stream_beat),
    ]
}

/// One process that contains the store and the timelines.
pub fn in_one_process(inputs: &Inputs, demand: &Demand) -> Works {
    let mut all = serving(inputs, demand);
    all.push(("deliveries", demand.deliveries.peak, inputs.delivery));
    Works::of(inputs, &all)
}

/// TLS and the balancer.
pub fn of_balancers(inputs: &Inputs, demand: &Demand) -> Works {
    let all = [
        ("requests forwarded", demand.requests().peak, inputs.proxy),
        (
            "stories sent to streams",
            demand.stream_events.peak,
            inputs.proxy / 4.0,
        ),
    ];
    Works::of(inputs, &all)
}

/// Nodes with external timelines and store. The costs of reading, posting and so on are those of one process: its
/// SQLite accounts for the client side of another store.
pub fn of_nodes(inputs: &Inputs, demand: &Demand) -> Works {
    let mut all = serving(inputs, demand);
    all.push((
        "timeline requests",
        demand.feed_reads.peak,
        inputs.shared_read,
    ));
    all.push(("deliveries", demand.deliveries.peak, inputs.shared_delivery));
    Works::of(inputs, &all)
}

/// Machines that keep the timelines.
pub fn of_keepers(inputs: &Inputs, demand: &Demand) -> Works {
    let all = [
        ("deliveries", demand.deliveries.peak, inputs.keeper_delivery),
        ("reads", demand.feed_reads.peak, inputs.keeper_read),
    ];
    Works::of(inputs, &all)
}

/// Machines of the store.
pub fn of_store(inputs: &Inputs, demand: &Demand) -> Works {
    let newest = demand.below_floor.peak + demand.rebuilds.peak;
    let reads = demand.feed_reads.peak * inputs.store_reads;
    let all = [
        ("writes", demand.writes().peak, inputs.store_write),
        ("reads after cache misses", reads, inputs.store_read),
        ("newest stories of a circle", newest, inputs.store_newest),
    ];
    Works::of(inputs, &all)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 10 reads per second on average, 40 at the peak. Nothing else has a cost here.
    fn reading() -> Inputs {
        Inputs {
            people: 8_640.0,
            reads_per_day: 100.0,
            reads_per_story: 40.0,
            peak_factor: 4.0,
            read_newer_empty: 0.5,
            read_not_modified: 0.25,
            read_below_floor: 0.05,
            rebuilds_per_day: 0.0,
            likes_per_day: 0.0,
            comments_per_day: 0.0,
            marks_per_day: 0.0,
            log_ins_per_day: 0.0,
            online_at_peak: 0.0,
            compressed: 0.0,
            cpu_overhead: 1.0,
            ..Inputs::default()
        }
    }

    fn is(value: f64, expected: f64) {
        assert!((value - expected).abs() < 1e-9, "{value} is not {expected}");
    }

    #[test]
    fn cores_of_reading_are_counted_as_by_hand() {
        let inputs = Inputs {
            feed_read_warm: 1_000.0,
            feed_read_newer_empty: 500.0,
            feed_read_304: 100.0,
            feed_read_below_floor: 10_000.0,
            post: 5_000.0,
            delivery: 10.0,
            friends_mean: 100.0,
            friends_median: 100.0,
            large_author_stories: 0.0,
            ..reading()
        };
        let works = in_one_process(&inputs, &Demand::of(&inputs));
        // At the peak 40 reads per second: 20 find nothing newer, 10 are not modified, 10 return pages, 2 of them deep.
        // 8 · 1 ms + 20 · 0.5 ms + 10 · 0.1 ms + 2 · 10 ms = 39 ms. One story: 5 ms, and 100 readers at 10 µs: 1 ms.
        is(works.cores(), 0.045);
        let slower = Inputs {
            cpu_overhead: 2.0,
            core_speed: 0.5,
            ..inputs
        };
        is(in_one_process(&slower, &Demand::of(&slower)).cores(), 0.18);
    }

    #[test]
    fn asking_for_timelines_elsewhere_costs_more_than_having_them() {
        let inputs = Inputs::default();
        let demand = Demand::of(&inputs);
        assert!(of_nodes(&inputs, &demand).cores() > in_one_process(&inputs, &demand).cores());
    }

    #[test]
    fn compressing_every_page_costs_as_much_as_it_says() {
        let inputs = Inputs {
            compressed: 0.5,
            compress_page: 1_000.0,
            ..reading()
        };
        let demand = Demand::of(&inputs);
        let plain = Inputs {
            compressed: 0.0,
            ..inputs.clone()
        };
        let more =
            in_one_process(&inputs, &demand).cores() - in_one_process(&plain, &demand).cores();
        // Half of 10 pages per second, a millisecond each.
        is(more, 0.005);
    }
}
