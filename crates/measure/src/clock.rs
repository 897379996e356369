//! What a measurement reads of the machine: processor time, time on the wall, memory.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// Processor time that this process has used, all threads together.
pub(crate) fn process_cpu() -> Duration {
    cpu(ClockId::ProcessCPUTime)
}

/// Processor time that this thread has used.
pub(crate) fn thread_cpu() -> Duration {
    cpu(ClockId::ThreadCPUTime)
}

fn cpu(clock: ClockId) -> Duration {
    let used = clock_gettime(clock);
    let nanos = used.tv_sec * 1_000_000_000 + used.tv_nsec;
    Duration::from_nanos(nanos.unsigned_abs())
}

/// Now, to measure from.
#[expect(
    clippy::disallowed_methods,
    reason = "a measurement takes the time of the machine"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Memory of this process that is really there, in bytes.
pub(crate) fn resident_bytes() -> f64 {
    const PAGE_BYTES: f64 = 4096.0;
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse::<f64>().ok());
    pages.unwrap_or_default() * PAGE_BYTES
}

/// Microseconds for each of `count`.
pub(crate) fn micros_each(span: Duration, count: usize) -> f64 {
    span.as_secs_f64() * 1e6 / number(count.max(1))
}

/// A count to reckon with.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts of a measurement are far below 2^52"
)]
pub(crate) const fn number(count: usize) -> f64 {
    count as f64
}
