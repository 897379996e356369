//! The source of time. Tests replace it.

use std::time::{Duration, SystemTime};

use rustix::time::{ClockId, clock_gettime};
use sosik_feed::Timestamp;

/// A source of time.
pub trait Clock: Send + Sync + 'static {
    /// The time of day. May jump.
    fn now(&self) -> Timestamp;

    /// Time since a fixed moment in the past. Never goes back and cannot be set, and counts while the machine is suspended.
    fn monotonic(&self) -> Duration;
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that everybody else is given"
    )]
    fn now(&self) -> Timestamp {
        let since_1970 = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp::from_millis(u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX))
    }

    /// The time since the machine started. Unlike `Instant`, it counts while the machine is suspended: leases expire.
    fn monotonic(&self) -> Duration {
        Duration::try_from(clock_gettime(SUSPEND_AWARE)).unwrap_or_default()
    }
}

/// Counts while the machine is suspended.
#[cfg(target_os = "linux")]
const SUSPEND_AWARE: ClockId = ClockId::Boottime;

/// Counts while the machine is suspended, under this name on macOS.
#[cfg(not(target_os = "linux"))]
const SUSPEND_AWARE: ClockId = ClockId::Monotonic;
