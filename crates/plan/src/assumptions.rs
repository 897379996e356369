//! The values that a plan is computed from, with the origin of each.

use std::fmt;

use super::input::{Input, Origin};
use super::inputs::{INPUTS, Inputs};
use super::needs::usable_memory;

/// The values, and their origins in the order of [`INPUTS`].
#[derive(Debug, Clone)]
pub struct Assumptions {
    values: Inputs,
    origins: Vec<Origin>,
}

/// All errors in the assumptions. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidAssumptions(pub Vec<String>);

impl fmt::Display for InvalidAssumptions {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("invalid assumptions for the plan")?;
        self.0
            .iter()
            .try_for_each(|what| write!(out, "\n  - {what}"))
    }
}

impl std::error::Error for InvalidAssumptions {}

impl Default for Assumptions {
    fn default() -> Self {
        let origin = |input: &Input| Origin::Default(input.basis);
        Self {
            values: Inputs::default(),
            origins: INPUTS.iter().map(origin).collect(),
        }
    }
}

impl Assumptions {
    /// The values.
    pub const fn values(&self) -> &Inputs {
        &self.values
    }

    /// All inputs with their values and origins.
    pub fn each(&self) -> impl Iterator<Item = (&'static Input, f64, &Origin)> {
        let value = |input: &Input| (input.get)(&self.values);
        INPUTS
            .iter()
            .zip(&self.origins)
            .map(move |(input, origin)| (input, value(input), origin))
    }

    /// Sets a value that is known to be valid, such as a measured one. Clamps it to the range of the input.
    pub fn take(&mut self, name: &str, value: f64, origin: Origin) {
        let Some(place) = INPUTS.iter().position(|input| input.name == name) else {
            return;
        };
        let (least, most) = INPUTS[place].range;
        (INPUTS[place].put)(&mut self.values, value.clamp(least, most));
        self.origins[place] = origin;
    }

    /// Sets the values of the command line, each `name=value`. If a name repeats, the last value applies.
    ///
    /// # Errors
    /// All of [`InvalidAssumptions`] at once: unknown names, invalid values, shares with a sum above 100 %.
    pub fn set<'a>(
        &mut self,
        all: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), InvalidAssumptions> {
        let mut wrong = Vec::new();
        for one in all {
            match read(one) {
                Ok((input, value)) => self.take(input.name, value, Origin::Given),
                Err(what) => wrong.push(what),
            }
        }
        wrong.extend(self.contradictions());
        if wrong.is_empty() {
            Ok(())
        } else {
            Err(InvalidAssumptions(wrong))
        }
    }

    fn contradictions(&self) -> Vec<String> {
        let Inputs {
            read_newer_empty,
            read_not_modified,
            read_below_floor,
            friends_mean,
            friends_median,
            ..
        } = self.values;
        let mut found = Vec::new();
        // Allows for rounding: 0.4 + 0.6 may be slightly above 1.
        if read_newer_empty + read_not_modified + read_below_floor > 1.0 + 1e-9 {
            found.push(
                "read_newer_empty, read_not_modified and read_below_floor are parts of all reads: \
                 set them to at most 100% in total"
                    .to_owned(),
            );
        }
        if usable_memory(&self.values) <= 0.0 {
            found.push(
                "machine_memory times memory_use_max leaves no space after process_memory: increase machine_memory"
                    .to_owned(),
            );
        }
        if friends_median > friends_mean {
            found.push(format!(
                "friends_median ({friends_median}) is above friends_mean ({friends_mean}): a few people with very many \
                 friends lift the mean, never the median"
            ));
        }
        found
    }
}

fn read(one: &str) -> Result<(&'static Input, f64), String> {
    let (name, value) = one
        .split_once('=')
        .ok_or_else(|| format!("--set {one}: write --set NAME=VALUE"))?;
    let name = name.trim();
    let input = Input::named(name).ok_or_else(|| unknown(name))?;
    let value = input
        .parse(value)
        .map_err(|why| format!("--set {name}: {why} ({})", input.meaning()))?;
    Ok((input, value))
}

