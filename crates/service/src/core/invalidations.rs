//! Invalidations of timelines that the fabric has not confirmed yet.
//!
//! A write invalidates the caches of this node first; that cannot fail. Then it invalidates the reader's timeline in
//! the fabric, and that call can fail. Until the fabric confirms it, the timeline is *distrusted*: reads use the store
//! instead, and a task retries the call. The cost for a warm read is one atomic load.
//!
//! Every mark is also known to the task from its beginning. So a call that is cancelled, or whose caller panics, leaves
//! no timeline distrusted for ever.
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
use futures::{StreamExt, stream};
use parking_lot::Mutex;
use sosik_fabric::Signals;
use sosik_feed::PersonId;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until, timeout};

use super::Core;

/// Maximum number of people with an unconfirmed invalidation. They take about 1 MiB. If there are more, the fabric is
/// down, and one call for everybody is cheaper.
const PEOPLE_MAX: usize = 20_000;

/// How long a new invalidation has for its own call, before the task repeats it. Also the pause after the first failed
/// retry. Doubles up to [`RETRY_MAX`].
const RETRY_FIRST: Duration = Duration::from_millis(50);

/// Longest pause between retries. A fabric that recovers is used again after this time.
const RETRY_MAX: Duration = Duration::from_secs(2);

/// Timelines that the task drops at the same time. Other calls of this node need the connection, too.
const DROPS_AT_ONCE: usize = 16;

/// Invalidations that the fabric has not confirmed.
#[derive(Default)]
pub(crate) struct Invalidations {
    /// Number of entries of `open`. Reads check it first, without the lock.
    count: AtomicUsize,
    open: Mutex<Open>,
    added: Notify,
    urgent: Notify,
}

#[derive(Default)]
struct Open {
    last_number: u64,
    people: HashMap<PersonId, Mark>,
    /// The mark that covers everybody.
    everybody: Option<Mark>,
}

/// The unconfirmed invalidations of one person, or of everybody.
#[derive(Debug, Clone, Copy)]
struct Mark {
    oldest: u64,
    /// The success of an older call does not confirm a newer invalidation.
    newest: u64,
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
        open.everybody.is_none() && !open.people.contains_key(&reader)
    }

    /// Disables the reader's timeline until the invalidation is confirmed.
    pub(crate) fn begin(&self, reader: PersonId) -> PendingInvalidation {
        let number = self.change(|open| open.add(reader));
        self.added.notify_one();
        PendingInvalidation { reader, number }
    }

    /// The fabric has dropped the timeline in a call that began after `pending`.
    pub(crate) fn confirm(&self, pending: PendingInvalidation) {
        self.change(|open| open.confirm(pending.reader, pending.number));
    }

    /// Disables all timelines until the fabric has dropped them.
    pub(crate) fn begin_all(&self) {
        self.change(Open::add_everybody);
        self.retry_now();
    }

    /// Repeats the calls of unconfirmed invalidations immediately, unless the last attempt failed.
    pub(crate) fn retry_now(&self) {
        self.urgent.notify_one();
    }

    /// Number of unconfirmed invalidations.
    pub(crate) fn count(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }

    /// The number of the newest invalidation.
    pub(crate) fn newest(&self) -> u64 {
        self.open.lock().last_number
    }

    /// Whether every invalidation up to this number is confirmed.
    pub(crate) fn is_confirmed_to(&self, number: u64) -> bool {
        let open = self.open.lock();
        let mut marks = open.people.values().chain(open.everybody.as_ref());
        marks.all(|mark| mark.oldest > number)
    }

    fn change<T>(&self, change: impl FnOnce(&mut Open) -> T) -> T {
        let mut open = self.open.lock();
        let result = change(&mut open);
        let count = open.people.len() + usize::from(open.everybody.is_some());
        self.count.store(count, Ordering::Release);
        result
    }

    /// What is open: the number of the mark of everybody, and the marks of people.
    fn snapshot(&self) -> (Option<u64>, Vec<PendingInvalidation>) {
        let open = self.open.lock();
        let pending = |(reader, mark): (&PersonId, &Mark)| PendingInvalidation {
            reader: *reader,
            number: mark.newest,
        };
        let people = open.people.iter().map(pending).collect();
        (open.everybody.map(|mark| mark.newest), people)
    }

    /// Waits until there are marks to repeat the calls of.
    async fn due(&self) {
        let in_turn = async {
            if self.count() == 0 {
                self.added.notified().await;
            }
            sleep_until(Instant::now() + RETRY_FIRST).await;
        };
        tokio::select! {
            () = self.urgent.notified() => {}
            () = in_turn => {}
        }
    }
}

impl Open {
    fn next_number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    fn add(&mut self, person: PersonId) -> u64 {
        if self.people.len() >= PEOPLE_MAX && !self.people.contains_key(&person) {
            self.add_everybody();
        }
        let newest = self.next_number();
        let mark = self.people.entry(person).or_insert(Mark {
            oldest: newest,
            newest,
        });
        mark.newest = newest;
        newest
    }

