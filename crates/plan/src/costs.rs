//! Reads costs from the output of `cargo xtask bench --json`: one JSON object per line, each with a `name`.
//!
//! Lines with other names are skipped, so that the benchmark can grow. A known line without its figure is an error,
//! because a plan from incomplete measurements would mislead.
//!
//! `memory_person` is not used. It spreads memory that a server needs once, such as the page cache of its store, over
//! the few people of the benchmark. A plan for millions would multiply it.

use serde_json::Value;

use super::assumptions::{Assumptions, InvalidAssumptions};
use super::input::Origin;

/// How a figure of the benchmark becomes an input of the plan.
#[derive(Clone, Copy)]
enum Conversion {
    /// Unchanged.
    Same,
    /// From a rate per second on one core to microseconds each.
    IntoMicros,
}

/// A figure of the benchmark and its input.
struct Source {
    line: &'static str,
    field: &'static str,
    input: &'static str,
    conversion: Conversion,
    /// The field may be absent.
    optional: bool,
}

const fn source(line: &'static str, field: &'static str, input: &'static str) -> Source {
    Source {
        line,
        field,
        input,
        conversion: Conversion::Same,
        optional: false,
    }
}

/// All figures that are used.
const SOURCES: &[Source] = &[
    source("feed_read_warm", "cpu_micros", "feed_read_warm"),
    source("feed_read_warm", "bytes", "page_bytes"),
    source("feed_read_304", "cpu_micros", "feed_read_304"),
    source(
        "feed_read_below_floor",
        "cpu_micros",
        "feed_read_below_floor",
    ),
    source("feed_read_cold", "cpu_micros", "feed_read_cold"),
    source("post_durable_64", "posts_per_second", "writes_max"),
    Source {
        optional: true,
        ..source("post_durable_64", "cpu_micros", "post")
    },
    Source {
        conversion: Conversion::IntoMicros,
        ..source("delivery_memory", "deliveries_per_second", "delivery")
    },
    source("memory_timeline", "resident_bytes_each", "timeline_memory"),
];

/// Sets every cost found in the lines.
///
/// # Errors
/// All lines that are not JSON, or that have a known name without its figure. Also when no name is known.
pub fn take(assumptions: &mut Assumptions, text: &str) -> Result<(), InvalidAssumptions> {
    let (mut wrong, mut taken) = (Vec::new(), 0);
    for (number, line) in text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
    {
        let at = |what: &str| format!("--costs, line {}: {what}", number + 1);
        match serde_json::from_str::<Value>(line) {
            Ok(line) => match take_line(assumptions, &line) {
                Ok(more) => taken += more,
                Err(what) => wrong.push(at(&what)),
            },
            Err(error) => wrong.push(at(&format!("not a JSON object: {error}"))),
        }
    }
    if wrong.is_empty() && taken == 0 {
        wrong.push(
            "--costs: no line contains a known cost; pass the output of `cargo xtask bench --json`"
                .to_owned(),
        );
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(InvalidAssumptions(wrong))
    }
}

fn take_line(assumptions: &mut Assumptions, line: &Value) -> Result<usize, String> {
    let name = line["name"].as_str().unwrap_or_default();
    let mut taken = 0;
    for source in SOURCES.iter().filter(|source| source.line == name) {
        let figure = line[source.field].as_f64().filter(|figure| *figure > 0.0);
        let Some(figure) = figure else {
            if source.optional {
                continue;
            }
            return Err(format!("{name} has no {} above zero", source.field));
        };
        let value = match source.conversion {
            Conversion::Same => figure,
            Conversion::IntoMicros => 1e6 / figure,
        };
        assumptions.take(source.input, value, Origin::Bench(name.to_owned()));
        taken += 1;
    }
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::Input;

    #[test]
    fn costs_are_taken_by_name_with_their_origin() {
        let mut assumptions = Assumptions::default();
        let text = r#"
            {"name": "feed_read_warm", "cpu_micros": 31.5, "bytes": 8400, "ratio_to_static": 1.9}
            {"name": "delivery_memory", "deliveries_per_second": 4000000}
            {"name": "alternative_redis_sorted_set", "cpu_micros": 300}
        "#;
        assert_eq!(take(&mut assumptions, text), Ok(()));
        let values = assumptions.values();
        assert_eq!((values.feed_read_warm, values.page_bytes), (31.5, 8_400.0));
        assert_eq!(values.delivery, 0.25);
        let (_, _, origin) = assumptions
            .each()
            .find(|(input, ..)| input.name == "delivery")
            .unwrap();
        assert_eq!(
            origin.to_string(),
            "measured by xtask bench: delivery_memory"
        );
    }

    #[test]
    fn a_file_that_tells_nothing_or_half_is_refused() {
        let told = |text| {
            take(&mut Assumptions::default(), text)
                .unwrap_err()
                .to_string()
        };
        assert!(told("").contains("no line contains a known cost"));
        assert!(told("{}\n").contains("no line contains a known cost"));
        let both = told("{\"name\": \"feed_read_304\"}\nCompiling sosik\n");
        assert!(
            both.contains("line 1: feed_read_304 has no cpu_micros above zero"),
            "{both}"
        );
        assert!(both.contains("line 2: not a JSON object"), "{both}");
    }

    #[test]
    fn every_cost_is_taken_for_an_input_that_exists() {
        for source in SOURCES {
            assert!(Input::named(source.input).is_some(), "{}", source.input);
        }
    }
}
