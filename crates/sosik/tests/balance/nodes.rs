//! Real nodes that are killed, paused and stopped under load.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures::StreamExt;
use reqwest::StatusCode;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::common::{Folder, Server};
use crate::support::{Balancer, PATIENCE, eventually, good};

/// Clients that send one request after the other. One processor serves all nodes, so a few are enough.
const CLIENTS: usize = 4;

struct Node {
    server: Server,
    _folder: Folder,
}

impl Node {
    fn start() -> Self {
        let folder = Folder::new();
        let further = [
            "--set=server.trusted_proxies=127.0.0.1",
            "--set=server.balancer_wait_seconds=60",
        ];
        Self {
            server: Server::start(&folder, &further),
            _folder: folder,
        }
    }

    fn address(&self) -> String {
        self.server.url.strip_prefix("http://").unwrap().to_owned()
    }
}

fn start(count: usize) -> (Vec<Node>, Balancer) {
    start_with(count, &[])
}

fn start_with(count: usize, further: &[&str]) -> (Vec<Node>, Balancer) {
    let nodes: Vec<Node> = (0..count).map(|_| Node::start()).collect();
    let addresses: Vec<String> = nodes.iter().map(Node::address).collect();
    let patient = ["--set=balance.answer_timeout_seconds=60"];
    (
        nodes,
        Balancer::start(&addresses, &[&patient, further].concat()),
    )
}

/// Clients that read a page again and again until they are stopped.
struct Load {
    clients: JoinSet<Vec<String>>,
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
}

impl Load {
    fn start(balancer: &Balancer) -> Self {
        let (stop, answered) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let mut clients = JoinSet::new();
        for _ in 0..CLIENTS {
            let (client, url) = (
                balancer.client.clone(),
                format!("{}/livez", balancer.server.url),
            );
            let (stop, answered) = (Arc::clone(&stop), Arc::clone(&answered));
            clients.spawn(async move {
                let mut failures = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    match client.get(&url).send().await {
                        Ok(answer) if answer.status() == StatusCode::OK => {}
                        other => failures.push(format!("{other:?}")),
                    }
                    answered.fetch_add(1, Ordering::Relaxed);
                }
                failures
            });
        }
        Self {
            clients,
            stop,
            answered,
        }
    }

    /// Waits until this many more requests are answered.
    async fn goes_on(&self, requests: usize) {
        let goal = self.answered.load(Ordering::Relaxed) + requests;
        let done = async || self.answered.load(Ordering::Relaxed) >= goal;
        eventually(done, async || "no answers".to_owned()).await;
    }

    async fn failures(self) -> Vec<String> {
        self.stop.store(true, Ordering::Relaxed);
        self.clients.join_all().await.concat()
    }
}

#[tokio::test]
async fn a_killed_node_costs_no_request_that_can_be_repeated() {
    let (mut nodes, balancer) = start(3);
    let load = Load::start(&balancer);
    load.goes_on(200).await;
    nodes.remove(1).server.kill();
    balancer.becomes(1, "down").await;
    load.goes_on(200).await;
    assert_eq!(load.failures().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_paused_node_gets_no_requests_until_it_continues() {
    let (nodes, balancer) = start_with(2, &["--set=balance.check_timeout_ms=2000"]);
    nodes[0].server.pause();
    balancer.becomes(0, "down").await;
    assert_eq!(balancer.node(0, "reason").await, "its checks time out");
    let before = balancer.node(0, "requests").await;
    for _ in 0..20 {
        assert_eq!(balancer.get("/livez").await.unwrap().status(), 200);
    }
    assert_eq!(balancer.node(0, "requests").await, before);
    nodes[0].server.resume();
    balancer.becomes(0, "up").await;
}

#[tokio::test]
async fn a_node_that_stops_keeps_its_requests_and_gets_no_new_ones() {
    let (mut nodes, balancer) = start(2);
    let load = Load::start(&balancer);
    load.goes_on(50).await;
    let leaving = nodes.remove(0);
    leaving.server.ask_to_stop();
    balancer.becomes(0, "down").await;
    assert_eq!(
        balancer.node(0, "reason").await,
        "it reports that it is not ready"
    );
    eventually(
        async || balancer.node(0, "outstanding").await == 0,
        async || balancer.status().await.to_string(),
    )
    .await;
    let before = balancer.node(0, "requests").await;
    load.goes_on(100).await;
    assert_eq!(balancer.node(0, "requests").await, before);
    // The second signal ends the wait for balancers.
    leaving.server.ask_to_stop();
    assert!(
        timeout(PATIENCE, leaving.server.ended())
            .await
            .unwrap()
            .success()
    );
    load.goes_on(100).await;
    assert_eq!(load.failures().await, Vec::<String>::new());
}

#[tokio::test]
async fn nodes_are_added_and_removed_while_requests_run() {
    let fakes = good(3).await;
    let folder = Folder::new();
    let list = |nodes: &[usize]| {
        let lines: Vec<String> = nodes
            .iter()
            .map(|at| fakes[*at].address.to_string())
            .collect();
        folder.write("nodes", &format!("# the nodes\n\n{}\n", lines.join("\n")));
    };
    list(&[0, 1]);
    let file = format!(
        "--set=balance.nodes_file={}",
        folder.path("nodes").display()
    );
    let balancer = Balancer::start(&[], &[&file, "--set=balance.resolve_seconds=1"]);
    let load = Load::start(&balancer);
    load.goes_on(100).await;
    assert!(fakes[2].requests().is_empty());
    list(&[1, 2]);
    eventually(
        async || fakes[2].requests().len() > 10,
        async || "no requests".to_owned(),
    )
    .await;
    let before = fakes[0].requests().len();
    load.goes_on(100).await;
    assert_eq!(fakes[0].requests().len(), before);
    let (_, metrics) = balancer.admin("/metrics").await;
    for (fake, usable) in [(&fakes[0], 0), (&fakes[2], 1)] {
        let node = fake.address;
        let series = format!("sosik_balance_node_usable{{node=\"{node}\"}} {usable}\n");
        assert!(metrics.contains(&series), "{series}: {metrics}");
    }
    // A file that cannot be understood changes nothing.
    folder.write("nodes", "not a node");
    let told = || balancer.server.logged().contains("the known nodes stay");
    eventually(async || told(), async || balancer.server.logged()).await;
    load.goes_on(100).await;
    assert_eq!(load.failures().await, Vec::<String>::new());
}

#[tokio::test]
async fn live_streams_of_real_nodes_pass() {
    let (nodes, balancer) = start(1);
    let person = serde_json::json!({
        "handle": "ana", "display_name": "Ana", "password": "a long sentence of words 17"
    });
    let url = format!("{}/v1/people", balancer.server.url);
    let answer = balancer
        .client
        .post(url)
        .json(&person)
        .send()
        .await
        .unwrap();
    let status = answer.status();
    let session: serde_json::Value = answer.json().await.unwrap();
    assert_eq!(status, 201, "{session}");
    let token = session["token"]
        .as_str()
        .unwrap_or_else(|| panic!("{session}"));
    let url = format!("{}/v1/feed/stream", balancer.server.url);
    let stream = balancer
        .client
        .get(url)
        .bearer_auth(token)
        .send()
        .await
        .unwrap();
    assert_eq!(stream.status(), 200);
    let mut events = stream.bytes_stream();
    // Heart-beats arrive one by one.
    for _ in 0..3 {
        let event = timeout(PATIENCE, events.next()).await.unwrap();
        assert!(event.unwrap().is_ok());
    }
    drop(nodes);
}
