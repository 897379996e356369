//! Invalidations in the fabric that it has not confirmed yet.
//!
//! A write invalidates the caches of this node first; that cannot fail. Then it invalidates copies in the fabric, such as
//! the reader's timeline, and that call can fail. Until the fabric confirms it, the copy is *distrusted*: reads use the
//! store instead, and a task retries the call. The cost for a warm read is one atomic load.
//!
//! Every mark is also known to the task from its beginning. So a call that is cancelled, or whose caller panics, leaves
//! no copy distrusted for ever.
//!
//! The number of marks is bounded. Beyond the bound every copy is distrusted and dropped: that invalidates too much,
//! never too little.
//!
//! Refused: an error to the client. The write is committed, and a retry would find nothing to change. Refused: a
//! revision of the circle inside each timeline. It would rebuild timelines after every unfollow and block, and it does
//! not cover stories that could not be delivered.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use foldhash::HashMap;
use futures::{StreamExt, stream};
use parking_lot::Mutex;
use sosik_fabric::{SharedKey, Signals};
use sosik_feed::PersonId;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until, timeout};

use super::Core;

/// Maximum number of copies with an unconfirmed invalidation. They take about 2 MiB. If there are more, the fabric is
/// down, and one call for all is cheaper.
const COPIES_MAX: usize = 20_000;

/// How long a new invalidation has for its own call, before the task repeats it. Also the pause after the first failed
/// retry. Doubles up to [`RETRY_MAX`].
const RETRY_FIRST: Duration = Duration::from_millis(50);

/// Longest pause between retries. A fabric that recovers is used again after this time.
const RETRY_MAX: Duration = Duration::from_secs(2);

/// Copies that are dropped at the same time. Other calls of this node need the connection, too.
const DROPS_AT_ONCE: usize = 16;

/// A copy of rows of the store in the fabric. It outlives every node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum SharedCopy {
    /// The timeline of a reader.
    Timeline(PersonId),
    /// An entry of the shared cache.
    Entry(SharedKey),
}

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
    copies: HashMap<SharedCopy, Mark>,
    /// The mark that covers all copies.
    all: Option<Mark>,
}

/// The unconfirmed invalidations of one copy, or of all.
#[derive(Debug, Clone, Copy)]
struct Mark {
    oldest: u64,
    /// The success of an older call does not confirm a newer invalidation.
    newest: u64,
}

/// A distrusted copy, until the fabric confirms that it has dropped it.
#[derive(Debug, Clone, Copy)]
#[must_use]
pub(crate) struct PendingInvalidation {
    copy: SharedCopy,
    number: u64,
}

impl Invalidations {
    /// Whether the copy may be used.
    pub(crate) fn allows(&self, copy: SharedCopy) -> bool {
        if self.count() == 0 {
            return true;
        }
        let open = self.open.lock();
        open.all.is_none() && !open.copies.contains_key(&copy)
    }

    /// Disables the copy until the invalidation is confirmed.
    pub(crate) fn begin(&self, copy: SharedCopy) -> PendingInvalidation {
        let number = self.change(|open| open.add(copy));
        self.added.notify_one();
        PendingInvalidation { copy, number }
    }

    /// The fabric has dropped the copy in a call that began after `pending`.
    pub(crate) fn confirm(&self, pending: PendingInvalidation) {
        self.change(|open| open.confirm(pending.copy, pending.number));
    }

    /// Disables all copies until the fabric has dropped them.
    pub(crate) fn begin_all(&self) {
        self.change(Open::add_all);
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
        let mut marks = open.copies.values().chain(open.all.as_ref());
        marks.all(|mark| mark.oldest > number)
    }

    fn change<T>(&self, change: impl FnOnce(&mut Open) -> T) -> T {
        let mut open = self.open.lock();
        let result = change(&mut open);
        let count = open.copies.len() + usize::from(open.all.is_some());
        self.count.store(count, Ordering::Release);
        result
    }

