//! A clock that is ahead of the machine's by what a file says: for trials of what a jumping clock does, and never shipped.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use sosik_feed::Timestamp;
use sosik_service::{Clock, SystemClock};

/// The clock of the machine and so many milliseconds. The file is read at every look: this is a trial.
#[derive(Debug)]
pub struct BentClock {
    file: PathBuf,
    straight: SystemClock,
    /// What the file said last: whoever writes it truncates it first.
    ahead: AtomicI64,
}

impl BentClock {
    /// Ahead by what this file says.
    pub fn new(file: PathBuf) -> Self {
        Self {
            file,
            straight: SystemClock::default(),
            ahead: AtomicI64::new(0),
        }
    }
}

impl Clock for BentClock {
    fn now(&self) -> Timestamp {
        let text = fs::read_to_string(&self.file).unwrap_or_default();
        if let Ok(ahead) = text.trim().parse() {
            self.ahead.store(ahead, Ordering::Relaxed);
        }
        let ahead = self.ahead.load(Ordering::Relaxed);
        Timestamp::from_millis(self.straight.now().as_millis().saturating_add_signed(ahead))
    }

    fn monotonic(&self) -> Duration {
        self.straight.monotonic()
    }
}
