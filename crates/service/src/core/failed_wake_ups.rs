//! Wake-ups that the fabric did not take. They are retried.
//!
//! A wake-up is an optimisation of live streams: it outdates nothing and distrusts no timeline. The number of recorded
//! people is bounded. Beyond the bound a wake-up is dropped, and when the others succeed, all streams of this node are
//! woken. An engine that connects nodes wakes the streams of a node that may have missed wake-ups itself.

use std::time::Duration;

use foldhash::HashMap;
use parking_lot::Mutex;
use sosik_fabric::Signals;
use sosik_feed::PersonId;
use tokio::sync::Notify;
use tokio::time::timeout;

use super::Core;

/// Maximum number of people with a failed wake-up. They take about 1 MiB.
const PEOPLE_MAX: usize = 20_000;

/// People in one call: a message of some kilobytes.
const PEOPLE_AT_ONCE: usize = 256;

/// Pause after the first failure. Doubles up to [`RETRY_MAX`].
const RETRY_FIRST: Duration = Duration::from_millis(50);

/// Longest pause between retries. A fabric that recovers is used again after this time.
const RETRY_MAX: Duration = Duration::from_secs(2);

/// Wake-ups to retry.
#[derive(Default)]
pub(crate) struct FailedWakeUps {
    failed: Mutex<Failed>,
    added: Notify,
}

#[derive(Default)]
struct Failed {
    people: HashMap<PersonId, Signals>,
    /// Wake-ups were dropped.
    overflowed: bool,
}

impl FailedWakeUps {
    /// Records a failed wake-up.
    pub(crate) fn add(&self, people: &[PersonId], signals: Signals) {
        self.failed.lock().add(people, signals);
        self.added.notify_one();
    }

    /// Takes a batch of people with equal signals.
    fn take(&self) -> Option<(Vec<PersonId>, Signals)> {
        let mut failed = self.failed.lock();
        let signals = *failed.people.values().next()?;
        let equal = failed.people.extract_if(|_, own| *own == signals);
        let people = equal.take(PEOPLE_AT_ONCE).map(|(person, _)| person);
        Some((people.collect(), signals))
    }

    /// Whether wake-ups were dropped since the last call.
    fn take_overflow(&self) -> bool {
        std::mem::take(&mut self.failed.lock().overflowed)
    }

    fn is_empty(&self) -> bool {
        let failed = self.failed.lock();
        failed.people.is_empty() && !failed.overflowed
    }
}

impl Failed {
    fn add(&mut self, people: &[PersonId], signals: Signals) {
        for person in people {
            if let Some(before) = self.people.get_mut(person) {
                *before = before.and(signals);
            } else if self.people.len() < PEOPLE_MAX {
                self.people.insert(*person, signals);
            } else {
                self.overflowed = true;
            }
        }
    }
}

impl Core {
    pub(crate) fn spawn_wake_up_retries(&self) {
        let core = self.clone();
        self.supervise("failed_wake_ups", move || {
            let core = core.clone();
            async move { core.retry_wake_ups().await }
        });
    }

    /// Retries failed wake-ups until the service stops.
    async fn retry_wake_ups(&self) {
        // After a panic, the wake-ups of the interrupted call are not recorded any more.
        self.wake_everybody_here();
        let mut pause = RETRY_FIRST;
        loop {
            let stopping = self.stopping.cancelled();
            if self.failed_wake_ups.is_empty() {
                tokio::select! {
                    () = stopping => return,
                    () = self.failed_wake_ups.added.notified() => {}
                }
            } else if timeout(pause, stopping).await.is_ok() {
                return;
            }
            pause = match self.wake_again().await {
                true => RETRY_FIRST,
                false => (pause * 2).min(RETRY_MAX),
            };
        }
    }

    /// Repeats the recorded wake-ups until one fails. Returns whether all of them succeeded.
    async fn wake_again(&self) -> bool {
        while let Some((people, signals)) = self.failed_wake_ups.take() {
            let answer = self.engines.wake_ups.wake(&people, signals).await;
            if self.fabric_result("wake", answer).is_none() {
                self.failed_wake_ups.failed.lock().add(&people, signals);
                return false;
            }
        }
        if self.failed_wake_ups.take_overflow() {
            self.wake_everybody_here();
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people(numbers: std::ops::RangeInclusive<u64>) -> Vec<PersonId> {
        numbers.map(PersonId::from_u64).collect()
    }

    #[test]
    fn the_signals_of_one_person_are_merged() {
        let failed = FailedWakeUps::default();
        failed.add(&people(1..=1), Signals::SESSION);
        failed.add(&people(1..=2), Signals::STORY);
        let both = Signals::SESSION.and(Signals::STORY);
        let mut taken = [failed.take().unwrap(), failed.take().unwrap()];
        taken.sort_by_key(|(people, _)| people.clone());
        assert_eq!(
            taken,
            [(people(1..=1), both), (people(2..=2), Signals::STORY)]
        );
        assert!(failed.is_empty());
    }

    #[test]
    fn wake_ups_beyond_the_maximum_are_dropped_and_noted() {
        let failed = FailedWakeUps::default();
        let max = PEOPLE_MAX as u64;
        failed.add(&people(1..=max), Signals::STORY);
        assert!(!failed.take_overflow());
        failed.add(&people(1..=max + 1), Signals::STORY);
        assert_eq!(failed.failed.lock().people.len(), PEOPLE_MAX);
        while let Some((people, _)) = failed.take() {
            assert!(people.len() <= PEOPLE_AT_ONCE);
        }
        assert!(!failed.is_empty(), "the dropped one is left");
        assert!(failed.take_overflow());
        assert!(failed.is_empty());
    }
}
