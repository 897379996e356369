//! How many friends a person wishes to have, and how near they live.

use super::WorldSpec;
use super::chance::{exp, mix, normal};

/// Deviation of the logarithm. Mean over median is e^(σ²/2), and the target is 190 over 100.
const SIGMA: f64 = 1.133;
const MEDIAN_OF_MEAN: f64 = 100.0 / 190.0;
/// The largest wish. The limit is 5,000, and chance adds to a wish; seven deviations of it fit between the two.
const WISH_MAX: f64 = 4_600.0;
/// No wish is for a larger part of a small world.
const WORLD_SHARE_MAX: f64 = 0.25;
/// Minimum part of a wish that is for other towns, however many friends a person has at home.
pub(super) const FAR_MIN: f32 = 0.02;

/// A level of nearness: the part of a wish that is for it, and the largest part of its people that can be wished for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Level {
    share: f32,
    people_share_max: f32,
}

/// Family and best friends.
pub(super) const CIRCLE: Level = Level {
    share: 0.25,
    people_share_max: 0.6,
};
/// School, work, neighbours.
pub(super) const DISTRICT: Level = Level {
    share: 0.35,
    people_share_max: 0.4,
};
/// Acquaintances in town.
pub(super) const TOWN: Level = Level {
    share: 0.2,
    people_share_max: 0.25,
};

const WISHES: u64 = 0x5EED_0001;

impl Level {
    /// How many friends among these people a person with `wish` friends in all wishes for.
    pub(super) fn part(self, wish: f32, people: usize) -> f32 {
        (wish * self.share).min(people as f32 * self.people_share_max)
    }
}

/// How many friends a person wishes to have.
pub(super) fn wish(spec: &WorldSpec, person: u32) -> f32 {
    let chance = mix(mix(spec.seed, WISHES), u64::from(person));
    let wish = spec.friends_mean * MEDIAN_OF_MEAN * exp(SIGMA * normal(chance));
    let wish = wish
        .min(WISH_MAX)
        .min(f64::from(spec.people) * WORLD_SHARE_MAX);
    #[expect(
        clippy::cast_possible_truncation,
        reason = "24 bits are far more exact than a wish needs to be"
    )]
    let wish = wish as f32;
    wish
}
