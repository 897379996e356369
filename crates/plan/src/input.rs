//! One input of the plan, and the facts about it that do not depend on its value.

use std::fmt;

use super::inputs::{INPUTS, Inputs};
use super::unit::Unit;

/// An input. All inputs are in [`INPUTS`].
#[derive(Debug)]
pub struct Input {
    /// Its name in `--set` and in JSON.
    pub name: &'static str,
    /// The heading under which it is listed.
    pub section: &'static str,
    /// Its meaning, one item per line of the doc comment.
    pub meaning: &'static [&'static str],
    /// Its unit.
    pub unit: Unit,
    /// Smallest and largest valid value.
    pub range: (f64, f64),
    /// Origin of the default.
    pub basis: Basis,
    /// Returns its value.
    pub get: fn(&Inputs) -> f64,
    /// Sets its value.
    pub put: fn(&mut Inputs, f64),
}

/// Origin of a default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// Not measured: an estimate that better knowledge should replace.
    Assumed,
    /// Measured by `sosik plan --measure`. [`RECORDED_ON`] names the machine and the date.
    Recorded,
    /// Determined by comparing the plan with a server under load. The guide describes the comparison.
    Checked,
}

/// Where the recorded costs were measured. Costs differ on other machines; `--measure` measures them.
pub const RECORDED_ON: &str = "Intel Xeon, 2 cores, others at work on them, 22 November 2026";

/// Origin of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The default.
    Default(Basis),
    /// `--people` or `--set`.
    Given,
    /// Measured by this run on this machine.
    Measured,
    /// The line of this name in the output of `cargo xtask bench --json`.
    Bench(String),
}

impl Origin {
    /// Whether the value was never measured.
    pub const fn is_assumed(&self) -> bool {
        matches!(self, Self::Default(Basis::Assumed))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default(Basis::Assumed) => out.write_str("assumed"),
            Self::Default(Basis::Recorded) => out.write_str("recorded from plan --measure"),
            Self::Default(Basis::Checked) => out.write_str("from a run of sosik load"),
            Self::Given => out.write_str("given"),
            Self::Measured => out.write_str("measured now"),
            Self::Bench(name) => write!(out, "measured by xtask bench: {name}"),
        }
    }
}

impl Input {
    /// The input with this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        INPUTS.iter().find(|input| input.name == name)
    }

    /// Its meaning in one line.
    pub fn meaning(&self) -> String {
        let lines: Vec<&str> = self.meaning.iter().map(|line| line.trim()).collect();
        lines.join(" ")
    }

    /// Parses a value.
    ///
    /// # Errors
    /// A sentence that names the valid values.
    pub fn parse(&self, text: &str) -> Result<f64, String> {
        let value = self.unit.parse(text)?;
        self.check(value)?;
        Ok(value)
    }

    /// Checks whether a value is in the range.
    ///
    /// # Errors
    /// A sentence that names the valid values.
    pub fn check(&self, value: f64) -> Result<(), String> {
        let (least, most) = self.range;
        if (least..=most).contains(&value) {
            return Ok(());
        }
        let show = |value| self.unit.show(value);
        Err(format!(
            "{} is not from {} to {}",
            show(value),
            show(least),
            show(most)
        ))
    }
}
