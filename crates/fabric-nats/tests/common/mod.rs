//! A NATS server for one test, and waiting for a state.

#![allow(dead_code, reason = "not every test file uses all of it")]

use std::sync::Arc;
use std::time::Duration;

use sosik_fabric::PeerId;
use sosik_fabric_nats::NatsOptions;
use sosik_servers::Nats;
use tokio::time::{interval, timeout};

/// A state that is not reached within this time counts as never reached.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Options for a node. Deadlines are long, because the machine may be busy.
pub(crate) fn options(url: &str, node: &str) -> NatsOptions {
    NatsOptions {
        confirm_within: Duration::from_secs(10),
        silent_after: Duration::from_secs(20),
        beat_every: Duration::from_millis(50),
        offer_within: Duration::from_secs(5),
        ..NatsOptions::new(url, node)
    }
}

/// A server that runs until the runtime of the test ends.
pub(crate) fn server() -> String {
    let server = Nats::start().unwrap();
    let url = server.url();
    tokio::spawn(async move {
        let _running = server;
        std::future::pending::<()>().await;
    });
    url
}

/// A random id.
pub(crate) fn id() -> PeerId {
    PeerId::from_u64(rand::random())
}

/// Waits for a state.
pub(crate) async fn eventually(what: &str, mut state: impl AsyncFnMut() -> bool) {
    let mut tick = interval(Duration::from_millis(5));
    let wait = async {
        while !state().await {
            tick.tick().await;
        }
    };
    assert!(timeout(PATIENCE, wait).await.is_ok(), "never: {what}");
}

/// Waits for a result.
pub(crate) async fn within<T>(what: &str, work: impl Future<Output = T>) -> T {
    match timeout(PATIENCE, work).await {
        Ok(result) => result,
        Err(_elapsed) => panic!("never: {what}"),
    }
}

/// Two nodes that know each other.
pub(crate) async fn two<E>(
    open: impl AsyncFn(NatsOptions, PeerId) -> Arc<E>,
    members: impl Fn(&E) -> Vec<PeerId>,
) -> (Arc<E>, Arc<E>) {
    let url = server();
    let one = open(options(&url, "one"), id()).await;
    let two = open(options(&url, "two"), id()).await;
    let know = async || members(&one).len() == 1 && members(&two).len() == 1;
    eventually("both nodes know each other", know).await;
    (one, two)
}
