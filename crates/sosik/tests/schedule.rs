//! Three nodes on PostgreSQL, Redis and NATS while a seeded schedule kills, pauses, cuts off and slows them, alone and in
//! pairs. A cast acts on all nodes at once, and the checker judges what it saw: nothing is lost, duplicated or shown to
//! the wrong person, and counts lag by no more than the lease on caches.
//!
//! With the feature `sabotage` the clocks of the nodes differ. Other builds use the clock of the machine.
//!
//! `SOSIK_TEST_SEED` replays a schedule, and `SOSIK_SCHEDULE_SECONDS` makes it longer. The table of faults is printed
//! with `--nocapture`.

#![expect(
    clippy::unwrap_used,
    reason = "an unexpected result must fail the test"
)]

use std::collections::BTreeMap;
use std::fs;
use std::future::pending;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sosik_load::cast::{self, Recorder};
use sosik_load::check::{Entry, Failure, Kind, Rules, Span, judge};
use sosik_load::client::{Client, Reach};
use sosik_load::faults::CLOCK_VARIABLE;
use sosik_servers::{Cluster, Launch, Node, Redis, Role};
use sosik_testkit::wire::{Direction, Wire};
use tokio::task::block_in_place;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// Nodes of the cluster.
const NODES: [&str; 3] = ["node-1", "node-2", "node-3"];

/// What the nodes share.
const SERVERS: [&str; 3] = ["postgres", "redis", "nats"];

/// People in the cast. Each acts ten times a second.
const CAST: usize = 9;

/// Length of the schedule in the normal run.
const SECONDS: u64 = 60;

/// A cluster returns to normal within this time after a fault.
const NORMAL_AGAIN_MAX: Duration = Duration::from_secs(60);

/// How far the clock of each node is ahead, in milliseconds.
const AHEAD: [u64; 3] = [0, 5_000, 2_500];

/// What a slow wire holds each piece back for: more than between continents.
const SLOW: Duration = Duration::from_millis(100);

/// Counts lag by at most this: `node.cache_lease_seconds` (decision 19).
const COUNTS_LAG_MAX: Duration = Duration::from_secs(3);

/// Kinds of violations that this test ignores: lateness depends on the machine.
const TIMELINESS: [Kind; 2] = [Kind::Late, Kind::Silence];

/// A fault of one part of the cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Act {
    /// SIGKILL; later it is started again with what it has on disk. Redis has nothing there.
    Kill,
    /// SIGSTOP; later SIGCONT. Its connections stay open.
    Pause,
    /// SIGKILL; later it is started again without its data. Only NATS.
    Wipe,
    /// It loses all its data and continues to run. Only Redis.
    Flush,
    /// What a node sends to the servers is held back, or what the nodes send to a server. The opposite direction works.
    Mute,
    /// What the servers send to a node is held back, or what a server sends to the nodes.
    Deafen,
    /// The wires of a node or a server are slow.
    Slow,
}

/// One step of the schedule.
struct Fault {
    targets: Vec<(&'static str, Act)>,
    lasts: Duration,
}

/// What clients saw of a fault.
struct Seen {
    name: String,
    /// From its begin until every node was ready again.
    span: Span,
    /// From its end until every node was ready again.
    recovery: Duration,
}

/// Every fault of one part once, in an order by chance; then pairs by chance.
struct Schedule {
    chance: ChaCha8Rng,
    alone: Vec<(&'static str, Act)>,
}

impl Schedule {
    fn of(seed: u64) -> Self {
        let mut chance = ChaCha8Rng::seed_from_u64(seed);
        let node = NODES[chance.random_range(0..NODES.len())];
        let mut alone: Vec<_> = [node]
            .iter()
            .chain(&SERVERS)
            .flat_map(|part| faults(part))
            .collect();
        alone.shuffle(&mut chance);
        // The last ones come first, so that a short schedule has them.
        alone.sort_by_key(|(_, act)| matches!(act, Act::Flush | Act::Wipe));
        Self { chance, alone }
    }

    fn part(&mut self) -> (&'static str, Act) {
        let all = NODES.len() + SERVERS.len();
        let place = self.chance.random_range(0..all);
        let of_part: Vec<_> = faults(NODES.iter().chain(&SERVERS).nth(place).unwrap()).collect();
        of_part[self.chance.random_range(0..of_part.len())]
    }
}

impl Iterator for Schedule {
    type Item = Fault;

    fn next(&mut self) -> Option<Fault> {
        let mut targets = match self.alone.pop() {
            Some(one) => vec![one],
            None => vec![self.part(), self.part()],
        };
        // A node does not start without its store, so the servers come back first.
        targets.sort_by_key(|(part, _)| NODES.contains(part));
        targets.dedup_by_key(|(part, _)| *part);
        let lasts = Duration::from_millis(self.chance.random_range(500..4_000));
        Some(Fault { targets, lasts })
    }
}

/// What can be done to a part.
fn faults(part: &'static str) -> impl Iterator<Item = (&'static str, Act)> {
    let special = match part {
        "nats" => Some(Act::Wipe),
        "redis" => Some(Act::Flush),
        _ => None,
    };
    [Act::Kill, Act::Pause, Act::Mute, Act::Deafen, Act::Slow]
        .into_iter()
        .chain(special)
        .map(move |act| (part, act))
}

impl Fault {
    fn name(&self) -> String {
        let kind = |(part, act): &(&'static str, Act)| {
            let part = part.split('-').next().unwrap();
            format!("{act:?} {part}").to_lowercase()
        };
        let mut names: Vec<String> = self.targets.iter().map(kind).collect();
        names.sort();
        names.join(" + ")
    }

