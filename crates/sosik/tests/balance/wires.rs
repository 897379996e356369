//! Nodes whose network loses one direction: both sides keep their connections and hear nothing.

use serde_json::Value;
use sosik_testkit::{Direction, Wire};

use crate::fake::Fake;
use crate::support::{Balancer, good};

/// Short enough for a test that waits for them, long enough for a busy machine.
const SETTINGS: [&str; 3] = [
    "--set=balance.check_timeout_ms=3000",
    "--set=balance.answer_timeout_seconds=3",
    "--set=balance.eject_failures=1000",
];

/// A balancer in front of two nodes. The first one is at the end of a wire.
async fn with_a_wire() -> (Wire, Vec<Fake>, Balancer) {
    let fakes = good(2).await;
    let wire = Wire::to(fakes[0].address).await;
    let nodes = [wire.address().to_string(), fakes[1].address.to_string()];
    let balancer = Balancer::start(&nodes, &SETTINGS);
    assert_eq!(balancer.statuses(4).await, [200; 4]);
    (wire, fakes, balancer)
}

/// Posts until a post is lost on the wire, and returns its number. Each post names itself.
async fn lost_post(balancer: &Balancer) -> usize {
    for number in 0..4 {
        let post = balancer
            .client
            .post(format!("{}/{number}", balancer.server.url));
        match post.send().await.unwrap().status().as_u16() {
            504 => return number,
            status => assert_eq!(status, 200),
        }
    }
    panic!("no post was lost");
}

async fn check_a_cut(direction: Direction) {
    let (wire, fakes, balancer) = with_a_wire().await;
    wire.cut(direction);
    // A post that may have arrived is not repeated on the other node.
    let lost = lost_post(&balancer).await;
    let name = format!("post /{lost} ");
    let posted = |fake: &Fake| {
        let requests = fake.requests();
        requests
            .iter()
            .filter(|head| head.starts_with(&name))
            .count()
    };
    assert_eq!(posted(&fakes[1]), 0);
    balancer.becomes(0, "down").await;
    assert_eq!(balancer.node(0, "reason").await, "its checks time out");
    let before: Value = balancer.node(0, "requests").await;
    assert_eq!(balancer.statuses(20).await, [200; 20]);
    assert_eq!(balancer.node(0, "requests").await, before);
    assert_eq!(
        posted(&fakes[0]),
        usize::from(direction == Direction::ToClient)
    );
    wire.mend(direction);
    balancer.becomes(0, "up").await;
    assert_eq!(balancer.statuses(20).await, [200; 20]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_hears_nothing_is_taken_out_and_returns_when_it_hears_again() {
    check_a_cut(Direction::ToServer).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_not_heard_is_taken_out_and_returns_when_it_is_heard_again() {
    check_a_cut(Direction::ToClient).await;
}
