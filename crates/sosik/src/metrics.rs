//! Numbers for Prometheus. The recorder is the process's own, so it is installed once, by roles that serve.

use anyhow::Context;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// Bounds of every histogram of seconds. From a warm page (a fraction of a millisecond) over the promise of a story's
/// way home (2 s) to what nobody waits for.
const SECONDS: [f64; 16] = [
    0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0,
    10.0, 30.0,
];

/// Starts recording. The handle renders, and wants to be tended every few seconds.
///
/// # Errors
/// When something records already in this process.
pub fn install() -> anyhow::Result<PrometheusHandle> {
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
        .and_then(PrometheusBuilder::install_recorder)
        .context("start recording metrics")
}
