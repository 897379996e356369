//! The nodes of a cluster with one PostgreSQL, Redis and NATS, which the balancer finds through any of them.

use sosik_servers::Cluster;
use tokio::time::timeout;

use crate::common::{Folder, Server};
use crate::support::{Balancer, PATIENCE, eventually};

/// What the administration of the nodes requires.
const TOKEN: &str = "--set=server.admin_token=the-token-of-operators";

struct Engines {
    folder: Folder,
    cluster: Cluster,
}

impl Engines {
    fn start() -> Self {
        Self {
            folder: Folder::new(),
            cluster: Cluster::start(&["fsync=off"]).unwrap(),
        }
    }

    fn node(&self, name: &str) -> Server {
        let settings = self.cluster.settings(name).into_iter();
        let settings = settings.map(|setting| format!("--set={setting}"));
        let own = ["--set=server.trusted_proxies=127.0.0.1", TOKEN].map(str::to_owned);
        let settings: Vec<String> = settings.chain(own).collect();
        let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
        Server::start(&self.folder, &settings)
    }
}

fn address(node: &Server) -> &str {
    node.url.strip_prefix("http://").unwrap()
}

/// Waits until these nodes, and no others, are in the table and up.
async fn has(balancer: &Balancer, nodes: &[&Server]) {
    let expected: Vec<String> = nodes.iter().map(|node| address(node).to_owned()).collect();
    let is_so = async || {
        let status = balancer.status().await;
        let rows = status["nodes"].as_array().unwrap();
        let listed = |address: &String| {
            rows.iter()
                .any(|row| row["address"] == **address && row["state"] == "up")
        };
        rows.len() == expected.len() && expected.iter().all(listed)
    };
    eventually(is_so, async || {
        format!("{expected:?}: {}", balancer.status().await)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_nodes_of_a_cluster_are_found_through_any_of_them() {
    let engines = Engines::start();
    let one = engines.node("one");
    let other = engines.node("other");
    let admin = |node: &Server| node.admin_url.strip_prefix("http://").unwrap().to_owned();
    let cluster = format!("--set=balance.cluster={},{}", admin(&one), admin(&other));
    let balancer = Balancer::start_alone(&[&cluster, TOKEN, "--set=balance.resolve_seconds=1"]);
    has(&balancer, &[&one, &other]).await;
    let third = engines.node("third");
    has(&balancer, &[&one, &other, &third]).await;
    // A node that stops leaves the list.
    third.ask_to_stop();
    assert!(timeout(PATIENCE, third.ended()).await.unwrap().success());
    has(&balancer, &[&one, &other]).await;
    // Any node lists the others. A dead one stays on the list until a write has waited for its lease, and gets nothing.
    let dead = address(&one).to_owned();
    one.kill();
    let fourth = engines.node("fourth");
    let is_so = async || {
        let status = balancer.status().await;
        let is = |address: &str, state: &str| {
            let rows = status["nodes"].as_array().unwrap();
            rows.iter()
                .any(|row| row["address"] == address && row["state"] == state)
        };
        is(address(&fourth), "up") && (is(&dead, "down") || !status.to_string().contains(&dead))
    };
    eventually(is_so, async || balancer.status().await.to_string()).await;
    assert_eq!(balancer.get("/livez").await.unwrap().status(), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_token_the_cluster_is_not_listed() {
    let engines = Engines::start();
    let node = engines.node("one");
    let admin = node.admin_url.strip_prefix("http://").unwrap();
    let cluster = format!("--set=balance.cluster={admin}");
    let balancer = Balancer::start_alone(&[&cluster, "--set=balance.resolve_seconds=1"]);
    let log = balancer.server.logged();
    assert!(log.contains("it answers with 401"), "{log}");
    assert_eq!(balancer.get("/livez").await.unwrap().status(), 503);
}
