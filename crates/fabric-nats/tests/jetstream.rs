//! Faults of the log and of the delivery queue: JetStream restarts, loses its files, repeats and refuses messages.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something unexpected happens"
)]

mod common;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream;
use common::{eventually, options, server, within};
use sosik_fabric::delivery_queue::Batch;
use sosik_fabric::{DeliveryQueue, LargeAuthorLog};
use sosik_fabric_nats::{NatsLog, NatsOptions, NatsQueue};
use sosik_feed::orders::{Claim, Order, OrderKind};
use sosik_feed::pulled::{LogEntry, LogPosition};
use sosik_feed::{Audience, Circle, PersonId, StoryId, Timestamp};
use sosik_servers::Nats;
use tokio::time::timeout;

const STAR: PersonId = PersonId::from_u64(9);

/// Numbers the log of a node that has no server.
const RANDOM: u64 = 1;

async fn open_log(url: &str, node: &str) -> NatsLog {
    NatsLog::open(&options(url, node), RANDOM).await.unwrap()
}

async fn append(log: &NatsLog, story: u64) -> bool {
    let entry = LogEntry {
        story: StoryId::from_u64(story),
        author: STAR,
        audience: Audience::Public,
    };
    log.append(entry).await.is_ok()
}

/// Appends until it succeeds.
async fn append_surely(log: &NatsLog, story: u64) {
    eventually("the entry is appended", async || append(log, story).await).await;
}

async fn catch_up(log: &NatsLog) {
    eventually("it catches up", async || log.catch_up().await.is_ok()).await;
}

/// The stories of the tail in the order of the log, with their positions.
fn tail(log: &NatsLog) -> Vec<(LogPosition, u64)> {
    let circle = Circle::new(vec![], vec![STAR], vec![], vec![]);
    let extract = log.tail().build(PersonId::from_u64(1), &circle, 800);
    let entries = extract.after(extract.from()).unwrap();
    let numbered = entries.iter();
    numbered
        .map(|(position, story)| (*position, story.as_u64()))
        .collect()
}

