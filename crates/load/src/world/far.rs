//! Friendships between towns. Two towns share a stream of random numbers, which either of them can replay.

use super::chance::{mix, unit};
use super::layout::Layout;

const STREAMS: u64 = 0x5EED_0003;

/// Everybody's remaining wishes, as running sums for each town: four bytes a person.
#[derive(Debug)]
pub(super) struct Wishes {
    sums: Vec<f32>,
    /// The sum of each town.
    totals: Vec<f64>,
    total: f64,
}

impl Wishes {
    /// Builds the sums from everybody's wishes for friends in other towns.
    pub(super) fn of(layout: Layout, mut wishes: Vec<f32>) -> Self {
        let mut totals = Vec::with_capacity(layout.towns as usize);
        for town in 0..layout.towns {
            let people = layout.town(town);
            let mut sum = 0.0_f64;
            for wish in &mut wishes[people.start as usize..people.end as usize] {
                sum += f64::from(*wish);
                *wish = narrow(sum);
            }
            totals.push(sum);
        }
        Self {
            total: totals.iter().sum(),
            sums: wishes,
            totals,
        }
    }

    /// Reports the friendships of a town with other towns, the person of this town first. A pair may be reported twice.
    pub(super) fn pairs(
        &self,
        seed: u64,
        layout: Layout,
        town: u32,
        mut tell: impl FnMut(u32, u32),
    ) {
        for other in (0..layout.towns).filter(|other| *other != town) {
            let (low, high) = (town.min(other), town.max(other));
            let stream = mix(mix(seed, STREAMS), u64::from(low) << 32 | u64::from(high));
            for draw in 1..=self.count(low, high, unit(mix(stream, 0))) {
                let chance = mix(stream, draw);
                // Two numbers of 24 bits, from the upper and the lower half.
                let pair = (
                    self.draw(layout, low, unit(chance)),
                    self.draw(layout, high, unit(chance << 32)),
                );
                match town == low {
                    true => tell(pair.0, pair.1),
                    false => tell(pair.1, pair.0),
                }
            }
        }
    }

    /// The number of friendships between two towns: the expectation of Chung and Lu, rounded by chance. Friends of this
    /// kind are never in the own town, so the own town does not count in the sum.
    fn count(&self, low: u32, high: u32, chance: f32) -> u64 {
        let (one, other) = (self.totals[low as usize], self.totals[high as usize]);
        let elsewhere = self.total - f64::midpoint(one, other);
        let expected = one * other / elsewhere.max(f64::MIN_POSITIVE);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "rounding down is intended, and no value is negative"
        )]
        let count = (expected + f64::from(chance)) as u64;
        count
    }

    /// A random person of a town, weighted by wish.
    fn draw(&self, layout: Layout, town: u32, chance: f32) -> u32 {
        let people = layout.town(town);
        let sums = &self.sums[people.start as usize..people.end as usize];
        let all = sums.last().copied().unwrap_or_default();
        let place = sums.partition_point(|sum| *sum <= chance * all);
        let last = people.end - 1;
        (people.start + u32::try_from(place).unwrap_or(u32::MAX)).min(last)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "24 bits of a running sum tell a few thousand people apart"
)]
const fn narrow(sum: f64) -> f32 {
    sum as f32
}
