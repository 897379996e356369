//! Load on a real server, from the command line.

#![expect(
    clippy::unwrap_used,
    reason = "an unexpected result must fail the test"
)]

mod common;

use std::io::Write;

use common::troubled::{OFTEN, stays_clean, troubled};
use common::{Folder, Server};
use serde_json::Value;

fn action<'a>(report: &'a Value, name: &str) -> &'a Value {
    let actions = report["actions"].as_array().unwrap();
    let of = actions.iter().find(|of| of["action"] == name);
    of.unwrap_or_else(|| panic!("no {name} in {report}"))
}

#[test]
fn a_short_load_is_served_and_told_with_its_latencies_and_lags() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    let url = format!("--url={}", server.url);
    let arguments = [
        "load",
        &url,
        "--sign-up=4",
        "--rate=150",
        "--seconds=2",
        "--streams=4",
        "--json",
        "--report=report.html",
        "--mix=top=4,newer=4,older=2,conditional=2,post=4,like=2,comment=2,log-in=1",
    ];
    let report = folder.run(&arguments).ends_with(0).json()["load"].take();
    let offered: u64 = report["by_second"]
        .as_array()
        .unwrap()
        .iter()
        .map(|of| of["offered"].as_u64().unwrap())
        .sum();
    assert!((200..400).contains(&offered), "{report}");
    for name in ["top", "newer", "post", "like", "comment", "log_in"] {
        let of = action(&report, name);
        assert_eq!(of["served"], of["offered"], "{of}");
        let latency = &of["latency"];
        assert!(
            latency["p50"].as_u64().unwrap() > 0
                && latency["p50"].as_u64() <= latency["max"].as_u64(),
            "{of}"
        );
    }
    let page = std::fs::read_to_string(folder.path("report.html")).unwrap();
    let drawn = page.matches("<polyline").count();
    assert!(drawn > 4 + 3 + 6, "only {drawn} lines: {page}");
    let lag = &report["lags"][0]["lag"];
    assert!(
        lag["count"].as_u64().unwrap() >= action(&report, "post")["served"].as_u64().unwrap(),
        "{report}"
    );
}

#[test]
fn a_server_that_limits_what_one_may_ask_is_told_as_shedding() {
    let folder = Folder::new();
    let few = [
        "--set=rates.stories_per_person_burst=1",
        "--set=rates.stories_per_person_per_minute=1",
    ];
    let server = Server::start(&folder, &few);
    let url = format!("--url={}", server.url);
    let arguments = [
        "load",
        &url,
        "--sign-up=2",
        "--rate=50",
        "--seconds=1",
        "--mix=post=1",
    ];
    let ran = folder.run(&arguments).ends_with(0);
    let line = ran
        .out
        .lines()
        .find(|line| line.starts_with("post "))
        .unwrap();
    let cells: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(
        (cells[2], cells[4]),
        ("2", "0"),
        "two are served and none fails: {}",
        ran.out
    );
    assert!(cells[3].parse::<u64>().unwrap() > 10, "{}", ran.out);
}

#[test]
fn load_on_another_machine_must_be_meant_and_somebody_must_ask() {
    let folder = Folder::new();
    let ran = folder.run(&["load", "--url=http://192.0.2.1:8420", "--sign-up=1"]);
    assert!(ran.err.contains("--anywhere"), "{ran:?}");
    assert_eq!(folder.run(&["load"]).code, Some(2));
}

/// The checker's verdict on this server after a short run of the cast.
fn checked(folder: &Folder, server: &Server, code: i32) -> Value {
    let url = format!("--url={}", server.url);
    let play = [
        "--seconds=2",
        "--settle=1",
        "--cast-pace=20",
        "--cast=6",
        "--history=history.jsonl",
    ];
    let arguments = [&["load", &url, "--check", "--json"][..], &play].concat();
    folder.run(&arguments).ends_with(code).json()["check"].take()
}

#[test]
fn a_server_that_keeps_its_promises_is_found_clean() {
    let folder = Folder::new();
    let server = Server::start(&folder, &OFTEN);
    let check = checked(&folder, &server, 0);
    assert_eq!(check["violations"], Value::Array(Vec::new()));
    assert!(check["comparisons"].as_u64().unwrap() > 500, "{check}");
    let history = std::fs::read(folder.path("history.jsonl")).unwrap();
    let entries = sosik_load::check::read(history.as_slice()).unwrap();
    let again = sosik_load::check::judge(&entries, sosik_load::check::Rules::default());
    assert!(
        again.is_clean() && again.comparisons() > 0,
        "a kept history can be judged again"
    );
}

#[test]
fn a_server_that_is_killed_while_it_is_asked_keeps_its_promises() {
    let folder = Folder::new();
    let ran = troubled(&folder, &[], &["--fault=kill"]);
    stays_clean(&folder, ran, "away");
}

#[test]
fn a_server_that_is_paused_while_it_is_asked_keeps_its_promises() {
    let folder = Folder::new();
    let ran = troubled(&folder, &[], &["--fault=pause"]);
    stays_clean(&folder, ran, "away");
}

/// The command after it gets a small disk of its own in `data`, which is unmounted when it ends. Works for root, and
/// for other users who may create a mount namespace.
const WITH_A_SMALL_DISK: [&str; 7] = [
    "unshare",
    "--mount",
    "--map-root-user",
    "sh",
    "-c",
    "mkdir -p data && mount -t tmpfs -o size=24m none data && exec \"$@\"",
    "sh",
];

#[test]
fn a_server_whose_disk_is_full_for_a_while_answers_loses_nothing_and_recovers() {
    let folder = Folder::new();
    let [program, rest @ ..] = WITH_A_SMALL_DISK;
    let possible = folder.run_another(program, &[&rest[..], &["true"]].concat());
    if possible.code != Some(0) {
        writeln!(
            std::io::stderr(),
            "skipped: no small disk can be mounted here: {}",
            possible.err
        )
        .unwrap();
        return;
    }
    let ran = troubled(
        &folder,
        &WITH_A_SMALL_DISK,
        &["--fault=full-disk", "--disk=data"],
    );
    let history = stays_clean(&folder, ran, "hindered");
    let refused = |line: &&str| line.contains("\"entry\":\"failure\"");
    let refused: Vec<&str> = history.lines().filter(refused).collect();
    assert!(!refused.is_empty(), "writes failed while there was no room");
    assert!(
        refused.iter().all(|line| line.contains("\"status\":503")),
        "each is told to come back later: {refused:?}"
    );
}

#[test]
fn a_disk_to_fill_that_is_not_there_is_told_before_anything_is_asked() {
    let folder = Folder::new();
    let ran = troubled(&folder, &[], &["--fault=full-disk", "--disk=/nowhere"]);
    assert!(ran.err.contains("prepare the faults"), "{ran:?}");
}
