//! Every behaviour of the suite is in its list; otherwise it would never be tested.

use std::fs;

#[test]
fn every_behaviour_of_the_suite_is_in_its_list() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/suite");
    let list = fs::read_to_string(format!("{folder}/mod.rs")).unwrap();
    let mut behaviours = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let source = fs::read_to_string(entry.unwrap().path()).unwrap();
        for line in source.lines() {
            // Tests begin at the start of a line; the methods of the world are indented.
            let begin = line.strip_prefix("pub async fn ");
            let Some((name, _)) = begin.and_then(|line| line.split_once('(')) else {
                continue;
            };
            behaviours += 1;
            assert!(
                list.contains(&format!(" {name},\n")),
                "{name} is in no list"
            );
        }
    }
    assert_eq!(
        behaviours,
        list.lines()
            .filter(|line| line.starts_with("                ") && line.ends_with(','))
            .count()
    );
}
