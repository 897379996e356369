//! Invalidations and wake-ups that the fabric has not confirmed yet.
//!
//! A write invalidates the caches of this node first; that cannot fail. Then it invalidates the reader's timeline in
//! the fabric, and that call can fail. Until the fabric confirms it, the timeline is *distrusted*: reads use the store
//! instead, and a task retries the call. The cost for a warm read is one atomic load. The same task retries wake-ups
//! that failed; they distrust no timeline.
//!
//! The number of recorded people is bounded. Beyond the bound every timeline is distrusted and dropped: that
//! invalidates too much, never too little.
//!
//! Refused: an error to the client. The write is committed, and a retry would find nothing to change. Refused: a
//! revision of the circle inside each timeline. It would rebuild timelines after every unfollow and block, and it does
//! not cover stories that could not be delivered.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use foldhash::HashMap;
use parking_lot::Mutex;
use sosik_fabric::Signals;
use sosik_feed::PersonId;
use tokio::sync::Notify;
use tokio::time::timeout;

use super::Core;

/// Maximum number of people with an unconfirmed invalidation or wake-up. They take about 1 MiB. If there are more, the
/// fabric is down, and one call for everybody is cheaper.
const PEOPLE_MAX: usize = 20_000;

/// Pause after the first failed retry. Doubles up to [`RETRY_MAX`].
const RETRY_FIRST: Duration = Duration::from_millis(50);

/// Longest pause between retries. A fabric that recovers is used again after this time.
const RETRY_MAX: Duration = Duration::from_secs(2);

/// Invalidations and wake-ups that the fabric has not confirmed.
#[derive(Default)]
pub(crate) struct Invalidations {
    /// Number of entries in `open`. Reads check it first, without the lock.
    count: AtomicUsize,
    open: Mutex<Open>,
    added: Notify,
}

#[derive(Default)]
struct Open {
    last_number: u64,
    people: HashMap<PersonId, Entry>,
    /// Number of the invalidation that covers everybody.
    everybody: Option<u64>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    /// The number of the newest entry of this person. The success of an older call does not confirm a newer one.
    number: u64,
    /// Whether the timeline must be dropped. Otherwise only a wake-up is due.
    drops_timeline: bool,
    signals: Signals,
}

/// A distrusted timeline, until the fabric confirms that it has dropped it.
#[derive(Debug, Clone, Copy)]
#[must_use]
pub(crate) struct PendingInvalidation {
    pub(crate) reader: PersonId,
    number: u64,
}

impl Invalidations {
    /// Whether the reader's timeline may be used.
    pub(crate) fn allows(&self, reader: PersonId) -> bool {
        if self.count() == 0 {
            return true;
        }
        let open = self.open.lock();
        let is_distrusted = |entry: &Entry| entry.drops_timeline;
        open.everybody.is_none() && !open.people.get(&reader).is_some_and(is_distrusted)
    }

    /// Disables the reader's timeline until the invalidation is confirmed.
    pub(crate) fn begin(&self, reader: PersonId) -> PendingInvalidation {
        let number = self.change(|open| open.add(reader, true, Signals::STORY));
        PendingInvalidation { reader, number }
    }

    /// The fabric has dropped the timeline in a call that began after `pending`.
    pub(crate) fn confirm(&self, pending: PendingInvalidation) {
        self.change(|open| open.confirm(pending.reader, pending.number));
    }

    /// Records a failed wake-up of these people. It is retried.
    pub(crate) fn queue_wake_up(&self, people: &[PersonId], signals: Signals) {
        for person in people {
            self.change(|open| open.add(*person, false, signals));
        }
        self.start_retries();
    }

    /// Disables all timelines until the fabric has dropped them.
    pub(crate) fn begin_all(&self) {
        self.change(Open::add_everybody);
        self.start_retries();
    }

    /// Starts the retries of unconfirmed invalidations and wake-ups.
    pub(crate) fn start_retries(&self) {
        self.added.notify_one();
    }

    /// Number of unconfirmed invalidations and wake-ups.
    pub(crate) fn count(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }

    fn change<T>(&self, change: impl FnOnce(&mut Open) -> T) -> T {
        let mut open = self.open.lock();
        let result = change(&mut open);
        let count = open.people.len() + usize::from(open.everybody.is_some());
        self.count.store(count, Ordering::Release);
        result
    }

    fn snapshot(&self) -> (Option<u64>, Vec<(PersonId, Entry)>) {
        let open = self.open.lock();
        let people = open.people.iter();
        let entries = people.map(|(person, entry)| (*person, *entry)).collect();
        (open.everybody, entries)
    }
}

impl Open {
    fn next_number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    fn add(&mut self, person: PersonId, drops_timeline: bool, signals: Signals) -> u64 {
        if self.people.len() >= PEOPLE_MAX && !self.people.contains_key(&person) {
            self.add_everybody();
        }
        let number = self.next_number();
        let before = self.people.get(&person);
        let entry = Entry {
            number,
            drops_timeline: drops_timeline || before.is_some_and(|before| before.drops_timeline),
            signals: before.map_or(signals, |before| before.signals.and(signals)),
        };
        self.people.insert(person, entry);
        number
    }

