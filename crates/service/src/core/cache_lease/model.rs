//! A model of the protocol, checked exhaustively: writers, and nodes that cache one value.
//!
//! Every interleaving of the steps below is visited. A pause or a partition of a node is an interleaving in which it
//! takes no step, or in which the message to it is lost. A writer may crash after its commit; then nothing is
//! acknowledged, and the change must still reach every cache. The rule of the writer is the code that runs: [`Silent`].
//!
//! The tests also break the protocol on purpose: for each part of it, the checker finds the interleaving that needs it.

use std::time::Duration;

use sosik_feed::PeerId;
use sosik_store::CacheLease;
use stateright::{Checker, HasDiscoveries, Model, Property};

use super::silent::{Silent, Verdict};

/// Ticks of a lease.
const HOLD: u8 = 1;

/// The promise that is checked.
const PROMISE: &str = "nobody serves what an acknowledged change outdated";

/// A part of the protocol to leave out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Broken {
    Nothing,
    /// A writer acknowledges without waiting for anybody.
    DoesNotWait,
    /// A node ignores that its lease has expired.
    IgnoresExpiry,
    /// A lease counts from the response to its renewal.
    CountsFromResponse,
    /// A renewal does not return the changes.
    ReadsNoLog,
    /// A lease is revoked while it is renewed.
    RevokesRenewed,
    /// A member uses its lease before its first renewal.
    ServesAfterJoining,
    /// A load that began before a change is kept.
    KeepsStaleLoads,
}

/// A renewal in progress. `version` is the value that the log had reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Renewal {
    Idle,
    Asked {
        at: u8,
    },
    /// The store has locked the row and read the log. Nobody else sees the renewal before its commit.
    Read {
        at: u8,
        version: u8,
    },
    /// Committed. The node has not received the response yet.
    Done {
        at: u8,
        version: u8,
    },
}

