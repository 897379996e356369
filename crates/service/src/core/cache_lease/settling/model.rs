//! A model of how timelines in a shared fabric are kept right, checked exhaustively: one timeline, changes after which it
//! must be dropped, and processes that start, write, build, drop, and die at any step. An entry of the shared cache follows
//! the same rules: its ticket is the begin of a build, and its fill is the end.
//!
//! A renewal is one step here, and a lease expires at any time: `model` of the leases checks those in detail. Steps whose
//! parts only get safer when something happens in between are one step, too: a build begins and reads its circle, a drop
//! begins and takes effect. The rule of a member is the code that runs: [`Settling`]. The tests also break the protocol
//! on purpose.

use stateright::{Checker, HasDiscoveries, Model, Property};

use super::{Horizon, Settling};

/// The promise that is checked.
const PROMISE: &str = "nobody serves a timeline that an acknowledged change outdated";

/// A part of the protocol to leave out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Broken {
    Nothing,
    /// A member that joins drops nothing if another one is there.
    JoinsWithoutLog,
    /// A member that has settled nothing counts as one that has.
    TrustsUnsettledMembers,
    /// A member reports its horizon as settled before the timeline is dropped.
    SettlesAtOnce,
    /// The log is trimmed up to what members have applied.
    TrimsUnsettled,
    /// A timeline is built with the circle of the cache.
    BuildsFromCache,
    /// A timeline is used without a lease.
    ServesWithoutLease,
    /// A log that is too long is cut, and a member that joins later does not learn of it.
    CutsSilently,
    /// A log that is too long is cut beyond what a member has applied.
    CutsUnapplied,
    /// The answer to a drop confirms changes that came after its call.
    ConfirmsNewer,
}

/// The unconfirmed invalidations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Mark {
    oldest: u64,
    newest: u64,
}

/// Processes of one machine, one after the other. A process joins again if its lease was revoked. After the end of one,
/// the next one starts when the row of the first one is gone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
struct Node {
    alive: bool,
    /// How often it has joined, over all processes.
    joins: u8,
    /// Its row in the store: what it has settled.
    row: Option<Option<u8>>,
    /// Its row in the store: what it had applied when it asked for the last renewal.
    applied: u8,
    /// The changes that it got by renewals. `None` before the first one.
    horizon: Option<u8>,
    /// The lease is valid.
    open: bool,
    /// The newest change that its caches know.
    known: u8,
    mark: Option<Mark>,
    last_number: u64,
    /// The newest mark when the drop in progress began. It has taken effect, and the answer is on its way.
    dropped: Option<u64>,
    /// The circle of the build in progress.
    build: Option<u8>,
    settling: Settling,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Timeline {
    Absent,
    Building(usize),
    /// Has every change up to this one.
    Ready(u8),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct State {
    /// The number of committed changes.
    version: u8,
    acknowledged: u8,
    /// The log begins after this change.
    trimmed: u8,
    /// The log was cut after this change, before it was settled.
    cut: u8,
    /// The process that wrote the newest change, until it acknowledges it.
    writer: Option<usize>,
    timeline: Timeline,
    nodes: Vec<Node>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Acknowledge,
    /// The log is too long.
    Cut,
    Of(usize, Act),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Join,
    Renew,
    Commit,
    /// Receives the message of the writer.
    Apply,
    Drop,
    ConfirmDrop,
    BeginBuild,
    FinishBuild,
    /// The lease expires.
    Expire,
    /// Another process revokes the expired lease.
    Revoke,
    Leave,
    Die,
}

/// The bounds of a model.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    nodes: usize,
    changes: u8,
    /// How often each of them joins.
    joins: u8,
}

const TWO: Bounds = Bounds {
    nodes: 2,
    changes: 1,
    joins: 1,
};

/// For a process that joins while another one has settled nothing.
const THREE: Bounds = Bounds { nodes: 3, ..TWO };

/// For a drop that began before the second change.
const CHANGES: Bounds = Bounds { changes: 2, ..TWO };

struct Protocol {
    broken: Broken,
    bounds: Bounds,
}

impl Node {
    fn invalidate(&mut self, version: u8) {
        self.last_number += 1;
        let newest = self.last_number;
        let oldest = self.mark.map_or(newest, |mark| mark.oldest);
        self.mark = Some(Mark { oldest, newest });
        self.known = version;
    }

    fn settled(&mut self) -> Option<u8> {
        let mark = self.mark;
        let is_confirmed_to = |number| mark.is_none_or(|mark| mark.oldest > number);
        self.settling.settled(is_confirmed_to).0.parse().ok()
    }

    fn end(&mut self) {
        *self = Self {
            row: self.row,
            applied: self.applied,
            joins: self.joins,
            ..Self::default()
        };
    }

