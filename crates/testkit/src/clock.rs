//! A clock that tests control.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sosik_feed::Timestamp;
use sosik_service::current_task;
use sosik_service::{Clock, SystemClock};

/// The clock of the machine with an offset that tests set.
///
/// It advances by itself, so that code that waits for a millisecond does not wait for ever. Every background task reads
/// it, so a test can also make such a task panic here.
#[derive(Debug, Default)]
pub struct TestClock {
    machine: SystemClock,
    ahead_millis: AtomicU64,
    behind_millis: AtomicU64,
    tasks: Mutex<HashMap<&'static str, ClockReads>>,
}

/// The number of times a task read the clock, and the number of panics left.
#[derive(Debug, Default)]
struct ClockReads {
    well: u64,
    panics: u32,
}

impl TestClock {
    /// Advances both the time of day and the monotonic clock by `span`, at once.
    pub fn advance(&self, span: Duration) {
        let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        self.ahead_millis.fetch_add(millis, Ordering::SeqCst);
    }

    /// Makes the supervised task of this name panic the next `times` times it reads the clock.
    pub fn panic_in(&self, task: &'static str, times: u32) {
        self.with(task, |reads| {
            *reads = ClockReads {
                well: 0,
                panics: times,
            };
        });
    }

    /// The number of times the task has read the clock since the last panic of [`TestClock::panic_in`].
    pub fn reads_after_panics(&self, task: &'static str) -> u64 {
        self.with(task, |reads| match reads.panics {
            0 => reads.well,
            _ => 0,
        })
    }

    /// Sets the time of day back by `span`, as an operator would. The monotonic clock does not change.
    pub fn go_back(&self, span: Duration) {
        let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        self.behind_millis.fetch_add(millis, Ordering::SeqCst);
    }

    fn behind(&self) -> Duration {
        Duration::from_millis(self.behind_millis.load(Ordering::SeqCst))
    }

    fn ahead(&self) -> Duration {
        Duration::from_millis(self.ahead_millis.load(Ordering::SeqCst))
    }

    fn with<T>(&self, task: &'static str, change: impl FnOnce(&mut ClockReads) -> T) -> T {
        let mut tasks = self.tasks.lock().expect("nothing panics under this lock");
        change(tasks.entry(task).or_default())
    }

    fn look(&self) {
        let Some(task) = current_task() else { return };
        let panics = self.with(task, |reads| {
            let panics = reads.panics > 0;
            reads.panics = reads.panics.saturating_sub(1);
            reads.well += u64::from(!panics);
            panics
        });
        assert!(!panics, "{task} panics on purpose");
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        self.look();
        self.machine.now().plus(self.ahead()).minus(self.behind())
    }

    fn monotonic(&self) -> Duration {
        self.look();
        self.machine.monotonic() + self.ahead()
    }
}
