//! Cursors of a timeline that is lost, late stories, and the log, without a store.

use super::*;

fn ids(numbers: &[u64]) -> Vec<StoryId> {
    numbers.iter().copied().map(StoryId::from_u64).collect()
}

fn at(number: u64) -> LogPosition {
    LogPosition::new(7, number)
}

fn named(seen: &Seen) -> Vec<StoryId> {
    match &seen.recent {
        Recent::Named(recent) => recent.clone(),
        Recent::TooMany { newest } => panic!("too many up to {newest}"),
    }
}

fn one(number: u64) -> StoryId {
    StoryId::from_u64(number)
}

fn seen(watermark: u64, recent: &[u64]) -> Seen {
    Seen {
        incarnation: 7,
        mark: Mark {
            newest: one(30),
            late: 0,
        },
        watermark: one(watermark),
        late: 0,
        log: at(5),
        recent: Recent::Named(ids(recent)),
    }
}

fn top(numbers: &[u64], complete_above: u64) -> Top {
    let mark = Mark {
        newest: one(numbers[0]),
        late: 0,
    };
    Top {
        incarnation: 9,
        mark,
        log: at(8),
        ids: ids(numbers),
        complete_above: one(complete_above),
    }
}

#[test]
fn after_a_restart_only_what_was_not_seen_comes() {
    let seen = seen(20, &[30, 25]);
    let arrivals = by_watermark(
        &seen,
        &ids(&[30, 25]),
        &top(&[40, 30, 27, 25, 20, 10], 0),
        one(35),
        10,
    )
    .unwrap();
    assert_eq!(
        arrivals.ids,
        ids(&[40, 27]),
        "27 was delivered late, 40 is new"
    );
    assert_eq!(
        (arrivals.seen.watermark, arrivals.seen.recent),
        (one(35), Recent::Named(ids(&[40])))
    );
}

#[test]
fn bit_by_bit_every_story_comes_once() {
    let mut now = seen(20, &[30, 25]);
    let mut came = Vec::new();
    loop {
        let recent = named(&now);
        let arrivals = by_watermark(
            &now,
            &recent,
            &top(&[40, 35, 30, 27, 25, 22, 20], 0),
            one(20),
            2,
        )
        .unwrap();
        came.extend(arrivals.ids.iter().rev().copied());
        now = arrivals.seen;
        if !arrivals.more {
            break;
        }
    }
    assert_eq!(came, ids(&[22, 27, 35, 40]));
}

#[test]
fn a_story_that_is_delivered_between_two_looks_comes_although_newer_ones_were_shown() {
    let look = |seen: &Seen, there: &[u64]| {
        let recent = named(seen);
        by_watermark(seen, &recent, &top(there, 0), one(20), 2).unwrap()
    };
    let first = look(&seen(20, &[]), &[40, 30, 25, 20]);
    assert_eq!((first.ids, first.more), (ids(&[30, 25]), true));
    let second = look(&first.seen, &[40, 30, 25, 23, 20]);
    assert_eq!(second.ids, ids(&[40, 23]), "23 was still on its way");
}

#[test]
fn a_look_that_does_not_reach_down_to_the_settled_point_starts_over() {
    let seen = seen(20, &[]);
    assert_eq!(
        by_watermark(&seen, &[], &top(&[40, 30], 29), one(0), 10),
        None
    );
}

#[test]
fn too_many_to_name_are_forgiven_once_they_are_settled() {
    let too_many = |newest| Recent::TooMany {
        newest: one(newest),
    };
    let before = Seen {
        recent: too_many(30),
        ..seen(20, &[])
    };
    assert_eq!(recent_after(&before, &ids(&[31]), one(29)), too_many(31));
    assert_eq!(
        recent_after(&before, &ids(&[31]), one(30)),
        Recent::Named(ids(&[31]))
    );
    let many: Vec<u64> = (31..=31 + RECENT_MAX as u64).rev().collect();
    assert_eq!(
        recent_after(&seen(20, &[]), &ids(&many), one(30)),
        too_many(many[0])
    );
}

/// What the timeline answers.
fn arrived(numbers: &[u64], more: bool, held: &[bool]) -> Arrived {
    Arrived {
        newer: sosik_feed::timeline::Newer {
            ids: ids(numbers),
            mark: Mark {
                newest: one(40),
                late: 1,
            },
            more,
        },
        floor: one(10),
        log_from: at(2),
        held: held.to_vec(),
    }
}

fn logged(entries: &[(u64, u64)]) -> Vec<(LogPosition, StoryId)> {
    let entries = entries.iter();
    entries
        .map(|(number, story)| (at(*number), one(*story)))
        .collect()
}

#[test]
fn the_log_continues_the_timeline_and_repeats_nothing_that_it_holds() {
    let seen = seen(20, &[]);
    let candidates = logged(&[(6, 35), (7, 40), (8, 5), (9, 50)]);
    let arrived = arrived(&[40, 38], false, &[false, true, false, false]);
    let arrivals = with_log(&seen, arrived, &candidates, at(12), 10);
    assert_eq!(arrivals.ids, ids(&[50, 40, 38, 35]), "5 is below the floor");
    assert_eq!((arrivals.seen.log, arrivals.more), (at(12), false));
}

#[test]
fn a_full_page_leaves_the_rest_of_the_log_for_the_next_one() {
    let seen = seen(20, &[]);
    let candidates = logged(&[(6, 35), (7, 36), (9, 50)]);
    let held = [false, true, false];
    let first = with_log(&seen, arrived(&[40], false, &held), &candidates, at(12), 2);
    assert_eq!((first.ids, first.more), (ids(&[40, 35]), true));
    assert_eq!(first.seen.log, at(7), "36 was told by the timeline");
    let busy = with_log(
        &seen,
        arrived(&[40, 38], true, &held),
        &candidates,
        at(12),
        2,
    );
    assert_eq!((busy.seen.log, busy.more), (at(5), true));
}
