//! The measurements of a run.

use std::collections::VecDeque;

use hdrhistogram::Histogram;
use parking_lot::Mutex;
use serde::Serialize;

use super::mix::Action;

/// Longest latency that a histogram can hold, in microseconds. A request is given up earlier.
const LONGEST: u64 = 120_000_000;

/// Classes of authors, by the largest number of people who see their posts.
const SIZES: [u64; 4] = [200, 1_000, 5_000, u64::MAX];

/// Number of the latest seconds for which answers may still arrive. A request is given up earlier.
const OPEN_SECONDS: usize = 60;

/// The points at which a distribution is drawn: dense where requests are rare.
const SHARES: [f64; 16] = [
    0.0, 0.1, 0.25, 0.5, 0.65, 0.75, 0.85, 0.9, 0.95, 0.975, 0.99, 0.995, 0.999, 0.9995, 0.9999,
    1.0,
];

/// A distribution of latencies, in microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Latency {
    /// Number of requests.
    pub count: u64,
    /// Median.
    pub p50: u64,
    /// 90th percentile.
    pub p90: u64,
    /// 99th percentile.
    pub p99: u64,
    /// 99.9th percentile.
    pub p99_9: u64,
    /// Maximum.
    pub max: u64,
}

/// The figures of one action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ActionStats {
    /// The action.
    pub action: Action,
    /// Arrivals.
    pub offered: u64,
    /// Answers with success.
    pub served: u64,
    /// Answers of 503 or 429.
    pub shed: u64,
    /// Other answers, no answer, or not sent because the limit of requests in flight was reached.
    pub failed: u64,
    /// Bytes of received bodies.
    pub bytes: u64,
    /// Latency of served requests, from the intended moment to the end of the answer.
    pub latency: Latency,
    /// Latency of shed requests.
    pub shed_latency: Latency,
}

/// The distribution of the latencies of an action, for a plot.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Distribution {
    /// The action.
    pub action: Action,
    /// From the fastest to the slowest.
    pub quantiles: Vec<Quantile>,
}

/// The lag from sending a story to its sight in live streams, for one class of authors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct LagStats {
    /// Most friends and followers of an author in this class. The largest integer means no limit.
    pub readers_to: u64,
    /// The lags.
    pub lag: Latency,
}

/// One second of the run, by the intended moments of the requests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct SecondStats {
    /// Arrivals.
    pub offered: u64,
    /// Answers with success.
    pub served: u64,
    /// Answers of 503 or 429.
    pub shed: u64,
    /// All other results.
    pub failed: u64,
    /// Median latency of served requests, in microseconds, with one significant digit.
    pub p50: u64,
    /// 99th percentile of served requests.
    pub p99: u64,
    /// Slowest served request.
    pub slowest: u64,
}

/// A point of a distribution: a share of requests, and the number of microseconds that none of them exceeds.
pub type Quantile = (f64, u64);

/// The figures of the whole run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Duration of the arrivals, in seconds.
    pub seconds: f64,
    /// By action, if it happened.
    pub actions: Vec<ActionStats>,
    /// Latency of all shed requests.
    pub shed_latency: Latency,
    /// By action, if any request was served.
    pub distributions: Vec<Distribution>,
    /// Lag from post to sight, by class of author, if it happened.
    pub lags: Vec<LagStats>,
    /// Streams held open.
    pub streams: usize,
    /// Number of times that a stream was reopened.
    pub streams_resumed: u64,
    /// Arrivals that were not sent because the limit of requests in flight was reached; counted as failed.
    pub not_sent: u64,
    /// Figures of each second.
    pub by_second: Vec<SecondStats>,
}

impl Report {
    /// Sums a figure over all actions.
    pub fn sum(&self, figure: impl Fn(&ActionStats) -> u64) -> u64 {
        self.actions.iter().map(figure).sum()
    }
}

/// The end of one arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Served,
    Shed,
    Failed,
    NotSent,
}

/// Takes measurements from many tasks.
#[derive(Debug)]
pub(super) struct StatsRecorder {
    actions: Vec<Mutex<ActionCounters>>,
    lags: Vec<Mutex<Histogram<u64>>>,
    rest: Mutex<RunCounters>,
}

