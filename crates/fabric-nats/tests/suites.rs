//! The contract suites on NATS, each behaviour with a server of its own.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something unexpected happens"
)]

mod common;

use std::sync::Arc;

use common::{id, options, server, two};
use sosik_fabric::suite::delivery_queue::ORDERS_MAX;
use sosik_fabric::{DeliveryQueue, LargeAuthorLog, Peers, WakeUps};
use sosik_fabric_nats::{NatsLog, NatsOptions, NatsPeers, NatsQueue, NatsWakeUps};

async fn open_two_peers() -> (Arc<dyn Peers>, Arc<dyn Peers>) {
    let open = async |options, me| Arc::new(NatsPeers::open(&options, me).await.unwrap());
    let (one, two) = two(open, NatsPeers::members).await;
    (one, two)
}

async fn open_wake_ups() -> Arc<dyn WakeUps> {
    let options = options(&server(), "one");
    Arc::new(NatsWakeUps::open(&options, id()).await.unwrap())
}

async fn open_wake_ups_nodes() -> (Arc<dyn WakeUps>, Arc<dyn WakeUps>) {
    let open = async |options, me| Arc::new(NatsWakeUps::open(&options, me).await.unwrap());
    let (one, two) = two(open, NatsWakeUps::members).await;
    (one, two)
}

async fn open_log() -> Arc<dyn LargeAuthorLog> {
    let options = options(&server(), "one");
    Arc::new(NatsLog::open(&options, 1).await.unwrap())
}

async fn open_log_nodes() -> (Arc<dyn LargeAuthorLog>, Arc<dyn LargeAuthorLog>) {
    let url = server();
    let open = async |node| Arc::new(NatsLog::open(&options(&url, node), 1).await.unwrap());
    (open("one").await, open("two").await)
}

async fn open_queue_on(url: &str, node: &str) -> Arc<dyn DeliveryQueue> {
    let options = NatsOptions {
        queued_max: ORDERS_MAX,
        ..options(url, node)
    };
    Arc::new(NatsQueue::open(&options).await.unwrap())
}

async fn open_queue() -> Arc<dyn DeliveryQueue> {
    open_queue_on(&server(), "one").await
}

async fn open_queue_nodes() -> (Arc<dyn DeliveryQueue>, Arc<dyn DeliveryQueue>) {
    let url = server();
    let one = open_queue_on(&url, "one").await;
    (one, open_queue_on(&url, "two").await)
}

sosik_fabric::delivery_queue_suite!(open_queue);
sosik_fabric::delivery_queue_nodes_suite!(open_queue_nodes);
sosik_fabric::log_suite!(open_log);
sosik_fabric::log_nodes_suite!(open_log_nodes);
sosik_fabric::peers_suite!(open_two_peers);
sosik_fabric::wake_ups_suite!(open_wake_ups);
sosik_fabric::wake_ups_nodes_suite!(open_wake_ups_nodes);
