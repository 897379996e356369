//! Results: one row each, printed as soon as it is measured.

use anyhow::Context;
use serde_json::{Map, Value, json};

/// A result: a name and figures.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) name: String,
    figures: Vec<(&'static str, Value)>,
}

impl Row {
    pub(crate) fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            figures: Vec::new(),
        }
    }

    /// A row with the reason why it has no figures.
    pub(crate) fn left_out(name: &str, why: &str) -> Self {
        Self::new(name).with("left_out", why)
    }

    /// Adds a figure.
    pub(crate) fn with(mut self, name: &'static str, figure: impl Into<Value>) -> Self {
        self.figures.push((name, whole(figure.into())));
        self
    }

    pub(crate) fn figure(&self, name: &str) -> Option<&Value> {
        let mut figures = self.figures.iter();
        figures
            .find(|(known, _)| *known == name)
            .map(|(_, figure)| figure)
    }

    pub(crate) fn number(&self, name: &str) -> Option<f64> {
        self.figure(name).and_then(Value::as_f64)
    }

    fn json(&self) -> Value {
        let figures = self.figures.iter().cloned();
        let mut object: Map<String, Value> = figures
            .map(|(name, figure)| (name.to_owned(), figure))
            .collect();
        object.insert("name".to_owned(), json!(self.name));
        Value::Object(object)
    }

    fn sentence(&self) -> String {
        let figures = self.figures.iter();
        let figures = figures.map(|(name, figure)| match figure {
            Value::String(text) => format!("{name}={text:?}"),
            other => format!("{name}={other}"),
        });
        let figures: Vec<_> = figures.collect();
        format!("{:<30} {}", self.name, figures.join(" "))
    }
}

/// Removes a fraction of zero from whole numbers.
fn whole(figure: Value) -> Value {
    match figure.as_f64() {
        Some(float) if figure.is_f64() && float.fract() == 0.0 => format!("{float:.0}")
            .parse::<i64>()
            .map_or(figure, Value::from),
        _ => figure,
    }
}

/// All results of a run.
#[derive(Debug)]
pub(crate) struct Report {
    as_json: bool,
    rows: Vec<Row>,
}

impl Report {
    pub(crate) const fn new(as_json: bool) -> Self {
        Self {
            as_json,
            rows: Vec::new(),
        }
    }

    /// Prints a result and keeps it.
    pub(crate) fn add(&mut self, row: Row) {
        say(&match self.as_json {
            true => row.json().to_string(),
            false => row.sentence(),
        });
        self.rows.push(row);
    }

    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// A figure of a row that was already added.
    pub(crate) fn number(&self, row: &str, figure: &str) -> anyhow::Result<f64> {
        let found = self.rows.iter().find(|known| known.name == row);
        found
            .and_then(|row| row.number(figure))
            .with_context(|| format!("{row} has not been measured before"))
    }
}

/// Prints a line.
#[expect(
    clippy::print_stdout,
    reason = "the one place where this program prints"
)]
pub(crate) fn say(line: &str) {
    println!("{line}");
}
