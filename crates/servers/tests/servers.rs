//! Each server starts, is killed and starts again at the same address.

use std::net::{SocketAddr, TcpStream};

use sosik_servers::{Nats, Postgres, Redis};

fn listens(port: u16) -> bool {
    TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))).is_ok()
}

#[test]
fn postgres_is_killed_and_comes_back_at_the_same_address() {
    let mut server = Postgres::start(&["fsync=off"]).unwrap();
    let (url, port, first) = (server.url("postgres"), server.port(), server.pid());
    assert!(listens(port));
    server.kill();
    assert!(!listens(port));
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
    assert!(!listens(port));
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
