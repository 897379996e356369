//! The town's calendar: local time, when people write, and the weather.
//!
//! The town uses Korean time, nine hours ahead of UTC without daylight saving, so no time zone database is needed. The
//! weather depends only on the seed and the date, so all people mention the same weather.

use serde::Deserialize;
use sosik_feed::Timestamp;

use super::dice::Dice;

const HOUR_MS: u64 = 3_600_000;
const DAY_MS: u64 = 24 * HOUR_MS;
/// Seoul is nine hours ahead of UTC all year.
const SEOUL_AHEAD_MS: u64 = 9 * HOUR_MS;
/// Separates the weather from the other random streams of the same seed.
const WEATHER_STREAM: u64 = 1 << 62;

/// How many of 1,000 stories are written in each hour of a day in Seoul. The night is quiet; the commute, lunch and
/// evening are busy.
const STORIES_BY_HOUR: [u32; 24] = [
    22, 11, 6, 4, 4, 7, 17, 36, 47, 38, 34, 44, 82, 66, 38, 36, 40, 50, 62, 74, 84, 88, 70, 40,
];

/// The part of a day, for greetings and meals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum PartOfDay {
    Morning,
    Noon,
    Afternoon,
    Evening,
    Night,
}

/// The weather of one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Sky {
    Clear,
    Cloudy,
    Rain,
    Snow,
    Hot,
    Cold,
    Wind,
}

/// The time of writing, as the texts need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment {
    /// 0 to 23, in Seoul.
    pub(super) hour: u32,
    /// Saturday or Sunday, in Seoul.
    pub(super) weekend: bool,
    pub(super) sky: Sky,
}

impl Moment {
    /// The moment in the town of this seed at this time.
    pub(super) fn at(seed: u64, time: Timestamp) -> Self {
        let local_ms = time.as_millis() + SEOUL_AHEAD_MS;
        let day = local_ms / DAY_MS;
        Self {
            hour: u32::try_from(local_ms / HOUR_MS % 24).unwrap_or(0),
            weekend: is_weekend(day),
            sky: sky_of(seed, day),
        }
    }

    pub(super) const fn part_of_day(self) -> PartOfDay {
        match self.hour {
            5..=10 => PartOfDay::Morning,
            11..=13 => PartOfDay::Noon,
            14..=17 => PartOfDay::Afternoon,
            18..=21 => PartOfDay::Evening,
            _ => PartOfDay::Night,
        }
    }
}

/// Draws a time on a given day, by the hourly distribution. Days count back from the day of `now` in Seoul, which is 0.
/// The result can be after `now` if `days_back` is 0; the caller draws again.
pub(super) fn some_time(dice: &mut Dice, now: Timestamp, days_back: u64) -> Timestamp {
    let today = (now.as_millis() + SEOUL_AHEAD_MS) / DAY_MS;
    let hour = dice.weighted(&STORIES_BY_HOUR) as u64;
    let within = u64::from(dice.below(3_600_000));
    let local_ms = today.saturating_sub(days_back) * DAY_MS + hour * HOUR_MS + within;
    Timestamp::from_millis(local_ms.saturating_sub(SEOUL_AHEAD_MS))
}

/// 1970-01-01 was a Thursday.
const fn is_weekend(day: u64) -> bool {
    matches!((day + 4) % 7, 0 | 6)
}

fn sky_of(seed: u64, day: u64) -> Sky {
    use Sky::{Clear, Cloudy, Cold, Hot, Rain, Snow, Wind};
    let mut dice = Dice::new(seed, WEATHER_STREAM + day);
    let (skies, weights): ([Sky; 5], [u32; 5]) = match month_of(day) {
        12 | 1 | 2 => ([Clear, Cloudy, Snow, Cold, Wind], [30, 15, 15, 30, 10]),
        3..=5 => ([Clear, Cloudy, Rain, Cold, Wind], [40, 20, 20, 5, 15]),
        6..=8 => ([Clear, Cloudy, Rain, Hot, Wind], [20, 15, 30, 30, 5]),
        _ => ([Clear, Cloudy, Rain, Cold, Wind], [45, 20, 15, 10, 10]),
    };
    skies[dice.weighted(&weights)]
}

/// The month, 1 to 12, of a day counted from 1970-01-01. It is off by up to a day, which does not matter for weather: a
/// year has 365.2425 days and a month is a twelfth of it.
fn month_of(day: u64) -> u64 {
    day * 10_000 % 3_652_425 * 12 / 3_652_425 + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-03-14T03:30:00Z, a Saturday at 12:30 in Seoul.
    const SATURDAY_LUNCH: Timestamp = Timestamp::from_millis(1_773_459_000_000);

    #[test]
    fn a_moment_is_told_in_seoul_time() {
        let moment = Moment::at(7, SATURDAY_LUNCH);
        assert_eq!(moment.hour, 12);
        assert!(moment.weekend);
        assert_eq!(moment.part_of_day(), PartOfDay::Noon);
    }

    #[test]
    fn the_weather_of_a_day_is_one_and_does_not_snow_in_july() {
        let morning = Timestamp::from_millis(SATURDAY_LUNCH.as_millis() - 5 * HOUR_MS);
        assert_eq!(
            Moment::at(7, morning).sky,
            Moment::at(7, SATURDAY_LUNCH).sky
        );
        for seed in 0..200 {
            // 2026-07-15
            assert_ne!(
                Moment::at(seed, Timestamp::from_millis(1_784_073_600_000)).sky,
                Sky::Snow
            );
        }
    }

    #[test]
    fn months_follow_the_calendar() {
        assert_eq!(month_of(20_454 + 14), 1, "2026-01-15");
        assert_eq!(month_of(20_635 + 14), 7, "2026-07-15");
        assert_eq!(month_of(20_788 + 14), 12, "2026-12-15");
    }

    #[test]
    fn lunch_and_evening_are_busy_and_the_night_is_quiet() {
        let mut dice = Dice::new(3, 3);
        let mut by_hour = [0_u32; 24];
        for _ in 0..20_000 {
            let time = some_time(&mut dice, SATURDAY_LUNCH, 1);
            by_hour[Moment::at(7, time).hour as usize] += 1;
        }
        assert_eq!(STORIES_BY_HOUR.iter().sum::<u32>(), 1_000);
        assert!(
            by_hour[12] > 5 * by_hour[2] && by_hour[21] > 5 * by_hour[4],
            "{by_hour:?}"
        );
        assert!(
            by_hour[12] > by_hour[10] && by_hour[12] > by_hour[15],
            "{by_hour:?}"
        );
    }
}
