//! Load on a real server, as somebody at a terminal meets it.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something unexpected happens"
)]

mod common;

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

/// Whoever plays asks more often than people do.
const OFTEN: [&str; 4] = [
    "--set=rates.stories_per_person_burst=100000",
    "--set=rates.likes_per_person_burst=100000",
    "--set=rates.comments_per_person_burst=100000",
    "--set=rates.friend_requests_per_person_burst=100000",
];

/// What the checker says of this server after a short play.
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
    // A port that was free a moment ago: the server has to come back to the same one.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let (url, listen) = (
        format!("--url=http://{address}"),
        format!("--set=server.listen={address}"),
    );
    let play = [
        "load",
        &url,
        "--check",
        "--json",
        "--seconds=4",
        "--settle=2",
        "--cast=6",
        "--kill-every=2",
        "--history=history.jsonl",
    ];
    let serve = [
        "--",
        env!("CARGO_BIN_EXE_sosik"),
        "serve",
        &listen,
        "--set=server.admin_listen=127.0.0.1:0",
    ];
    let ran = folder.run(&[&play[..], &serve, &OFTEN].concat());
    assert!(ran.err.contains("the server was killed 1 times"), "{ran:?}");
    assert_eq!(
        ran.ends_with(0).json()["check"]["violations"],
        Value::Array(Vec::new())
    );
    let history = std::fs::read_to_string(folder.path("history.jsonl")).unwrap();
    assert!(
        history.contains("\"entry\":\"away\""),
        "the record says when it was away"
    );
}
