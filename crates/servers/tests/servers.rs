//! Each server starts, is killed and starts again at the same address. Together they can be left and found again.

use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;

use sosik_servers::{Cluster, Nats, Postgres, Redis, State};

fn listens(port: u16) -> bool {
    TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))).is_ok()
}

/// Waits until nothing listens: a child of a killed server has the socket until it ends, too. The test runner bounds the
/// wait.
fn wait_until_closed(port: u16) {
    while listens(port) {
        std::thread::yield_now();
    }
}

#[test]
fn postgres_is_killed_and_comes_back_at_the_same_address() {
    let mut server = Postgres::start(&["fsync=off"]).unwrap();
    let (url, port, first) = (server.url("postgres"), server.port(), server.pid());
    assert!(listens(port));
    server.kill();
    wait_until_closed(port);
    server.restart().unwrap();
    assert!(listens(port));
    assert_ne!(server.pid(), first);
    assert_eq!(server.url("postgres"), url);
}

#[test]
fn redis_is_killed_and_comes_back_at_the_same_address() {
    let mut server = Redis::start(&["--maxmemory", "64mb"]).unwrap();
    let (port, first) = (server.port(), server.pid());
    server.kill();
    wait_until_closed(port);
    server.restart().unwrap();
    assert!(listens(port));
    assert_ne!(server.pid(), first);
}

#[test]
fn nats_is_killed_and_comes_back_with_or_without_its_data() {
    let mut server = Nats::start().unwrap();
    let first = server.pid();
    server.kill();
    assert_eq!(server.pid(), 0);
    server.restart().unwrap();
    assert_ne!(server.pid(), first);
    server.wipe().unwrap();
    server.restart().unwrap();
}

#[test]
fn a_cluster_that_was_left_is_found_by_its_state_and_removed_by_process_id() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("cluster");
    assert!(Cluster::found(&state).unwrap().is_none());
    let cluster = Cluster::start(&["fsync=off"]).unwrap();
    let data = cluster.postgres.data();
    cluster.leave(&state).unwrap();
    let mode = state.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700, "others may not read it");

    let mut found = Cluster::found(&state).unwrap().unwrap();
    let states = |cluster: &Cluster| -> Vec<State> {
        let parts = cluster.parts().into_iter();
        parts.map(|part| part.server.state()).collect()
    };
    assert_eq!(states(&found), [State::Running; 3]);
    found.part("redis").unwrap().kill();
    assert!(found.part("node9").is_none());
    assert_eq!(
        states(&found),
        [State::Running, State::Ended, State::Running]
    );
    drop(found);

    let mut found = Cluster::found(&state).unwrap().unwrap();
    let (postgres, redis) = (found.postgres.pid(), found.redis.port());
    found.part("redis").unwrap().restart().unwrap();
    assert!(listens(redis));
    found.leave(&state).unwrap();

    let found = Cluster::found(&state).unwrap().unwrap();
    assert_eq!(states(&found), [State::Running; 3]);
    assert_eq!(found.postgres.pid(), postgres, "it was not touched");
    assert_eq!(found.remove(&state).unwrap().len(), 3);
    assert!(!listens(redis) && !data.exists() && !state.exists());
}

#[test]
fn a_server_that_ends_at_once_is_reported_with_the_end_of_its_log() {
    let failed = Redis::start(&["--maxmemory", "much"]).err().unwrap();
    assert!(format!("{failed:#}").contains("maxmemory"), "{failed:#}");
}
