//! Clocks, memory and output of a measurement.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// CPU time that this process has used, all threads together.
pub(crate) fn process_cpu() -> Duration {
    let used = clock_gettime(ClockId::ProcessCPUTime);
    let nanos = used.tv_sec * 1_000_000_000 + used.tv_nsec;
    Duration::from_nanos(nanos.unsigned_abs())
}

/// Wall time of some work.
#[expect(
    clippy::disallowed_methods,
    reason = "measuring is what this program is for"
)]
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = work();
    (result, start.elapsed())
}

/// Wall time of some asynchronous work.
#[expect(
    clippy::disallowed_methods,
    reason = "measuring is what this program is for"
)]
pub(crate) async fn timed_async<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let start = Instant::now();
    let result = work.await;
    (result, start.elapsed())
}

/// Memory of this process that is really there, in bytes.
pub(crate) fn resident_bytes() -> u64 {
    const PAGE_BYTES: u64 = 4096;
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse::<u64>().ok())
        .unwrap_or_default()
        * PAGE_BYTES
}

/// How many a second.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts of a measurement are far below 2^52"
)]
pub(crate) fn per_second(count: usize, span: Duration) -> f64 {
    (count as f64 / span.as_secs_f64()).round()
}

/// Microseconds for each of `count`, with one decimal.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts of a measurement are far below 2^52"
)]
pub(crate) fn micros_each(span: Duration, count: usize) -> f64 {
    (span.as_secs_f64() * 1e7 / count as f64).round() / 10.0
}

/// Prints one result.
#[expect(
    clippy::print_stdout,
    reason = "the one place where this program prints"
)]
pub(crate) fn report(result: &serde_json::Value) {
    println!("{result}");
}