    /// Equal states become the same: only the order of the numbers matters.
    fn tidy(&mut self) {
        let marks = self.mark.iter_mut();
        let marks = marks.flat_map(|mark| [&mut mark.oldest, &mut mark.newest]);
        let next = self.settling.next.iter_mut().map(|(number, _)| number);
        let others = next.chain([&mut self.last_number]);
        let mut numbers: Vec<_> = marks.chain(&mut self.dropped).chain(others).collect();
        numbers.sort_unstable();
        let (mut before, mut rank) = (0, 0);
        for number in numbers {
            if *number > before {
                (before, rank) = (*number, rank + 1);
            }
            *number = rank;
        }
    }
}

impl Protocol {
    fn uses_timeline(&self, node: &Node) -> bool {
        let leased = node.open || self.broken == Broken::ServesWithoutLease;
        node.alive && leased && node.mark.is_none()
    }

    /// What a process can do now.
    fn acts(&self, state: &State, number: usize) -> Vec<Act> {
        let node = &state.nodes[number];
        let free = state.writer.is_none() && state.version < self.bounds.changes;
        let unknown = state.writer.is_some() && node.known < state.version;
        let others = || state.nodes.iter().enumerate();
        let revocable = node.row.is_some() && !node.open;
        let absent = state.timeline == Timeline::Absent;
        let builds = node.open && node.mark.is_none() && node.build.is_none();
        let joins = node.row.is_none() && node.joins < self.bounds.joins;
        let in_turn = number == 0 || state.nodes[number - 1].joins > 0;
        let acts = [
            (Act::Join, joins && in_turn),
            (Act::Renew, node.alive && node.row.is_some()),
            (Act::Commit, node.alive && node.open && free),
            (Act::Apply, node.open && unknown),
            (Act::Drop, node.mark.is_some() && node.dropped.is_none()),
            (Act::ConfirmDrop, node.dropped.is_some()),
            (Act::BeginBuild, node.alive && builds && absent),
            (Act::FinishBuild, node.build.is_some()),
            (Act::Expire, node.open),
            (
                Act::Revoke,
                revocable && others().any(|(other, node)| other != number && node.alive),
            ),
            (Act::Leave, node.alive && state.writer != Some(number)),
            (Act::Die, node.alive),
        ];
        let possible = acts.into_iter().filter(|(_, possible)| *possible);
        possible.map(|(act, _)| act).collect()
    }

    /// The changes that a renewal returns: whether there are any, or all timelines may be outdated.
    fn returned(&self, state: &State, number: usize) -> bool {
        let node = &state.nodes[number];
        let has_after = |from: u8| state.version > from.max(state.trimmed);
        if let Some(horizon) = node.horizon {
            return has_after(horizon);
        }
        let others = state.nodes.iter().enumerate();
        let rows = others.filter(|(other, _)| *other != number);
        let settled = rows.filter_map(|(_, other)| match (other.row?, self.broken) {
            (None, Broken::TrustsUnsettledMembers) => other.horizon,
            (settled, _) => settled,
        });
        match settled.max() {
            Some(_) if self.broken == Broken::JoinsWithoutLog => false,
            Some(settled) => has_after(settled) || settled < state.cut,
            None => true,
        }
    }

    fn renew(&self, state: &State, number: usize) -> State {
        let mut next = state.clone();
        let returned = self.returned(state, number);
        let node = &mut next.nodes[number];
        let settled = node.settled();
        node.applied = node.horizon.unwrap_or(0);
        node.row = Some(match self.broken {
            Broken::SettlesAtOnce => node.horizon,
            _ => settled,
        });
        if returned {
            node.invalidate(state.version);
        }
        (node.known, node.open) = (state.version, true);
        node.horizon = Some(state.version);
        let horizon = Horizon(state.version.to_string());
        node.settling.applied(node.last_number, horizon);
        next
    }

    fn act(&self, state: &State, number: usize, act: Act) -> State {
        if act == Act::Renew {
            return self.renew(state, number);
        }
        let mut next = state.clone();
        let State {
            version,
            writer,
            timeline,
            nodes,
            ..
        } = &mut next;
        let node = &mut nodes[number];
        match act {
            Act::Renew => {}
            Act::Join => {
                (node.alive, node.row) = (true, Some(None));
                (node.horizon, node.settling) = (None, Settling::default());
                (node.open, node.joins) = (false, node.joins + 1);
                node.applied = 0;
            }
            Act::Commit => {
                (*version, *writer) = (*version + 1, Some(number));
                node.invalidate(*version);
            }
            Act::Apply => node.invalidate(*version),
            Act::Drop => {
                *timeline = Timeline::Absent;
                node.dropped = node.mark.map(|mark| mark.newest);
            }
            Act::ConfirmDrop => {
                let call = node.dropped.take();
                let confirms =
                    |mark: &Mark| call == Some(mark.newest) || self.broken == Broken::ConfirmsNewer;
                node.mark = node.mark.filter(|mark| !confirms(mark));
            }
            Act::BeginBuild => {
                *timeline = Timeline::Building(number);
                node.build = Some(match self.broken {
                    Broken::BuildsFromCache => node.known,
                    _ => *version,
                });
            }
            Act::FinishBuild => {
                let circle = node.build.take();
                if *timeline == Timeline::Building(number) {
                    *timeline = circle.map_or(Timeline::Absent, Timeline::Ready);
                }
            }
            Act::Expire => node.open = false,
            Act::Revoke => node.row = None,
            Act::Leave => {
                node.end();
                node.row = None;
            }
            Act::Die => {
                node.end();
                *writer = writer.filter(|writer| *writer != number);
            }
        }
        next
    }

