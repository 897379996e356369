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

/// The methods of the contract: indented once in its files, and called on the world by the suite.
#[test]
fn every_method_of_the_contract_is_called_by_the_suite() {
    let sources = |folder: &str| -> String {
        let folder = format!("{}/src/{folder}", env!("CARGO_MANIFEST_DIR"));
        let files = fs::read_dir(folder).unwrap();
        files
            .map(|file| fs::read_to_string(file.unwrap().path()).unwrap())
            .collect()
    };
    let (contract, suite) = (sources("contract"), sources("suite"));
    let mut methods: Vec<_> = (contract.lines())
        .filter_map(|line| line.strip_prefix("    "))
        .filter_map(|line| {
            line.strip_prefix("async ")
                .unwrap_or(line)
                .strip_prefix("fn ")
        })
        .filter_map(|line| line.split_once('(').map(|(name, _)| name))
        .collect();
    methods.sort_unstable();
    assert!(methods.len() > 80, "only {methods:?} were found");
    methods.retain(|name| !suite.contains(&format!(".{name}(")));
    assert!(methods.is_empty(), "no behaviour calls {methods:?}");
}
