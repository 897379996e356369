//! A schedule that a seed determines.
//!
//! Every call of a wrapped store or engine takes two turns: one for its effect, and one for its answer, so that other
//! calls have their effect before the caller knows its own. One turn is taken at a time, and the seed chooses which of
//! the waiting ones is next, after every task has reached its next call. Some turns are delayed until others have had
//! many, because a race often needs one task that stalls. Between calls the service only computes, so the interleaving
//! of the tasks is a function of the seed. A failure prints the seed, and [`SEED`] replays it.
//!
//! This holds while no timer fires, no call is dropped before it returns, and no work outside the calls waits for another
//! thread, as the hashing of passwords does. A service starts with timers: see [`Turns::begin_after`].

use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::runtime::Builder;
use tokio::sync::{Notify, oneshot};
use tokio::task::yield_now;
use tokio::time::{interval, timeout};

use crate::hooked::{Hook, Refused};

/// The environment variable with the seed to replay.
pub const SEED: &str = "SOSIK_TEST_SEED";

/// The last turns of a schedule that a failure prints.
const PRINTED_MAX: usize = 40;

/// Turns of a schedule that are recorded. A longer schedule goes on without its first turns.
const RECORDED_MAX: usize = 10_000;

/// One turn in this many is delayed.
const DELAYED_ONE_IN: usize = 4;

/// A delayed turn waits for at most this many others: as long as a few requests take.
const DELAY_MAX: usize = 64;

/// How often all other tasks may run before the next call is chosen: more than the number of tasks that wake each other
/// between two calls.
const YIELDS: usize = 64;

/// A schedule that takes longer is stuck, for example because a call waits for another one. It takes milliseconds, and
/// some more on a busy machine.
const SCHEDULE_MAX: Duration = Duration::from_secs(120);

/// How often [`Turns::begin_after`] looks.
const LOOK_EVERY: Duration = Duration::from_millis(1);

/// Calls that wait for what other tasks do. If they held the turn, nothing would happen.
const WAITING: [&str; 3] = ["DeliveryQueue::take", "Peers::hear", "Peers::tell"];

/// One turn of a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// The call takes effect.
    Effect(&'static str),
    /// The caller gets the answer.
    Answer(&'static str),
}

/// Gives one turn at a time, in an order that the seed determines. Clones share the schedule.
#[derive(Clone, Default)]
pub struct Turns(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    seed: u64,
    random: SplitMix,
    waiting: Vec<Waiting>,
    /// The number of turns given.
    given: usize,
    /// A call has the turn.
    taken: bool,
    schedule: VecDeque<Turn>,
}

struct Waiting {
    turn: Turn,
    /// The turns that are given before it, if others wait.
    not_before: usize,
    give: oneshot::Sender<()>,
}

impl fmt::Display for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Effect(call) => write!(f, "{call}"),
            Self::Answer(call) => write!(f, "{call} answers"),
        }
    }
}

impl Turns {
    /// Runs a test with `seeds` schedules, or with the one whose seed [`SEED`] contains. Each run has a runtime with one
    /// thread, and wraps its store and engines with the given hook.
    ///
    /// # Panics
    /// When a run panics or does not end. The seed and the last calls are printed.
    pub fn explore<F: Future<Output = ()>>(seeds: u64, run: impl Fn(Self) -> F) {
        for seed in chosen().map_or(1..=seeds, |seed| seed..=seed) {
            let turns = Self::default();
            let ran = catch_unwind(AssertUnwindSafe(|| turns.play(seed, run(turns.clone()))));
            if let Err(panic) = ran {
                turns.print(seed);
                resume_unwind(panic);
            }
        }
    }

    /// Runs one schedule. Returns its turns.
    ///
    /// # Panics
    /// When the run does not end.
    pub fn play(&self, seed: u64, run: impl Future<Output = ()>) -> Vec<Turn> {
        self.begin(seed);
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime of one thread starts");
        runtime.block_on(async {
            let control = tokio::spawn(control(self.clone()));
            let ran = timeout(SCHEDULE_MAX, run).await;
            control.abort();
            assert!(ran.is_ok(), "the schedule is stuck");
        });
        self.0.state.lock().schedule.iter().copied().collect()
    }

