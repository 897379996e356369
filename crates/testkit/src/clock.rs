//! A clock that tests can bend.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sosik_feed::Timestamp;
use sosik_service::supervise::current_task;
use sosik_service::{Clock, SystemClock};

/// The clock of the machine, put forward and back at will.
///
/// It goes on by itself, so that whatever waits for a millisecond to pass does not wait for ever. Every task in the
/// background looks at it, so it is also where a test makes such a task panic.
#[derive(Debug, Default)]
pub struct TestClock {
    machine: SystemClock,
    ahead_millis: AtomicU64,
    behind_millis: AtomicU64,
    tasks: Mutex<HashMap<&'static str, Looks>>,
}

/// How often a task looked at the clock, and how often it still panics when it does.
#[derive(Debug, Default)]
struct Looks {
    well: u64,
    panics: u32,
}

impl TestClock {
    /// As much later, at once, by the time of day and by the monotonic clock.
    pub fn advance(&self, span: Duration) {
        let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        self.ahead_millis.fetch_add(millis, Ordering::SeqCst);
    }

    /// The supervised task of this name panics the next `times` times it looks at the clock.
    pub fn panic_in(&self, task: &'static str, times: u32) {
        self.with(task, |looks| {
            *looks = Looks {
                well: 0,
                panics: times,
            };
        });
    }

    /// How often the task has looked at the clock without a panic since [`TestClock::panic_in`] was over.
    pub fn looks_after_panics(&self, task: &'static str) -> u64 {
        self.with(task, |looks| match looks.panics {
            0 => looks.well,
            _ => 0,
        })
    }

    /// As much earlier, at once, by the time of day alone: somebody has set the clock.
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

    fn with<T>(&self, task: &'static str, change: impl FnOnce(&mut Looks) -> T) -> T {
        let mut tasks = self.tasks.lock().expect("nothing panics under this lock");
        change(tasks.entry(task).or_default())
    }

    fn look(&self) {
        let Some(task) = current_task() else { return };
        let panics = self.with(task, |looks| {
            let panics = looks.panics > 0;
            looks.panics = looks.panics.saturating_sub(1);
            looks.well += u64::from(!panics);
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
