//! Metrics for Prometheus. The recorder is global to the process, so a role that serves installs it once.

use anyhow::Context;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// Bounds of every histogram of seconds: from a warm page (a fraction of a millisecond) to the promised delay of a
/// story (2 s) and beyond.
const SECONDS: [f64; 16] = [
    0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0,
    10.0, 30.0,
];

/// Starts recording. The handle renders the metrics, and its upkeep must run every few seconds.
///
/// # Errors
/// This process already has a recorder.
pub fn install() -> anyhow::Result<PrometheusHandle> {
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
        .and_then(PrometheusBuilder::install_recorder)
        .context("start recording metrics")
}
