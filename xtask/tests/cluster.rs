//! `cargo xtask cluster` with real servers and one node.

#![expect(
    clippy::unwrap_used,
    reason = "an unexpected result must fail the test"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// A cluster of its own. Dropping it takes the cluster down.
struct Cluster(TempDir);

impl Cluster {
    fn state(&self) -> PathBuf {
        self.0.path().join("cluster")
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.args(["cluster", "--folder"]).arg(self.state());
        command.args(arguments).output().unwrap()
    }

    #[track_caller]
    fn prints(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    #[track_caller]
    fn fails(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(!output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    fn status(&self) -> Value {
        serde_json::from_str(&self.prints(&["status", "--json"])).unwrap()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // The test may have taken it down.
        let _down = self.run(&["down"]);
    }
}

/// The line of a part in a table.
fn line<'a>(table: &'a str, part: &str) -> &'a str {
    let mut lines = table.lines();
    lines.find(|line| line.starts_with(part)).unwrap()
}

#[test]
fn a_cluster_comes_up_its_parts_fail_and_return_and_it_goes_down() {
    let executable = Path::new(env!("CARGO_BIN_EXE_xtask")).with_file_name("sosik");
    let built = executable.exists();
    assert!(built, "run `cargo build -p sosik` first");
    let cluster = Cluster(tempfile::tempdir().unwrap());
    assert!(cluster.fails(&["status"]).contains("cluster up"));
    let executable = executable.display().to_string();
    let up = [
        "up",
        "--nodes=1",
        "--no-balancer",
        "--workers=1",
        "--people=100",
        "--executable",
        &executable,
    ];
    let table = cluster.prints(&up);
    assert!(line(&table, "node1").contains("running"), "{table}");

    let status = cluster.status();
    assert_eq!(status["balancer"], Value::Null);
    let node = &status["nodes"][0];
    assert_eq!(node["name"], "node1");
    assert!(node["pid"].is_u64(), "{status}");
    assert_eq!(status["nodes"].as_array().unwrap().len(), 1);
    assert_eq!(status["workers"][0]["url"], Value::Null);
    for address in [
        &node["url"],
        &node["admin_url"],
        &status["postgres"],
        &status["redis"],
        &status["nats"],
    ] {
        assert!(address.as_str().unwrap().contains("://"), "{status}");
    }
    assert!(cluster.fails(&up).contains("the cluster is up"));

    let paused = cluster.prints(&["pause", "node1"]);
    assert!(line(&paused, "node1").contains("paused"), "{paused}");
    let resumed = cluster.prints(&["resume", "node1"]);
    assert!(line(&resumed, "node1").contains("running"), "{resumed}");
    let killed = cluster.prints(&["kill", "postgres"]);
    assert!(line(&killed, "postgres").contains("ended"), "{killed}");
    let killed = cluster.prints(&["kill", "node1"]);
    assert!(line(&killed, "node1").contains("ended"), "{killed}");
    assert_eq!(cluster.status()["nodes"][0]["pid"], Value::Null);
    for part in ["postgres", "node1"] {
        cluster.prints(&["start", part]);
    }
    let restarted = cluster.status();
    assert_eq!(restarted["nodes"][0]["url"], node["url"]);
    assert!(
        cluster
            .fails(&["kill", "node7"])
            .contains("node1, worker1, postgres")
    );

    cluster.prints(&["down"]);
    assert!(cluster.fails(&["status"]).contains("cluster up"));
    assert!(!cluster.state().exists());
}
