//! People with very many followers: one person of ten thousand, a hundred at most.

use super::chance::{below, mix, unit};

/// Number of people for each star.
const PEOPLE_PER_STAR: u32 = 10_000;
/// Most stars: everybody takes one random number for each star.
const STARS_MAX: u32 = 100;
/// The part of all people that follows the first star. The second is followed by half of it, the third by a third
/// (Zipf).
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
    /// Chooses one random person in each of equal parts of the world.
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

    /// The stars, the most followed first.
    pub(super) fn people(&self) -> &[u32] {
        &self.people
    }

    /// The stars that a person follows. They are in the order of their numbers, so this is ascending.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_are_followed_by_many_and_the_first_by_most() {
        let stars = Stars::of(100_000, 3);
        let mut followers = [0_u32; 10];
        for person in 0..100_000 {
            let followed = stars.followed_by(person);
            assert!(followed.is_sorted() && !followed.contains(&person));
            for (star, count) in stars.people().iter().zip(&mut followers) {
                *count += u32::from(followed.contains(star));
            }
        }
        assert_eq!(stars.people().len(), followers.len());
        assert!((29_000..31_000).contains(&followers[0]), "{followers:?}");
        assert!((2_500..3_500).contains(&followers[9]), "{followers:?}");
    }

    #[test]
    fn there_is_a_star_in_the_smallest_world_and_a_hundred_in_the_largest() {
        assert_eq!(Stars::of(100, 1).people().len(), 1);
        assert_eq!(Stars::of(10_000_000, 1).people().len(), 100);
    }
}
