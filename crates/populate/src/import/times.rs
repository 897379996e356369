//! Parses times and shifts them.
//!
//! Ids start in 2024, so older stories must be shifted. They are shifted by whole days to keep the time of day.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;
use sosik_feed::Timestamp;
use sosik_feed::id::EPOCH;

const DAY_MS: i64 = 86_400_000;

/// A time as it is in the file.
#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "a time is text like \"2013-01-01\" or \"2013-01-01T12:30:00Z\", or whole unix seconds"
)]
pub(super) enum WrittenTime {
    /// RFC 3339, or a date, which means its first moment in UTC.
    Text(String),
    /// Seconds since 1970.
    Seconds(i64),
}

impl WrittenTime {
    /// Milliseconds since 1970; may be negative.
    pub(super) fn millis(&self) -> Result<i64, String> {
        match self {
            Self::Seconds(seconds) => seconds.checked_mul(1_000).ok_or_else(|| "the time is out of range".to_owned()),
            Self::Text(text) => text_millis(text)
                .ok_or_else(|| "the time is neither a date like 2013-01-01 nor RFC 3339 like 2013-01-01T12:30:00Z".to_owned()),
        }
    }
}

fn text_millis(text: &str) -> Option<i64> {
    if let Ok(moment) = text.parse::<jiff::Timestamp>() {
        return Some(moment.as_millisecond());
    }
    // Accepts a date alone. A text with a time but without an offset is rejected as ambiguous.
    let date: Date = Some(text)
        .filter(|text| text.len() == "2013-01-01".len())?
        .parse()
        .ok()?;
    Some(
        date.to_zoned(TimeZone::UTC)
            .ok()?
            .timestamp()
            .as_millisecond(),
    )
}

/// Shifts a time. Returns an error if a story cannot have the result.
pub(super) fn shifted(millis: i64, shift_days: i64, now: Timestamp) -> Result<Timestamp, String> {
    let moved = shift_days
        .checked_mul(DAY_MS)
        .and_then(|shift| millis.checked_add(shift));
    let moved = moved.ok_or_else(|| "the time is out of range".to_owned())?;
    if moved < EPOCH.as_i64() {
        let days = (EPOCH.as_i64() - millis).div_euclid(DAY_MS) + 1;
        return Err(format!(
            "the time is before 2024-01-01, where ids begin: move all times with --shift-days {days} or more, \
             or with --shift-days auto"
        ));
    }
    if moved > now.as_i64() {
        return Err("the time is in the future: give it in seconds, or move all times back with --shift-days".to_owned());
    }
    Ok(Timestamp::from_i64(moved))
}

/// The largest number of days by which a time can be shifted without passing `latest`.
pub(super) fn days_to(millis: i64, latest: Timestamp) -> i64 {
    latest.as_i64().saturating_sub(millis).div_euclid(DAY_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_767_225_600_000); // 2026-01-01

    fn check_time(json: &str, expected: Option<i64>) {
        let written = serde_json::from_str::<WrittenTime>(json);
        assert_eq!(
            written.ok().and_then(|time| time.millis().ok()),
            expected,
            "{json}"
        );
    }

    #[test]
    fn a_time_is_a_date_or_a_moment_or_seconds() {
        check_time(r#""2013-01-01""#, Some(1_356_998_400_000));
        check_time(r#""2013-01-01T09:00:00+09:00""#, Some(1_356_998_400_000));
        check_time(r#""2013-01-01T00:00:00.007Z""#, Some(1_356_998_400_007));
        check_time("1356998400", Some(1_356_998_400_000));
        for json in [
            r#""2013-01-01T00:00:00""#,
            r#""yesterday""#,
            r#""2013-13-01""#,
            "1.5",
            "null",
            "99999999999999999",
        ] {
            check_time(json, None);
        }
    }

    #[test]
    fn a_time_before_the_first_id_says_how_far_to_move_it() {
        let last_of_2023 = EPOCH.as_i64() - 1;
        let told = shifted(last_of_2023, 0, NOW).unwrap_err();
        assert!(told.contains("--shift-days 1 or more"), "{told}");
        assert_eq!(
            shifted(last_of_2023, 1, NOW),
            Ok(Timestamp::from_i64(last_of_2023 + DAY_MS))
        );
        assert!(shifted(NOW.as_i64() + 1, 0, NOW).is_err());
        assert!(shifted(i64::MAX, 1, NOW).is_err());
    }

    #[test]
    fn the_newest_story_moves_to_now_or_to_less_than_a_day_before() {
        for newest in [
            0,
            1,
            NOW.as_i64(),
            NOW.as_i64() + 1,
            NOW.as_i64() + 3 * DAY_MS,
        ] {
            let moved = newest + days_to(newest, NOW) * DAY_MS;
            assert!((0..DAY_MS).contains(&(NOW.as_i64() - moved)), "{newest}");
        }
    }
}