fn stories(log: &NatsLog) -> Vec<u64> {
    tail(log).into_iter().map(|(_, story)| story).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_survives_a_kill_of_the_server() {
    let mut server = Nats::start().unwrap();
    let log = open_log(&server.url(), "one").await;
    for story in 1..=5 {
        append_surely(&log, story).await;
    }
    catch_up(&log).await;
    let before = log.tail().end();
    server.kill();
    eventually("an append fails", async || !append(&log, 6).await).await;
    assert!(log.catch_up().await.is_err());
    server.restart().unwrap();
    append_surely(&log, 7).await;
    catch_up(&log).await;
    assert!(log.tail().covers(before) && log.tail().end().is_at_least(before));
    let (kept, last) = (stories(&log), Some(&7));
    assert_eq!((&kept[..5], kept.last()), (&[1, 2, 3, 4, 5][..], last));
}

/// Two nodes with five entries lose the log in some way, and go on with another log.
async fn goes_on_with_another_log(lose: impl AsyncFnOnce(&mut Nats)) {
    let mut server = Nats::start().unwrap();
    let (one, two) = (
        open_log(&server.url(), "one").await,
        open_log(&server.url(), "two").await,
    );
    for story in 1..=5 {
        append_surely(&one, story).await;
    }
    catch_up(&one).await;
    catch_up(&two).await;
    let before = one.tail().end();
    lose(&mut server).await;
    append_surely(&one, 6).await;
    for log in [&one, &two] {
        eventually("the node has the new log", async || {
            log.catch_up().await.is_ok() && stories(log) == [6]
        })
        .await;
        assert!(!log.tail().covers(before), "timelines are built again");
    }
    assert_eq!(tail(&one), tail(&two));
}

/// Removes the files of a running server. It notices that when it needs a new file, so this fills the open one.
async fn wipe(server: &Nats, subject: &'static str) {
    server.wipe().unwrap();
    let client = async_nats::connect(server.url()).await.unwrap();
    let (context, block) = (jetstream::new(client), vec![0_u8; 1 << 19]);
    eventually("JetStream refuses a message", async || {
        let sent = context.publish(subject, block.clone().into());
        sent.await.unwrap().await.is_err()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_loss_of_its_files_while_the_server_runs_the_log_is_another_one() {
    goes_on_with_another_log(async |server| wipe(server, "sosik.log").await).await;
}

async fn restart_without_files(server: &mut Nats) {
    server.kill();
    server.wipe().unwrap();
    server.restart().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_without_files_the_log_is_another_one() {
    goes_on_with_another_log(restart_without_files).await;
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => _ = std::fs::copy(entry.path(), target).unwrap(),
        }
    }
}

/// Five entries are in older files, five more only in the files that are lost.
async fn lose_the_end_of_the_log(appended_before_the_nodes_look: u64) {
    let mut server = Nats::start().unwrap();
    let older = server.data().with_file_name("older");
    let log = open_log(&server.url(), "one").await;
    for story in 1..=5 {
        append_surely(&log, story).await;
    }
    server.kill();
    copy(&server.data(), &older);
    server.restart().unwrap();
    for story in 6..=10 {
        append_surely(&log, story).await;
    }
    catch_up(&log).await;
    let before = log.tail().end();
    server.kill();
    server.wipe().unwrap();
    std::fs::rename(&older, server.data()).unwrap();
    server.restart().unwrap();
    let other = async_nats::connect(server.url()).await.unwrap();
    let context = jetstream::new(other);
    for _ in 0..appended_before_the_nodes_look {
        let accepted = context.publish("sosik.log", "another entry".into());
        // The node may have replaced the stream already.
        let _accepted = accepted.await.unwrap().await;
    }
    eventually("the log is another one", async || {
        let answers = log.catch_up().await.is_ok();
        answers && log.tail().end().log() != before.log()
    })
    .await;
    assert!(!log.tail().covers(before), "timelines are built again");
    append_surely(&log, 11).await;
    catch_up(&log).await;
    assert_eq!(stories(&log).last(), Some(&11));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_ends_before_entries_that_were_read_is_replaced() {
    lose_the_end_of_the_log(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_with_other_entries_under_the_same_numbers_is_replaced() {
    lose_the_end_of_the_log(20).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_starts_later_has_the_newest_entries_under_the_same_numbers() {
    let url = server();
    let small = |node| NatsOptions {
        log_entries: 10,
        ..options(&url, node)
    };
    let one = NatsLog::open(&small("one"), RANDOM).await.unwrap();
    for story in 1..=25 {
        append_surely(&one, story).await;
    }
    let two = NatsLog::open(&small("two"), RANDOM).await.unwrap();
    catch_up(&one).await;
    catch_up(&two).await;
    assert_eq!(stories(&two), (16..=25).collect::<Vec<_>>());
    assert_eq!(tail(&one), tail(&two));
}

fn order(story: u64) -> Order {
    Order {
        story: StoryId::from_u64(story),
        kind: OrderKind::Deliver,
        author: STAR,
        done_to: PersonId::default(),
        attempts: 0,
        created_at: Timestamp::from_millis(story),
        claim: Claim::default(),
    }
}

async fn open_queue(url: &str, node: &str) -> Arc<NatsQueue> {
    Arc::new(NatsQueue::open(&options(url, node)).await.unwrap())
}

async fn offer(queue: &NatsQueue, story: u64) -> bool {
    match queue.reserve() {
        Some(permit) => queue.offer(permit, order(story)).await.is_ok(),
        None => false,
    }
}

async fn take(queue: &NatsQueue) -> Batch {
    within("an order", queue.take(100)).await.unwrap()
}

fn numbers(batch: &Batch) -> Vec<u64> {
    let orders = batch.orders.iter();
    orders.map(|order| order.story.as_u64()).collect()
}

/// Takes and acknowledges until all of these stories were taken. A story may come more than once.
async fn takes_all(queue: &NatsQueue, stories: impl IntoIterator<Item = u64>) {
    let mut missing: Vec<_> = stories.into_iter().collect();
    while !missing.is_empty() {
        let batch = take(queue).await;
        let taken = numbers(&batch);
        missing.retain(|story| !taken.contains(story));
        let _lost_while_down = queue.done(batch.receipt).await;
    }
}

/// Makes the node one with workers.
async fn with_workers(queue: &NatsQueue) {
    assert!(offer(queue, 1_000_000).await);
    takes_all(queue, [1_000_000]).await;
}

/// Orders published before and offered after a fault all reach a worker of the node that offered them.
async fn no_order_is_lost(lose: impl AsyncFnOnce(&mut Nats)) {
    let mut server = Nats::start().unwrap();
    let queue = open_queue(&server.url(), "one").await;
    with_workers(&queue).await;
    for story in 1..=20 {
        assert!(offer(&queue, story).await);
    }
    lose(&mut server).await;
    for story in 21..=40 {
        assert!(offer(&queue, story).await, "it is kept here");
    }
    takes_all(&queue, 1..=40).await;
    eventually("nothing waits", async || queue.waits_since().is_none()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_order_is_lost_when_the_server_is_killed_and_stays_away() {
    no_order_is_lost(async |server| server.kill()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_order_is_lost_when_the_server_is_killed_and_restarted() {
    no_order_is_lost(async |server| server.restart().unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_order_is_lost_with_the_files_of_a_running_server() {
    no_order_is_lost(async |server| wipe(server, "sosik.orders").await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_order_is_lost_when_the_server_restarts_without_files() {
    no_order_is_lost(restart_without_files).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_server_a_node_without_workers_leaves_orders_in_the_store() {
    let mut server = Nats::start().unwrap();
    let (idle, working) = (
        open_queue(&server.url(), "idle").await,
        open_queue(&server.url(), "working").await,
    );
    with_workers(&working).await;
    server.kill();
    let no_room = async || idle.reserve().is_none();
    eventually("there is no room", no_room).await;
    assert!(offer(&working, 1).await, "its own workers take it");
    server.restart().unwrap();
    eventually("there is room", async || idle.reserve().is_some()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_without_files_orders_go_to_other_nodes_again() {
    let mut server = Nats::start().unwrap();
    let (one, two) = (
        open_queue(&server.url(), "one").await,
        open_queue(&server.url(), "two").await,
    );
    restart_without_files(&mut server).await;
    let published = async || offer(&one, 1).await;
    eventually("an order is published", published).await;
    assert_eq!(numbers(&take(&two).await), [1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_returns_within_its_deadline_while_the_server_hangs() {
    let server = Nats::start().unwrap();
    let impatient = NatsOptions {
        offer_within: Duration::from_millis(50),
        ..options(&server.url(), "one")
    };
    let queue = NatsQueue::open(&impatient).await.unwrap();
    with_workers(&queue).await;
    let stopped = Stopped::new(&server);
    let mut story = 0;
    // The signal reaches the threads of the server one after the other.
    while queue.stats().kept == 0 {
        story += 1;
        within("the deadline", offer(&queue, story)).await;
    }
    drop(stopped);
    takes_all(&queue, 1..=story).await;
}

/// A server that does not run until this is dropped.
struct Stopped<'a>(&'a Nats);

impl<'a> Stopped<'a> {
    fn new(server: &'a Nats) -> Self {
        signal(server, "STOP");
        Self(server)
    }
}

impl Drop for Stopped<'_> {
    fn drop(&mut self) {
        signal(self.0, "CONT");
    }
}

fn signal(server: &Nats, signal: &str) {
    let pid = server.pid().to_string();
    let mut kill = std::process::Command::new("kill");
    let sent = kill.args(["-s", signal, &pid]).status().unwrap();
    assert!(sent.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_of_a_worker_that_died_is_passed_on_and_is_a_dead_letter_in_the_end() {
    let url = server();
    let hasty = |node| NatsOptions {
        acknowledge_within: Duration::from_millis(200),
        ..options(&url, node)
    };
    let one = NatsQueue::open(&hasty("one")).await.unwrap();
    let two = Arc::new(NatsQueue::open(&hasty("two")).await.unwrap());
    let client = jetstream::new(async_nats::connect(&url).await.unwrap());
    let stream = client.get_stream("sosik_orders").await.unwrap();
    // Otherwise the order would leave the stream because of its age.
    let mut config = stream.cached_info().config.clone();
    config.max_age = Duration::ZERO;
    client.update_stream(config).await.unwrap();
    assert!(offer(&one, 1).await);
    assert_eq!(numbers(&take(&one).await), [1], "never acknowledged");
    assert_eq!(numbers(&take(&two).await), [1], "passed on");
    // It fails again and again. The server reports it when a worker wants another order. On a slow machine some attempts
    // are over before a worker sees them, so they are not counted here.
    let failing = Arc::clone(&two);
    tokio::spawn(async move { while failing.take(1).await.is_ok() {} });
    eventually("it is a dead letter", async || {
        one.dead_letters() + two.dead_letters() == 1
    })
    .await;
    eventually("it left the stream", async || {
        let stream = client.get_stream("sosik_orders").await.unwrap();
        stream.cached_info().state.messages == 0
    })
    .await;
}

/// Offers orders until one waits at the first node, whose worker is gone. Returns its story.
async fn strand_an_order(one: &NatsQueue, two: &NatsQueue) -> u64 {
    let moment = Duration::from_millis(200);
    let mut story = 0;
    while one.waits_since().is_none() {
        if let Ok(left_over) = timeout(moment, one.take(1)).await {
            one.done(left_over.unwrap().receipt).await.unwrap();
        }
        story += 1;
        assert!(offer(two, story).await);
        // Unless the machine is slow, the pull of the worker is still open.
        let arrives = eventually("it arrives", async || one.waits_since().is_some());
        let _slow = timeout(moment, arrives).await;
    }
    story
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_of_a_node_that_leaves_go_to_others_at_once() {
    let url = server();
    let patient = |node| NatsOptions {
        acknowledge_within: common::PATIENCE * 10,
        ..options(&url, node)
    };
    let one = NatsQueue::open(&patient("one")).await.unwrap();
    let two = NatsQueue::open(&patient("two")).await.unwrap();
    let stranded = strand_an_order(&one, &two).await;
    one.leave().await.unwrap();
    drop(one);
    takes_all(&two, [stranded]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_no_worker_of_its_node_takes_is_returned() {
    let url = server();
    let (one, two) = (open_queue(&url, "one").await, open_queue(&url, "two").await);
    let stranded = strand_an_order(&one, &two).await;
    takes_all(&two, [stranded]).await;
    assert_eq!(one.stats().given_back, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_no_order_is_a_dead_letter() {
    let url = server();
    let queue = open_queue(&url, "one").await;
    let client = jetstream::new(async_nats::connect(&url).await.unwrap());
    let sent = client.publish("sosik.orders", "nonsense".into());
    sent.await.unwrap().await.unwrap();
    assert!(offer(&queue, 1).await);
    takes_all(&queue, [1]).await;
    assert_eq!(queue.dead_letters(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_installations_on_one_server_take_no_order_and_read_no_log_of_each_other() {
    let url = server();
    let staging = NatsOptions {
        prefix: "staging".to_owned(),
        ..options(&url, "staging")
    };
    let (queue, log) = (open_queue(&url, "one").await, open_log(&url, "one").await);
    let other_queue = NatsQueue::open(&staging).await.unwrap();
    let other_log = NatsLog::open(&staging, RANDOM).await.unwrap();
    // Each order and each entry has another number in each installation, so all that arrive are seen.
    for story in 1..=20 {
        assert!(offer(&queue, story).await && offer(&other_queue, 100 + story).await);
        append_surely(&log, story).await;
        append_surely(&other_log, 100 + story).await;
    }
    catch_up(&log).await;
    catch_up(&other_log).await;
    assert_eq!(stories(&log), (1..=20).collect::<Vec<_>>());
    assert_eq!(stories(&other_log), (101..=120).collect::<Vec<_>>());
    for (queue, own) in [(&*queue, 1..=20), (&other_queue, 101..=120)] {
        let mut missing: Vec<_> = own.clone().collect();
        while !missing.is_empty() {
            let batch = take(queue).await;
            let taken = numbers(&batch);
            assert!(taken.iter().all(|story| own.contains(story)), "{taken:?}");
            missing.retain(|story| !taken.contains(story));
            queue.done(batch.receipt).await.unwrap();
        }
    }
}