#[derive(Debug)]
struct ActionCounters {
    counts: [u64; 3],
    bytes: u64,
    served: Histogram<u64>,
    shed: Histogram<u64>,
}

#[derive(Debug, Default)]
struct RunCounters {
    by_second: Vec<SecondStats>,
    /// Latencies of the seconds that are still open. The first one is second `summed`.
    latencies: VecDeque<Histogram<u64>>,
    summed: usize,
    not_sent: u64,
    resumed: u64,
}

impl StatsRecorder {
    pub(super) fn new() -> Self {
        let action = |_| {
            Mutex::new(ActionCounters {
                counts: [0; 3],
                bytes: 0,
                served: histogram(),
                shed: histogram(),
            })
        };
        Self {
            actions: Action::ALL.iter().map(action).collect(),
            lags: SIZES.iter().map(|_| Mutex::new(histogram())).collect(),
            rest: Mutex::default(),
        }
    }

    /// Records an arrival that was intended at a moment and took `latency` microseconds.
    pub(super) fn note(&self, action: Action, intended: u64, latency: u64, end: End, bytes: u64) {
        {
            let mut of_action = self.actions[action as usize].lock();
            of_action.bytes += bytes;
            match end {
                End::Served => {
                    of_action.counts[0] += 1;
                    of_action.served.saturating_record(latency);
                }
                End::Shed => {
                    of_action.counts[1] += 1;
                    of_action.shed.saturating_record(latency);
                }
                End::Failed | End::NotSent => of_action.counts[2] += 1,
            }
        }
        let mut rest = self.rest.lock();
        rest.not_sent += u64::from(end == End::NotSent);
        let place = usize::try_from(intended / 1_000_000).unwrap_or(usize::MAX);
        rest.reach(place);
        if end == End::Served {
            rest.served(place, latency);
        }
        let second = &mut rest.by_second[place];
        second.offered += 1;
        match end {
            End::Served => {
                second.served += 1;
                second.slowest = second.slowest.max(latency);
            }
            End::Shed => second.shed += 1,
            End::Failed | End::NotSent => second.failed += 1,
        }
    }

    /// Records that a story was seen after `lag` microseconds. Its author has `readers` readers.
    pub(super) fn seen(&self, readers: u64, lag: u64) {
        let size = SIZES.iter().position(|most| readers <= *most);
        self.lags[size.unwrap_or(SIZES.len() - 1)]
            .lock()
            .saturating_record(lag);
    }

    pub(super) fn resumed(&self) {
        self.rest.lock().resumed += 1;
    }

    /// The numbers offered, served and shed so far.
    pub(super) fn so_far(&self) -> (u64, u64, u64) {
        let sum = |place: usize| -> u64 {
            let counts = self.actions.iter().map(|of| of.lock().counts[place]);
            counts.sum()
        };
        (sum(0) + sum(1) + sum(2), sum(0), sum(1))
    }

    pub(super) fn report(&self, seconds: f64, streams: usize) -> Report {
        let actions = Action::ALL.into_iter().zip(&self.actions);
        let actions = actions.map(|(action, of)| of.lock().report(action));
        let lags = SIZES.iter().zip(&self.lags);
        let lags = lags.map(|(readers_to, lag)| LagStats {
            readers_to: *readers_to,
            lag: latency(&lag.lock()),
        });
        let mut rest = self.rest.lock();
        rest.sum_up(0);
        Report {
            seconds,
            shed_latency: latency(&self.all_shed()),
            distributions: self.distributions(),
            actions: actions.filter(|stats| stats.offered > 0).collect(),
            lags: lags.filter(|stats| stats.lag.count > 0).collect(),
            streams,
            streams_resumed: rest.resumed,
            not_sent: rest.not_sent,
            by_second: rest.by_second.clone(),
        }
    }
}

impl StatsRecorder {
    fn all_shed(&self) -> Histogram<u64> {
        let mut all = histogram();
        for of in &self.actions {
            // All histograms have the same bounds, so this cannot fail.
            let _same_bounds = all.add(&of.lock().shed);
        }
        all
    }

