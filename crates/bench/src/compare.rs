//! Measures two sides in turns: CPU time of a request, its median and spread, and the ratio of the two sides.

use std::time::Duration;

use anyhow::Context;

use crate::client::Job;
use crate::measure::{Samples, micros_each, process_cpu, rounded};
use crate::report::Row;

/// The result.
#[derive(Debug)]
pub(crate) struct Compared {
    ours: Samples,
    fixed: Samples,
    ratios: Samples,
}

impl Compared {
    /// Measures both sides in many short turns, so that a disturbance of the machine affects both. The sides alternate
    /// in going first.
    pub(crate) async fn measure(ours: &Job, fixed: &Job, rounds: usize) -> anyhow::Result<Self> {
        let (mut of_ours, mut of_fixed) = (Vec::new(), Vec::new());
        for round in 0..rounds {
            if round % 2 == 0 {
                of_fixed.push(cpu_micros(fixed, alone).await?);
            }
            of_ours.push(cpu_micros(ours, alone).await?);
            if round % 2 == 1 {
                of_fixed.push(cpu_micros(fixed, alone).await?);
            }
        }
        Ok(Self::new(of_ours, of_fixed))
    }

    /// From the rounds of both sides, in order.
    pub(crate) fn new(ours: Vec<f64>, fixed: Vec<f64>) -> Self {
        let ratios = ours.iter().zip(&fixed).map(|(ours, fixed)| ours / fixed);
        Self {
            ratios: Samples::new(ratios.collect()),
            ours: Samples::new(ours),
            fixed: Samples::new(fixed),
        }
    }

    /// The figures that every comparison has. The ratio is the median of the rounds' ratios.
    pub(crate) fn row(&self, name: &str) -> Row {
        Row::new(name)
            .with("ratio_to_static", rounded(self.ratios.median(), 100.0))
            .with("ratio_lowest", rounded(self.ratios.lowest(), 100.0))
            .with("ratio_highest", rounded(self.ratios.highest(), 100.0))
            .with("cpu_micros", rounded(self.ours.median(), 10.0))
            .with("static_cpu_micros", rounded(self.fixed.median(), 10.0))
    }
}

/// No other process takes part.
#[expect(
    clippy::unnecessary_wraps,
    reason = "looking at other processes may fail"
)]
pub(crate) const fn alone() -> anyhow::Result<Duration> {
    Ok(Duration::ZERO)
}

/// CPU microseconds of a request in this process and in the processes that `others` counts. The client is a process
/// that is not counted.
pub(crate) async fn cpu_micros(
    job: &Job,
    others: impl Fn() -> anyhow::Result<Duration>,
) -> anyhow::Result<f64> {
    let asking = job.clone();
    let before = process_cpu() + others()?;
    tokio::task::spawn_blocking(move || asking.run()).await??;
    let used = (process_cpu() + others()?)
        .checked_sub(before)
        .context("the CPU time of the process went backwards")?;
    Ok(micros_each(used, job.requests))
}
