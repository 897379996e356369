//! Two nodes with one PostgreSQL, Redis and NATS: a read on any node sees what was acknowledged on another one, whatever
//! is paused, killed or lost.

#![expect(
    clippy::unwrap_used,
    reason = "an unexpected result must fail the test"
)]

mod common;

#[path = "cluster/kinds.rs"]
mod kinds;
#[path = "cluster/photos.rs"]
mod photos;
#[path = "cluster/refused.rs"]
mod refused;

use std::path::Path;
use std::time::Duration;

use common::Folder;
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use sosik_servers::{Node, Role};
use tokio::time::Instant;

/// A state that is not reached within this time counts as never reached.
const PATIENCE: Duration = Duration::from_secs(60);

/// A node that leaves deliveries to others. An order that a killed node held is due soon.
const IDLE: [&str; 2] = ["delivery.in_serve=off", CLAIM];
const CLAIM: &str = "delivery.claim_seconds=5";

/// Nodes, and the servers that they share.
struct Cluster {
    servers: sosik_servers::Cluster,
    folder: Folder,
    client: Client,
}

/// A person with a session, which holds on every node.
struct Person {
    id: String,
    token: String,
}

impl Cluster {
    fn start() -> Self {
        Self {
            servers: sosik_servers::Cluster::start(&["fsync=off"]).unwrap(),
            folder: Folder::new(),
            client: Client::new(),
        }
    }

    fn node(&self, name: &str) -> Node {
        self.node_as(Role::Serve, name, &[])
    }

    fn node_as(&self, role: Role, name: &str, further: &[&str]) -> Node {
        let executable = Path::new(env!("CARGO_BIN_EXE_sosik"));
        let (folder, further) = (self.folder.path(name), further.iter());
        let further: Vec<_> = further.map(ToString::to_string).collect();
        let started = self
            .servers
            .start_node(executable, role, name, &folder, &further);
        started.unwrap()
    }

    /// Two nodes that serve and do not deliver.
    fn idle_nodes(&self) -> [Node; 2] {
        ["one", "other"].map(|name| self.node_as(Role::Serve, name, &IDLE))
    }

    /// A metric of a node.
    async fn metric(&self, node: &Node, name: &str) -> f64 {
        let metrics = self.client.get(format!("{}/metrics", node.admin_url));
        let metrics = metrics.send().await.unwrap().text().await.unwrap();
        let mut lines = metrics.lines().filter_map(|line| line.split_once(' '));
        let found = lines.find(|(found, _)| *found == name);
        match found {
            Some((_, number)) => number.parse().unwrap(),
            // A series with labels begins with its first event.
            None if name.ends_with('}') => 0.0,
            None => panic!("there is no metric {name}"),
        }
    }

    /// The number of orders that a node has completed. It does not matter whether the readers had timelines.
    async fn completed(&self, node: &Node) -> f64 {
        let metrics = self.client.get(format!("{}/metrics", node.admin_url));
        let metrics = metrics.send().await.unwrap().text().await.unwrap();
        let lines = metrics.lines();
        let counts = lines.filter(|line| line.starts_with("sosik_delivery_lag_seconds_count"));
        let numbers = counts.filter_map(|line| line.rsplit_once(' '));
        numbers
            .map(|(_, number)| number.parse::<f64>().unwrap())
            .sum()
    }

    /// A node has completed this number of orders. It counts an order after its deliveries, which a reader may see first.
    async fn eventually_completes(&self, orders: f64, node: &Node) {
        let until = Instant::now() + PATIENCE;
        let mut tick = tokio::time::interval(Duration::from_millis(20));
        while self.completed(node).await < orders {
            assert!(Instant::now() < until, "{} completes nothing", node.name);
            tick.tick().await;
        }
    }

    /// No node has anything left to deliver.
    async fn eventually_delivered(&self, node: &Node) {
        let until = Instant::now() + PATIENCE;
        let mut tick = tokio::time::interval(Duration::from_millis(20));
        while self.metric(node, "sosik_orders_pending").await > 0.0 {
            assert!(Instant::now() < until, "orders are pending");
            tick.tick().await;
        }
    }

    async fn ask(
        &self,
        node: &Node,
        token: &str,
        method: Method,
        path: &str,
        body: Value,
    ) -> (StatusCode, Value) {
        let url = format!("{}{path}", node.url.as_ref().unwrap());
        common::ask(&self.client, token, method, &url, body).await
    }

