//! Units of the plan: how values are parsed and shown.
//!
//! A value accepts only the suffixes of its own unit, so `5%` is never parsed as five bytes. Inside of the plan all
//! values are in base units: bytes, microseconds, bits per second, shares from 0 to 1.

/// A unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// People.
    People,
    /// A number of things.
    Count,
    /// How often a person does something per day.
    PerDay,
    /// A rate per second.
    PerSecond,
    /// A factor.
    Times,
    /// A part of a whole, from 0 to 1. Shown as a percentage.
    Share,
    /// Bytes.
    Bytes,
    /// Microseconds.
    Micros,
    /// Seconds.
    Seconds,
    /// Years.
    Years,
    /// Bits per second.
    BitsPerSecond,
}

/// Suffixes and their factors. A longer suffix comes before the shorter ones it ends with.
type Suffixes = &'static [(&'static str, f64)];

const THOUSANDS: Suffixes = &[("k", 1e3), ("M", 1e6), ("G", 1e9)];
const SHARES: Suffixes = &[("%", 0.01)];
const BYTES: Suffixes = &[
    ("KiB", 1024.0),
    ("MiB", 1_048_576.0),
    ("GiB", 1_073_741_824.0),
    ("TiB", 1_099_511_627_776.0),
    ("kB", 1e3),
    ("MB", 1e6),
    ("GB", 1e9),
    ("TB", 1e12),
    ("PB", 1e15),
    ("B", 1.0),
];
const MICROS: Suffixes = &[
    ("µs", 1.0),
    ("us", 1.0),
    ("ns", 1e-3),
    ("ms", 1e3),
    ("s", 1e6),
];
const BITS: Suffixes = &[
    ("kbit/s", 1e3),
    ("Mbit/s", 1e6),
    ("Gbit/s", 1e9),
    ("Mbit", 1e6),
    ("Gbit", 1e9),
    ("bit/s", 1.0),
];

