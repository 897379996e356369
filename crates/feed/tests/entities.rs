//! Tests the grammar of text with its examples, and the table of them in `docs/guide/text.md`.
//!
//! `UPDATE_TEXT_GUIDE=1` rewrites the table; otherwise a stale table fails the test. The web client draws the same
//! examples.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde::Deserialize;
use sosik_feed::text::{Entity, EntityKind, entities};

#[derive(Deserialize)]
struct Example {
    group: String,
    about: String,
    text: String,
    /// Kind, covered part of the text, target; for a link also the text that is drawn.
    entities: Vec<Vec<String>>,
}

fn examples() -> Vec<Example> {
    serde_json::from_str(include_str!("entities.json")).expect("a list of examples")
}

fn written(text: &str, entity: &Entity) -> Vec<String> {
    let length = entity.end - entity.start;
    let part = text
        .chars()
        .skip(entity.start as usize)
        .take(length as usize)
        .collect();
    match &entity.kind {
        EntityKind::Link(link) => vec!["link".into(), part, link.url.clone(), link.display.clone()],
        EntityKind::Mention(handle) => vec!["mention".into(), part, handle.to_string()],
        EntityKind::Tag(tag) => vec!["tag".into(), part, tag.clone()],
    }
}

#[test]
fn every_example_of_text_has_the_listed_entities() {
    let examples = examples();
    assert!(examples.len() > 90, "examples are missing");
    let mut wrong = String::new();
    for Example {
        about,
        text,
        entities: expected,
        ..
    } in examples
    {
        let found: Vec<_> = entities(&text)
            .iter()
            .map(|entity| written(&text, entity))
            .collect();
        if found != expected {
            writeln!(
                wrong,
                "{about}: {text:?}\n  expected {expected:?}\n  found    {found:?}"
            )
            .unwrap();
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

const START: &str = "<!-- examples: made by `cargo xtask generate` -->\n";
const END: &str = "<!-- end of the examples -->\n";

fn table() -> String {
    let mut table = String::new();
    let mut group = String::new();
    for example in examples() {
        if example.group != group {
            group.clone_from(&example.group);
            table += &format!("\n### {group}\n\n| case | text | entities |\n|---|---|---|\n");
        }
        let found: Vec<_> = example
            .entities
            .iter()
            .map(|entity| described(entity))
            .collect();
        let (about, text) = (example.about, code(&example.text));
        table += &format!("| {about} | {text} | {} |\n", found.join("<br>"));
    }
    table.push('\n');
    table
}

fn described(entity: &[String]) -> String {
    match entity {
        [kind, part, url, display] => {
            format!(
                "{kind} {} to {}, drawn as {}",
                code(part),
                code(url),
                code(display)
            )
        }
        [kind, part, target] => format!("{kind} {} of {}", code(part), code(target)),
        other => panic!("{other:?}"),
    }
}

/// As code of a table of Markdown. Invisible characters are spelled out.
fn code(text: &str) -> String {
    let spelled: String = text
        .chars()
        .map(|character| match character {
            '|' => "&#124;".to_owned(),
            '&' => "&amp;".to_owned(),
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            '\u{200B}'..='\u{200D}' | '\u{301}' | '\u{FDFA}' => {
                format!("\\u{{{:X}}}", u32::from(character))
            }
            // Otherwise a page of Markdown would make links and emphasis of its own.
            '*' | '_' | '`' | '[' | ']' | '~' | '#' | '@' | ':' | '\\' => {
                format!("&#{};", u32::from(character))
            }
            other => other.to_string(),
        })
        .collect();
    format!("<code>{spelled}</code>")
}

#[test]
fn the_guide_lists_the_examples() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide/text.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(START).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let fresh = format!("{before}{START}{}{END}{after}", table());
    if std::env::var_os("UPDATE_TEXT_GUIDE").is_some() {
        std::fs::write(&path, &fresh).unwrap();
    } else {
        assert!(
            page == fresh,
            "docs/guide/text.md is stale: run `cargo xtask generate`"
        );
    }
}
