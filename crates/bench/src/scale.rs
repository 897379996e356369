//! The amount of work: everything, a quick look, or only enough to see that the program works.

use sosik_feed::limits;

use crate::world::Shape;

/// Worlds and counts of one run.
#[derive(Debug, Clone)]
pub(crate) struct Scale {
    /// The world for reads, the alternatives, posting until visible, and memory.
    pub(crate) base: Shape,
    /// Worlds of growing size, with their names. The measurement of the start uses the last one.
    pub(crate) growth: Vec<(&'static str, Shape)>,
    /// Requests of one side in one round.
    pub(crate) requests: usize,
    /// Requests of one side in one round of a comparison in which each request costs a hundred times as much.
    pub(crate) slow_requests: usize,
    /// Rounds of each side, in turns. The number is odd, so that the median is one of the rounds. Many short rounds are
    /// better than few long ones: a disturbance of the machine then affects some of them but not the median.
    pub(crate) rounds: usize,
    /// Rounds of a measurement that starts a new service for each.
    pub(crate) cold_rounds: usize,
    /// Numbers of writers, each with the number of their posts.
    pub(crate) posts: [(usize, usize); 3],
    /// People who post and read in the measurement of deliveries that keep up.
    pub(crate) keep_up_people: u64,
    /// Number of their posts.
    pub(crate) keep_up_posts: usize,
    /// Small writes with an fsync each, to measure the disk.
    pub(crate) syncs: usize,
    /// Timelines to deliver into.
    pub(crate) delivery_readers: u64,
    /// Stories delivered to each timeline: enough that each one grows and is trimmed.
    pub(crate) delivery_stories: u64,
    /// Posts that a reader's stream waits for.
    pub(crate) visible_posts: usize,
    /// People who read their feed while memory is measured.
    pub(crate) memory_people: usize,
}

impl Scale {
    /// Takes about ten minutes on two cores.
    pub(crate) fn full() -> Self {
        let base = Shape {
            people: 20_000,
            ring: 190,
            stories_each: 5,
            readers: 64,
            reader_friends: 200,
            heavy_friends: u64::from(limits::FRIENDS_MAX),
            followers: 12_000,
            timeline_stories: limits::TIMELINE_STORIES,
            large_above: 10_000,
        };
        let growing = |people, ring, stories_each| Shape {
            people,
            ring,
            stories_each,
            heavy_friends: 0,
            followers: 0,
            ..base
        };
        Self {
            base,
            growth: vec![
                ("growth_10k", growing(10_000, 20, 2)),
                ("growth_100k", growing(100_000, 20, 2)),
                ("growth_1m", growing(1_000_000, 10, 2)),
            ],
            requests: 6_000,
            slow_requests: 400,
            rounds: 15,
            cold_rounds: 5,
            posts: [(1, 1_000), (8, 8_000), (64, 40_000)],
            keep_up_people: 2_000,
            keep_up_posts: 30_000,
            syncs: 500,
            delivery_readers: 20_000,
            delivery_stories: 1_600,
            visible_posts: 200,
            memory_people: 10_000,
        }
    }

    /// Takes less than two minutes.
    pub(crate) fn quick() -> Self {
        let full = Self::full();
        let base = Shape {
            people: 13_000,
            ring: 40,
            ..full.base
        };
        let mut growth = full.growth;
        growth.truncate(2);
        Self {
            base,
            growth,
            requests: 4_000,
            slow_requests: 200,
            rounds: 7,
            cold_rounds: 3,
            posts: [(1, 300), (8, 2_000), (64, 10_000)],
            keep_up_people: 1_000,
            keep_up_posts: 10_000,
            syncs: 200,
            delivery_readers: 10_000,
            delivery_stories: 800,
            visible_posts: 40,
            memory_people: 6_000,
        }
    }

    /// Takes seconds, even in a build without optimisation. The figures mean nothing.
    pub(crate) fn tiny() -> Self {
        let base = Shape {
            people: 300,
            ring: 10,
            stories_each: 10,
            readers: 4,
            reader_friends: 30,
            heavy_friends: 100,
            followers: 100,
            timeline_stories: 100,
            large_above: 60,
        };
        let world = Shape {
            heavy_friends: 0,
            followers: 0,
            ..base
        };
        Self {
            base,
            growth: vec![("growth_10k", world), ("growth_100k", world)],
            requests: 40,
            slow_requests: 16,
            rounds: 1,
            cold_rounds: 1,
            posts: [(1, 5), (8, 16), (64, 64)],
            keep_up_people: 100,
            keep_up_posts: 100,
            syncs: 5,
            delivery_readers: 600,
            delivery_stories: 2,
            visible_posts: 3,
            memory_people: 20,
        }
    }
}
