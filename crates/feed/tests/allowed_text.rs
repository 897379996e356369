//! Tests the rule of allowed characters with its examples, and the table that the web client reads.
//!
//! `UPDATE_ALLOWED_TEXT=1` rewrites the table; otherwise a stale table fails the test.

use std::path::PathBuf;

use serde::Deserialize;
use sosik_feed::limits::{
    FLAG_TAGS_MAX, FLAG_TAGS_MIN, TEXT_INVISIBLE_IN_A_ROW_MAX, TEXT_MARKS_IN_A_ROW_MAX,
};
use sosik_feed::rules::RuleBroken;
use sosik_feed::text::{Class, StoryText, TextRequirement, class};

/// One example, run by the server and by the web client.
#[derive(Deserialize)]
struct Example {
    about: String,
    text: String,
    /// `ok`, `empty`, or the code of the reason.
    expected: String,
    /// The rejected code point.
    character: Option<String>,
    /// The text as it is stored. Present only in examples that test this.
    written: Option<String>,
}

fn outcome(text: &str) -> (String, Option<String>) {
    match StoryText::parse(text, TextRequirement::Required) {
        Ok(_) => ("ok".to_owned(), None),
        Err(RuleBroken::StoryTextEmpty) => ("empty".to_owned(), None),
        Err(RuleBroken::StoryTextCharacters(refused)) => {
            let code_point = format!("U+{:04X}", u32::from(refused.character));
            (refused.reason.code().to_owned(), Some(code_point))
        }
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn every_example_of_allowed_text_comes_out_as_expected() {
    let examples: Vec<Example> = serde_json::from_str(include_str!("allowed-text.json")).unwrap();
    assert!(examples.len() > 30, "examples are missing");
    for Example {
        about,
        text,
        expected,
        character,
        written,
    } in examples
    {
        assert_eq!(outcome(&text), (expected, character), "{about}");
        let stored = StoryText::parse(&text, TextRequirement::Required);
        if let Some(written) = written {
            assert_eq!(stored.unwrap().as_str(), written, "{about}");
        }
    }
}

/// The ranges of a class: distance from the end of the last range, then length, and so on.
fn ranges(of: Class) -> Vec<u32> {
    let (mut ranges, mut last, mut start) = (Vec::new(), 0, None);
    for code_point in 0..=0x11_0000_u32 {
        // A surrogate is half a character: a client may contain one, the server never does.
        let class = match code_point {
            0xD800..=0xDFFF => Class::Unusable,
            _ => char::from_u32(code_point).map_or(Class::Visible, class),
        };
        match (class == of, start) {
            (true, None) => start = Some(code_point),
            (false, Some(from)) => {
                ranges.extend([from - last, code_point - from]);
                (last, start) = (code_point, None);
            }
            _ => {}
        }
    }
    ranges
}

fn table() -> String {
    let limits = [
        ("marks_in_a_row_max", TEXT_MARKS_IN_A_ROW_MAX),
        ("invisible_in_a_row_max", TEXT_INVISIBLE_IN_A_ROW_MAX),
        ("flag_tags_min", FLAG_TAGS_MIN),
        ("flag_tags_max", FLAG_TAGS_MAX),
    ];
    let mut lines: Vec<String> = limits
        .iter()
        .map(|(name, limit)| format!("  \"{name}\": {limit}"))
        .collect();
    lines.extend(
        Class::ALL
            .iter()
            .map(|(class, name)| format!("  \"{name}\": {:?}", ranges(*class))),
    );
    format!("{{\n{}\n}}\n", lines.join(",\n"))
}

#[test]
fn the_table_for_clients_is_what_the_rule_says() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../web/src/text/rule.json");
    if std::env::var_os("UPDATE_ALLOWED_TEXT").is_some() {
        std::fs::write(&path, table()).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == table(),
        "web/src/text/rule.json is stale: run `cargo xtask generate`"
    );
}