fn unknown(name: &str) -> String {
    let names: Vec<&str> = INPUTS.iter().map(|input| input.name).collect();
    let meant =
        closest_match(name).map_or_else(String::new, |meant| format!("; did you mean {meant}?"));
    format!(
        "--set {name}: no such input{meant}\n    inputs: {}",
        names.join(", ")
    )
}

/// The name that looks most like a wrong one; none when it would be a guess.
fn closest_match(wrong: &str) -> Option<&'static str> {
    const SIMILARITY_MIN: f64 = 0.6;
    let likeness = |name| strsim::normalized_damerau_levenshtein(name, wrong);
    let best = INPUTS
        .iter()
        .map(|input| (likeness(input.name), input.name))
        .max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 >= SIMILARITY_MIN).then_some(best.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::Basis;

    #[test]
    fn what_is_set_is_taken_and_noted_as_given_and_the_last_one_wins() {
        let mut assumptions = Assumptions::default();
        let set = ["people=2M", "peak_factor=3", "peak_factor=5"];
        assert_eq!(assumptions.set(set), Ok(()));
        assert_eq!(assumptions.values().people, 2e6);
        assert_eq!(assumptions.values().peak_factor, 5.0);
        for (input, _, origin) in assumptions.each() {
            let given = ["people", "peak_factor"].contains(&input.name);
            let expected = match given {
                true => Origin::Given,
                false => Origin::Default(input.basis),
            };
            assert_eq!(*origin, expected, "{}", input.name);
        }
    }

    #[test]
    fn everything_wrong_is_told_at_once_and_a_near_miss_is_suggested() {
        let set = [
            "daily_activ=50%",
            "people=many",
            "replicas",
            "cpu=1",
            "spare=-1",
        ];
        let InvalidAssumptions(told) = Assumptions::default().set(set).unwrap_err();
        assert_eq!(told.len(), 5, "{told:?}");
        assert!(told[0].contains("did you mean daily_active?"), "{told:?}");
        assert!(told[0].contains("peak_factor, reads_per_day"), "{told:?}");
        assert!(told[1].contains("10M"), "{told:?}");
        assert!(told[2].contains("NAME=VALUE"), "{told:?}");
        assert!(!told[3].contains("did you mean"), "{told:?}");
        assert!(told[4].contains("from 0 to 99"), "{told:?}");
    }

    #[test]
    fn shares_beyond_all_and_a_median_above_the_mean_are_refused() {
        let set = ["read_newer_empty=70%", "read_not_modified=40%"];
        let InvalidAssumptions(told) = Assumptions::default().set(set).unwrap_err();
        assert!(told[0].contains("100% in total"), "{told:?}");
        let InvalidAssumptions(told) = Assumptions::default()
            .set(["friends_median=200"])
            .unwrap_err();
        assert!(told[0].contains("friends_median (200)"), "{told:?}");
    }

    #[test]
    fn a_machine_that_is_full_before_anybody_comes_is_refused() {
        let set = ["machine_memory=1GB", "process_memory=1GB"];
        let InvalidAssumptions(told) = Assumptions::default().set(set).unwrap_err();
        assert!(told[0].contains("machine_memory"), "{told:?}");
    }

    #[test]
    fn a_measured_value_out_of_range_is_brought_into_it() {
        let mut assumptions = Assumptions::default();
        assumptions.take("compressed_to", 1.7, Origin::Measured);
        assert_eq!(assumptions.values().compressed_to, 1.0);
    }

    #[test]
    fn an_assumed_default_says_so_and_a_measured_one_does_not() {
        let assumed = |basis| Origin::Default(basis).is_assumed();
        assert!(assumed(Basis::Assumed) && !assumed(Basis::Recorded));
        assert!(!Origin::Given.is_assumed() && !Origin::Measured.is_assumed());
    }
}
