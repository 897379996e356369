//! A run: arrivals follow the clock, each in a task of its own.

use std::sync::Arc;
use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tokio::sync::Semaphore;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::act::Actor;
use super::arrivals::{Arrivals, Shape};
use super::live::{Marks, StreamContext, hold};
use super::mix::Mix;
use super::stats::{End, Report, StatsRecorder};
use crate::client::{Client, Stopwatch, micros};
use crate::people::Account;

/// How often the clock is checked. Arrivals of the same tick are sent together, but their latency counts from their own
/// moments.
const TICK: Duration = Duration::from_millis(1);

/// The options of a run.
#[derive(Debug, Clone)]
pub struct Options {
    /// The rate over time.
    pub shape: Shape,
    /// The duration.
    pub length: Duration,
    /// The actions.
    pub mix: Mix,
    /// Live streams that are kept open, at most one a person.
    pub streams: usize,
    /// Most requests in flight. An arrival beyond it is not sent, and is counted as failed.
    pub under_way_max: usize,
    /// Most requests in all. The run ends early when they are used up.
    pub requests_max: usize,
    /// The seed. The same seed makes the same arrivals, by the same people, in the same order.
    pub seed: u64,
    /// Distinguishes the stories of this run from others. It must never be used twice on one server.
    pub name: u64,
}

/// Sends requests on behalf of people, as the options specify. `progress` is called from time to time with the seconds
/// elapsed and the requests offered, served and shed. If `stop` is cancelled, the run ends early with the figures so
/// far.
pub async fn run(
    client: &Client,
    people: Vec<Account>,
    options: &Options,
    stop: &CancellationToken,
    progress: impl Fn(u64, (u64, u64, u64)),
) -> Report {
    let people: Vec<Arc<Actor>> = people
        .into_iter()
        .map(|one| Arc::new(Actor::new(one)))
        .collect();
    if people.is_empty() {
        return StatsRecorder::new().report(0.0, 0);
    }
    let run = Run {
        client: client.clone(),
        recorder: Arc::new(StatsRecorder::new()),
        marks: Arc::default(),
        watch: Stopwatch::started(),
        room: Arc::new(Semaphore::new(
            options.under_way_max.min(Semaphore::MAX_PERMITS),
        )),
        tasks: TaskTracker::new(),
    };
    let streams_end = CancellationToken::new();
    let watched = people.iter().take(options.streams);
    let streams = watched.len();
    for actor in watched {
        tokio::spawn(hold(Arc::clone(actor), run.watching(&streams_end)));
    }
    run.arrivals(&people, options, stop, progress).await;
    let seconds = run.watch.micros().min(micros(options.length));
    // Bounded: each request has a time-out.
    run.tasks.close();
    run.tasks.wait().await;
    streams_end.cancel();
    #[expect(clippy::cast_precision_loss, reason = "microseconds of a run")]
    let seconds = seconds as f64 / 1e6;
    run.recorder.report(seconds, streams)
}

struct Run {
    client: Client,
    recorder: Arc<StatsRecorder>,
    marks: Arc<Marks>,
    watch: Stopwatch,
    room: Arc<Semaphore>,
    tasks: TaskTracker,
}

impl Run {
    fn watching(&self, ends: &CancellationToken) -> StreamContext {
        StreamContext {
            client: self.client.clone(),
            recorder: Arc::clone(&self.recorder),
            marks: Arc::clone(&self.marks),
            watch: self.watch,
            ends: ends.clone(),
        }
    }

    async fn arrivals(
        &self,
        people: &[Arc<Actor>],
        options: &Options,
        stop: &CancellationToken,
        progress: impl Fn(u64, (u64, u64, u64)),
    ) {
        let arrivals = Arrivals::new(options.shape, options.length, options.seed);
        let mut arrivals = arrivals
            .map(micros)
            .take(options.requests_max)
            .enumerate()
            .peekable();
        let mut chance = ChaCha8Rng::seed_from_u64(options.seed ^ 0x6c6f_6164);
        let mut tick = interval(TICK);
        // All missed arrivals are due now. Catching up tick by tick would only waste CPU time.
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut second = 0;
        while arrivals.peek().is_some() && !stop.is_cancelled() {
            tick.tick().await;
            let now = self.watch.micros();
            while let Some((number, intended)) = arrivals.next_if(|(_, at)| *at <= now) {
                let actor = &people[chance.random_range(0..people.len())];
                self.begin(actor, number, intended, options, &mut chance);
            }
            if now / 1_000_000 > second {
                second = now / 1_000_000;
                progress(second, self.recorder.so_far());
            }
        }
    }

    fn begin(
        &self,
        actor: &Arc<Actor>,
        number: usize,
        intended: u64,
        options: &Options,
        chance: &mut ChaCha8Rng,
    ) {
        let mark = format!("load-{:x}-{number}", options.name);
        let request = actor.request(options.mix.choose(chance), &mark, chance);
        let Ok(room) = Arc::clone(&self.room).try_acquire_owned() else {
            self.recorder
                .note(request.action, intended, 0, End::NotSent, 0);
            return;
        };
        let (client, recorder, watch) =
            (self.client.clone(), Arc::clone(&self.recorder), self.watch);
        let (marks, actor) = (Arc::clone(&self.marks), Arc::clone(actor));
        self.tasks.spawn(async move {
            if request.action == super::Action::Post {
                marks.sent(&mark, watch.micros(), actor.account.readers);
            }
            let answer = actor.send(&client, &request).await;
            let latency = watch.micros().saturating_sub(intended);
            let (end, bytes) = match &answer {
                Ok(answer) if answer.is_served() => (End::Served, answer.body.len()),
                Ok(answer) if matches!(answer.status, 429 | 503) => (End::Shed, answer.body.len()),
                Ok(answer) => (End::Failed, answer.body.len()),
                Err(_no_answer) => (End::Failed, 0),
            };
            recorder.note(request.action, intended, latency, end, bytes as u64);
            drop(room);
        });
    }
}