    /// The writer has applied its change, and every other process has, too, or has no lease.
    fn may_acknowledge(state: &State) -> bool {
        let Some(writer) = state.writer else {
            return false;
        };
        let nodes = state.nodes.iter().enumerate();
        let mut waited_for = nodes.filter(|(number, node)| node.open || *number == writer);
        waited_for.all(|(_, node)| node.known == state.version)
    }

    /// The log without the changes that every member has applied.
    fn cut(&self, state: &State) -> State {
        let members = state.nodes.iter().filter(|node| node.row.is_some());
        let applied = members.map(|node| node.applied).min();
        let to = match self.broken {
            Broken::CutsUnapplied => state.version,
            _ => applied.unwrap_or(0),
        };
        let trimmed = to.max(state.trimmed);
        let cut = match self.broken {
            Broken::CutsSilently => state.cut,
            _ if trimmed > state.trimmed => trimmed,
            _ => state.cut,
        };
        State {
            trimmed,
            cut,
            ..state.clone()
        }
    }

    fn trimmed(&self, state: &State) -> u8 {
        let members = state
            .nodes
            .iter()
            .filter_map(|node| Some((node.row?, node)));
        let kept_from = members.map(|(settled, node)| match self.broken {
            Broken::TrimsUnsettled => node.horizon.unwrap_or(0),
            _ => settled.unwrap_or(0),
        });
        kept_from.min().unwrap_or(state.version).max(state.trimmed)
    }
}

impl Model for Protocol {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            version: 0,
            acknowledged: 0,
            trimmed: 0,
            cut: 0,
            writer: None,
            timeline: Timeline::Absent,
            nodes: vec![Node::default(); self.bounds.nodes],
        }]
    }

    fn actions(&self, state: &State, steps: &mut Vec<Step>) {
        if Self::may_acknowledge(state) {
            steps.push(Step::Acknowledge);
        }
        steps.push(Step::Cut);
        for number in 0..self.bounds.nodes {
            let acts = self.acts(state, number).into_iter();
            steps.extend(acts.map(|act| Step::Of(number, act)));
        }
    }

    fn next_state(&self, state: &State, step: Step) -> Option<State> {
        let mut next = match step {
            Step::Acknowledge => State {
                acknowledged: state.version,
                writer: None,
                ..state.clone()
            },
            Step::Cut => self.cut(state),
            Step::Of(number, act) => self.act(state, number, act),
        };
        // Trimming and the expiry of builds happen at any time. The earliest time is the worst.
        next.trimmed = self.trimmed(&next);
        if let Timeline::Building(number) = next.timeline
            && !next.nodes[number].alive
        {
            next.timeline = Timeline::Absent;
        }
        next.nodes.iter_mut().for_each(Node::tidy);
        (next != *state).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(PROMISE, |protocol: &Self, state: &State| {
                let outdated =
                    matches!(state.timeline, Timeline::Ready(has) if has < state.acknowledged);
                let serves = |node: &Node| protocol.uses_timeline(node);
                !outdated || !state.nodes.iter().any(serves)
            }),
            Property::sometimes(
                "a process that joins uses a timeline of a dead one",
                |protocol: &Self, state: &State| {
                    let [first, .., last] = state.nodes.as_slice() else {
                        return false;
                    };
                    let kept = matches!(state.timeline, Timeline::Ready(_)) && last.known == 0;
                    kept && first.row.is_some() && !first.alive && protocol.uses_timeline(last)
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
fn no_interleaving_serves_a_timeline_that_an_acknowledged_change_outdated() {
    let checker = check(Broken::Nothing, TWO);
    checker.assert_properties();
}

#[test]
fn every_part_of_settling_is_needed() {
    for (broken, bounds) in [
        (Broken::JoinsWithoutLog, TWO),
        (Broken::SettlesAtOnce, TWO),
        (Broken::TrimsUnsettled, TWO),
        (Broken::CutsSilently, TWO),
        (Broken::CutsUnapplied, TWO),
        (Broken::BuildsFromCache, TWO),
        (Broken::ServesWithoutLease, TWO),
        (Broken::TrustsUnsettledMembers, THREE),
        (Broken::ConfirmsNewer, CHANGES),
    ] {
        let found = check(broken, bounds).discovery(PROMISE);
        assert!(found.is_some(), "{broken:?} changes nothing");
    }
}
