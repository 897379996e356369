//! Compares timelines with a model that records everything.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

fn ids(numbers: &[u64]) -> Vec<StoryId> {
    numbers.iter().copied().map(StoryId::from_u64).collect()
}

fn one(number: u64) -> StoryId {
    StoryId::from_u64(number)
}

#[test]
fn a_delivery_below_the_floor_is_left_to_the_store() {
    let mut timeline = Timeline::new(ids(&[50, 60]), one(50), 10);
    assert_eq!(timeline.deliver(one(49), 10), Delivered::BelowFloor);
    assert_eq!(timeline.deliver(one(55), 10), Delivered::Added);
    assert_eq!(timeline.deliver(one(55), 10), Delivered::Known);
    assert_eq!(timeline.below(None, 10).ids, ids(&[60, 55, 50]));
}

#[test]
fn beyond_twice_the_size_the_oldest_go_and_the_floor_rises() {
    let mut timeline = Timeline::new(vec![], one(0), 3);
    for number in 1..=6 {
        timeline.deliver(one(number), 3);
    }
    assert_eq!((timeline.len(), timeline.floor()), (6, one(0)));
    timeline.deliver(one(7), 3);
    assert_eq!(
        (timeline.below(None, 10).ids, timeline.floor()),
        (ids(&[7, 6, 5]), one(5))
    );
}

#[test]
fn newer_has_late_arrivals_that_are_older_than_what_was_seen() {
    let mut timeline = Timeline::new(ids(&[10, 30]), one(0), 10);
    let mark = timeline.mark();
    timeline.deliver(one(20), 10);
    timeline.deliver(one(40), 10);
    let newer = timeline.newer(mark, 10).unwrap();
    assert_eq!((newer.ids, newer.more), (ids(&[40, 20]), false));
    assert_eq!(timeline.newer(newer.mark, 10).unwrap().ids, []);
}

#[test]
fn a_mark_that_is_older_than_the_floor_is_forgotten() {
    let mut timeline = Timeline::new(ids(&[1]), one(0), 2);
    let mark = timeline.mark();
    for number in 2..=5 {
        timeline.deliver(one(number), 2);
    }
    assert_eq!(timeline.newer(mark, 10), Err(MarkExpired));
}

#[test]
fn an_empty_timeline_hands_out_what_comes_first() {
    let mut timeline = Timeline::new(vec![], one(0), 10);
    let mark = timeline.mark();
    timeline.deliver(one(5), 10);
    assert_eq!(timeline.newer(mark, 10).unwrap().ids, ids(&[5]));
}

#[test]
fn eight_hundred_ids_take_eight_bytes_each_and_little_more() {
    let timeline = Timeline::new((1..=800).map(one).collect(), one(1), 800);
    assert!(
        timeline.heap_bytes() <= 800 * 8 + 64,
        "{} bytes",
        timeline.heap_bytes()
    );
    let mut grown = Timeline::new(vec![], one(0), 800);
    for number in 1..=10_000 {
        grown.deliver(one(number), 800);
        assert!(
            grown.heap_bytes() <= (grown.len() + 2 * GROWTH) * 8,
            "{} bytes for {}",
            grown.heap_bytes(),
            grown.len()
        );
    }
}

/// A step of the model.
#[derive(Debug, Clone)]
enum Step {
    Deliver(u64),
    Newer(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![4 => (1u64..400).prop_map(Step::Deliver), 1 => (1usize..8).prop_map(Step::Newer)];
    prop::collection::vec(step, 1..150)
}

proptest! {
    #[test]
    fn asking_for_newer_shows_every_delivery_exactly_once(steps in steps(), keep in 1usize..40) {
        let mut timeline = Timeline::new(vec![], one(0), keep);
        let mut mark = timeline.mark();
        let mut delivered = BTreeSet::new();
        let mut shown = BTreeSet::new();
        for step in steps {
            match step {
                Step::Deliver(number) => {
                    if timeline.deliver(one(number), keep) == Delivered::Added {
                        delivered.insert(one(number));
                    }
                }
                Step::Newer(count) => match timeline.newer(mark, count) {
                    Ok(newer) => {
                        prop_assert!(newer.ids.is_sorted_by(|a, b| a > b));
                        for id in newer.ids {
                            prop_assert!(shown.insert(id), "{id} was shown twice");
                        }
                        mark = newer.mark;
                    }
                    Err(MarkExpired) => {
                        // The client starts over from the top, as after a reset.
                        shown = delivered.clone();
                        mark = timeline.mark();
                    }
                },
            }
        }
        while let Ok(newer) = timeline.newer(mark, 3) {
            for id in newer.ids {
                prop_assert!(shown.insert(id), "{id} was shown twice");
            }
            mark = newer.mark;
            if !newer.more {
                let missed: Vec<_> = delivered.difference(&shown).collect();
                prop_assert!(missed.is_empty(), "never shown: {missed:?}");
                break;
            }
        }
    }

    #[test]
    fn paging_down_meets_every_id_above_the_floor_once(
        numbers in prop::collection::vec(1u64..1_000, 0..200), count in 1usize..9, keep in 1usize..60
    ) {
        let mut timeline = Timeline::new(vec![], one(0), keep);
        for number in &numbers {
            timeline.deliver(one(*number), keep);
        }
        let mut seen = Vec::new();
        let mut before = None;
        loop {
            let slice = timeline.below(before, count);
            prop_assert!(slice.ids.len() <= count);
            seen.extend_from_slice(&slice.ids);
            before = slice.ids.last().copied();
            if !slice.more {
                break;
            }
        }
        let mut expected = timeline.ids().to_vec();
        expected.reverse();
        prop_assert_eq!(seen, expected);
    }

    #[test]
    fn what_is_above_the_floor_is_never_lost(numbers in prop::collection::vec(1u64..1_000, 0..300), keep in 1usize..60) {
        let mut timeline = Timeline::new(vec![], one(0), keep);
        let mut model = BTreeSet::new();
        for number in numbers {
            timeline.deliver(one(number), keep);
            model.insert(one(number));
            let expected: Vec<_> = model.range(timeline.floor()..).copied().collect();
            prop_assert_eq!(timeline.ids(), expected);
        }
    }
}