impl Unit {
    /// The name after a value in a list.
    pub const fn name(self) -> &'static str {
        match self {
            Self::People => "people",
            Self::Count => "count",
            Self::PerDay => "per person a day",
            Self::PerSecond => "per second",
            Self::Times => "times",
            Self::Share => "share",
            Self::Bytes => "bytes",
            Self::Micros => "microseconds",
            Self::Seconds => "seconds",
            Self::Years => "years",
            Self::BitsPerSecond => "bits per second",
        }
    }

    const fn suffixes(self) -> Suffixes {
        match self {
            Self::People | Self::Count | Self::PerSecond => THOUSANDS,
            Self::PerDay | Self::Times | Self::Years => &[],
            Self::Share => SHARES,
            Self::Bytes => BYTES,
            Self::Micros => MICROS,
            Self::Seconds => &[("s", 1.0)],
            Self::BitsPerSecond => BITS,
        }
    }

    const fn example(self) -> &'static str {
        match self {
            Self::People | Self::Count | Self::PerSecond => "1500, 1.5k or 10M",
            Self::PerDay | Self::Times | Self::Years => "a plain number such as 2.5",
            Self::Share => "60% or 0.6",
            Self::Bytes => "2000, 2kB or 2KiB",
            Self::Micros => "25, 25us or 1.5ms",
            Self::Seconds => "3 or 3s",
            Self::BitsPerSecond => "10Gbit/s or 10e9",
        }
    }

    /// Parses a value.
    ///
    /// # Errors
    /// A sentence that describes the format.
    pub fn parse(self, text: &str) -> Result<f64, String> {
        let text = text.trim();
        let ending = self
            .suffixes()
            .iter()
            .find(|(ending, _)| text.ends_with(ending));
        let (number, times) = ending.map_or((text, 1.0), |(ending, times)| {
            (text[..text.len() - ending.len()].trim(), *times)
        });
        let number = number.replace('_', "");
        match number.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(number * times),
            _ => Err(format!(
                "{text:?} is not a number of {}: write {}",
                self.name(),
                self.example()
            )),
        }
    }

    /// Shows a value with three significant digits.
    pub fn show(self, value: f64) -> String {
        const LARGE: &[(f64, &str)] = &[(1e9, "G"), (1e6, "M"), (1e3, "k")];
        match self {
            Self::People | Self::Count => scaled(value, LARGE, ""),
            Self::PerDay => format!("{}/day", digits(value)),
            Self::PerSecond => scaled(value, LARGE, "/s"),
            Self::Times => format!("×{}", digits(value)),
            Self::Share => format!("{}%", digits(value * 100.0)),
            Self::Bytes => scaled(
                value,
                &[(1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")],
                "B",
            ),
            Self::Micros => match value {
                value if value >= 1e6 => format!("{} s", digits(value / 1e6)),
                value if value >= 1e3 => format!("{} ms", digits(value / 1e3)),
                _ => format!("{} µs", digits(value)),
            },
            Self::Seconds => format!("{} s", digits(value)),
            Self::Years => format!("{} years", digits(value)),
            Self::BitsPerSecond => scaled(value, LARGE, "bit/s"),
        }
    }
}

fn scaled(value: f64, steps: &[(f64, &str)], unit: &str) -> String {
    // A value that would be shown as 1000 of the smaller unit becomes 1 of the larger.
    const ROUNDS_UP: f64 = 0.9995;
    let step = steps
        .iter()
        .find(|(from, _)| value.abs() >= *from * ROUNDS_UP);
    let (number, prefix) = step.map_or((value, ""), |(from, prefix)| (value / from, *prefix));
    let gap = if prefix.is_empty() && unit.starts_with('/') || unit.is_empty() && prefix.is_empty()
    {
        ""
    } else {
        " "
    };
    format!("{}{gap}{prefix}{unit}", digits(number))
}

/// Three significant digits, without trailing zeros.
pub fn digits(value: f64) -> String {
    let text = match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    };
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_read_with_the_endings_of_its_own_unit() {
        for (unit, text, value) in [
            (Unit::People, "10M", 10_000_000.0),
            (Unit::People, "10_000", 10_000.0),
            (Unit::Count, "1.5k", 1_500.0),
            (Unit::Share, "60%", 0.6),
            (Unit::Share, "0.6", 0.6),
            (Unit::Bytes, "2KiB", 2_048.0),
            (Unit::Bytes, "2 GB", 2e9),
            (Unit::Bytes, "12", 12.0),
            (Unit::Micros, "1.5ms", 1_500.0),
            (Unit::Micros, "0.5us", 0.5),
            (Unit::Micros, "250ns", 0.25),
            (Unit::BitsPerSecond, "10Gbit/s", 1e10),
        ] {
            let read = unit.parse(text).unwrap();
            assert!((read - value).abs() < value * 1e-12, "{text} is {read}");
        }
    }

    #[test]
    fn another_units_ending_is_refused_with_how_to_write_it() {
        for (unit, text) in [
            (Unit::Bytes, "5%"),
            (Unit::Share, "5kB"),
            (Unit::Micros, "10M"),
            (Unit::People, "many"),
            (Unit::Times, "3k"),
            (Unit::People, "inf"),
            (Unit::People, ""),
        ] {
            let told = unit.parse(text).unwrap_err();
            assert!(
                told.contains(unit.name()) && told.contains("write"),
                "{told}"
            );
        }
    }

    #[test]
    fn figures_are_shown_with_three_digits_and_without_idle_zeros() {
        for (unit, value, shown) in [
            (Unit::People, 10e6, "10 M"),
            (Unit::Count, 12.0, "12"),
            (Unit::People, 999_998.0, "1 M"),
            (Unit::People, 999_400.0, "999 k"),
            (Unit::PerSecond, 78_703.7, "78.7 k/s"),
            (Unit::PerSecond, 12.5, "12.5/s"),
            (Unit::Share, 0.6, "60%"),
            (Unit::Bytes, 6_912.0, "6.91 kB"),
            (Unit::Bytes, 300.0, "300 B"),
            (Unit::Micros, 18_200.0, "18.2 ms"),
            (Unit::Micros, 0.25, "0.25 µs"),
            (Unit::Times, 4.0, "×4"),
            (Unit::PerDay, 170.0, "170/day"),
            (Unit::BitsPerSecond, 1e10, "10 Gbit/s"),
        ] {
            assert_eq!(unit.show(value), shown);
        }
    }
}
