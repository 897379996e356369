//! Whether the caches of this node may serve.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Time since a fixed moment in the past. It must also count while the machine is suspended.
pub type Now = Arc<dyn Fn() -> Duration + Send + Sync>;

/// Closed while this node holds no lease on its caches. A node that was paused finds its lease expired when it continues,
/// and reads the store. Cheap to clone.
#[derive(Clone)]
pub struct CacheGate(Arc<State>);

struct State {
    /// In nanoseconds of `now`.
    open_until: AtomicU64,
    now: Option<Now>,
}

impl CacheGate {
    /// A gate that is always open, for a node without peers. It reads no clock.
    #[must_use]
    pub fn open() -> Self {
        Self(Arc::new(State {
            open_until: AtomicU64::new(u64::MAX),
            now: None,
        }))
    }

    /// A gate that is closed until a lease is obtained.
    #[must_use]
    pub fn closed(now: Now) -> Self {
        Self(Arc::new(State {
            open_until: AtomicU64::new(0),
            now: Some(now),
        }))
    }

    /// Opens the gate until this time.
    pub fn open_until(&self, time: Duration) {
        self.0
            .open_until
            .store(nanoseconds(time), Ordering::Release);
    }

    /// Closes the gate.
    pub fn close(&self) {
        self.0.open_until.store(0, Ordering::Release);
    }

    /// Whether the caches may serve.
    #[must_use]
    pub fn is_open(&self) -> bool {
        let Some(now) = &self.0.now else { return true };
        nanoseconds(now()) < self.0.open_until.load(Ordering::Acquire)
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use parking_lot::Mutex;

    #[test]
    fn a_gate_without_a_lease_is_always_open() {
        assert!(CacheGate::open().is_open());
    }

    #[test]
    fn a_gate_is_open_for_as_long_as_its_lease() {
        let time = Arc::new(Mutex::new(Duration::from_secs(10)));
        let now = Arc::clone(&time);
        let gate = CacheGate::closed(Arc::new(move || *now.lock()));
        assert!(!gate.is_open(), "before the first lease");
        gate.open_until(Duration::from_secs(12));
        assert!(gate.is_open());
        *time.lock() = Duration::from_secs(12);
        assert!(!gate.is_open(), "a lease ends at its time");
        gate.open_until(Duration::from_secs(14));
        assert!(gate.is_open(), "a renewal");
        gate.close();
        assert!(!gate.is_open());
    }
}