    async fn does(&self, node: &Node, person: &Person, method: Method, path: &str) {
        let (status, answer) = self
            .ask(node, &person.token, method, path, Value::Null)
            .await;
        assert!(status.is_success(), "{path}: {status} {answer}");
    }

    async fn person(&self, node: &Node, handle: &str) -> Person {
        let body =
            json!({ "handle": handle, "display_name": handle, "password": "a magpie at the gate" });
        let (status, answer) = self.ask(node, "", Method::POST, "/v1/people", body).await;
        assert_eq!(status, StatusCode::CREATED, "{answer}");
        let text = |pointer| {
            answer
                .pointer(pointer)
                .unwrap()
                .as_str()
                .unwrap()
                .to_owned()
        };
        Person {
            id: text("/person/id"),
            token: text("/token"),
        }
    }

    /// Two friends. Each acts on another node.
    async fn friends(&self, one: &Node, other: &Node) -> (Person, Person) {
        let (mina, joon) = (
            self.person(one, "mina").await,
            self.person(other, "joon").await,
        );
        self.befriend(one, &mina, other, &joon).await;
        (mina, joon)
    }

    async fn befriend(&self, one: &Node, mina: &Person, other: &Node, joon: &Person) {
        let asks = format!("/v1/friend-requests/{}", joon.id);
        self.does(one, mina, Method::PUT, &asks).await;
        let accepts = format!("/v1/friend-requests/{}/accept", mina.id);
        self.does(other, joon, Method::POST, &accepts).await;
    }

    async fn posts(&self, node: &Node, author: &Person, text: &str) -> String {
        let body = json!({ "text": text, "audience": "friends" });
        let (status, answer) = self
            .ask(node, &author.token, Method::POST, "/v1/stories", body)
            .await;
        assert_eq!(status, StatusCode::CREATED, "{answer}");
        answer["id"].as_str().unwrap().to_owned()
    }

    async fn feed(&self, node: &Node, reader: &Person) -> Vec<String> {
        let (status, answer) = self
            .ask(node, &reader.token, Method::GET, "/v1/feed", Value::Null)
            .await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        let items = answer["items"].as_array().unwrap();
        items
            .iter()
            .map(|item| item["text"].as_str().unwrap().to_owned())
            .collect()
    }

    async fn eventually_reads(&self, node: &Node, reader: &Person, expected: &[&str]) {
        let until = Instant::now() + PATIENCE;
        let mut tick = tokio::time::interval(Duration::from_millis(20));
        loop {
            tick.tick().await;
            let feed = self.feed(node, reader).await;
            if feed == expected {
                return;
            }
            assert!(Instant::now() < until, "{feed:?} instead of {expected:?}");
        }
    }

    /// Friends with a timeline in Redis, which shows only what is delivered to it from now on. Their feeds show
    /// `first`.
    async fn friends_with_timelines(&self, one: &Node, other: &Node) -> (Person, Person) {
        let (mina, joon) = self.friends(one, other).await;
        self.posts(one, &mina, "first").await;
        self.eventually_reads(other, &joon, &["first"]).await;
        (mina, joon)
    }

    /// The likes and comments that a node shows for a story.
    async fn counts(&self, node: &Node, reader: &Person, story: &str) -> (u64, u64) {
        let path = format!("/v1/stories/{story}");
        let (status, answer) = self
            .ask(node, &reader.token, Method::GET, &path, Value::Null)
            .await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        let count = |name: &str| answer[name].as_u64().unwrap();
        (count("likes"), count("comments"))
    }

    async fn eventually_counts(
        &self,
        node: &Node,
        reader: &Person,
        story: &str,
        expected: (u64, u64),
    ) {
        let until = Instant::now() + PATIENCE;
        let mut tick = tokio::time::interval(Duration::from_millis(20));
        loop {
            tick.tick().await;
            let counts = self.counts(node, reader, story).await;
            if counts == expected {
                return;
            }
            assert!(Instant::now() < until, "{counts:?} instead of {expected:?}");
        }
    }

    async fn is_logged_in(&self, node: &Node, person: &Person) -> StatusCode {
        self.ask(node, &person.token, Method::GET, "/v1/me", Value::Null)
            .await
            .0
    }