    /// Covers all open invalidations. Later ones get their own entry: the call for everybody may have begun before
    /// them.
    fn add_everybody(&mut self) {
        self.people.clear();
        self.everybody = Some(self.next_number());
    }

    fn confirm(&mut self, person: PersonId, number: u64) {
        let newest = self.people.get(&person).map(|entry| entry.number);
        if newest == Some(number) {
            self.people.remove(&person);
        }
    }

    fn confirm_everybody(&mut self, number: u64) {
        if self.everybody == Some(number) {
            self.everybody = None;
        }
    }
}

impl Core {
    /// Number of unconfirmed invalidations and wake-ups: 0 while the fabric works.
    pub(crate) fn unconfirmed_invalidations(&self) -> usize {
        self.invalidations.count()
    }

    /// Distrusts the reader's timeline and drops it in the background. For a timeline that may be incomplete, or that
    /// waits for a rebuild that never ends.
    pub(crate) fn invalidate_in_background(&self, reader: PersonId) {
        // The retries confirm it.
        let _pending = self.invalidations.begin(reader);
        self.invalidations.start_retries();
    }

    pub(crate) fn spawn_invalidation_retries(&self) {
        let core = self.clone();
        self.supervise("invalidations", move || {
            let core = core.clone();
            async move { core.retry_invalidations().await }
        });
    }

    /// Retries unconfirmed invalidations and wake-ups until the service stops.
    async fn retry_invalidations(&self) {
        let mut pause = RETRY_FIRST;
        loop {
            let stopping = self.stopping.cancelled();
            if self.invalidations.count() == 0 {
                tokio::select! {
                    () = stopping => return,
                    () = self.invalidations.added.notified() => {}
                }
            } else if timeout(pause, stopping).await.is_ok() {
                return;
            }
            pause = match self.retry_open_calls().await {
                true => RETRY_FIRST,
                false => (pause * 2).min(RETRY_MAX),
            };
        }
    }

    /// Makes every open call once. Returns whether all of them succeeded.
    async fn retry_open_calls(&self) -> bool {
        let (everybody, people) = self.invalidations.snapshot();
        let mut well = true;
        if let Some(number) = everybody {
            well &= self.drop_all_timelines(number).await;
        }
        for (person, entry) in people {
            well &= self.invalidate_person(person, entry).await;
        }
        well
    }

    async fn drop_all_timelines(&self, number: u64) -> bool {
        let answer = self.engines.timelines.drop_all_timelines().await;
        let done = self.fabric_result("forget_everybody", answer).is_some();
        if done {
            let invalidations = &self.invalidations;
            invalidations.change(|open| open.confirm_everybody(number));
            let streams = self.engines.wake_ups.streams();
            streams.wake_matching(|_everybody| true, Signals::ALL);
        }
        done
    }

    async fn invalidate_person(&self, person: PersonId, entry: Entry) -> bool {
        if entry.drops_timeline {
            let answer = self.engines.timelines.drop_timeline(person).await;
            if self.fabric_result("forget", answer).is_none() {
                return false;
            }
        }
        let answer = self.engines.wake_ups.wake(&[person], entry.signals).await;
        let done = self.fabric_result("wake", answer).is_some();
        if done {
            let invalidations = &self.invalidations;
            invalidations.change(|open| open.confirm(person, entry.number));
        }
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(number: u64) -> PersonId {
        PersonId::from_u64(number)
    }

    #[test]
    fn a_timeline_is_not_used_until_its_newest_invalidation_is_confirmed() {
        let invalidations = Invalidations::default();
        let first = invalidations.begin(person(1));
        let second = invalidations.begin(person(1));
        invalidations.confirm(first);
        assert!(!invalidations.allows(person(1)), "the second is still open");
        assert!(invalidations.allows(person(2)));
        invalidations.confirm(second);
        assert!(invalidations.allows(person(1)));
        assert_eq!(invalidations.count(), 0);
    }

    #[test]
    fn a_failed_wake_up_invalidates_nothing_and_confirms_nothing() {
        let invalidations = Invalidations::default();
        invalidations.queue_wake_up(&[person(1)], Signals::SESSION);
        assert!(invalidations.allows(person(1)));
        let _open = invalidations.begin(person(1));
        invalidations.queue_wake_up(&[person(1)], Signals::NOTIFICATION);
        assert!(!invalidations.allows(person(1)));
        let (_, entries) = invalidations.snapshot();
        assert_eq!(entries[0].1.signals, Signals::ALL);
    }

    #[test]
    fn more_people_than_the_maximum_invalidate_every_timeline() {
        let invalidations = Invalidations::default();
        let people_max = PEOPLE_MAX as u64;
        for number in 0..=people_max {
            let _open = invalidations.begin(person(number));
            assert!(invalidations.snapshot().1.len() <= PEOPLE_MAX);
        }
        assert!(!invalidations.allows(person(0)), "it is covered by all");
        assert!(!invalidations.allows(person(people_max + 7)));
        let (everybody, _) = invalidations.snapshot();
        invalidations.change(|open| open.confirm_everybody(everybody.unwrap()));
        assert!(invalidations.allows(person(0)));
        assert!(
            !invalidations.allows(person(people_max)),
            "the call for everybody may have begun before this one"
        );
    }
}
