//! Faults of messages between nodes: a server that restarts, lost, repeated and reordered messages, slow and silent nodes.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something unexpected happens"
)]

mod common;

use std::sync::Arc;
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use common::{eventually, id, options, server, within};
use futures::StreamExt;
use sosik_fabric::peers::{Change, Heard, Notice, Update};
use sosik_fabric::{PeerId, Peers, Signals, WakeUps};
use sosik_fabric_nats::{NatsOptions, NatsPeers, NatsWakeUps};
use sosik_feed::{PersonId, StoryCounts, StoryId};
use sosik_servers::Nats;

/// More updates than wait anywhere on the way to a node.
const FLOOD: u64 = 8_000;

fn change(story: u64) -> Notice {
    Notice {
        changes: vec![Change::Story(StoryId::from_u64(story))],
        ..Notice::default()
    }
}

fn update(story: u64) -> Notice {
    let update = Update::Counts(StoryId::from_u64(story), StoryCounts::default());
    Notice {
        updates: vec![update],
        ..Notice::default()
    }
}

async fn open(options: &NatsOptions) -> Arc<NatsPeers> {
    Arc::new(NatsPeers::open(options, id()).await.unwrap())
}

async fn open_two(url: &str) -> [Arc<NatsPeers>; 2] {
    let nodes = [
        open(&options(url, "one")).await,
        open(&options(url, "two")).await,
    ];
    eventually("both nodes know each other", async || {
        nodes.iter().all(|node| node.members().len() == 1)
    })
    .await;
    nodes
}

async fn hear(node: &NatsPeers) -> Heard {
    within("a notice", node.hear()).await.unwrap()
}

/// Hears until everything may have been missed. Returns the number of notices before.
async fn hear_of_a_loss(node: &NatsPeers) -> u64 {
    let mut before = 0;
    while hear(node).await.notice.changes != [Change::Everything] {
        before += 1;
    }
    before
}

/// Confirms all notices from now on.
fn confirm_all(node: &Arc<NatsPeers>) {
    let node = Arc::clone(node);
    tokio::spawn(async move {
        while let Ok(heard) = node.hear().await {
            heard.applied();
        }
    });
}

async fn is_confirmed(by: &NatsPeers, notice: &Notice, node: &NatsPeers) -> bool {
    let told = node.tell(notice).await;
    told.is_ok_and(|told| told.is_complete() && told.confirmed == [by.me()])
}

/// A message as another node sends it.
fn message(kind: u8, from: PeerId, number: u64, payload: &[u8]) -> Bytes {
    let mut bytes = BytesMut::new();
    bytes.put_slice(&[1, kind]);
    bytes.put_u64(from.as_u64());
    bytes.put_u64(number);
    bytes.put_slice(payload);
    bytes.freeze()
}

