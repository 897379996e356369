//! When a node may be chosen.
//!
//! Two judgements are kept apart. *Active checks* ask `/readyz`: a node is up or down. *Passive ejection* counts failed
//! requests: a node with too many in a row gets none for a period, then a single request as a trial, and then returns
//! or is ejected for twice as long. A node is usable if it is up and not ejected.

use std::fmt;
use std::time::Duration;

use tokio::time::Instant;

use crate::settings::{Checks, Ejection};

/// Ejection periods double at most this often, so that the factor does not overflow.
const DOUBLINGS_MAX: u32 = 16;

/// Why an active check failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckFailure {
    /// No connection: the machine refuses it, or does not answer because it is gone.
    Unreachable,
    /// The node answers that it is not ready: it starts, stops or has a fault.
    NotReady,
    /// No answer in time.
    Silent,
    /// The answer is neither 200 nor 503, or not HTTP.
    Wrong,
}

impl CheckFailure {
    /// Whether the failure may be an error of the judgement, so that the node is still tried when most look unhealthy.
    /// A node that refuses connections or reports that it is not ready leaves no doubt.
    fn is_doubtful(self) -> bool {
        matches!(self, Self::Silent | Self::Wrong)
    }
}

impl fmt::Display for CheckFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreachable => "it refuses connections",
            Self::NotReady => "it reports that it is not ready",
            Self::Silent => "its checks time out",
            Self::Wrong => "its checks get a wrong answer",
        })
    }
}

/// Why a request failed at its node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// No connection in time.
    Connect,
    /// The connection ended before the answer was complete.
    Broken,
    /// The answer is not HTTP.
    Garbage,
    /// The node fell silent.
    Silent,
    /// The answer has status 500, 502 or 504. 503 is no failure: a node sheds load with it.
    Status(u16),
}

impl Failure {
    /// A word for metrics.
    pub fn word(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Broken => "broken",
            Self::Garbage => "garbage",
            Self::Silent => "silent",
            Self::Status(_) => "status",
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect => f.write_str("connections to it fail"),
            Self::Broken => f.write_str("its answers break off"),
            Self::Garbage => f.write_str("its answers are not HTTP"),
            Self::Silent => f.write_str("it falls silent"),
            Self::Status(status) => write!(f, "it answers with {status}"),
        }
    }
}

/// The state of a node, for people and for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It was not checked yet.
    Unknown,
    /// It gets requests.
    Up,
    /// Its checks fail.
    Down,
    /// Its requests failed.
    Ejected,
    /// It gets one request at a time until one succeeds.
    Trial,
}

impl State {
    /// A word for the table and for metrics.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Up => "up",
            Self::Down => "down",
            Self::Ejected => "ejected",
            Self::Trial => "trial",
        }
    }
}

/// A change that people should know, with its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The node is up.
    Up,
    /// The node is down.
    Down(CheckFailure),
    /// The node gets no request for this time.
    Ejected(Failure, Duration),
    /// The period is over: one request at a time.
    Trial,
    /// The trial succeeded.
    Returned,
}

#[derive(Debug, Clone, Copy)]
enum Checked {
    Never,
    Up,
    Down(CheckFailure),
}

/// How a request came to its node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// The node was chosen as a usable one, or because most look unhealthy.
    Regular,
    /// The request decides whether an ejected node returns.
    Trial,
}

#[derive(Debug, Clone, Copy)]
enum Requests {
    Normal { failures: u32 },
    Ejected { until: Instant, why: Failure },
    Trial,
}

/// The health of one node.
#[derive(Debug, Clone)]
pub struct Health {
    checked: Checked,
    /// Checks in a row that contradict `checked`.
    opposite: u32,
    requests: Requests,
    /// Ejections since the node was well for long.
    ejections: u32,
    returned: Option<Instant>,
}

impl Default for Health {
    fn default() -> Self {
        Self {
            checked: Checked::Never,
            opposite: 0,
            requests: Requests::Normal { failures: 0 },
            ejections: 0,
            returned: None,
        }
    }
}

