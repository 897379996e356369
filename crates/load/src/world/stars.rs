//! Those whom many follow: one person of ten thousand, a hundred at most.

use super::chance::{below, mix, unit};

/// A star for so many people.
const PEOPLE_PER_STAR: u32 = 10_000;
/// Everybody tosses a coin for each star.
const STARS_MAX: u32 = 100;
/// Followed by this part of all people: the first star. The second by half of it, the third by a third (Zipf).
const FOLLOWERS_SHARE: f32 = 0.3;

const PLACES: u64 = 0x5EED_0004;
const FOLLOWS: u64 = 0x5EED_0005;

/// The stars of a world.
#[derive(Debug)]
pub(super) struct Stars {
    seed: u64,
    people: Vec<u32>,
}

impl Stars {
    /// One somewhere in each of equal parts of the world.
    pub(super) fn of(people: u32, seed: u64) -> Self {
        let count = (people / PEOPLE_PER_STAR).clamp(1, STARS_MAX);
        let part = people / count;
        let somewhere =
            |star: u32| star * part + below(mix(mix(seed, PLACES), u64::from(star)), part);
        Self {
            seed: mix(seed, FOLLOWS),
            people: (0..count).map(somewhere).collect(),
        }
    }

    /// The best known first.
    pub(super) fn people(&self) -> &[u32] {
        &self.people
    }

    /// Whom a person follows. The stars come in the order of their numbers, so this is ascending.
    pub(super) fn followed_by(&self, person: u32) -> Vec<u32> {
        let chance = mix(self.seed, u64::from(person));
        let ranked = (0_u16..).zip(&self.people);
        let followed = ranked.filter(|&(rank, star)| {
            *star != person
                && unit(mix(chance, rank.into())) < FOLLOWERS_SHARE / f32::from(rank + 1)
        });
        followed.map(|(_, star)| *star).collect()
    }
}