/// The bytes of an update of the counts of a story.
fn update_bytes(story: u64) -> Bytes {
    let mut bytes = BytesMut::new();
    bytes.put_u8(1);
    bytes.put_u64(0);
    bytes.put_u32(0);
    bytes.put_u32(1);
    bytes.put_u8(1);
    bytes.put_u64(story);
    bytes.put_bytes(0, 16);
    bytes.freeze()
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_server_is_down_a_change_is_refused_at_once_and_after_its_return_it_is_confirmed()
{
    let mut server = Nats::start().unwrap();
    let [one, two] = open_two(&server.url()).await;
    server.kill();
    let refused = async || one.tell(&change(1)).await.is_err();
    eventually("the connection is lost", refused).await;
    server.restart().unwrap();
    hear_of_a_loss(&two).await;
    confirm_all(&two);
    let confirmed = async || is_confirmed(&two, &change(2), &one).await;
    eventually("the nodes hear each other again", confirmed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_was_disconnected_hears_of_a_loss_before_anything_newer() {
    let mut server = Nats::start().unwrap();
    let [one, two] = open_two(&server.url()).await;
    server.kill();
    server.restart().unwrap();
    eventually("one is back", async || one.tell(&update(7)).await.is_ok()).await;
    let first = hear(&two).await.notice;
    let outdated = first == update(7);
    assert!(
        first.changes == [Change::Everything] || outdated,
        "{first:?}"
    );
    if outdated {
        hear_of_a_loss(&two).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_repeated_and_reordered_messages_are_detected_by_their_numbers() {
    let url = server();
    let node = open(&options(&url, "node")).await;
    let (raw, other) = (async_nats::connect(&url).await.unwrap(), id());
    let send = async |kind, number, payload: &[u8]| {
        let bytes = message(kind, other, number, payload);
        raw.publish("sosik.peers.all", bytes).await.unwrap();
    };
    send(1, 1, &[]).await;
    for number in [2, 3, 3, 6, 5, 7] {
        send(3, number, &update_bytes(number)).await;
    }
    assert_eq!(hear(&node).await.notice, update(2));
    assert_eq!(hear(&node).await.notice, update(3));
    assert_eq!(hear_of_a_loss(&node).await, 0, "4 was lost");
    assert_eq!(hear(&node).await.notice, update(6));
    assert_eq!(hear(&node).await.notice, update(7), "5 was late");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_heartbeat_reveals_that_the_last_message_was_lost() {
    let url = server();
    let node = open(&options(&url, "node")).await;
    let (raw, other) = (async_nats::connect(&url).await.unwrap(), id());
    for (kind, number) in [(1, 1), (2, 3)] {
        let bytes = message(kind, other, number, &[]);
        raw.publish("sosik.peers.all", bytes).await.unwrap();
    }
    assert_eq!(hear_of_a_loss(&node).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_a_newer_version_counts_as_one_about_everything() {
    let url = server();
    let node = open(&options(&url, "node")).await;
    let (raw, other) = (async_nats::connect(&url).await.unwrap(), id());
    for (kind, number) in [(1, 1), (3, 2)] {
        let bytes = message(kind, other, number, &[200, 1, 2, 3]);
        raw.publish("sosik.peers.all", bytes).await.unwrap();
    }
    assert_eq!(hear_of_a_loss(&node).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_node_keeps_a_bounded_number_of_notices_and_hears_of_the_loss() {
    let [one, two] = open_two(&server()).await;
    for story in 0..FLOOD {
        eventually("there is room", async || {
            one.tell(&update(story)).await.is_ok()
        })
        .await;
    }
    // An answer to this change proves that the updates before it arrived.
    let told = one.tell(&change(FLOOD)).await.unwrap();
    assert_eq!(told.silent, [two.me()]);
    let kept = hear_of_a_loss(&two).await;
    assert!(kept <= 1_024, "{kept}");
    confirm_all(&two);
    let confirmed = async || is_confirmed(&two, &change(1), &one).await;
    eventually("it hears again", confirmed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_does_not_answer_in_time_is_reported_and_does_not_block_its_sender() {
    let url = server();
    let impatient = NatsOptions {
        confirm_within: Duration::from_millis(50),
        ..options(&url, "one")
    };
    let (one, two) = (open(&impatient).await, open(&options(&url, "two")).await);
    eventually("one knows two", async || one.members() == [two.me()]).await;
    let told = within("the deadline", one.tell(&change(1))).await.unwrap();
    assert_eq!((told.confirmed, told.silent), (vec![], vec![two.me()]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_confirmed_by_every_one_of_several_nodes() {
    let url = server();
    let one = open(&options(&url, "one")).await;
    let mut others = Vec::new();
    for node in ["two", "three", "four"] {
        others.push(open(&options(&url, node)).await);
    }
    eventually("one knows all", async || one.members().len() == 3).await;
    others.iter().for_each(confirm_all);
    let mut confirmed = one.tell(&change(1)).await.unwrap().confirmed;
    let mut expected: Vec<_> = others.iter().map(|node| node.me()).collect();
    confirmed.sort();
    expected.sort();
    assert_eq!(confirmed, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_left_or_died_are_no_longer_waited_for() {
    let url = server();
    let short = |node| NatsOptions {
        silent_after: Duration::from_secs(2),
        ..options(&url, node)
    };
    let one = open(&short("one")).await;
    let (leaving, dying) = (open(&short("two")).await, open(&short("three")).await);
    eventually("one knows both", async || one.members().len() == 2).await;
    leaving.leave().await.unwrap();
    drop((leaving, dying));
    eventually("one is alone", async || one.members().is_empty()).await;
    let told = one.tell(&change(1)).await.unwrap();
    assert!(told.is_complete());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_left_sends_no_heartbeat_that_would_bring_it_back() {
    let url = server();
    let eager = |node| NatsOptions {
        beat_every: Duration::from_millis(10),
        ..options(&url, node)
    };
    let (one, leaving) = (open(&eager("one")).await, open(&eager("two")).await);
    eventually("one knows the other", async || one.members().len() == 1).await;
    leaving.leave().await.unwrap();
    eventually("one is alone", async || one.members().is_empty()).await;
    let third = open(&eager("three")).await;
    eventually("one knows the third", async || !one.members().is_empty()).await;
    assert_eq!(one.members(), [third.me()], "and not the one that left");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_starts_without_the_server_and_joins_when_it_comes() {
    let mut server = Nats::start().unwrap();
    server.kill();
    let options = |node| options(&server.url(), node);
    let (one, two) = (options("one"), options("two"));
    let (one, two) = tokio::join!(open(&one), open(&two));
    assert!(one.tell(&change(1)).await.is_err());
    server.restart().unwrap();
    hear_of_a_loss(&two).await;
    confirm_all(&two);
    let confirmed = async || is_confirmed(&two, &change(2), &one).await;
    eventually("they hear each other", confirmed).await;
}

async fn open_wake_ups(url: &str, node: &str) -> NatsWakeUps {
    // A node that is not subscribed again when it is asked does not answer.
    let options = NatsOptions {
        confirm_within: Duration::from_secs(1),
        ..options(url, node)
    };
    NatsWakeUps::open(&options, id()).await.unwrap()
}

async fn open_two_wake_ups(url: &str) -> [NatsWakeUps; 2] {
    let nodes = [
        open_wake_ups(url, "one").await,
        open_wake_ups(url, "two").await,
    ];
    eventually("both nodes know each other", async || {
        nodes.iter().all(|node| node.members().len() == 1)
    })
    .await;
    nodes
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wake_up_reaches_only_the_nodes_that_hold_the_reader() {
    let url = server();
    let [one, two] = open_two_wake_ups(&url).await;
    let raw = async_nats::connect(&url).await.unwrap();
    let mut messages = raw.subscribe("sosik.wake.>").await.unwrap();
    raw.flush().await.unwrap();
    let (held, elsewhere) = (PersonId::from_u64(1), PersonId::from_u64(2));
    let stream = two.watch(held).await.unwrap();
    // Until the list of the other node is known, everything is sent to it.
    eventually("nothing is sent for nobody", async || {
        one.wake(&[elsewhere], Signals::STORY).await.unwrap();
        one.wake(&[elsewhere, held], Signals::STORY).await.unwrap();
        let first = within("a message", messages.next()).await.unwrap();
        let only_held = first.payload.len() == 14 && first.payload[6..] == [0, 0, 0, 0, 0, 0, 0, 1];
        if !only_held {
            within("the second message", messages.next()).await.unwrap();
        }
        only_held
    })
    .await;
    assert_eq!(stream.signalled().await, Signals::STORY);
    drop(stream);
    eventually("nothing is sent for a reader who left", async || {
        let other = two.watch(elsewhere).await.unwrap();
        one.wake(&[held], Signals::STORY).await.unwrap();
        one.wake(&[elsewhere], Signals::STORY).await.unwrap();
        let first = within("a message", messages.next()).await.unwrap();
        let gone = first.payload.ends_with(&[2]);
        if !gone {
            within("the second message", messages.next()).await.unwrap();
        }
        drop(other);
        gone
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_of_the_server_every_stream_is_woken_once_and_wake_ups_arrive_again() {
    let mut server = Nats::start().unwrap();
    let [one, two] = open_two_wake_ups(&server.url()).await;
    let reader = PersonId::from_u64(1);
    let stream = two.watch(reader).await.unwrap();
    server.kill();
    let refused = async || one.wake(&[reader], Signals::STORY).await.is_err();
    eventually("the wake-up is refused", refused).await;
    let opened_meanwhile = two.watch(PersonId::from_u64(2)).await.unwrap();
    server.restart().unwrap();
    let all = async |stream: &sosik_fabric::Watch| stream.signalled().await == Signals::ALL;
    within("streams are woken", async {
        while !all(&stream).await {}
        while !all(&opened_meanwhile).await {}
    })
    .await;
    eventually("wake-ups arrive again", async || {
        let sent = one.wake(&[reader], Signals::NOTIFICATION).await.is_ok();
        sent && stream.signalled().await.notification
    })
    .await;
}

/// The runtime has one thread, and it is blocked while another thread sends. So the buffer of the subscription overflows.
#[tokio::test]
async fn streams_of_a_node_that_dropped_wake_ups_are_all_woken() {
    let url = server();
    let me = id();
    let node = NatsWakeUps::open(&options(&url, "node"), me).await.unwrap();
    let stream = node.watch(PersonId::from_u64(1)).await.unwrap();
    let subject = format!("sosik.wake.{:x}", me.as_u64());
    let sender = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.unwrap().block_on(async {
            let raw = async_nats::connect(url).await.unwrap();
            let to_nobody = Bytes::from_static(&[1, 1, 0, 0, 0, 0]);
            for _ in 0..40_000 {
                raw.publish(subject.clone(), to_nobody.clone())
                    .await
                    .unwrap();
            }
            raw.flush().await.unwrap();
        });
    });
    sender.join().unwrap();
    let signals = within("the stream is woken", stream.signalled()).await;
    assert_eq!(signals, Signals::ALL);
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_of_two_installations_on_one_server_do_not_know_each_other() {
    let url = server();
    let staging = |node| NatsOptions {
        prefix: "staging".to_owned(),
        ..options(&url, node)
    };
    let others = [open(&staging("three")).await, open(&staging("four")).await];
    let [one, two] = open_two(&url).await;
    eventually("the others know each other", async || {
        others.iter().all(|node| node.members().len() == 1)
    })
    .await;
    confirm_all(&two);
    let confirmed = async || is_confirmed(&two, &change(1), &one).await;
    eventually("a change is confirmed", confirmed).await;
    assert_eq!((one.members().len(), two.members().len()), (1, 1));
    let other = NatsWakeUps::open(&staging("three"), id()).await.unwrap();
    let [_, _] = open_two_wake_ups(&url).await;
    assert_eq!(other.members().len(), 0);
}
