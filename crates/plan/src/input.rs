//! One figure that the plan starts from, and what is known about it whatever its value.

use std::fmt;

use super::inputs::{INPUTS, Inputs};
use super::unit::Unit;

/// A figure that can be changed. All of them are in [`INPUTS`].
#[derive(Debug)]
pub struct Input {
    /// As `--set` and JSON call it.
    pub name: &'static str,
    /// What it belongs to, as a heading.
    pub section: &'static str,
    /// What it means. Doc comments come line by line.
    pub meaning: &'static [&'static str],
    /// What it is counted in.
    pub unit: Unit,
    /// Least and greatest value that makes sense.
    pub range: (f64, f64),
    /// Where the default comes from.
    pub basis: Basis,
    /// Its value among all.
    pub get: fn(&Inputs) -> f64,
    /// Changes it.
    pub put: fn(&mut Inputs, f64),
}

/// Where a default comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// Nobody measured it: a guess to be replaced by somebody who knows.
    Assumed,
    /// Once measured by `sosik plan --measure`; which machine, and when, is in [`RECORDED_ON`].
    Recorded,
    /// Taken from a server under load, of which the page about planning in the guide tells.
    Checked,
}

/// Where the recorded costs were measured. Costs of another machine differ; `--measure` takes one's own.
pub const RECORDED_ON: &str = "Intel Xeon, 2 cores, others at work on them, 22 November 2026";

/// Where the value of an input comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Its default.
    Default(Basis),
    /// `--people` or `--set`.
    Given,
    /// Measured just now on this machine.
    Measured,
    /// A line of `cargo xtask bench --json`, by its name.
    Bench(String),
}

impl Origin {
    /// Whether anybody ever measured it.
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
    /// The input of that name.
    pub fn named(name: &str) -> Option<&'static Self> {
        INPUTS.iter().find(|input| input.name == name)
    }

    /// What it means, in one line.
    pub fn meaning(&self) -> String {
        let lines: Vec<&str> = self.meaning.iter().map(|line| line.trim()).collect();
        lines.join(" ")
    }

    /// Reads a value.
    ///
    /// # Errors
    /// A sentence with what is allowed.
    pub fn parse(&self, text: &str) -> Result<f64, String> {
        let value = self.unit.parse(text)?;
        self.check(value)?;
        Ok(value)
    }

    /// Whether a value makes sense.
    ///
    /// # Errors
    /// A sentence with what is allowed.
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