    /// Covers all open invalidations. Later ones get their own entry: the call for everybody may have begun before
    /// them.
    fn add_everybody(&mut self) {
        let newest = self.next_number();
        let marks = self.people.values().chain(self.everybody.as_ref());
        let oldest = marks.map(|mark| mark.oldest).min().unwrap_or(newest);
        self.people.clear();
        self.everybody = Some(Mark { oldest, newest });
    }

    fn confirm(&mut self, person: PersonId, number: u64) {
        let newest = self.people.get(&person).map(|mark| mark.newest);
        if newest == Some(number) {
            self.people.remove(&person);
        }
    }

    fn confirm_everybody(&mut self, number: u64) {
        if self.everybody.is_some_and(|mark| mark.newest == number) {
            self.everybody = None;
        }
    }
}

impl Core {
    /// Number of unconfirmed invalidations: 0 while the fabric works.
    pub(crate) fn unconfirmed_invalidations(&self) -> usize {
        self.invalidations.count()
    }

    /// Distrusts the reader's timeline and drops it in the background. For a timeline that may be incomplete, or that
    /// waits for a rebuild that never ends.
    pub(crate) fn invalidate_in_background(&self, reader: PersonId) {
        // The retries confirm it.
        let _pending = self.invalidations.begin(reader);
        self.invalidations.retry_now();
    }

    pub(crate) fn spawn_invalidation_retries(&self) {
        let core = self.clone();
        self.supervise("invalidations", move || {
            let core = core.clone();
            async move { core.retry_invalidations().await }
        });
    }

    /// Retries unconfirmed invalidations until the service stops.
    async fn retry_invalidations(&self) {
        let mut pause = None;
        loop {
            let stopping = self.stopping.cancelled();
            let stopped = match pause {
                Some(pause) => timeout(pause, stopping).await.is_ok(),
                None => tokio::select! {
                    () = stopping => true,
                    () = self.invalidations.due() => false,
                },
            };
            if stopped {
                return;
            }
            let longer = |pause: Duration| (pause * 2).min(RETRY_MAX);
            pause = match self.retry_open_calls().await {
                true => None,
                false => Some(pause.map_or(RETRY_FIRST, longer)),
            };
        }
    }

    /// Makes every open call once. Returns whether all of them succeeded.
    async fn retry_open_calls(&self) -> bool {
        let (everybody, people) = self.invalidations.snapshot();
        let all_dropped = match everybody {
            Some(number) => self.drop_all_timelines(number).await,
            None => true,
        };
        stream::iter(people)
            .map(|pending| self.drop_and_wake(pending))
            .buffer_unordered(DROPS_AT_ONCE)
            .fold(all_dropped, async |well, dropped| well & dropped)
            .await
    }

    async fn drop_all_timelines(&self, number: u64) -> bool {
        let answer = self.engines.timelines.drop_all_timelines().await;
        let done = self.fabric_result("forget_everybody", answer).is_some();
        if done {
            let invalidations = &self.invalidations;
            invalidations.change(|open| open.confirm_everybody(number));
            self.wake_everybody_here();
        }
        done
    }

    /// Wakes all streams of this node, for changes whose readers are unknown.
    pub(super) fn wake_everybody_here(&self) {
        let streams = self.engines.wake_ups.streams();
        streams.wake_matching(|_everybody| true, Signals::ALL);
    }

    /// Drops a timeline. Returns whether it is dropped; its reader's streams are woken then.
    async fn drop_and_wake(&self, pending: PendingInvalidation) -> bool {
        let dropped = self.drop_timeline(pending).await;
        if dropped {
            self.wake(&[pending.reader], Signals::STORY).await;
        }
        dropped
    }

    /// Drops a timeline. Returns whether it is dropped; otherwise it is retried in the background.
    pub(super) async fn drop_timeline(&self, pending: PendingInvalidation) -> bool {
        let answer = self.engines.timelines.drop_timeline(pending.reader).await;
        let dropped = self.fabric_result("forget", answer).is_some();
        if dropped {
            self.invalidations.confirm(pending);
        }
        dropped
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
        assert!(!invalidations.is_confirmed_to(first.number));
        invalidations.confirm(second);
        assert!(invalidations.allows(person(1)));
        assert_eq!(invalidations.count(), 0);
        assert!(invalidations.is_confirmed_to(second.number));
    }

    #[test]
    fn invalidations_are_confirmed_up_to_the_oldest_open_one() {
        let invalidations = Invalidations::default();
        let first = invalidations.begin(person(1));
        let second = invalidations.begin(person(2));
        invalidations.confirm(second);
        assert!(!invalidations.is_confirmed_to(invalidations.newest()));
        invalidations.begin_all();
        assert!(
            !invalidations.is_confirmed_to(first.number),
            "it is covered"
        );
        let (everybody, _) = invalidations.snapshot();
        invalidations.change(|open| open.confirm_everybody(everybody.unwrap()));
        assert!(invalidations.is_confirmed_to(invalidations.newest()));
    }

    #[tokio::test]
    async fn an_invalidation_whose_caller_is_gone_is_due() {
        let invalidations = Invalidations::default();
        let _abandoned = invalidations.begin(person(1));
        invalidations.due().await;
        assert_eq!(invalidations.snapshot().1.len(), 1);
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