    fn begin(&self, cluster: &mut Cluster, wires: &Wires) {
        for (part, act) in &self.targets {
            let server = cluster.part(part).unwrap();
            match act {
                Act::Kill | Act::Wipe => server.kill(),
                Act::Pause => server.pause().unwrap(),
                Act::Flush => flush(&cluster.redis),
                Act::Mute => wires.of(part, |wire| wire.cut(Direction::ToServer)),
                Act::Deafen => wires.of(part, |wire| wire.cut(Direction::ToClient)),
                Act::Slow => wires.of(part, |wire| wire.slow(SLOW)),
            }
        }
    }

    fn end(&self, cluster: &mut Cluster, wires: &Wires) {
        for (part, act) in &self.targets {
            if *act == Act::Wipe {
                cluster.nats.wipe().unwrap();
            }
            let server = cluster.part(part).unwrap();
            match act {
                Act::Kill | Act::Wipe => server.restart().unwrap(),
                Act::Pause => server.resume().unwrap(),
                Act::Flush => {}
                Act::Mute => wires.of(part, |wire| wire.mend(Direction::ToServer)),
                Act::Deafen => wires.of(part, |wire| wire.mend(Direction::ToClient)),
                Act::Slow => wires.of(part, |wire| wire.slow(Duration::ZERO)),
            }
        }
    }
}

fn flush(redis: &Redis) {
    redis.ask(&["FLUSHALL"]).unwrap();
}

/// The wires of each node to the servers that the nodes share.
#[derive(Default)]
struct Wires(Vec<Laid>);

/// A wire between a node and a server.
struct Laid {
    ends: [&'static str; 2],
    wire: Wire,
}

impl Wires {
    /// Lays the wires of a node, and returns the settings with which it uses them.
    async fn lay(&mut self, node: &'static str, cluster: &Cluster) -> Vec<String> {
        let mut settings = Vec::new();
        for (server, key, url) in [
            ("postgres", "store.url", cluster.postgres.url("postgres")),
            ("redis", "fabric.url", cluster.redis.url()),
            ("nats", "queue.url", cluster.nats.url()),
        ] {
            let place = address(&url);
            let wire = Wire::to(place.parse().unwrap()).await;
            let through = url.replace(place, &wire.address().to_string());
            settings.push(format!("{key}={through}"));
            let ends = [node, server];
            self.0.push(Laid { ends, wire });
        }
        settings
    }

    fn of(&self, part: &str, act: impl Fn(&Wire)) {
        let wires = self.0.iter().filter(|laid| laid.ends.contains(&part));
        wires.for_each(|laid| act(&laid.wire));
    }
}

/// The address and port in a URL of this machine.
fn address(url: &str) -> &str {
    let from = &url[url.find("127.0.0.1:").unwrap()..];
    from.split('/').next().unwrap()
}

/// Starts a node whose clock is ahead, if its build supports that.
fn start_node(name: &str, folder: &Path, settings: &[String], ahead: u64) -> Node {
    let executable = Path::new(env!("CARGO_BIN_EXE_sosik"));
    let mut launch = Launch::node(executable, Role::Serve, folder, settings).unwrap();
    let clock = folder.join("ahead");
    fs::write(&clock, ahead.to_string()).unwrap();
    let variable = (CLOCK_VARIABLE.to_owned(), clock.display().to_string());
    launch.environment.push(variable);
    Node::start(name, Role::Serve, launch).unwrap()
}

/// A cluster under a schedule.
struct Run {
    cluster: Cluster,
    wires: Wires,
    http: reqwest::Client,
    recorder: Arc<Recorder>,
    seen: Vec<Seen>,
}

impl Run {
    async fn start(folder: &Path) -> Self {
        let mut cluster = block_in_place(|| Cluster::start(&["fsync=off"])).unwrap();
        let mut wires = Wires::default();
        for (name, ahead) in NODES.into_iter().zip(AHEAD) {
            let further = wires.lay(name, &cluster).await;
            let settings = [cluster.settings(name), further].concat();
            let node = block_in_place(|| start_node(name, &folder.join(name), &settings, ahead));
            cluster.nodes.push(node);
        }
        Self {
            cluster,
            wires,
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            recorder: Arc::new(Recorder::started()),
            seen: Vec::new(),
        }
    }

    fn client(&self) -> Client {
        let urls = self
            .cluster
            .nodes
            .iter()
            .filter_map(|node| node.url.as_ref());
        let urls: Vec<&String> = urls.collect();
        Client::new(&urls, Reach::Loopback).unwrap()
    }

