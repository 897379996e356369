//! Clocks, memory, and statistics of samples.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// CPU time that all threads of this process have used, in user and system mode.
pub(crate) fn process_cpu() -> Duration {
    let used = clock_gettime(ClockId::ProcessCPUTime);
    let nanos = used.tv_sec * 1_000_000_000 + used.tv_nsec;
    Duration::from_nanos(nanos.unsigned_abs())
}

/// Wall time of some work.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = now();
    let result = work();
    (result, start.elapsed())
}

/// Wall time of some asynchronous work.
pub(crate) async fn timed_async<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let start = now();
    let result = work.await;
    (result, start.elapsed())
}

#[expect(
    clippy::disallowed_methods,
    reason = "measuring is what this program is for"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Resident memory of a process, in bytes; `self` is this process. Mapped files such as the database are not included:
/// they are part of the system's file cache.
pub(crate) fn resident_bytes(process: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
    kib.and_then(|kib| kib.parse::<u64>().ok())
        .unwrap_or_default()
        << 10
}

/// A count as a rate for each second.
pub(crate) fn per_second(count: usize, span: Duration) -> f64 {
    (float(count) / span.as_secs_f64()).round()
}

/// Microseconds for each of `count`.
pub(crate) fn micros_each(span: Duration, count: usize) -> f64 {
    span.as_secs_f64() * 1e6 / float(count)
}

/// A span in milliseconds, to the hundredth.
pub(crate) fn millis(span: Duration) -> f64 {
    rounded(span.as_secs_f64() * 1e3, 100.0)
}

/// A count as a float.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts of a measurement are far below 2^52"
)]
pub(crate) fn float(count: usize) -> f64 {
    count as f64
}

/// To tenths (10.0), hundredths (100.0), …
pub(crate) fn rounded(number: f64, parts: f64) -> f64 {
    (number * parts).round() / parts
}

/// Samples in ascending order.
#[derive(Debug, Clone)]
pub(crate) struct Samples(Vec<f64>);

impl Samples {
    pub(crate) fn new(mut samples: Vec<f64>) -> Self {
        samples.sort_by(f64::total_cmp);
        Self(samples)
    }

    /// Spans in milliseconds.
    pub(crate) fn of_spans(spans: &[Duration]) -> Self {
        Self::new(spans.iter().map(|span| span.as_secs_f64() * 1e3).collect())
    }

    pub(crate) fn median(&self) -> f64 {
        self.share(50)
    }

    pub(crate) fn lowest(&self) -> f64 {
        self.share(0)
    }

    pub(crate) fn highest(&self) -> f64 {
        self.share(100)
    }

    /// The percentile `percent` of the samples, or 0 if there are none.
    pub(crate) fn share(&self, percent: usize) -> f64 {
        let last = self.0.len().saturating_sub(1);
        let place = (last * percent).div_ceil(100);
        self.0.get(place).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_samples_are_samples() {
        let samples = Samples::new((1..=101).rev().map(f64::from).collect());
        assert_eq!(samples.lowest(), 1.0);
        assert_eq!(samples.median(), 51.0);
        assert_eq!(samples.share(99), 100.0);
        assert_eq!(samples.highest(), 101.0);
        assert_eq!(Samples::new(Vec::new()).median(), 0.0);
    }

    #[test]
    fn this_process_has_memory_and_uses_time() {
        assert!(resident_bytes("self") > 100_000);
        assert!(process_cpu() > Duration::ZERO);
    }
}
