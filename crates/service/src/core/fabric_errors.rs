//! Errors of the fabric are counted and logged, and never returned to a client.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sosik_fabric::FabricResult;

use super::Core;

/// At most one log line in this time. While the fabric is down, every read fails.
const LOG_EVERY: Duration = Duration::from_secs(60);

/// Errors since the last log line.
#[derive(Default)]
pub(crate) struct FabricErrors {
    unlogged: AtomicU64,
    /// When the next line may be logged, in milliseconds of the monotonic clock.
    log_at: AtomicU64,
}

impl FabricErrors {
    /// Counts an error. If a log line is due, returns the number of errors to log.
    fn note(&self, now: Duration) -> Option<u64> {
        let millis = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        self.unlogged.fetch_add(1, Ordering::Relaxed);
        let due = self.log_at.load(Ordering::Relaxed);
        let next = millis(now + LOG_EVERY);
        let mine = millis(now) >= due
            && self
                .log_at
                .compare_exchange(due, next, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        mine.then(|| self.unlogged.swap(0, Ordering::Relaxed))
    }
}

impl Core {
    /// The result of a call to the fabric; `None` after an error, which is counted here. The caller decides what
    /// replaces the result.
    pub(crate) fn fabric_result<T>(
        &self,
        call: &'static str,
        answer: FabricResult<T>,
    ) -> Option<T> {
        let error = match answer {
            Ok(answer) => return Some(answer),
            Err(error) => error,
        };
        metrics::counter!("sosik_fabric_errors_total", "call" => call).increment(1);
        if let Some(errors) = self.fabric_errors.note(self.clock.monotonic()) {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            tracing::warn!(
                call,
                errors,
                cause,
                "the fabric fails: feeds are read from the store"
            );
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_logged_once_a_minute_with_their_number() {
        let errors = FabricErrors::default();
        let at = |seconds| errors.note(Duration::from_secs(seconds));
        assert_eq!(
            [0, 1, 59, 60, 61].map(at),
            [Some(1), None, None, Some(3), None]
        );
    }
}
