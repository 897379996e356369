//! A seed determines the schedule, and different seeds give different ones.

#![expect(clippy::unwrap_used, reason = "in a test an unwrap is an assertion")]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use sosik_decorators::{Hook, Turn, Turns};

/// Adds one in two calls, as a task does that reads a value and writes another one.
async fn add_one(turns: Turns, value: Arc<AtomicU32>) {
    turns.before("read").await.unwrap();
    let read = value.load(Ordering::SeqCst);
    turns.after("read").await.unwrap();
    turns.before("write").await.unwrap();
    value.store(read + 1, Ordering::SeqCst);
    turns.after("write").await.unwrap();
}

/// Two tasks add one at the same time. Returns the schedule and the sum.
fn add_two(seed: u64) -> (Vec<Turn>, u32) {
    let (turns, value) = (Turns::default(), Arc::new(AtomicU32::new(0)));
    let schedule = turns.play(seed, async {
        let task = || tokio::spawn(add_one(turns.clone(), Arc::clone(&value)));
        let tasks = [task(), task()];
        for task in tasks {
            task.await.unwrap();
        }
    });
    (schedule, value.load(Ordering::SeqCst))
}

#[test]
fn a_seed_always_gives_the_same_schedule() {
    for seed in 0..20 {
        let first = add_two(seed);
        assert_eq!(first.0.len(), 8, "each call has two turns");
        for _ in 0..5 {
            assert_eq!(add_two(seed), first, "seed {seed}");
        }
    }
}

#[test]
fn some_schedules_show_a_race_and_some_do_not() {
    let sums: BTreeSet<u32> = (0..20).map(|seed| add_two(seed).1).collect();
    assert_eq!(sums, BTreeSet::from([1, 2]));
}

#[test]
#[should_panic(expected = "an update was lost")]
fn a_race_is_found_by_exploring() {
    Turns::explore(20, async |turns| {
        let value = Arc::new(AtomicU32::new(0));
        let task = || tokio::spawn(add_one(turns.clone(), Arc::clone(&value)));
        for task in [task(), task()] {
            task.await.unwrap();
        }
        assert_eq!(value.load(Ordering::SeqCst), 2, "an update was lost");
    });
}