impl Health {
    /// Takes the outcome of an active check. The first one decides alone, so that a balancer that starts serves soon.
    pub fn check(&mut self, outcome: Result<(), CheckFailure>, rules: &Checks) -> Option<Change> {
        let needed = match (self.checked, outcome) {
            (Checked::Never, _) => 1,
            (Checked::Up, Err(_)) => rules.fall,
            (Checked::Down(_), Ok(())) => rules.rise,
            (Checked::Down(before), Err(why)) => {
                // The newest reason counts: a node that was silent may now refuse connections.
                self.opposite = 0;
                return (before != why).then(|| self.turn(outcome));
            }
            (Checked::Up, Ok(())) => {
                self.opposite = 0;
                return self.end_ejection_for_connections();
            }
        };
        self.opposite += 1;
        (self.opposite >= needed).then(|| self.turn(outcome))
    }

    /// A check opens a connection of its own. If that succeeds, failed connections are no reason any more.
    fn end_ejection_for_connections(&mut self) -> Option<Change> {
        let ejected = matches!(
            self.requests,
            Requests::Ejected {
                why: Failure::Connect,
                ..
            }
        );
        ejected.then(|| {
            self.requests = Requests::Trial;
            Change::Trial
        })
    }

    fn turn(&mut self, outcome: Result<(), CheckFailure>) -> Change {
        self.opposite = 0;
        match outcome {
            Ok(()) => {
                self.checked = Checked::Up;
                Change::Up
            }
            Err(why) => {
                self.checked = Checked::Down(why);
                Change::Down(why)
            }
        }
    }

    /// Takes a request that succeeded. While a node is ejected or on trial, only the trial counts: the other requests
    /// began before the ejection.
    pub fn succeeded(&mut self, attempt: Attempt, now: Instant) -> Option<Change> {
        match (self.requests, attempt) {
            (Requests::Ejected { .. }, _) | (Requests::Trial, Attempt::Regular) => None,
            (Requests::Normal { .. }, _) => {
                self.requests = Requests::Normal { failures: 0 };
                None
            }
            (Requests::Trial, Attempt::Trial) => {
                self.requests = Requests::Normal { failures: 0 };
                self.returned = Some(now);
                Some(Change::Returned)
            }
        }
    }

    /// Takes a request that failed at this node. The same requests count as for [`succeeded`](Self::succeeded).
    pub fn failed(
        &mut self,
        attempt: Attempt,
        why: Failure,
        now: Instant,
        rules: &Ejection,
    ) -> Option<Change> {
        match &mut self.requests {
            Requests::Ejected { .. } => None,
            Requests::Trial if attempt == Attempt::Regular => None,
            Requests::Trial => Some(self.eject(why, now, rules)),
            Requests::Normal { failures } => {
                *failures += 1;
                (*failures >= rules.failures).then(|| self.eject(why, now, rules))
            }
        }
    }

    fn eject(&mut self, why: Failure, now: Instant, rules: &Ejection) -> Change {
        let long_well = self.returned.is_some_and(|at| now - at >= rules.longest);
        if long_well {
            self.ejections = 0;
        }
        let doubled = rules.first * (1 << self.ejections.min(DOUBLINGS_MAX));
        let period = doubled.min(rules.longest);
        self.ejections += 1;
        self.returned = None;
        self.requests = Requests::Ejected {
            until: now + period,
            why,
        };
        Change::Ejected(why, period)
    }

    /// Ends an ejection whose period is over.
    pub fn tick(&mut self, now: Instant) -> Option<Change> {
        match self.requests {
            Requests::Ejected { until, .. } if until <= now => {
                self.requests = Requests::Trial;
                Some(Change::Trial)
            }
            Requests::Ejected { .. } | Requests::Normal { .. } | Requests::Trial => None,
        }
    }