/// A load of the value in progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Load {
    version: u8,
    /// A change was applied since the load began.
    stale: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Node {
    /// Its row in the store: the number of renewals.
    row: Option<u8>,
    joined: bool,
    renewal: Renewal,
    /// Renewals so far, over all leases.
    renewals: u8,
    open_until: u8,
    cached: Option<u8>,
    load: Option<Load>,
    /// The message of the current writer.
    message: Message,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Message {
    NotSent,
    Sent,
    Lost,
    Applied,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct State {
    now: u8,
    /// The value in the store. Each change makes it one larger.
    version: u8,
    acknowledged: u8,
    /// What the writer of the newest change knows; `None` when it has acknowledged or crashed.
    writer: Option<Silent>,
    nodes: Vec<Node>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Tick,
    Commit,
    Crash,
    /// The writer reads the leases and revokes what has expired.
    Observe,
    Send(usize),
    Lose(usize),
    Receive(usize),
    Join(usize),
    AskRenewal(usize),
    ReadLog(usize),
    CommitRenewal(usize),
    UseRenewal(usize),
    BeginLoad(usize),
    FinishLoad(usize),
}

/// The bounds of a model. The nodes are independent of each other but for the writer that waits for all of them, so one
/// node is checked with two changes, and two nodes are checked with one.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    nodes: usize,
    changes: u8,
    /// The last tick.
    ticks: u8,
    /// Renewals of each node.
    renewals: u8,
}

const ONE: Bounds = Bounds {
    nodes: 1,
    changes: 2,
    ticks: 4,
    renewals: 5,
};

const TWO: Bounds = Bounds {
    nodes: 2,
    changes: 1,
    ticks: 2,
    renewals: 1,
};

struct Protocol {
    broken: Broken,
    bounds: Bounds,
}

impl State {
    /// The store has a change that this node has not applied.
    fn outdates(&self, node: &Node) -> bool {
        node.cached.is_some_and(|cached| cached < self.acknowledged)
    }
}

impl Node {
    fn invalidate(&mut self) {
        self.cached = None;
        if let Some(load) = &mut self.load {
            load.stale = true;
        }
    }

    /// Applies what a renewal returned.
    fn apply(&mut self, version: u8) {
        let outdated = |of: u8| of < version;
        if self.cached.is_some_and(outdated) || self.load.is_some_and(|load| outdated(load.version))
        {
            self.invalidate();
        }
    }
}

impl Protocol {
    fn is_open(&self, state: &State, node: &Node) -> bool {
        let joined = node.joined && self.broken == Broken::ServesAfterJoining;
        let expires = self.broken != Broken::IgnoresExpiry;
        joined || node.open_until > 0 && (!expires || state.now < node.open_until)
    }

    fn steps_of(&self, state: &State, number: usize, steps: &mut Vec<Step>) {
        let node = &state.nodes[number];
        match node.message {
            Message::NotSent if state.writer.is_some() => {
                steps.extend([Step::Send(number), Step::Lose(number)]);
            }
            Message::Sent => steps.push(Step::Receive(number)),
            _ => {}
        }
        match node.renewal {
            Renewal::Idle if !node.joined => steps.push(Step::Join(number)),
            Renewal::Idle if node.renewals < self.bounds.renewals => {
                steps.push(Step::AskRenewal(number));
            }
            Renewal::Idle => {}
            Renewal::Asked { .. } => steps.push(Step::ReadLog(number)),
            Renewal::Read { .. } => steps.push(Step::CommitRenewal(number)),
            Renewal::Done { .. } => steps.push(Step::UseRenewal(number)),
        }
        match node.load {
            // A load of the last value can never be outdated.
            None if node.cached.is_none() && state.version < self.bounds.changes => {
                steps.push(Step::BeginLoad(number));
            }
            Some(_) => steps.push(Step::FinishLoad(number)),
            None => {}
        }
    }

    /// The writer reads the leases. `None` while a renewal has locked a row that the writer must delete.
    fn observe(&self, state: &State) -> Option<State> {
        let mut next = state.clone();
        let leases = state.nodes.iter().zip(1_u64..);
        let leases = leases.filter_map(|(node, peer)| {
            Some(CacheLease {
                peer: PeerId::from_u64(peer),
                renewals: u64::from(node.row?),
                hold: Duration::from_secs(HOLD.into()),
                alone: false,
            })
        });
        let now = Duration::from_secs(state.now.into());
        let mut settled = true;
        for verdict in next.writer.as_mut()?.observe(leases, now) {
            let Verdict::Expired(lease) = verdict else {
                settled = false;
                continue;
            };
            let node = &mut next.nodes[usize::try_from(lease.peer.as_u64()).ok()? - 1];
            if matches!(node.renewal, Renewal::Read { .. }) && self.broken != Broken::RevokesRenewed
            {
                return None;
            }
            node.row = None;
        }
        if settled || self.broken == Broken::DoesNotWait {
            (next.acknowledged, next.writer) = (next.version, None);
        }
        (next != *state).then_some(next)
    }

    fn commit(state: &State) -> State {
        let mut next = state.clone();
        next.version += 1;
        next.writer = Some(Silent::default());
        next.nodes
            .iter_mut()
            .for_each(|node| node.message = Message::NotSent);
        next
    }

    fn step_of_node(&self, state: &State, step: Step, number: usize) -> State {
        let mut next = state.clone();
        let node = &mut next.nodes[number];
        match (step, node.renewal) {
            (Step::Send(_), _) => node.message = Message::Sent,
            (Step::Lose(_), _) => node.message = Message::Lost,
            (Step::Receive(_), _) => {
                node.invalidate();
                node.message = Message::Applied;
                if let Some(silent) = &mut next.writer {
                    silent.confirmed([PeerId::from_u64(number as u64 + 1)]);
                }
            }
            (Step::Join(_), _) => {
                node.invalidate();
                (node.row, node.joined) = (Some(0), true);
            }
            (Step::AskRenewal(_), _) => {
                node.renewal = Renewal::Asked { at: state.now };
                node.renewals += 1;
            }
            (Step::ReadLog(_), Renewal::Asked { .. }) if node.row.is_none() => {
                node.invalidate();
                (node.joined, node.open_until, node.renewal) = (false, 0, Renewal::Idle);
            }
            (Step::ReadLog(_), Renewal::Asked { at }) => {
                let reads_log = self.broken != Broken::ReadsNoLog;
                let version = if reads_log { state.version } else { 0 };
                node.renewal = Renewal::Read { at, version };
            }
            (Step::CommitRenewal(_), Renewal::Read { at, version }) => {
                node.row = node.row.map(|renewals| renewals + 1);
                node.renewal = Renewal::Done { at, version };
            }
            (Step::UseRenewal(_), Renewal::Done { at, version }) => {
                node.apply(version);
                let from = match self.broken {
                    Broken::CountsFromResponse => state.now,
                    _ => at,
                };
                (node.open_until, node.renewal) = (from + HOLD, Renewal::Idle);
            }
            (Step::BeginLoad(_), _) => {
                let version = state.version;
                node.load = Some(Load {
                    version,
                    stale: false,
                });
            }
            (Step::FinishLoad(_), _) => {
                let load = node.load.take();
                let kept =
                    load.filter(|load| !load.stale || self.broken == Broken::KeepsStaleLoads);
                node.cached = kept.map(|load| load.version).or(node.cached);
            }
            _ => {}
        }
        next
    }
}

impl Model for Protocol {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        let node = Node {
            row: None,
            joined: false,
            renewal: Renewal::Idle,
            renewals: 0,
            open_until: 0,
            cached: None,
            load: None,
            message: Message::NotSent,
        };
        vec![State {
            now: 0,
            version: 0,
            acknowledged: 0,
            writer: None,
            nodes: vec![node; self.bounds.nodes],
        }]
    }

    fn actions(&self, state: &State, steps: &mut Vec<Step>) {
        if state.now < self.bounds.ticks {
            steps.push(Step::Tick);
        }
        match state.writer {
            Some(_) => steps.extend([Step::Observe, Step::Crash]),
            None if state.version < self.bounds.changes => steps.push(Step::Commit),
            None => {}
        }
        (0..self.bounds.nodes).for_each(|number| self.steps_of(state, number, steps));
    }

    fn next_state(&self, state: &State, step: Step) -> Option<State> {
        match step {
            Step::Tick => Some(State {
                now: state.now + 1,
                ..state.clone()
            }),
            Step::Crash => Some(State {
                writer: None,
                ..state.clone()
            }),
            Step::Commit => Some(Self::commit(state)),
            Step::Observe => self.observe(state),
            Step::Send(number)
            | Step::Lose(number)
            | Step::Receive(number)
            | Step::Join(number)
            | Step::AskRenewal(number)
            | Step::ReadLog(number)
            | Step::CommitRenewal(number)
            | Step::UseRenewal(number)
            | Step::BeginLoad(number)
            | Step::FinishLoad(number) => Some(self.step_of_node(state, step, number)),
        }
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(PROMISE, |protocol: &Self, state: &State| {
                let served = |node: &Node| state.outdates(node) && protocol.is_open(state, node);
                !state.nodes.iter().any(served)
            }),
            Property::sometimes(
                "a change is acknowledged that no node confirmed",
                |_, state: &State| {
                    let lost = |node: &Node| node.message == Message::Lost && node.cached.is_some();
                    state.acknowledged > 0 && state.nodes.iter().all(lost)
                },
            ),
            Property::sometimes(
                "a renewal brings a change that was not acknowledged",
                |_, state: &State| {
                    let brings = |node: &Node| matches!(node.renewal, Renewal::Done { version, .. } if version > state.acknowledged);
                    state.writer.is_none() && state.nodes.iter().any(brings)
                },
            ),
        ]
    }
}

fn check(broken: Broken, bounds: Bounds) -> impl Checker<Protocol> {
    let checker = Protocol { broken, bounds }.checker();
    checker
        .finish_when(HasDiscoveries::AnyFailures)
        .spawn_bfs()
        .join()
}

#[test]
fn no_interleaving_of_two_changes_serves_what_an_acknowledged_one_outdated() {
    let checker = check(Broken::Nothing, ONE);
    checker.assert_properties();
}

#[test]
fn no_interleaving_with_two_nodes_serves_what_an_acknowledged_change_outdated() {
    let checker = check(Broken::Nothing, TWO);
    checker.assert_no_discovery(PROMISE);
}

#[test]
fn every_part_of_the_protocol_is_needed() {
    for broken in [
        Broken::DoesNotWait,
        Broken::IgnoresExpiry,
        Broken::CountsFromResponse,
        Broken::ReadsNoLog,
        Broken::RevokesRenewed,
        Broken::ServesAfterJoining,
        Broken::KeepsStaleLoads,
    ] {
        let found = check(broken, ONE).discovery(PROMISE);
        assert!(found.is_some(), "{broken:?} changes nothing");
    }
}
