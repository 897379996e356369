//! The behaviour of every engine of [`ActivePeople`].

use std::sync::Arc;

use sosik_feed::{PersonId, Timestamp};

use super::unique;
use crate::active_people::{ActiveCounts, ActivePeople};

type People = Arc<dyn ActivePeople>;

const HOUR: u64 = 60 * 60 * 1_000;

/// A time of this hour, counted from midnight of a day in 2026.
fn at(hour: u64) -> Timestamp {
    Timestamp::from_millis(20_500 * 24 * HOUR + hour * HOUR)
}

async fn note(people: &People, persons: std::ops::Range<u64>, at: Timestamp) {
    for person in persons {
        people.note(PersonId::from_u64(person), at).await.unwrap();
    }
}

async fn count(people: &People, hour: u64) -> (u64, u64) {
    let ActiveCounts { day, thirty_days } = people.count(at(hour)).await.unwrap();
    (day, thirty_days)
}

pub async fn a_person_counts_once_a_day(people: People) {
    let first = unique();
    assert_eq!(count(&people, 12).await, (0, 0));
    for hour in [0, 9, 23] {
        note(&people, first..first + 3, at(hour)).await;
    }
    assert_eq!(count(&people, 12).await, (3, 3));
}

pub async fn thirty_days_count_each_person_once_and_nobody_from_before(people: People) {
    let first = unique();
    note(&people, first..first + 1, at(0)).await;
    note(&people, first + 1..first + 3, at(24)).await;
    note(&people, first + 2..first + 6, at(29 * 24)).await;
    assert_eq!(count(&people, 29 * 24).await, (4, 6));
    assert_eq!(count(&people, 30 * 24).await, (0, 5), "a day later");
}

pub async fn many_people_are_estimated_within_a_few_percent(people: People) {
    let first = unique();
    note(&people, first..first + 3_000, at(0)).await;
    let (day, thirty_days) = count(&people, 0).await;
    assert!(day.abs_diff(3_000) < 200, "{day} instead of 3,000");
    assert_eq!(day, thirty_days);
}