    /// What is open: the number of the mark of all copies, and the marks of single ones.
    fn snapshot(&self) -> (Option<u64>, Vec<PendingInvalidation>) {
        let open = self.open.lock();
        let pending = |(copy, mark): (&SharedCopy, &Mark)| PendingInvalidation {
            copy: *copy,
            number: mark.newest,
        };
        let copies = open.copies.iter().map(pending).collect();
        (open.all.map(|mark| mark.newest), copies)
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

    fn add(&mut self, copy: SharedCopy) -> u64 {
        if self.copies.len() >= COPIES_MAX && !self.copies.contains_key(&copy) {
            self.add_all();
        }
        let newest = self.next_number();
        let mark = self.copies.entry(copy).or_insert(Mark {
            oldest: newest,
            newest,
        });
        mark.newest = newest;
        newest
    }

    /// Covers all open invalidations. Later ones get their own entry: the call for all may have begun before them.
    fn add_all(&mut self) {
        let newest = self.next_number();
        let marks = self.copies.values().chain(self.all.as_ref());
        let oldest = marks.map(|mark| mark.oldest).min().unwrap_or(newest);
        self.copies.clear();
        self.all = Some(Mark { oldest, newest });
    }

    fn confirm(&mut self, copy: SharedCopy, number: u64) {
        let newest = self.copies.get(&copy).map(|mark| mark.newest);
        if newest == Some(number) {
            self.copies.remove(&copy);
        }
    }

    fn confirm_all(&mut self, number: u64) {
        if self.all.is_some_and(|mark| mark.newest == number) {
            self.all = None;
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
        let _pending = self.invalidations.begin(SharedCopy::Timeline(reader));
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
        let (all, copies) = self.invalidations.snapshot();
        let all_dropped = match all {
            Some(number) => self.drop_all_copies(number).await,
            None => true,
        };
        stream::iter(copies)
            .map(|pending| self.drop_and_wake(pending))
            .buffer_unordered(DROPS_AT_ONCE)
            .fold(all_dropped, async |well, dropped| well & dropped)
            .await
    }

    async fn drop_all_copies(&self, number: u64) -> bool {
        let answer = self.engines.timelines.drop_all_timelines().await;
        let timelines = self.fabric_result("forget_everybody", answer).is_some();
        let done = self.drop_all_entries().await && timelines;
        if done {
            let invalidations = &self.invalidations;
            invalidations.change(|open| open.confirm_all(number));
            self.wake_everybody_here();
        }
        done
    }

    /// Wakes all streams of this node, for changes whose readers are unknown.
    pub(super) fn wake_everybody_here(&self) {
        let streams = self.engines.wake_ups.streams();
        streams.wake_matching(|_everybody| true, Signals::ALL);
    }

    /// Drops a copy. Returns whether it is dropped; the streams of the reader of a timeline are woken then.
    async fn drop_and_wake(&self, pending: PendingInvalidation) -> bool {
        let dropped = self.drop_copy(pending).await;
        if let SharedCopy::Timeline(reader) = pending.copy
            && dropped
        {
            self.wake(&[reader], Signals::STORY).await;
        }
        dropped
    }

    /// Drops distrusted copies. Those that remain are retried in the background.
    pub(super) async fn drop_copies(&self, pending: Vec<PendingInvalidation>) {
        stream::iter(pending)
            .map(|pending| self.drop_copy(pending))
            .buffer_unordered(DROPS_AT_ONCE)
            .for_each(async |_retried_in_the_background| {})
            .await;
    }

    /// Drops a copy. Returns whether it is dropped; otherwise it is retried in the background.
    async fn drop_copy(&self, pending: PendingInvalidation) -> bool {
        let dropped = match pending.copy {
            SharedCopy::Timeline(reader) => {
                let answer = self.engines.timelines.drop_timeline(reader).await;
                self.fabric_result("forget", answer).is_some()
            }
            SharedCopy::Entry(key) => self.drop_entry(key).await,
        };
        if dropped {
            self.invalidations.confirm(pending);
        }
        dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timeline(number: u64) -> SharedCopy {
        SharedCopy::Timeline(PersonId::from_u64(number))
    }

    #[test]
    fn a_timeline_is_not_used_until_its_newest_invalidation_is_confirmed() {
        let invalidations = Invalidations::default();
        let first = invalidations.begin(timeline(1));
        let second = invalidations.begin(timeline(1));
        invalidations.confirm(first);
        assert!(
            !invalidations.allows(timeline(1)),
            "the second is still open"
        );
        assert!(invalidations.allows(timeline(2)));
        assert!(!invalidations.is_confirmed_to(first.number));
        invalidations.confirm(second);
        assert!(invalidations.allows(timeline(1)));
        assert_eq!(invalidations.count(), 0);
        assert!(invalidations.is_confirmed_to(second.number));
    }

    #[test]
    fn invalidations_are_confirmed_up_to_the_oldest_open_one() {
        let invalidations = Invalidations::default();
        let first = invalidations.begin(timeline(1));
        let second = invalidations.begin(timeline(2));
        invalidations.confirm(second);
        assert!(!invalidations.is_confirmed_to(invalidations.newest()));
        invalidations.begin_all();
        assert!(
            !invalidations.is_confirmed_to(first.number),
            "it is covered"
        );
        let (all, _) = invalidations.snapshot();
        invalidations.change(|open| open.confirm_all(all.unwrap()));
        assert!(invalidations.is_confirmed_to(invalidations.newest()));
    }

    #[tokio::test]
    async fn an_invalidation_whose_caller_is_gone_is_due() {
        let invalidations = Invalidations::default();
        let _abandoned = invalidations.begin(timeline(1));
        invalidations.due().await;
        assert_eq!(invalidations.snapshot().1.len(), 1);
    }

    #[test]
    fn more_copies_than_the_maximum_invalidate_all() {
        let invalidations = Invalidations::default();
        let copies_max = COPIES_MAX as u64;
        for number in 0..=copies_max {
            let _open = invalidations.begin(timeline(number));
            assert!(invalidations.snapshot().1.len() <= COPIES_MAX);
        }
        assert!(!invalidations.allows(timeline(0)), "it is covered by all");
        assert!(!invalidations.allows(timeline(copies_max + 7)));
        let (all, _) = invalidations.snapshot();
        invalidations.change(|open| open.confirm_all(all.unwrap()));
        assert!(invalidations.allows(timeline(0)));
        assert!(
            !invalidations.allows(timeline(copies_max)),
            "the call for all may have begun before this one"
        );
    }
}