    /// The state in one word.
    pub fn state(&self) -> State {
        match (self.checked, self.requests) {
            (Checked::Never, _) => State::Unknown,
            (Checked::Down(_), _) => State::Down,
            (Checked::Up, Requests::Ejected { .. }) => State::Ejected,
            (Checked::Up, Requests::Trial) => State::Trial,
            (Checked::Up, Requests::Normal { .. }) => State::Up,
        }
    }

    /// Why the node is not in normal use; empty if it is.
    pub fn reason(&self) -> String {
        match (self.checked, self.requests) {
            (Checked::Down(why), _) => why.to_string(),
            (_, Requests::Ejected { why, .. }) => why.to_string(),
            (Checked::Never | Checked::Up, Requests::Normal { .. } | Requests::Trial) => {
                String::new()
            }
        }
    }

    /// Whether nodes in this state get requests.
    pub fn is_usable(&self) -> bool {
        matches!(self.state(), State::Up | State::Trial)
    }

    /// Whether the node may work although it is not usable. It is tried when most nodes look unhealthy.
    pub fn may_work(&self) -> bool {
        match (self.checked, self.requests) {
            (Checked::Never, _) => false,
            (
                _,
                Requests::Ejected {
                    why: Failure::Connect,
                    ..
                },
            ) => false,
            (Checked::Up, _) => true,
            (Checked::Down(why), _) => why.is_doubtful(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHECKS: Checks = Checks {
        interval: Duration::from_secs(1),
        jitter_percent: 0,
        timeout: Duration::from_secs(1),
        rise: 2,
        fall: 3,
    };
    const EJECTION: Ejection = Ejection {
        failures: 2,
        first: Duration::from_secs(5),
        longest: Duration::from_secs(60),
    };

    fn up() -> Health {
        let mut health = Health::default();
        assert_eq!(health.check(Ok(()), &CHECKS), Some(Change::Up));
        health
    }

    #[test]
    fn the_first_check_decides_alone() {
        assert_eq!(Health::default().state(), State::Unknown);
        assert!(up().is_usable());
        let mut down = Health::default();
        let change = down.check(Err(CheckFailure::Unreachable), &CHECKS);
        assert_eq!(change, Some(Change::Down(CheckFailure::Unreachable)));
        assert!(!down.is_usable());
    }

    #[test]
    fn a_node_falls_and_rises_after_checks_in_a_row() {
        let mut health = up();
        let silent = Err(CheckFailure::Silent);
        for outcome in [silent, silent, Ok(()), silent, silent] {
            assert_eq!(health.check(outcome, &CHECKS), None);
        }
        assert_eq!(
            health.check(silent, &CHECKS),
            Some(Change::Down(CheckFailure::Silent))
        );
        for outcome in [Ok(()), silent, Ok(())] {
            assert_eq!(health.check(outcome, &CHECKS), None);
        }
        assert_eq!(health.check(Ok(()), &CHECKS), Some(Change::Up));
    }

    #[test]
    fn a_node_that_is_down_for_another_reason_is_told() {
        let mut health = Health::default();
        health.check(Err(CheckFailure::Silent), &CHECKS);
        assert_eq!(health.check(Err(CheckFailure::Silent), &CHECKS), None);
        assert!(health.may_work());
        let change = health.check(Err(CheckFailure::Unreachable), &CHECKS);
        assert_eq!(change, Some(Change::Down(CheckFailure::Unreachable)));
        assert!(!health.may_work());
    }

    #[test]
    fn failures_in_a_row_eject_a_node_and_a_success_in_between_does_not() {
        let (mut health, now) = (up(), Instant::now());
        let regular = Attempt::Regular;
        let broken = Failure::Broken;
        assert_eq!(health.failed(regular, broken, now, &EJECTION), None);
        assert_eq!(health.succeeded(regular, now), None);
        assert_eq!(health.failed(regular, broken, now, &EJECTION), None);
        assert_eq!(
            health.failed(regular, Failure::Connect, now, &EJECTION),
            Some(Change::Ejected(Failure::Connect, EJECTION.first))
        );
        assert_eq!(health.state(), State::Ejected);
        assert_eq!(health.reason(), "connections to it fail");
    }

    fn eject_again(health: &mut Health, now: &mut Instant) -> Duration {
        let mut period = None;
        while period.is_none() {
            let attempt = match health.state() {
                State::Trial => Attempt::Trial,
                _ => Attempt::Regular,
            };
            period = match health.failed(attempt, Failure::Silent, *now, &EJECTION) {
                Some(Change::Ejected(_, period)) => Some(period),
                _ => None,
            };
        }
        let period = period.unwrap();
        assert_eq!(
            health.tick(*now + period - Duration::from_millis(1)),
            None,
            "too early"
        );
        *now += period;
        assert_eq!(health.tick(*now), Some(Change::Trial));
        period
    }

    #[test]
    fn ejections_grow_to_the_longest_and_a_failed_trial_ejects_again() {
        let (mut health, mut now) = (up(), Instant::now());
        let periods: Vec<u64> = (0..6)
            .map(|_| eject_again(&mut health, &mut now).as_secs())
            .collect();
        assert_eq!(periods, [5, 10, 20, 40, 60, 60]);
    }

    #[test]
    fn a_successful_trial_returns_a_node_and_a_long_time_without_failure_forgets_its_ejections() {
        let (mut health, mut now) = (up(), Instant::now());
        eject_again(&mut health, &mut now);
        assert_eq!(health.state(), State::Trial);
        let returned = Some(Change::Returned);
        assert_eq!(health.succeeded(Attempt::Trial, now), returned);
        assert_eq!(health.state(), State::Up);
        assert_eq!(eject_again(&mut health, &mut now).as_secs(), 10);
        assert_eq!(health.succeeded(Attempt::Trial, now), returned);
        now += EJECTION.longest;
        assert_eq!(eject_again(&mut health, &mut now).as_secs(), 5);
    }

    #[test]
    fn answers_that_began_before_an_ejection_do_not_end_it() {
        let (mut health, now) = (up(), Instant::now());
        let (regular, broken) = (Attempt::Regular, Failure::Broken);
        health.failed(regular, broken, now, &EJECTION);
        health.failed(regular, broken, now, &EJECTION);
        assert_eq!(health.succeeded(regular, now), None);
        assert_eq!(health.failed(regular, broken, now, &EJECTION), None);
        assert_eq!(health.state(), State::Ejected);
    }

    #[test]
    fn answers_that_began_before_an_ejection_do_not_decide_the_trial() {
        let (mut health, mut now) = (up(), Instant::now());
        eject_again(&mut health, &mut now);
        assert_eq!(health.succeeded(Attempt::Regular, now), None);
        let silent = Failure::Silent;
        let failed = health.failed(Attempt::Regular, silent, now, &EJECTION);
        assert_eq!((failed, health.state()), (None, State::Trial));
    }

    #[test]
    fn a_node_with_failed_connections_is_not_tried_until_a_check_connects() {
        let (mut health, now) = (up(), Instant::now());
        for _ in 0..EJECTION.failures {
            health.failed(Attempt::Regular, Failure::Connect, now, &EJECTION);
        }
        assert!(!health.may_work());
        assert_eq!(health.check(Ok(()), &CHECKS), Some(Change::Trial));
        assert!(health.may_work());
        // Answers that break off are another matter: a check does not show whether they still do.
        let mut health = up();
        for _ in 0..EJECTION.failures {
            health.failed(Attempt::Regular, Failure::Broken, now, &EJECTION);
        }
        assert_eq!(health.check(Ok(()), &CHECKS), None);
    }

    #[test]
    fn a_node_that_refuses_or_is_not_ready_leaves_no_doubt() {
        let after = |why| {
            let mut health = Health::default();
            health.check(Err(why), &CHECKS);
            health.may_work()
        };
        assert!(!after(CheckFailure::Unreachable) && !after(CheckFailure::NotReady));
        assert!(after(CheckFailure::Silent) && after(CheckFailure::Wrong));
        assert!(!Health::default().may_work());
    }
}