    /// Injects faults until `length` is over.
    async fn disturb(&mut self, schedule: Schedule, length: Duration) {
        let until = self.recorder.now() + micros(length);
        for fault in schedule {
            wait(Duration::from_secs(2)).await;
            if self.recorder.now() >= until {
                return;
            }
            self.inject(&fault).await;
        }
    }

    async fn inject(&mut self, fault: &Fault) {
        let begin = self.recorder.now();
        block_in_place(|| fault.begin(&mut self.cluster, &self.wires));
        wait(fault.lasts).await;
        block_in_place(|| fault.end(&mut self.cluster, &self.wires));
        let ended = self.recorder.now();
        let normal = timeout(NORMAL_AGAIN_MAX, self.every_node_is_ready()).await;
        normal.unwrap_or_else(|_late| panic!("not ready after: {}", fault.name()));
        let span = self.recorder.since(begin);
        self.recorder.note(Entry::Away(span));
        self.seen.push(Seen {
            name: fault.name(),
            span,
            recovery: Duration::from_micros(span.end - ended),
        });
    }

    async fn every_node_is_ready(&self) {
        for node in &self.cluster.nodes {
            let url = format!("{}/readyz", node.admin_url);
            while !self.ready(&url).await {
                wait(Duration::from_millis(20)).await;
            }
        }
    }

    async fn ready(&self, url: &str) -> bool {
        let answer = self.http.get(url).timeout(Duration::from_secs(1)).send();
        answer
            .await
            .is_ok_and(|answer| answer.status().is_success())
    }
}

/// Only time passes: a fault lasts, or clients act in peace.
async fn wait(time: Duration) {
    let _passed = timeout(time, pending::<()>()).await;
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap()
}

fn from_environment(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().unwrap())
}

/// Requests that began during the fault: how many, failures, and the 99th percentile of the time until the answer.
fn requests(history: &[Entry], span: Span) -> (usize, usize, u64) {
    let mut times = Vec::new();
    let mut failed = 0;
    for entry in history {
        let (of, failure) = match entry {
            Entry::Read(read) => (read.span, false),
            Entry::Write(write) => (write.span, false),
            Entry::Failure(Failure { span, .. }) => (*span, true),
            _ => continue,
        };
        if span.begin <= of.begin && of.begin <= span.end {
            failed += usize::from(failure);
            times.push(of.end - of.begin);
        }
    }
    times.sort_unstable();
    let slow = times.get((times.len() * 99 / 100).min(times.len().saturating_sub(1)));
    (
        times.len(),
        failed,
        slow.copied().unwrap_or_default() / 1_000,
    )
}

fn table(seen: &[Seen], history: &[Entry]) -> String {
    let mut kinds: BTreeMap<&str, Vec<&Seen>> = BTreeMap::new();
    for fault in seen {
        kinds.entry(&fault.name).or_default().push(fault);
    }
    let mut table = "| fault | times | requests | without a proper answer | p99, ms | ready again after, ms |\n|---|---|---|---|---|---|\n".to_owned();
    for (name, faults) in kinds {
        let counts = faults.iter().map(|fault| requests(history, fault.span));
        let (all, failed, slow) = counts.fold((0, 0, 0), |sum, one| {
            (sum.0 + one.0, sum.1 + one.1, sum.2.max(one.2))
        });
        let longest = faults.iter().map(|fault| fault.recovery.as_millis()).max();
        let times = faults.len();
        table.push_str(&format!(
            "| {name} | {times} | {all} | {failed} | {slow} | {} |\n",
            longest.unwrap_or_default()
        ));
    }
    table
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_duplicated_or_leaked_while_parts_of_a_cluster_are_killed_and_paused() {
    let seed = from_environment("SOSIK_TEST_SEED", 7);
    let length = Duration::from_secs(from_environment("SOSIK_SCHEDULE_SECONDS", SECONDS));
    let folder = tempfile::tempdir().unwrap();
    let mut run = Run::start(folder.path()).await;
    let rules = Rules {
        settle: Duration::from_secs(30),
        counts: COUNTS_LAG_MAX,
        ..Rules::default()
    };
    let options = cast::Options {
        people: CAST,
        name: "cast".to_owned(),
        length,
        pace: Duration::from_millis(100),
        seed,
        rules,
    };
    let (client, recorder, never) = (
        run.client(),
        Arc::clone(&run.recorder),
        CancellationToken::new(),
    );
    let played = cast::play(&client, &options, &recorder, &never);
    let (history, ()) = tokio::join!(played, run.disturb(Schedule::of(seed), length));
    // `play` took the entries; faults are among them.
    let history = history.unwrap();
    let verdict = judge(&history, rules);
    println!(
        "seed {seed}: {} comparisons, {} faults",
        verdict.comparisons(),
        run.seen.len()
    );
    println!("{}", table(&run.seen, &history));
    let violations = verdict.violations().iter();
    let wrong: Vec<_> = violations
        .filter(|one| !TIMELINESS.contains(&one.kind))
        .collect();
    assert!(wrong.is_empty(), "seed {seed}: {wrong:#?}");
    assert_eq!(verdict.left_out(), 0, "seed {seed}");
    assert!(verdict.comparisons() > 1_000, "the cast saw too little");
}
