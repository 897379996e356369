//! The capacity plan from the command line.

#![expect(clippy::unwrap_used, reason = "an unreadable file must fail the test")]

mod common;

use common::Folder;
use serde_json::Value;

fn input<'a>(plan: &'a Value, name: &str) -> &'a Value {
    let inputs = plan["made_from"].as_array().unwrap();
    inputs.iter().find(|input| input["name"] == name).unwrap()
}

fn machines(plan: &Value) -> u64 {
    let roles = plan["plan"]["one_region"].as_object().unwrap().values();
    let number = |role: &Value, name: &str| role[name].as_u64().unwrap();
    roles
        .map(|role| number(role, "working") + number(role, "further"))
        .sum()
}

#[test]
fn a_plan_says_what_it_takes_and_everything_it_is_made_from() {
    let folder = Folder::new();
    let ran = folder.run(&["plan", "--people", "10M"]).ends_with(0);
    for part in [
        "10 M people are active on a day",
        "on one machine",
        "one region",
        "two regions",
        "warm standby",
        "made from",
        "peak_factor",
    ] {
        assert!(ran.out.contains(part), "{part} is not in\n{}", ran.out);
    }
    let plan = folder
        .run(&["plan", "--people", "10M", "--json"])
        .ends_with(0)
        .json();
    assert_eq!(plan["plan"]["demand"]["active"], 10e6);
    assert_eq!(input(&plan, "people")["from"], "given");
    let assumed = input(&plan, "peak_factor");
    assert_eq!(
        (&assumed["assumed"], &assumed["unit"]),
        (&true.into(), &"times".into())
    );
    assert_eq!(input(&plan, "feed_read_warm")["assumed"], false);
}

#[test]
fn what_is_set_changes_the_plan_and_later_ones_win() {
    let folder = Folder::new();
    let with = |set: &[&str]| {
        let set = set.iter().flat_map(|one| ["--set", one]);
        let arguments: Vec<&str> = ["plan", "--people", "10M", "--json"]
            .into_iter()
            .chain(set)
            .collect();
        folder.run(&arguments).ends_with(0).json()
    };
    let (usual, half) = (with(&[]), with(&["daily_active=10%", "daily_active=50%"]));
    assert_eq!(half["plan"]["demand"]["active"], 5e6);
    assert!(machines(&half) < machines(&usual));
    let copies = with(&["replicas=2"]);
    assert!(machines(&copies) > machines(&usual));
}

#[test]
fn a_name_that_does_not_exist_is_wrong_usage_with_a_suggestion_and_all_names() {
    let folder = Folder::new();
    let ran = folder
        .run(&[
            "plan",
            "--set",
            "peak_facter=3",
            "--set",
            "machine_memory=5%",
        ])
        .ends_with(2);
    for part in [
        "did you mean peak_factor?",
        "reads_per_day, reads_per_story",
        "2KiB",
    ] {
        assert!(ran.err.contains(part), "{part} is not in\n{}", ran.err);
    }
    assert!(ran.out.is_empty(), "{ran:?}");
}

#[test]
fn costs_are_taken_from_a_file_of_the_bench_and_what_is_set_wins_over_them() {
    let folder = Folder::new();
    folder.write(
        "costs",
        "{\"name\": \"feed_read_warm\", \"cpu_micros\": 33.5, \"bytes\": 7777}\n{\"name\": \"other\"}\n",
    );
    let plan = folder
        .run(&[
            "plan",
            "--costs",
            "costs",
            "--set",
            "page_bytes=8kB",
            "--json",
        ])
        .ends_with(0)
        .json();
    let warm = input(&plan, "feed_read_warm");
    assert_eq!(warm["value"], 33.5);
    assert_eq!(warm["from"], "measured by xtask bench: feed_read_warm");
    assert_eq!(input(&plan, "page_bytes")["from"], "given");

    folder.write("broken", "{\"name\": \"feed_read_warm\"}\n");
    let ran = folder.run(&["plan", "--costs", "broken"]).ends_with(2);
    assert!(
        ran.err.contains("line 1: feed_read_warm has no cpu_micros"),
        "{ran:?}"
    );
    let ran = folder.run(&["plan", "--costs", "missing"]).ends_with(3);
    assert!(ran.err.contains("read missing"), "{ran:?}");
}
