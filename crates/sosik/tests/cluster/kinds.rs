//! Engines of other kinds: Redis with a Sentinel, Redis Cluster, and PostgreSQL behind PgBouncer.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::Value;
use sosik_servers::{Node, PgBouncer, Redis, RedisCluster, Role, Sentinel};
use tokio::time::Instant;

use crate::{Cluster, PATIENCE, Person};

/// Memory of Redis, as the guide asks for.
const SETTINGS: [&str; 4] = ["--maxmemory", "64mb", "--maxmemory-policy", "volatile-ttl"];

/// How often a state is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Readers, whose timelines and sessions are on all nodes of a Redis Cluster.
const READERS: usize = 12;

impl Cluster {
    /// Two nodes that differ from those of this cluster in these settings.
    fn nodes_with(&self, further: &[&str]) -> [Node; 2] {
        ["one", "other"].map(|name| self.node_as(Role::Serve, name, further))
    }

    /// An unfriending and a new friendship show on the other node at once.
    async fn unfriends_and_befriends(
        &self,
        [one, other]: &[Node; 2],
        mina: &Person,
        joon: &Person,
    ) {
        let unfriend = format!("/v1/friends/{}", joon.id);
        self.does(one, mina, Method::DELETE, &unfriend).await;
        assert_eq!(self.feed(other, joon).await, [""; 0]);
        self.befriend(one, mina, other, joon).await;
    }

    /// A node writes to this Redis for one of these people.
    async fn eventually_uses<'p>(
        &self,
        redis: &Redis,
        node: &Node,
        people: impl IntoIterator<Item = &'p Person> + Clone,
    ) {
        let until = Instant::now() + PATIENCE;
        let mut tick = tokio::time::interval(LOOK_EVERY);
        while redis.ask(&["DBSIZE"]).unwrap() == "0" {
            assert!(Instant::now() < until, "nothing is in Redis");
            tick.tick().await;
            for person in people.clone() {
                assert_eq!(self.is_logged_in(node, person).await, StatusCode::OK);
            }
        }
    }

    /// The connections of a node work again.
    async fn eventually_writes(&self, node: &Node, person: &Person, other: &Person) {
        let follow = format!("/v1/follows/{}", other.id);
        let until = Instant::now() + PATIENCE;
        let mut tick = tokio::time::interval(LOOK_EVERY);
        let writes = async || {
            self.ask(node, &person.token, Method::PUT, &follow, Value::Null)
                .await
        };
        loop {
            let (status, answer) = writes().await;
            if status.is_success() {
                return;
            }
            assert!(
                status == StatusCode::SERVICE_UNAVAILABLE,
                "{status} {answer}"
            );
            assert!(Instant::now() < until, "{} writes nothing", node.name);
            tick.tick().await;
        }
    }
}

async fn eventually_promoted(replica: &Redis) {
    let until = Instant::now() + PATIENCE;
    let mut tick = tokio::time::interval(LOOK_EVERY);
    while !replica.ask(&["ROLE"]).unwrap().starts_with("master") {
        assert!(Instant::now() < until, "the replica is not promoted");
        tick.tick().await;
    }
}

#[tokio::test]
async fn when_a_sentinel_promotes_a_replica_nothing_is_outdated_and_nobody_is_logged_out() {
    let cluster = Cluster::start();
    let mut primary = Redis::start(&SETTINGS).unwrap();
    let of = ["--replicaof", "127.0.0.1", &primary.port().to_string()];
    let replica = Redis::start(&[&SETTINGS[..], &of].concat()).unwrap();
    let sentinel = Sentinel::start(&primary).unwrap();
    sentinel.wait_for_replica().unwrap();
    let nodes = cluster.nodes_with(&[&format!("fabric.url={}", sentinel.url())]);
    let [one, other] = &nodes;
    let (mina, joon) = cluster.friends_with_timelines(one, other).await;
    cluster.eventually_uses(&primary, one, [&mina, &joon]).await;
    primary.kill();
    cluster.posts(one, &mina, "without").await;
    cluster
        .eventually_reads(other, &joon, &["without", "first"])
        .await;
    cluster.unfriends_and_befriends(&nodes, &mina, &joon).await;
    eventually_promoted(&replica).await;
    replica.ask(&["FLUSHALL"]).unwrap();
    cluster.posts(other, &mina, "promoted").await;
    let all = ["promoted", "without", "first"];
    for node in &nodes {
        cluster.eventually_reads(node, &joon, &all).await;
        for person in [&mina, &joon] {
            assert_eq!(cluster.is_logged_in(node, person).await, StatusCode::OK);
        }
    }
    cluster.eventually_uses(&replica, one, [&mina, &joon]).await;
    cluster.unfriends_and_befriends(&nodes, &mina, &joon).await;
}

#[tokio::test]
async fn when_a_node_of_a_redis_cluster_is_killed_feeds_and_sessions_are_read_from_the_store() {
    let cluster = Cluster::start();
    let mut redis = RedisCluster::start(3, &SETTINGS).unwrap();
    let nodes = cluster.nodes_with(&[&format!("fabric.url={}", redis.url())]);
    let [one, other] = &nodes;
    let mina = cluster.person(one, "mina").await;
    let mut readers = Vec::new();
    for number in 0..READERS {
        let reader = cluster.person(other, &format!("reader{number}")).await;
        cluster.befriend(one, &mina, other, &reader).await;
        readers.push(reader);
    }
    cluster.posts(one, &mina, "first").await;
    for reader in &readers {
        cluster.eventually_reads(other, reader, &["first"]).await;
    }
    for redis in &redis.nodes {
        cluster.eventually_uses(redis, one, &readers).await;
    }
    redis.nodes[1].kill();
    cluster.posts(one, &mina, "without").await;
    for reader in &readers {
        cluster
            .eventually_reads(other, reader, &["without", "first"])
            .await;
        assert_eq!(cluster.is_logged_in(one, reader).await, StatusCode::OK);
    }
    cluster
        .unfriends_and_befriends(&nodes, &mina, &readers[0])
        .await;
    redis.nodes[1].restart().unwrap();
    cluster.posts(other, &mina, "after").await;
    for reader in &readers {
        cluster
            .eventually_reads(one, reader, &["after", "without", "first"])
            .await;
    }
    cluster
        .eventually_uses(&redis.nodes[1], other, &readers)
        .await;
}

#[tokio::test]
async fn behind_pgbouncer_nothing_is_outdated_and_nodes_survive_its_restart() {
    let cluster = Cluster::start();
    let postgres = &cluster.servers.postgres;
    let mut pooler = PgBouncer::start(postgres, 20).unwrap();
    let store = format!("store.url={}", pooler.url(postgres, "postgres"));
    let nodes = cluster.nodes_with(&[&store, "store.pooler=pgbouncer"]);
    let [one, other] = &nodes;
    let (mina, joon) = cluster.friends_with_timelines(one, other).await;
    cluster.unfriends_and_befriends(&nodes, &mina, &joon).await;
    pooler.kill();
    pooler.restart().unwrap();
    for node in &nodes {
        cluster.eventually_writes(node, &joon, &mina).await;
    }
    cluster.posts(one, &mina, "second").await;
    cluster
        .eventually_reads(other, &joon, &["second", "first"])
        .await;
    cluster.unfriends_and_befriends(&nodes, &mina, &joon).await;
}
