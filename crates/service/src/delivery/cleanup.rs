//! Removes rows that nobody needs any more and that only occupy space. Nothing depends on when it runs.
//!
//! Every sweep calls it. It removes rows once a minute, in batches, because other writes wait for a batch. Batches follow
//! each other until nothing is left, or until there were many of them: then the next sweep continues.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sosik_feed::limits::REPEAT_QUIET;

use super::Delivery;
use crate::ServiceResult;

/// Time between runs.
const CLEANUP_EVERY: Duration = Duration::from_secs(60);

/// Rows of each kind in a batch: some ten milliseconds of the writer.
const ROWS_MAX: u32 = 1_000;

/// Batches of a run. With a sweep every five seconds it is 10,000 rows a second, more than a node writes. A run must end,
/// because it delays the next sweep.
const BATCHES_MAX: u32 = 50;

/// When the next run is due.
#[derive(Debug, Default)]
pub(crate) struct Cleanup {
    /// In milliseconds of the monotonic clock.
    due_at: AtomicU64,
}

impl Cleanup {
    /// Starts a run if it is due.
    fn take_if_due(&self, now: Duration) -> bool {
        let due_at = self.due_at.load(Ordering::Relaxed);
        let next = millis(now + CLEANUP_EVERY);
        millis(now) >= due_at
            && self
                .due_at
                .compare_exchange(due_at, next, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }

    fn run_again_now(&self) {
        self.due_at.store(0, Ordering::Relaxed);
    }
}

impl Delivery {
    /// Removes expired sessions, idempotency keys and withdrawn acts, likes of deleted comments, and logged changes that
    /// every node has seen. Also refreshes the cursor keys.
    ///
    /// # Errors
    /// When the store fails; a later run retries.
    pub(crate) async fn clean_up(&self) -> ServiceResult<()> {
        if !self.shared.cleanup.take_if_due(self.core.clock.monotonic()) {
            return Ok(());
        }
        self.core.refresh_cursor_keys().await?;
        for _ in 0..BATCHES_MAX {
            if !self.remove_batches().await? {
                return Ok(());
            }
        }
        self.shared.cleanup.run_again_now();
        Ok(())
    }

    /// Removes a batch of each kind. Returns whether more rows may remain.
    async fn remove_batches(&self) -> ServiceResult<bool> {
        let (now, settings) = (self.core.now(), &self.core.settings);
        let sessions = self
            .core
            .store
            .remove_stale_sessions(now, now.minus(settings.sessions.idle), ROWS_MAX)
            .await?;
        let keys = self
            .core
            .store
            .delete_idempotency_keys(now.minus(settings.texts.idempotency), ROWS_MAX)
            .await?;
        let withdrawn = self
            .core
            .store
            .delete_withdrawn(now.minus(REPEAT_QUIET), ROWS_MAX)
            .await?;
        let changes = self.core.trim_changes(ROWS_MAX).await?;
        let likes = self.core.store.purge_comment_likes(ROWS_MAX).await?;
        let most = sessions.max(keys).max(withdrawn).max(changes).max(likes);
        Ok(most >= u64::from(ROWS_MAX))
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_comes_at_the_start_then_a_minute_later_or_when_there_is_more() {
        let cleanup = Cleanup::default();
        let at = |seconds| cleanup.take_if_due(Duration::from_secs(seconds));
        assert_eq!([0, 59, 60, 61].map(at), [true, false, true, false]);
        cleanup.run_again_now();
        assert!(at(61));
        assert!(!at(61));
    }
}
