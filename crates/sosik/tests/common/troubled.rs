//! Checks of a server that gets a fault meanwhile.

use serde_json::Value;

use super::{Folder, Ran};

/// The cast sends more requests than the default rates allow.
pub const OFTEN: [&str; 4] = [
    "--set=rates.stories_per_person_burst=100000",
    "--set=rates.likes_per_person_burst=100000",
    "--set=rates.comments_per_person_burst=100000",
    "--set=rates.friend_requests_per_person_burst=100000",
];

/// An address that is not in use, and that no outgoing connection gets while the server is down: its port is below the
/// ephemeral range.
fn place_to_come_back_to() -> std::net::SocketAddr {
    let first = 20_000 + u16::try_from(std::process::id() % 10_000).unwrap();
    let mut places = (first..32_000).map(|port| std::net::SocketAddr::from(([127, 0, 0, 1], port)));
    let free = |place: &std::net::SocketAddr| std::net::TcpListener::bind(place).is_ok();
    places.find(free).unwrap()
}

/// Runs a check against a server that is started for it and gets faults. `before` is the command that starts
/// everything.
pub fn troubled(folder: &Folder, before: &[&str], faults: &[&str]) -> Ran {
    let address = place_to_come_back_to();
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
        "--fault-every=2",
        "--fault-for=800",
        "--history=history.jsonl",
    ];
    let serve = [
        "--",
        env!("CARGO_BIN_EXE_sosik"),
        "serve",
        &listen,
        "--set=server.admin_listen=127.0.0.1:0",
    ];
    let arguments = [&play[..], faults, &serve, &OFTEN].concat();
    match before {
        [] => folder.run(&arguments),
        [program, rest @ ..] => {
            let arguments = [rest, &[env!("CARGO_BIN_EXE_sosik")], &arguments].concat();
            folder.run_another(program, &arguments)
        }
    }
}

/// Expects no violation, and the fault in the record.
pub fn stays_clean(folder: &Folder, ran: Ran, entry: &str) -> String {
    assert!(ran.err.contains("faults injected: 1"), "{ran:?}");
    let check = ran.ends_with(0).json()["check"].take();
    assert_eq!(check["violations"], Value::Array(Vec::new()));
    let history = std::fs::read_to_string(folder.path("history.jsonl")).unwrap();
    assert!(
        history.contains(&format!("\"entry\":\"{entry}\"")),
        "the record says when it was"
    );
    history
}
