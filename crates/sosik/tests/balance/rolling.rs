//! Nodes of a cluster that are replaced one after another while people use them.

use std::path::Path;

use serde_json::Value;
use sosik_servers::{Cluster, Role};

use crate::common::Folder;

/// Settings of each node. The cast sends more requests than people do.
const SETTINGS: [&str; 6] = [
    "server.trusted_proxies=127.0.0.1",
    "server.balancer_wait_seconds=2",
    "rates.stories_per_person_burst=100000",
    "rates.likes_per_person_burst=100000",
    "rates.comments_per_person_burst=100000",
    "rates.friend_requests_per_person_burst=100000",
];

/// A cluster with three nodes and a balancer.
fn start(folder: &Folder) -> Cluster {
    let executable = Path::new(env!("CARGO_BIN_EXE_sosik"));
    let mut cluster = Cluster::start(&["fsync=off"]).unwrap();
    let settings = SETTINGS.map(str::to_owned);
    for name in ["one", "two", "three"] {
        let home = folder.path(name);
        let node = cluster.start_node(executable, Role::Serve, name, &home, &settings);
        cluster.nodes.push(node.unwrap());
    }
    let further = [
        "balance.check_interval_ms=200".to_owned(),
        // On a busy machine an answer may take seconds.
        "balance.check_timeout_ms=20000".to_owned(),
        "balance.answer_timeout_seconds=60".to_owned(),
    ];
    let home = folder.path("balancer");
    cluster.start_balancer(executable, &home, &further).unwrap();
    cluster
}

/// The cast posts, reads and follows live streams, which it resumes when they end. The checker knows every request
/// without an answer, and every story that a stream has skipped.
#[test]
fn nodes_are_replaced_one_after_another_without_a_failed_request_or_a_lost_event() {
    let folder = Folder::new();
    let mut cluster = start(&folder);
    let balancer = cluster.balancer.as_ref().unwrap();
    let url = format!("--url={}", balancer.url.as_ref().unwrap());
    let play = [
        "load",
        &url,
        "--check",
        "--json",
        "--seconds=45",
        "--settle=10",
        // A busy machine delivers late, which is not what this test is about.
        "--prompt=30",
        "--cast=6",
        "--cast-pace=100",
    ];
    let ran = std::thread::scope(|scope| {
        let cast = scope.spawn(|| folder.run(&play));
        let pids = |cluster: &Cluster| -> Vec<u32> {
            cluster.nodes.iter().map(|node| node.pid()).collect()
        };
        let before = pids(&cluster);
        cluster.roll(None, |_| {}).unwrap();
        let after = pids(&cluster);
        assert!(!cast.is_finished(), "the cast was not there all the time");
        assert!(before.iter().all(|pid| !after.contains(pid)));
        cast.join().unwrap()
    });
    let check = ran.ends_with(0).json()["check"].take();
    assert_eq!(check["violations"], Value::Array(Vec::new()));
    assert!(check["comparisons"].as_u64().unwrap() > 100, "{check}");
}