    /// People whose sessions the first node put into Redis, where the second one found them. Before their first lease, nodes
    /// do not use Redis.
    async fn sessions_in_redis(&self, cut: &Node, [one, other]: &[Node; 2]) -> [Person; 2] {
        let found = r#"sosik_shared_cache_look_ups_total{kind="sessions",outcome="hit"}"#;
        let until = Instant::now() + PATIENCE;
        for number in 0.. {
            let mut people = Vec::new();
            let before = self.metric(other, found).await;
            for handle in ["mina", "joon"] {
                let person = self.person(cut, &format!("{handle}{number}")).await;
                for node in [one, other] {
                    assert_eq!(self.is_logged_in(node, &person).await, StatusCode::OK);
                }
                people.push(person);
            }
            if self.metric(other, found).await > before + 1.0 {
                return people.try_into().ok().unwrap();
            }
            assert!(Instant::now() < until, "no session was found in Redis");
        }
        unreachable!("the numbers do not end")
    }

    async fn opens(&self, node: &Node, reader: &Person, story: &str) -> StatusCode {
        let path = format!("/v1/stories/{story}");
        self.ask(node, &reader.token, Method::GET, &path, Value::Null)
            .await
            .0
    }
}

#[tokio::test]
async fn what_is_acknowledged_on_one_node_is_seen_on_the_other() {
    let cluster = Cluster::start();
    let (one, other) = (cluster.node("one"), cluster.node("other"));
    let (mina, joon) = cluster.friends(&one, &other).await;
    for node in [&one, &other] {
        let active = r#"sosik_active_people{period="30_days"}"#;
        let people = cluster.metric(node, active).await;
        assert!((1.5..2.5).contains(&people), "{people} of {}", node.name);
    }
    let story = cluster.posts(&one, &mina, "from one").await;
    assert_eq!(cluster.feed(&other, &mina).await, ["from one"], "own words");
    assert_eq!(cluster.opens(&other, &joon, &story).await, StatusCode::OK);
    cluster.eventually_reads(&other, &joon, &["from one"]).await;
    let unfriend = format!("/v1/friends/{}", joon.id);
    cluster.does(&one, &mina, Method::DELETE, &unfriend).await;
    assert_eq!(cluster.feed(&other, &joon).await, [""; 0]);
    assert_eq!(
        cluster.opens(&other, &joon, &story).await,
        StatusCode::NOT_FOUND
    );
    cluster
        .does(&one, &mina, Method::DELETE, &format!("/v1/stories/{story}"))
        .await;
    assert_eq!(cluster.feed(&other, &mina).await, [""; 0], "deleted");
}