    /// Begins the schedule anew when each of these calls was made and no call waits. Until then the schedule depends on
    /// the timers that fire when a service starts.
    pub async fn begin_after(&self, calls: &[&'static str]) {
        let mut looks = interval(LOOK_EVERY);
        loop {
            looks.tick().await;
            for _ in 0..YIELDS {
                yield_now().await;
            }
            if let Some(seed) = self.seed_after(calls) {
                return self.begin(seed);
            }
        }
    }

    /// The seed, if each of these calls was made and no call waits.
    fn seed_after(&self, calls: &[&'static str]) -> Option<u64> {
        let state = self.0.state.lock();
        let is_idle = !state.taken && state.waiting.is_empty();
        let answered = |call: &&'static str| state.schedule.contains(&Turn::Answer(call));
        (is_idle && calls.iter().all(answered)).then_some(state.seed)
    }

    fn begin(&self, seed: u64) {
        let mut state = self.0.state.lock();
        (state.seed, state.random) = (seed, SplitMix(seed));
        state.schedule.clear();
        state.given = 0;
    }

    #[expect(clippy::print_stderr, reason = "a failed test prints how to replay it")]
    fn print(&self, seed: u64) {
        let state = self.0.state.lock();
        let skipped = state.schedule.len().saturating_sub(PRINTED_MAX);
        eprintln!("the last turns:");
        for turn in state.schedule.iter().skip(skipped) {
            eprintln!("  {turn}");
        }
        eprintln!("replay this schedule with {SEED}={seed}");
    }

    /// Gives a waiting call the turn, unless a call has it. Returns whether it did.
    fn give_turn(&self) -> bool {
        let mut state = self.0.state.lock();
        if state.taken || state.waiting.is_empty() {
            return false;
        }
        let place = state.choose();
        let Waiting { turn, give, .. } = state.waiting.remove(place);
        state.given += 1;
        if state.schedule.len() == RECORDED_MAX {
            state.schedule.pop_front();
        }
        state.schedule.push_back(turn);
        // A caller that is gone leaves the turn to another one.
        state.taken = give.send(()).is_ok();
        true
    }

    async fn take(&self, turn: Turn) {
        let (give, given) = oneshot::channel();
        self.0.state.lock().add(turn, give);
        self.0.changed.notify_one();
        // Without a controller the run is over.
        let _given_or_over = given.await;
    }

    fn end_turn(&self) {
        self.0.state.lock().taken = false;
        self.0.changed.notify_one();
    }
}

impl State {
    fn add(&mut self, turn: Turn, give: oneshot::Sender<()>) {
        let delay = match self.random.below(DELAYED_ONE_IN) {
            0 => self.random.below(DELAY_MAX),
            _ => 0,
        };
        self.waiting.push(Waiting {
            turn,
            not_before: self.given + delay,
            give,
        });
    }

    /// The place of the next turn: one that is not delayed, or the one whose delay ends first.
    fn choose(&mut self) -> usize {
        let places = 0..self.waiting.len();
        let ready = |place: &usize| self.waiting[*place].not_before <= self.given;
        let ready: Vec<usize> = places.clone().filter(ready).collect();
        if ready.is_empty() {
            let first = places.min_by_key(|place| self.waiting[*place].not_before);
            return first.unwrap_or_default();
        }
        ready[self.random.below(ready.len())]
    }
}

/// The seed to replay.
///
/// # Panics
/// When it is not a number.
fn chosen() -> Option<u64> {
    let seed = std::env::var(SEED).ok()?;
    Some(seed.parse().expect("the seed is a number"))
}

/// Gives the turns until it is aborted.
async fn control(turns: Turns) {
    loop {
        let changed = turns.0.changed.notified();
        for _ in 0..YIELDS {
            yield_now().await;
        }
        if !turns.give_turn() {
            changed.await;
        }
    }
}

#[async_trait]
impl Hook for Turns {
    async fn before(&self, call: &'static str) -> Result<(), Refused> {
        self.take(Turn::Effect(call)).await;
        if WAITING.contains(&call) {
            self.end_turn();
        }
        Ok(())
    }

    async fn after(&self, call: &'static str) -> Result<(), Refused> {
        if !WAITING.contains(&call) {
            self.end_turn();
        }
        self.take(Turn::Answer(call)).await;
        self.end_turn();
        Ok(())
    }
}

/// The generator SplitMix64: every seed is a good one.
#[derive(Default)]
struct SplitMix(u64);

impl SplitMix {
    /// A random number below `end`, which is small.
    #[expect(clippy::cast_possible_truncation, reason = "only the remainder counts")]
    const fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) as usize % end
    }
}
