//! Background tasks, restarted after a panic.
//!
//! A panic ends one run of a task. It is counted and logged, and after a pause the task is restarted. A task that
//! panics repeatedly is given up. Then this node is not ready (`/readyz` gives the reason), because it would
//! acknowledge stories that nobody delivers, or fail to renew the lease of its ids. Requests are still served.
//!
//! Refused: ending the process. A fault in all nodes at once would then take the whole fleet down.

use std::any::Any;
use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt;
use parking_lot::Mutex;
use tokio::time::{Instant, timeout};

use super::Core;
use crate::settings::SupervisionSettings;

tokio::task_local! {
    static TASK: &'static str;
}

/// The name of the supervised task that runs this code; `None` outside of such tasks, for example in requests.
#[must_use]
pub fn current_task() -> Option<&'static str> {
    TASK.try_with(|task| *task).ok()
}

/// A task that is no longer restarted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedTask {
    /// Its name, as in metrics and logs.
    pub task: &'static str,
    /// Restarts within `period`.
    pub restarts: usize,
    /// See [`SupervisionSettings::period`].
    pub period: Duration,
}

impl std::fmt::Display for FailedTask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            task,
            restarts,
            period,
        } = self;
        let seconds = period.as_secs();
        write!(
            f,
            "the task {task} failed after {restarts} restarts within {seconds} s: look for its panics in the log and \
             restart this process"
        )
    }
}

/// The tasks that were given up. It has at most one entry for each task.
#[derive(Default)]
pub(crate) struct Supervision(Mutex<Vec<FailedTask>>);

impl Core {
    /// See [`Service::supervise`](crate::Service::supervise).
    pub(crate) fn supervise<F>(
        &self,
        task: &'static str,
        run: impl Fn() -> F + Send + Sync + 'static,
    ) where
        F: Future<Output = ()> + Send + 'static,
    {
        metrics::counter!("sosik_task_panics_total", "task" => task).absolute(0);
        let core = self.clone();
        self.spawn(TASK.scope(task, async move { core.keep_running(task, run).await }));
    }

    /// The tasks that are no longer restarted. Empty on a healthy node.
    pub(crate) fn failed_tasks(&self) -> Vec<FailedTask> {
        self.supervision.0.lock().clone()
    }

    async fn keep_running<F>(&self, task: &'static str, run: impl Fn() -> F)
    where
        F: Future<Output = ()>,
    {
        let begin = Instant::now();
        let mut restarts = Restarts::new(self.settings.supervision);
        loop {
            let run = AssertUnwindSafe(async { run().await }).catch_unwind();
            let ended = run.await;
            if self.stopping.is_cancelled() {
                return;
            }
            match &ended {
                Ok(()) => tracing::error!(task, "a background task ended too early"),
                Err(panic) => note_panic(task, panic.as_ref()),
            }
            let Some(pause) = restarts.next(begin.elapsed()) else {
                return self.mark_failed(task);
            };
            // Ends early when the service stops. The task then runs once more to finish its work.
            let _stopping = timeout(pause, self.stopping.cancelled()).await;
        }
    }

    fn mark_failed(&self, task: &'static str) {
        let SupervisionSettings {
            restarts_max,
            period,
            ..
        } = self.settings.supervision;
        let failed = FailedTask {
            task,
            restarts: restarts_max,
            period,
        };
        tracing::error!(task, "this node is no longer ready: {failed}");
        let mut all = self.supervision.0.lock();
        if !all.contains(&failed) {
            all.push(failed);
        }
    }
}

/// Counts and logs a panic of a task, or of one unit of its work.
pub(crate) fn note_panic(task: &'static str, panic: &(dyn Any + Send)) {
    metrics::counter!("sosik_task_panics_total", "task" => task).increment(1);
    tracing::error!(
        task,
        panic = message_of(panic),
        "a background task panicked"
    );
}

/// The message of a panic.
pub(crate) fn message_of(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without a message")
}

/// Decides about the next restart.
struct Restarts {
    settings: SupervisionSettings,
    /// The times of the last restarts, at most `restarts_max`.
    recent: VecDeque<Duration>,
}

impl Restarts {
    const fn new(settings: SupervisionSettings) -> Self {
        Self {
            settings,
            recent: VecDeque::new(),
        }
    }

    /// The pause before the next restart; `None` if there were too many restarts within the period.
    fn next(&mut self, now: Duration) -> Option<Duration> {
        let SupervisionSettings {
            restarts_max,
            period,
            pause_first,
            pause_max,
        } = self.settings;
        self.recent.retain(|at| *at + period > now);
        if self.recent.len() >= restarts_max {
            return None;
        }
        let doubled = 1_u32.checked_shl(u32::try_from(self.recent.len()).unwrap_or(u32::MAX));
        self.recent.push_back(now);
        let pause = pause_first.saturating_mul(doubled.unwrap_or(u32::MAX));
        Some(pause.min(pause_max))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_and_too_many_restarts_within_the_period_are_the_end() {
        let seconds = Duration::from_secs;
        let mut restarts = Restarts::new(SupervisionSettings {
            restarts_max: 3,
            period: seconds(100),
            pause_first: seconds(2),
            pause_max: seconds(5),
        });
        let pauses = [0, 10, 20, 99].map(|at| restarts.next(seconds(at)));
        assert_eq!(
            pauses,
            [Some(seconds(2)), Some(seconds(4)), Some(seconds(5)), None]
        );
        assert_eq!(
            restarts.next(seconds(100)),
            Some(seconds(5)),
            "the first is long ago"
        );
        assert_eq!(restarts.next(seconds(500)), Some(seconds(2)), "all are");
    }
}
