//! Arrival times. The seed determines them in advance, whatever the server does.

use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// How the rate changes over time. Rates are arrivals per second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Shape {
    /// A constant rate.
    Flat {
        /// Arrivals per second.
        rate: f64,
    },
    /// The rush at two in the afternoon: the usual rate for a third of the time, a rise within `ramp`, the high rate
    /// for a third of the time, then the usual rate again, so that the recovery is visible.
    Step {
        /// Usual rate, in arrivals per second.
        rate: f64,
        /// The factor of the rush.
        times: f64,
        /// The duration of the rise.
        ramp: Duration,
    },
    /// A day, compressed into the length of the run: quiet at night, with the peak at two in the afternoon, 3.2 times
    /// the mean.
    Day {
        /// Mean rate, in arrivals per second.
        rate: f64,
    },
}

/// The rate at each hour of a day in one time zone, as a share of the day's mean: 24 numbers with the mean 1 and a peak
/// of 3.2 at two in the afternoon. The design expects a peak of 3 to 5 times the mean in one time zone. Between hours
/// the rate is interpolated. The numbers are estimates; measure your own.
const HOURS: [f64; 24] = [
    0.35, 0.2, 0.12, 0.1, 0.1, 0.15, 0.3, 0.6, 0.9, 1.0, 1.1, 1.3, 1.9, 2.6, 3.2, 2.3, 1.4, 1.0,
    0.9, 1.0, 1.1, 1.0, 0.8, 0.58,
];

impl Shape {
    /// The rate at the moment `at` of a run of this length, in arrivals per second.
    #[must_use]
    pub fn rate_at(&self, at: Duration, length: Duration) -> f64 {
        let place = at.as_secs_f64() / length.as_secs_f64();
        match *self {
            Self::Flat { rate } => rate,
            Self::Step { rate, times, ramp } => {
                if !(1.0 / 3.0..2.0 / 3.0).contains(&place) {
                    return rate;
                }
                let since = at.as_secs_f64() - length.as_secs_f64() / 3.0;
                let risen = (since / ramp.as_secs_f64().max(0.001)).min(1.0);
                rate * (1.0 + (times - 1.0) * risen)
            }
            Self::Day { rate } => {
                let hours = (place * 24.0).clamp(0.0, 23.999);
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "0 to 23"
                )]
                let hour = hours as usize;
                let (this, next) = (HOURS[hour], HOURS[(hour + 1) % HOURS.len()]);
                rate * (this + (next - this) * hours.fract())
            }
        }
    }
}

/// The arrival times from the beginning of the run, as a Poisson process.
#[derive(Debug)]
pub struct Arrivals {
    shape: Shape,
    length: Duration,
    chance: ChaCha8Rng,
    at: Duration,
}

impl Arrivals {
    /// Makes the arrivals. The same seed gives the same times.
    #[must_use]
    pub fn new(shape: Shape, length: Duration, seed: u64) -> Self {
        Self {
            shape,
            length,
            chance: ChaCha8Rng::seed_from_u64(seed),
            at: Duration::ZERO,
        }
    }
}

impl Iterator for Arrivals {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let rate = self.shape.rate_at(self.at, self.length).max(0.001);
        // The rate hardly changes from one arrival to the next.
        let gap = -(1.0 - self.chance.random::<f64>()).ln() / rate;
        self.at += Duration::from_secs_f64(gap);
        (self.at < self.length).then_some(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn arrivals(shape: Shape) -> Vec<Duration> {
        Arrivals::new(shape, MINUTE, 7).collect()
    }

    #[test]
    fn a_flat_rate_gives_as_many_as_it_says_and_the_same_for_the_same_seed() {
        let flat = Shape::Flat { rate: 100.0 };
        let moments = arrivals(flat);
        assert!((5_700..6_300).contains(&moments.len()), "{}", moments.len());
        assert!(moments.is_sorted());
        assert_eq!(moments, arrivals(flat));
    }

    #[test]
    fn a_step_rises_tenfold_and_falls_back() {
        let ramp = Duration::from_secs(2);
        let moments = arrivals(Shape::Step {
            rate: 20.0,
            times: 10.0,
            ramp,
        });
        let between = |from, to| {
            let from_to = Duration::from_secs(from)..Duration::from_secs(to);
            moments.iter().filter(|at| from_to.contains(at)).count()
        };
        assert!((300..500).contains(&between(0, 20)), "{}", between(0, 20));
        assert!(
            (3_000..3_400).contains(&between(24, 40)),
            "{}",
            between(24, 40)
        );
        assert!((300..500).contains(&between(40, 60)), "{}", between(40, 60));
    }

    #[test]
    fn a_day_has_its_mean_and_its_peak_at_two_in_the_afternoon() {
        assert!((HOURS.iter().sum::<f64>() / 24.0 - 1.0).abs() < 0.001);
        let day = Shape::Day { rate: 100.0 };
        let hour = |hour: u32| day.rate_at(MINUTE * hour / 24, MINUTE);
        assert!((hour(14) - 320.0).abs() < 0.1 && hour(4) < 20.0);
        assert!((0..24).all(|other| hour(other) <= hour(14)));
        let between = day.rate_at(MINUTE * 29 / 48, MINUTE);
        assert!((between - 275.0).abs() < 0.1, "{between}");
        let count = f64::from(u32::try_from(arrivals(day).len()).unwrap());
        assert!((5_600.0..6_400.0).contains(&count), "{count}");
    }
}
