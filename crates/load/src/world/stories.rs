//! The stories of a world in order of time, each computed from its number.

use super::chance::{below, mix, unit};
use super::words::{self, Speech};

/// The time that the stories cover, in milliseconds: four weeks.
const SPAN_MS: u64 = DAYS * DAY_MS;
const DAYS: u64 = 28;
const DAY_MS: u64 = 24 * 3_600_000;
/// The number of stories of a thousand in each hour of a day, from local midnight: a quiet night, the way to work,
/// lunch, the evening.
const BY_HOUR: [u64; 24] = [
    20, 10, 6, 4, 4, 8, 20, 38, 46, 38, 36, 44, 80, 64, 40, 38, 40, 50, 62, 76, 84, 84, 68, 40,
];
const THOUSAND: u64 = 1_000;
/// Stories of a star in the whole time.
const STAR_STORIES: u64 = 60;
/// At most one in this many stories is by a star.
const STAR_PART: u64 = 20;
/// Percentage of public stories. All stories of stars are public.
const PUBLIC_PERCENT: u32 = 30;
/// Attempts to draw an author. Then the last one drawn is taken.
const DRAWS_MAX: u64 = 16;

const STORIES: u64 = 0x5EED_0006;
const ACTIVITY: u64 = 0x5EED_0007;

/// A story of a world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Story {
    /// The author.
    pub author: u32,
    /// Time before the end of the world, in milliseconds; less than four weeks.
    pub before_end_ms: u64,
    /// Whether the story is public. Otherwise it is for friends.
    pub public: bool,
    /// Some sentences in the author's language.
    pub text: String,
}

/// Generates the stories of a world.
#[derive(Debug, Clone)]
pub struct StoryGenerator {
    people: u32,
    stars: Vec<u32>,
    chance: u64,
    activity: u64,
    count: u64,
    by_stars: u64,
}

impl StoryGenerator {
    /// About `stories_per_person` stories for each person over four weeks. Some people write many more than others, and
    /// stars write the most.
    pub fn of(people: u32, seed: u64, stars: &[u32], stories_per_person: f64) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a value that is not a number of stories becomes 0"
        )]
        let count = (f64::from(people) * stories_per_person) as u64;
        let by_stars = STAR_STORIES * stars.len() as u64;
        Self {
            people,
            stars: stars.to_vec(),
            chance: mix(seed, STORIES),
            activity: mix(seed, ACTIVITY),
            count,
            by_stars: by_stars.min(count / STAR_PART),
        }
    }

    /// The number of stories. They are numbered from 0.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The time of a story before the end of the world. A later number is never earlier in time.
    pub fn before_end_ms(&self, story: u64) -> u64 {
        let jitter = mix(self.chance, story) >> 48;
        let place = (u128::from(story) << 16 | u128::from(jitter)) * u128::from(SPAN_MS);
        let even = u64::try_from(place / (u128::from(self.count.max(1)) << 16)).unwrap_or(SPAN_MS);
        let day = even / DAY_MS * DAY_MS;
        (SPAN_MS - 1).saturating_sub(day + hour_of(even - day))
    }

    /// The story with this number.
    pub fn story(&self, story: u64) -> Story {
        let chance = mix(self.chance ^ 1, story);
        let (author, public) = self.author(chance);
        Story {
            author,
            before_end_ms: self.before_end_ms(story),
            public,
            text: words::text(Speech::of(author), mix(chance, 1)),
        }
    }

    fn author(&self, chance: u64) -> (u32, bool) {
        let stars = &self.stars;
        let of_star = (u128::from(chance) * u128::from(self.count.max(1))) >> 64;
        if of_star < u128::from(self.by_stars) {
            let star = below(mix(chance, 2), u32::try_from(stars.len()).unwrap_or(1));
            return (stars[star as usize], true);
        }
        let public = below(mix(chance, 3), 100) < PUBLIC_PERCENT;
        let draws = (4..4 + DRAWS_MAX).map(|draw| {
            let drawn = mix(chance, draw);
            let author = below(drawn, self.people);
            (author, unit(drawn << 32) < self.activity(author))
        });
        let mut last = 0;
        for (author, willing) in draws {
            last = author;
            if willing {
                break;
            }
        }
        (last, public)
    }

    /// The square of a uniform number: half of the people write at most a quarter as much as the busiest.
    fn activity(&self, person: u32) -> f32 {
        let even = unit(mix(self.activity, person.into()));
        even * even
    }
}

/// Maps a moment of an evenly busy day to its moment on a real day.
fn hour_of(even_ms: u64) -> u64 {
    let thousandths_ms = even_ms * THOUSAND;
    let mut before = 0;
    for (hour, share) in (0..).zip(BY_HOUR) {
        let (begin, end) = (before * DAY_MS, (before + share) * DAY_MS);
        if thousandths_ms < end {
            let within = (thousandths_ms - begin) / (share * 24);
            return hour * (DAY_MS / 24) + within;
        }
        before += share;
    }
    DAY_MS - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_bent_and_neither_torn_nor_folded() {
        assert_eq!(BY_HOUR.iter().sum::<u64>(), THOUSAND);
        let bent: Vec<_> = (0..24 * 60)
            .map(|minute| hour_of(minute * 60_000))
            .collect();
        assert!(bent.is_sorted());
        assert_eq!(bent[0], 0);
        assert!((DAY_MS - 600_000..DAY_MS).contains(&hour_of(DAY_MS - 1)));
        let at_noon = bent.iter().filter(|ms| **ms / 3_600_000 == 12).count();
        let at_night = bent.iter().filter(|ms| **ms / 3_600_000 == 4).count();
        assert!(at_noon > 10 * at_night, "{at_noon} {at_night}");
    }
}
