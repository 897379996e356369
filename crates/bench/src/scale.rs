//! How much is measured: everything, a quick look, or just enough to see that the program works.

use sosik_feed::limits;

use crate::world::Shape;

/// Worlds and counts of one run.
#[derive(Debug, Clone)]
pub(crate) struct Scale {
    /// The world of the reads, the alternatives, posting until visible, and memory.
    pub(crate) base: Shape,
    /// Worlds of growing size, with their names; the last one is also the one to start with.
    pub(crate) growth: Vec<(&'static str, Shape)>,
    /// Requests of one side in one round.
    pub(crate) requests: usize,
    /// Requests of one side in one round where each costs a hundred times as much.
    pub(crate) slow_requests: usize,
    /// Each side is measured so often, in turns; odd, so that the median is one of them. Many short rounds are better
    /// than few long ones: a neighbour on the machine then disturbs some of them, and not the median.
    pub(crate) rounds: usize,
    /// The same where each round starts a service anew.
    pub(crate) cold_rounds: usize,
    /// Writers with their posts.
    pub(crate) posts: [(usize, usize); 3],
    /// People who post and read while deliveries have to keep up.
    pub(crate) keep_up_people: u64,
    /// Posts of theirs.
    pub(crate) keep_up_posts: usize,
    /// Small writes with an fsync each, to know the disk.
    pub(crate) syncs: usize,
    /// Timelines to deliver into.
    pub(crate) delivery_readers: u64,
    /// Stories delivered to each of them: as many as bring each to growing and trimming.
    pub(crate) delivery_stories: u64,
    /// Posts waited for at a reader's stream.
    pub(crate) visible_posts: usize,
    /// People who read their feed while memory is watched.
    pub(crate) memory_people: usize,
}

impl Scale {
    /// About ten minutes on two cores.
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

    /// Less than two minutes.
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

    /// Seconds, also without optimisation. The figures mean nothing.
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