    fn distributions(&self) -> Vec<Distribution> {
        let actions = Action::ALL.into_iter().zip(&self.actions);
        let of = |(action, of): (Action, &Mutex<ActionCounters>)| {
            let served = &of.lock().served;
            let quantile = |share: &f64| (*share, served.value_at_quantile(*share));
            Distribution {
                action,
                quantiles: match served.is_empty() {
                    true => Vec::new(),
                    false => SHARES.iter().map(quantile).collect(),
                },
            }
        };
        let mut distributions: Vec<Distribution> = actions.map(of).collect();
        distributions.retain(|distribution| !distribution.quantiles.is_empty());
        distributions
    }
}

impl RunCounters {
    /// Makes room for a second, and closes those for which no answer can arrive any more.
    fn reach(&mut self, place: usize) {
        while self.by_second.len() <= place {
            self.by_second.push(SecondStats::default());
            self.latencies.push_back(rough());
        }
        self.sum_up(OPEN_SECONDS);
    }

    fn served(&mut self, place: usize, latency: u64) {
        let open = place.checked_sub(self.summed);
        if let Some(latencies) = open.and_then(|open| self.latencies.get_mut(open)) {
            latencies.saturating_record(latency);
        }
    }

    /// Closes all but the last `open` seconds.
    fn sum_up(&mut self, open: usize) {
        while self.latencies.len() > open {
            let Some(latencies) = self.latencies.pop_front() else {
                return;
            };
            let second = &mut self.by_second[self.summed];
            if !latencies.is_empty() {
                second.p50 = latencies.value_at_quantile(0.5);
                second.p99 = latencies.value_at_quantile(0.99);
            }
            self.summed += 1;
        }
    }
}

impl ActionCounters {
    fn report(&self, action: Action) -> ActionStats {
        let [served, shed, failed] = self.counts;
        ActionStats {
            action,
            offered: served + shed + failed,
            served,
            shed,
            failed,
            bytes: self.bytes,
            latency: latency(&self.served),
            shed_latency: latency(&self.shed),
        }
    }
}

fn latency(histogram: &Histogram<u64>) -> Latency {
    if histogram.is_empty() {
        return Latency::default();
    }
    Latency {
        count: histogram.len(),
        p50: histogram.value_at_quantile(0.5),
        p90: histogram.value_at_quantile(0.9),
        p99: histogram.value_at_quantile(0.99),
        p99_9: histogram.value_at_quantile(0.999),
        max: histogram.max(),
    }
}

/// One significant digit: each second has a histogram of its own, and there are many seconds.
fn rough() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LONGEST, 1).expect("1 to 120 s at one digit is a range")
}

fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LONGEST, 3).expect("1 to 120 s at three digits is a range")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_offered_is_served_shed_or_failed_and_only_served_ones_have_a_latency() {
        let recorder = StatsRecorder::new();
        recorder.note(Action::Top, 100, 2_000, End::Served, 10);
        recorder.note(Action::Top, 1_500_000, 900, End::Shed, 1);
        recorder.note(Action::Top, 1_600_000, 900, End::NotSent, 0);
        recorder.seen(150, 7_000);
        recorder.seen(9_000, 8_000);
        let report = recorder.report(2.0, 0);
        let top = report.actions[0];
        assert_eq!(report.actions.len(), 1);
        assert_eq!(
            (top.offered, top.served, top.shed, top.failed, top.bytes),
            (3, 1, 1, 1, 11)
        );
        assert_eq!((top.latency.count, top.shed_latency.count), (1, 1));
        assert_eq!((report.not_sent, report.by_second.len()), (1, 2));
        assert_eq!(report.by_second[1].failed, 1);
        assert!(
            (1_900..2_100).contains(&report.by_second[0].p99),
            "{report:?}"
        );
        assert_eq!(report.shed_latency.count, 1);
        let spread = &report.distributions[0].quantiles;
        assert!(spread.is_sorted_by_key(|(_, latency)| *latency));
        assert_eq!(
            (report.distributions.len(), spread.len()),
            (1, SHARES.len())
        );
        let sizes: Vec<u64> = report.lags.iter().map(|lag| lag.readers_to).collect();
        assert_eq!(sizes, [200, u64::MAX]);
    }
}