#[tokio::test]
async fn a_node_that_was_paused_serves_nothing_outdated() {
    let cluster = Cluster::start();
    let (one, other) = (cluster.node("one"), cluster.node("other"));
    let (mina, joon) = cluster.friends(&one, &other).await;
    let story = cluster.posts(&one, &mina, "for friends").await;
    cluster
        .eventually_reads(&other, &joon, &["for friends"])
        .await;
    other.pause().unwrap();
    let unfriend = format!("/v1/friends/{}", joon.id);
    cluster.does(&one, &mina, Method::DELETE, &unfriend).await;
    other.resume().unwrap();
    assert_eq!(cluster.feed(&other, &joon).await, [""; 0]);
    assert_eq!(
        cluster.opens(&other, &joon, &story).await,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn what_a_paused_node_does_when_it_wakes_is_done_once_and_shows_nothing_outdated() {
    let cluster = Cluster::start();
    let (one, other) = (cluster.node("one"), cluster.node("other"));
    let (mina, joon) = cluster.friends(&one, &other).await;
    let story = cluster.posts(&one, &mina, "for friends").await;
    assert_eq!(cluster.opens(&other, &joon, &story).await, StatusCode::OK);
    other.pause().unwrap();
    // Both requests wait at the paused node: a post that the client repeats on another node, and a read that begins
    // after an unfriending.
    let post = |node: &Node| {
        let url = format!("{}/v1/stories", node.url.as_ref().unwrap());
        let body = json!({ "text": "written once", "audience": "friends" });
        let request = cluster.client.post(url).bearer_auth(&mina.token);
        request.header("Idempotency-Key", "k").json(&body).send()
    };
    let waits = tokio::spawn(post(&other));
    let answer = post(&one).await.unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED);
    let posted: Value = answer.json().await.unwrap();
    let unfriend = format!("/v1/friends/{}", joon.id);
    cluster.does(&one, &mina, Method::DELETE, &unfriend).await;
    let url = format!("{}/v1/stories/{story}", other.url.as_ref().unwrap());
    let read = cluster.client.get(url).bearer_auth(&joon.token).send();
    let read = tokio::spawn(read);
    other.resume().unwrap();
    let read = read.await.unwrap().unwrap();
    assert_eq!(read.status(), StatusCode::NOT_FOUND);
    let repeated = waits.await.unwrap().unwrap();
    assert!(repeated.status().is_success(), "{}", repeated.status());
    let repeated: Value = repeated.json().await.unwrap();
    assert_eq!(repeated["id"], posted["id"]);
    for node in [&one, &other] {
        let feed = cluster.feed(node, &mina).await;
        assert_eq!(feed, ["written once", "for friends"], "{}", node.name);
    }
}

#[tokio::test]
async fn a_node_that_is_killed_loses_nothing_and_logs_nobody_out() {
    let cluster = Cluster::start();
    let (mut one, other) = (cluster.node("one"), cluster.node("other"));
    let (mina, joon) = cluster.friends(&one, &other).await;
    cluster.posts(&one, &mina, "last words").await;
    one.kill();
    cluster
        .eventually_reads(&other, &joon, &["last words"])
        .await;
    assert_eq!(cluster.feed(&other, &mina).await, ["last words"]);
    let unfriend = format!("/v1/friends/{}", joon.id);
    cluster.does(&other, &mina, Method::DELETE, &unfriend).await;
    assert_eq!(cluster.feed(&other, &joon).await, [""; 0]);
}

#[tokio::test]
async fn without_redis_and_nats_posts_and_reads_go_on_and_nothing_is_outdated() {
    let mut cluster = Cluster::start();
    let (one, other) = (cluster.node("one"), cluster.node("other"));
    let (mina, joon) = cluster.friends(&one, &other).await;
    cluster.posts(&one, &mina, "before").await;
    cluster.eventually_reads(&other, &joon, &["before"]).await;
    cluster.servers.redis.kill();
    cluster.servers.nats.kill();
    cluster.posts(&one, &mina, "without both").await;
    assert_eq!(
        cluster.feed(&other, &joon).await,
        ["without both", "before"]
    );
    let unfriend = format!("/v1/friends/{}", joon.id);
    cluster.does(&one, &mina, Method::DELETE, &unfriend).await;
    assert_eq!(
        cluster.feed(&other, &joon).await,
        [""; 0],
        "nobody was told by message"
    );
    cluster.befriend(&one, &mina, &other, &joon).await;
    cluster.servers.redis.restart().unwrap();
    cluster.servers.nats.wipe().unwrap();
    cluster.servers.nats.restart().unwrap();
    cluster.posts(&one, &mina, "after").await;
    let all = ["after", "without both", "before"];
    cluster.eventually_reads(&other, &joon, &all).await;
}

#[tokio::test]
async fn a_session_that_ended_while_redis_was_away_opens_nothing_and_the_others_stay_open() {
    let cluster = Cluster::start();
    // A node that never reaches Redis.
    let cut = cluster.node_as(Role::Serve, "cut", &["fabric.url=redis://127.0.0.1:1"]);
    let mut nodes = ["one", "other"].map(|name| cluster.node(name));
    let [mina, joon] = cluster.sessions_in_redis(&cut, &nodes).await;
    cluster.servers.redis.pause().unwrap();
    cluster
        .does(&cut, &mina, Method::DELETE, "/v1/sessions/current")
        .await;
    for node in &nodes {
        let status = cluster.is_logged_in(node, &mina).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{}", node.name);
    }
    // Nobody is left who knows that Redis still has the session.
    nodes.iter_mut().for_each(|node| node.kill());
    cluster.servers.redis.resume().unwrap();
    let late = cluster.node("late");
    let status = cluster.is_logged_in(&late, &mina).await;
    assert_eq!(
        status,
        StatusCode::UNAUTHORIZED,
        "the log of changes has it"
    );
    for command in ["FLUSHALL", "CONFIG SET maxmemory 1"] {
        let words: Vec<_> = command.split(' ').collect();
        cluster.servers.redis.ask(&words).unwrap();
        let fresh = cluster.node(&command[..5].to_lowercase());
        for node in [&cut, &late, &fresh] {
            assert_eq!(
                cluster.is_logged_in(node, &joon).await,
                StatusCode::OK,
                "{command}"
            );
            let status = cluster.is_logged_in(node, &mina).await;
            assert_eq!(status, StatusCode::UNAUTHORIZED, "{command}");
        }
    }
}

#[tokio::test]
async fn without_nats_counts_reach_the_other_node_with_the_next_renewal_of_its_lease() {
    let mut cluster = Cluster::start();
    let (one, other) = (cluster.node("one"), cluster.node("other"));
    let (mina, joon) = cluster.friends(&one, &other).await;
    let story = cluster.posts(&one, &mina, "count me").await;
    assert_eq!(
        cluster.counts(&other, &joon, &story).await,
        (0, 0),
        "cached"
    );
    cluster.servers.nats.kill();
    let comments = format!("/v1/stories/{story}/comments");
    let text = json!({ "text": "one" });
    let (status, comment) = cluster
        .ask(&one, &mina.token, Method::POST, &comments, text)
        .await;
    assert_eq!(status, StatusCode::CREATED, "{comment}");
    cluster
        .eventually_counts(&other, &joon, &story, (0, 1))
        .await;
    let like = format!("/v1/stories/{story}/like");
    cluster.does(&one, &mina, Method::PUT, &like).await;
    cluster
        .eventually_counts(&other, &joon, &story, (1, 1))
        .await;
    let comment = format!("/v1/comments/{}", comment["id"].as_str().unwrap());
    cluster.does(&one, &mina, Method::DELETE, &comment).await;
    cluster
        .eventually_counts(&other, &joon, &story, (1, 0))
        .await;
}

#[tokio::test]
async fn a_node_that_only_delivers_delivers_for_nodes_that_do_not() {
    let cluster = Cluster::start();
    let ([one, other], mut worker) = (
        cluster.idle_nodes(),
        cluster.node_as(Role::Work, "worker", &[]),
    );
    assert_eq!(worker.url, None, "it has no API");
    let (mina, joon) = cluster.friends_with_timelines(&one, &other).await;
    cluster.posts(&one, &mina, "second").await;
    let both = ["second", "first"];
    cluster.eventually_reads(&other, &joon, &both).await;
    cluster.eventually_completes(2.0, &worker).await;
    for node in [&one, &other] {
        assert!(cluster.completed(node).await < 1.0, "{}", node.name);
    }
    let ready = cluster.client.get(format!("{}/readyz", worker.admin_url));
    assert_eq!(ready.send().await.unwrap().status(), StatusCode::OK);
    worker.request_stop().unwrap();
    assert!(worker.wait().unwrap().success());
}

#[tokio::test]
async fn when_a_node_that_only_delivers_is_killed_another_one_takes_its_orders() {
    let cluster = Cluster::start();
    let [one, other] = cluster.idle_nodes();
    let mut killed = cluster.node_as(Role::Work, "killed", &[CLAIM]);
    let (mina, joon) = cluster.friends_with_timelines(&one, &other).await;
    // It may get the order, and never reports it as done.
    killed.pause().unwrap();
    cluster.posts(&one, &mina, "second").await;
    killed.kill();
    let pending = cluster.metric(&one, "sosik_orders_pending").await;
    assert!(pending > 0.0, "nobody delivers");
    let next = cluster.node_as(Role::Work, "next", &[CLAIM]);
    let both = ["second", "first"];
    cluster.eventually_reads(&other, &joon, &both).await;
    cluster.eventually_delivered(&next).await;
}

#[tokio::test]
async fn without_nats_a_node_that_only_delivers_finds_the_orders_in_the_store() {
    let mut cluster = Cluster::start();
    let ([one, other], worker) = (
        cluster.idle_nodes(),
        cluster.node_as(Role::Work, "worker", &[]),
    );
    let (mina, joon) = cluster.friends_with_timelines(&one, &other).await;
    cluster.servers.nats.kill();
    cluster.posts(&one, &mina, "second").await;
    let both = ["second", "first"];
    cluster.eventually_reads(&other, &joon, &both).await;
    cluster.eventually_delivered(&worker).await;
}

#[test]
fn a_node_that_only_delivers_and_shares_no_queue_does_not_start() {
    let folder = Folder::new();
    let refused = folder.run(&["work"]).ends_with(2);
    assert!(refused.err.contains("queue.url"), "{refused:?}");
    let refused = folder.run(&["serve", "--set=delivery.in_serve=off"]);
    let says = refused.err.contains("nobody would deliver");
    assert!(refused.code == Some(2) && says, "{refused:?}");
}

#[test]
fn every_test_that_the_guide_names_exists() {
    let guide = include_str!("../../../docs/guide/cluster.md");
    let named = guide.lines().filter_map(|line| {
        let (number, name) = line.split_once(". `")?;
        number.parse::<u8>().ok()?;
        name.strip_suffix('`')
    });
    let named: Vec<_> = named.collect();
    assert_eq!(named.len(), 6);
    for name in named {
        let test = format!("async fn {name}()");
        assert!(include_str!("cluster.rs").contains(&test), "{name}");
    }
}
