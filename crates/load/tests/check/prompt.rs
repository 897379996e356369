//! The lag from post to sight in live streams.

use sosik_load::check::{Act, Audience, Entry, Item, Kind, StreamEvent, StreamEventKind};

use crate::tale::{EVE, JUN, MINA, Tale, friends, item, post};

/// Jun posts once a second, once for each lag, and Mina's stream shows each story after that many milliseconds.
fn told_after(lags: impl IntoIterator<Item = u64>) -> Tale {
    let opened = Tale::new().stream(MINA, 50, StreamEventKind::Opened);
    (1..).zip(lags).fold(opened, |tale, (second, lag)| {
        let at = second * 1_000;
        tale.did(
            JUN,
            (at, at + 10),
            post(Some(20_000 + second), Audience::Friends, None),
        )
        .with(Entry::Stream(StreamEvent {
            who: MINA,
            stream: MINA,
            at: (at + 10 + lag) * 1_000,
            event: StreamEventKind::Story(Item {
                author: JUN,
                ..item(20_000 + second)
            }),
        }))
    })
}

#[test]
fn stories_seen_soon_after_they_were_posted_are_prompt() {
    told_after([5; 20]).keeps_all_promises();
}

#[test]
fn one_late_of_a_few_is_late_and_the_slowest_is_told() {
    let told = told_after([5, 5, 2_600, 5]).breaks(Kind::Late);
    assert!(
        told.contains("received story 20003 live 2600 ms after"),
        "{told}"
    );
    assert!(
        told.contains("of 4 sights of authors with up to 200 readers"),
        "{told}"
    );
}

#[test]
fn one_late_of_a_hundred_is_within_the_promise_and_two_are_not() {
    let late = |lates: usize| (0..100).map(move |place| if place < lates { 3_000 } else { 5 });
    told_after(late(1)).keeps_all_promises();
    told_after(late(2)).breaks(Kind::Late);
}

#[test]
fn what_was_late_because_the_server_was_away_is_nobodys_fault() {
    told_after([5, 5, 2_600, 5])
        .away((3_100, 5_000))
        .keeps_all_promises();
}

#[test]
fn what_a_stream_is_told_on_being_opened_or_by_a_new_friendship_is_no_measure() {
    Tale::new()
        .posted(201, (100, 110))
        .stream(MINA, 20_000, StreamEventKind::Opened)
        .told(MINA, 20_010, 201)
        .keeps_all_promises();
    let befriended = Act::Begin(friends(EVE, JUN));
    Tale::new()
        .stream(EVE, 50, StreamEventKind::Opened)
        .posted(201, (100, 110))
        .did(EVE, (9_000, 9_010), befriended)
        .told(EVE, 9_020, 201)
        .keeps_all_promises();
}
