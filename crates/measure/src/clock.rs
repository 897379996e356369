//! The clocks and counters that a measurement reads: processor time, wall-clock time, memory.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// Processor time used by all threads of this process.
pub(crate) fn process_cpu() -> Duration {
    cpu(ClockId::ProcessCPUTime)
}

/// Processor time used by this thread.
pub(crate) fn thread_cpu() -> Duration {
    cpu(ClockId::ThreadCPUTime)
}

fn cpu(clock: ClockId) -> Duration {
    let used = clock_gettime(clock);
    let nanos = used.tv_sec * 1_000_000_000 + used.tv_nsec;
    Duration::from_nanos(nanos.unsigned_abs())
}

/// The start of a measured span.
#[expect(
    clippy::disallowed_methods,
    reason = "a measurement reads the machine's clock"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Resident memory of this process, in bytes.
pub(crate) fn resident_bytes() -> f64 {
    const PAGE_BYTES: f64 = 4096.0;
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse::<f64>().ok());
    pages.unwrap_or_default() * PAGE_BYTES
}

/// Microseconds per item.
pub(crate) fn micros_each(span: Duration, count: usize) -> f64 {
    span.as_secs_f64() * 1e6 / number(count.max(1))
}

/// A count as a floating-point number.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts of a measurement are far below 2^52"
)]
pub(crate) const fn number(count: usize) -> f64 {
    count as f64
}
