//! A clock with an offset from a file, to test the effects of a jumping clock. It is never shipped.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use sosik_feed::Timestamp;
use sosik_service::{Clock, SystemClock};

/// The machine's clock plus a number of milliseconds. The file is read at every call, because this is for tests only.
#[derive(Debug)]
pub struct OffsetClock {
    file: PathBuf,
    system: SystemClock,
    /// The last offset read. It is used while the file is truncated, which precedes every write.
    ahead: AtomicI64,
}

impl OffsetClock {
    /// Reads the offset from this file.
    pub fn new(file: PathBuf) -> Self {
        Self {
            file,
            system: SystemClock,
            ahead: AtomicI64::new(0),
        }
    }
}

impl Clock for OffsetClock {
    fn now(&self) -> Timestamp {
        let text = fs::read_to_string(&self.file).unwrap_or_default();
        if let Ok(ahead) = text.trim().parse() {
            self.ahead.store(ahead, Ordering::Relaxed);
        }
        let ahead = self.ahead.load(Ordering::Relaxed);
        Timestamp::from_millis(self.system.now().as_millis().saturating_add_signed(ahead))
    }

    fn monotonic(&self) -> Duration {
        self.system.monotonic()
    }
}
