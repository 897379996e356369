//! Every behaviour of a suite is in the list of its macro; otherwise it would never be tested.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::fs;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/suite");

/// The lines `suite { name, … }` of the macros, as `suite::name`.
fn listed() -> BTreeSet<String> {
    let source = fs::read_to_string(format!("{FOLDER}/mod.rs")).unwrap();
    let mut suite = String::new();
    let mut names = BTreeSet::new();
    for line in source.lines().map(str::trim) {
        if let Some(begin) = line.strip_suffix(" {") {
            suite = begin.split(' ').next_back().unwrap().to_owned();
        } else if let Some(name) = line.strip_suffix(',')
            && name
                .chars()
                .all(|letter| letter == '_' || letter.is_ascii_alphanumeric())
        {
            names.insert(format!("{suite}::{name}"));
        }
    }
    names
}

/// The behaviours: public functions at the start of a line that take an engine.
fn written() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(FOLDER).unwrap() {
        let path = entry.unwrap().path();
        let suite = path.file_stem().unwrap().to_str().unwrap().to_owned();
        for line in fs::read_to_string(&path).unwrap().lines() {
            let begin = line.strip_prefix("pub async fn ");
            if let Some((name, _)) = begin.and_then(|line| line.split_once('(')) {
                names.insert(format!("{suite}::{name}"));
            }
        }
    }
    names
}

#[test]
fn every_behaviour_is_in_the_list_of_its_suite() {
    assert!(written().len() > 5);
    assert_eq!(listed(), written());
}
