//! Wakes the streams of this node for stories of large authors.
//!
//! Such a story is delivered to no timeline, so no delivery wakes a stream. A task follows the log and wakes the
//! readers who take an entry, according to their cached circles. A reader whose circle is not cached is woken, and the
//! read of their feed decides.

use sosik_fabric::Signals;
use sosik_feed::PersonId;
use sosik_feed::pulled::{LogEntry, LogPosition};

use super::Feeds;

impl Feeds {
    pub(crate) fn spawn_wake_ups(&self) {
        let this = self.clone();
        self.core.supervise("log_wake_ups", move || {
            let this = this.clone();
            async move { this.wake_for_large_authors().await }
        });
    }

    async fn wake_for_large_authors(&self) {
        let tail = self.core.engines.log.tail();
        let mut woken_to = tail.end();
        // After a restart of this task it is unknown who was woken.
        self.wake_streams(|_everybody| true);
        loop {
            tokio::select! {
                () = self.core.stopping.cancelled() => return,
                end = tail.grown(woken_to) => woken_to = self.wake_after(woken_to, end),
            }
        }
    }

    /// Wakes for the entries after a position. Returns the position after them.
    fn wake_after(&self, position: LogPosition, end: LogPosition) -> LogPosition {
        match self.core.engines.log.tail().entries(position) {
            Some((entries, end)) => {
                self.wake_streams(|reader| self.may_take(reader, &entries));
                end
            }
            None => {
                self.wake_streams(|_everybody| true);
                end
            }
        }
    }

    fn may_take(&self, reader: PersonId, entries: &[LogEntry]) -> bool {
        let circle = self.core.caches.circles.get(&reader);
        circle.is_none_or(|circle| entries.iter().any(|entry| entry.is_for(reader, &circle)))
    }

    fn wake_streams(&self, wanted: impl Fn(PersonId) -> bool) {
        let streams = self.core.engines.wake_ups.streams();
        streams.wake_matching(wanted, Signals::STORY);
    }
}
