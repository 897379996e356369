//! Runs the program as a user does. Every measurement works and has the name that tools expect. No figure is judged
//! here.

use std::collections::BTreeSet;
use std::process::Command;

const NAMES: [&str; 23] = [
    "alternative_postgres_join",
    "alternative_postgres_join_5000_friends",
    "alternative_redis_sorted_set",
    "bare_fsync",
    "delivery_memory",
    "feed_read_304",
    "feed_read_5000_friends",
    "feed_read_below_floor",
    "feed_read_cold",
    "feed_read_page_10",
    "feed_read_warm",
    "growth_100k",
    "growth_10k",
    "keep_up_40",
    "memory_person",
    "memory_timeline",
    "post_durable_1",
    "post_durable_64",
    "post_durable_8",
    "post_to_visible_200",
    "post_to_visible_5000",
    "post_to_visible_large",
    "shared_feed_read_warm",
];

#[test]
fn every_measurement_prints_a_line_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_sosik-bench"))
        .args(["--tiny", "--json", "--folder"])
        .arg(folder.path())
        .output()
        .unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaints}");
    let lines = String::from_utf8(output.stdout).unwrap();
    let rows = lines.lines().map(|line| {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        row
    });
    let rows: Vec<_> = rows.collect();
    let names: BTreeSet<&str> = rows.iter().filter_map(|row| row["name"].as_str()).collect();
    assert_eq!(names.len(), rows.len(), "no name comes twice");
    for name in NAMES {
        assert!(names.contains(name), "{name} is missing");
    }
    assert!(names.iter().any(|name| name.starts_with("startup_")));
    let of_reads = rows.iter().filter(|row| {
        let name = row["name"].as_str().unwrap_or_default();
        name.starts_with("feed_read_") || name.starts_with("growth_")
    });
    for read in of_reads {
        assert!(read["ratio_to_static"].is_number(), "{read}");
    }
}

#[test]
fn a_folder_that_is_missing_is_named_with_what_to_do() {
    let output = Command::new(env!("CARGO_BIN_EXE_sosik-bench"))
        .args(["--tiny", "--folder", "/absent/folder", "post"])
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    for part in ["/absent/folder", "--folder"] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[test]
fn without_a_folder_the_stores_are_beside_the_program_wherever_that_is() {
    let elsewhere = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_sosik-bench"))
        .args(["--tiny", "--json", "post"])
        .current_dir(elsewhere.path())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
}
