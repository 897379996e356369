//! `docs/performance.md`: the tables and plots of a run. Text below [`KEPT`] is written by hand and is never
//! overwritten.

mod sections;

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use serde_json::Value;

use crate::machine::Machine;
use crate::plot::{Bar, bars};
use crate::report::{Report, Row};
use sections::{PLOTS, Plot, SECTIONS, Section};

/// Text below this line is not touched.
const KEPT: &str = "<!-- Written by hand from here on; `cargo xtask bench` keeps it. -->";

/// Writes the document and its plots.
pub(crate) fn write(
    path: &Path,
    machine: &Machine,
    report: &Report,
    took: Duration,
) -> anyhow::Result<()> {
    let plots = path.with_extension("");
    let name = plots.file_name().unwrap_or_default().to_string_lossy();
    std::fs::create_dir_all(&plots).with_context(|| format!("make {}", plots.display()))?;
    for plot in PLOTS {
        let file = plots.join(format!("{}.svg", plot.file));
        std::fs::write(&file, drawn(plot, report))
            .with_context(|| format!("write {}", file.display()))?;
    }
    let before = std::fs::read_to_string(path).unwrap_or_default();
    let kept = before.split_once(KEPT).map_or("\n", |(_, kept)| kept);
    let mut text = head(machine, report, took);
    for section in SECTIONS {
        text += &written(section, report, &name);
    }
    text = text + KEPT + kept;
    std::fs::write(path, text).with_context(|| format!("write {}", path.display()))
}

fn head(machine: &Machine, report: &Report, took: Duration) -> String {
    let fsyncs = report.number("bare_fsync", "fsyncs_per_second");
    let fsyncs = fsyncs.map_or("not measured".to_owned(), |rate| format!("{rate} a second"));
    format!(
        "{}\n\n| | |\n|---|---|\n\
         | date | {} |\n| commit | {} |\n| processor | {} cores, {} |\n| memory | {} GiB |\n| kernel | {} |\n\
         | disk | {fsyncs}: writes of 4 KiB with an fsync each |\n\
         | load just before | {} (other work on the same machine is in the spread) |\n| the run took | {} s |\n\n",
        sections::HEAD.trim(),
        machine.date,
        machine.commit,
        machine.cores,
        machine.processor,
        machine.memory_gib,
        machine.kernel,
        machine.load_before,
        took.as_secs(),
    )
}

fn written(section: &Section, report: &Report, plots: &str) -> String {
    let mut text = format!("## {}\n\n{}\n\n", section.title, section.about.trim());
    if let Some(plot) = section.plot {
        let _ = writeln!(text, "![{}]({plots}/{plot}.svg)\n", section.title);
    }
    let headings = section.columns.iter().map(|(_, heading)| *heading);
    let headings: Vec<_> = headings.collect();
    let _ = writeln!(text, "| name | {} |", headings.join(" | "));
    let _ = writeln!(text, "|---|{}", "---:|".repeat(headings.len()));
    for row in rows(section.rows, report) {
        let _ = writeln!(text, "| `{}` | {} |", row.name, cells(section, row));
    }
    text + "\n"
}

fn cells(section: &Section, row: &Row) -> String {
    if let Some(Value::String(why)) = row.figure("left_out") {
        let empty = " |".repeat(section.columns.len() - 1);
        return format!("not measured: {why}{empty}");
    }
    let cells = section.columns.iter().map(|(key, _)| cell(row, key));
    cells.collect::<Vec<_>>().join(" | ")
}

/// A figure. If the key names three, as `ratio|lowest|highest`, the spread follows the figure.
fn cell(row: &Row, key: &str) -> String {
    let figure = |key| row.figure(key).map(shown);
    let mut keys = key.split('|');
    let main = keys.next().and_then(figure);
    let main = main.unwrap_or_else(|| "–".to_owned());
    match (keys.next().and_then(figure), keys.next().and_then(figure)) {
        (Some(lowest), Some(highest)) => format!("**{main}** ({lowest}–{highest})"),
        _ => main,
    }
}

/// Formats a number. A long one gets thin spaces between groups of three digits.
fn shown(figure: &Value) -> String {
    let text = match figure {
        Value::String(text) => return text.clone(),
        Value::Number(number) => match number.as_f64() {
            Some(float) if float.fract() == 0.0 => format!("{float:.0}"),
            _ => number.to_string(),
        },
        other => other.to_string(),
    };
    if text.contains('.') || text.len() <= 4 {
        return text;
    }
    let mut grouped = String::new();
    for (place, digit) in text.chars().enumerate() {
        if place > 0 && (text.len() - place) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// The rows whose names begin with one of these prefixes, in the order of measurement.
fn rows<'a>(prefixes: &'a [&str], report: &'a Report) -> impl Iterator<Item = &'a Row> {
    report
        .rows()
        .iter()
        .filter(|row| prefixes.iter().any(|prefix| row.name.starts_with(prefix)))
}

fn drawn(plot: &Plot, report: &Report) -> String {
    let bar = |row: &Row| {
        let length = row.number(plot.key)?;
        Some(Bar {
            label: row.name.clone(),
            length: (plot.scale)(length),
            figure: format!("{}{}", shown(row.figure(plot.key)?), plot.unit),
        })
    };
    let drawn: Vec<_> = rows(plot.rows, report).filter_map(bar).collect();
    bars(plot.title, &drawn, plot.mark.map(plot.scale))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let mut report = Report::new(true);
        report.add(
            Row::new("feed_read_warm")
                .with("ratio_to_static", 1.5)
                .with("ratio_lowest", 1.4)
                .with("ratio_highest", 1.75)
                .with("cpu_micros", 24.0)
                .with("bytes", 12_345),
        );
        report.add(Row::left_out(
            "alternative_redis_sorted_set",
            "it is not here",
        ));
        report
    }

    #[test]
    fn a_run_is_written_with_its_spread_and_what_was_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("performance.md");
        let write = || write(&path, &Machine::look(), &report(), Duration::from_secs(7)).unwrap();
        write();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains("**1.5** (1.4–1.75)"), "{text}");
        assert!(text.contains("12,345"), "{text}");
        assert!(text.contains("not measured: it is not here"), "{text}");
        let plot = folder.path().join("performance").join("reads.svg");
        assert!(std::fs::read_to_string(plot).unwrap().contains("1.5×"));

        std::fs::write(&path, text + "\nThe profile shows this.\n").unwrap();
        write();
        let again = std::fs::read_to_string(&path).unwrap();
        assert!(
            again.ends_with("\nThe profile shows this.\n"),
            "what a person wrote stays"
        );
        assert_eq!(again.matches(KEPT).count(), 1);
    }
}
