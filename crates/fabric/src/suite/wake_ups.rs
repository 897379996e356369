//! The behaviour of every engine of [`WakeUps`].

use std::sync::Arc;

use sosik_feed::PersonId;

use super::unique;
use crate::wake_ups::{Signals, WakeUps};

type Engine = Arc<dyn WakeUps>;

pub async fn a_stream_is_woken_for_its_reader_only(engine: Engine) {
    let base = unique();
    let (one, other) = (PersonId::from_u64(base), PersonId::from_u64(base + 1));
    let mine = engine.watch(one).await.unwrap();
    let second = engine.watch(one).await.unwrap();
    let theirs = engine.watch(other).await.unwrap();
    engine.wake(&[one], Signals::STORY).await.unwrap();
    assert_eq!(mine.signalled().await, Signals::STORY);
    assert_eq!(second.signalled().await, Signals::STORY, "every stream");
    engine.wake(&[other], Signals::SESSION).await.unwrap();
    assert_eq!(
        theirs.signalled().await,
        Signals::SESSION,
        "nothing before it was for this one"
    );
}

pub async fn signals_between_two_waits_are_merged_and_none_is_lost(engine: Engine) {
    let reader = PersonId::from_u64(unique());
    let stream = engine.watch(reader).await.unwrap();
    engine.wake(&[reader], Signals::STORY).await.unwrap();
    engine.wake(&[reader], Signals::NOTIFICATION).await.unwrap();
    let mut signals = stream.signalled().await;
    // An engine between nodes may bring them one after the other.
    while signals != Signals::STORY.and(Signals::NOTIFICATION) {
        signals = signals.and(stream.signalled().await);
    }
    engine.wake(&[reader], Signals::ALL).await.unwrap();
    assert_eq!(stream.signalled().await, Signals::ALL);
}

pub async fn a_wait_that_is_dropped_loses_no_signal(engine: Engine) {
    let reader = PersonId::from_u64(unique());
    let stream = engine.watch(reader).await.unwrap();
    for _ in 0..100 {
        tokio::select! {
            biased;
            _ = stream.signalled() => panic!("nobody woke it"),
            () = std::future::ready(()) => {}
        }
    }
    engine.wake(&[reader], Signals::STORY).await.unwrap();
    assert_eq!(stream.signalled().await, Signals::STORY);
}

pub async fn a_dropped_stream_is_gone(engine: Engine) {
    let reader = PersonId::from_u64(unique());
    let before = engine.streams().len();
    let stream = engine.watch(reader).await.unwrap();
    let second = engine.watch(reader).await.unwrap();
    assert_eq!(engine.streams().len(), before + 2);
    drop(stream);
    engine.wake(&[reader], Signals::STORY).await.unwrap();
    assert_eq!(second.signalled().await, Signals::STORY);
    drop(second);
    assert_eq!(engine.streams().len(), before);
}

pub async fn streams_of_this_node_are_woken_by_a_condition(engine: Engine) {
    let base = unique();
    let (one, other) = (PersonId::from_u64(base), PersonId::from_u64(base + 1));
    let mine = engine.watch(one).await.unwrap();
    let theirs = engine.watch(other).await.unwrap();
    let streams = engine.streams();
    streams.wake_matching(|reader| reader == one, Signals::STORY);
    streams.wake_matching(|_everybody| true, Signals::SESSION);
    assert_eq!(mine.signalled().await, Signals::STORY.and(Signals::SESSION));
    assert_eq!(theirs.signalled().await, Signals::SESSION);
}
