//! A run: arrivals by the clock, each in a task of its own.

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
use super::figures::{End, Figures, Report};
use super::live::{Marks, Watching, hold};
use super::mix::Mix;
use crate::client::{Client, Stopwatch, micros};
use crate::people::Somebody;

/// How often the clock is looked at. Arrivals of the same tick are sent together; their latency counts from their own
/// moments all the same.
const TICK: Duration = Duration::from_millis(1);

/// What to do.
#[derive(Debug, Clone)]
pub struct Options {
    /// How often.
    pub shape: Shape,
    /// How long.
    pub length: Duration,
    /// What.
    pub mix: Mix,
    /// Live streams held open meanwhile, one a person.
    pub streams: usize,
    /// Requests under way at most. An arrival beyond it is not sent, and counted as failed.
    pub under_way_max: usize,
    /// Requests in all at most; the run ends earlier when they are used up.
    pub requests_max: usize,
    /// The same seed makes the same arrivals, by the same people, in the same order.
    pub seed: u64,
    /// Tells the stories of this run from those of others; never the same twice on one server.
    pub name: u64,
}

/// Asks as the options say, on behalf of people. `progress` is told now and then: seconds gone, requests offered, served
/// and shed. When `stop` is cancelled the run ends early, with what there is.
pub async fn run(
    client: &Client,
    people: Vec<Somebody>,
    options: &Options,
    stop: &CancellationToken,
    progress: impl Fn(u64, (u64, u64, u64)),
) -> Report {
    let people: Vec<Arc<Actor>> = people
        .into_iter()
        .map(|one| Arc::new(Actor::new(one)))
        .collect();
    if people.is_empty() {
        return Figures::new().report(0.0, 0);
    }
    let run = Run {
        client: client.clone(),
        figures: Arc::new(Figures::new()),
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
    // Bounded: each request is given up after a while.
    run.tasks.close();
    run.tasks.wait().await;
    streams_end.cancel();
    #[expect(clippy::cast_precision_loss, reason = "microseconds of a run")]
    let seconds = seconds as f64 / 1e6;
    run.figures.report(seconds, streams)
}

struct Run {
    client: Client,
    figures: Arc<Figures>,
    marks: Arc<Marks>,
    watch: Stopwatch,
    room: Arc<Semaphore>,
    tasks: TaskTracker,
}

impl Run {
    fn watching(&self, ends: &CancellationToken) -> Watching {
        Watching {
            client: self.client.clone(),
            figures: Arc::clone(&self.figures),
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
        // What was missed is due now: catching up tick by tick would only burn time.
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
                progress(second, self.figures.so_far());
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
            self.figures
                .note(request.action, intended, 0, End::NotSent, 0);
            return;
        };
        let (client, figures, watch) = (self.client.clone(), Arc::clone(&self.figures), self.watch);
        let (marks, actor) = (Arc::clone(&self.marks), Arc::clone(actor));
        self.tasks.spawn(async move {
            if request.action == super::Action::Post {
                marks.sent(&mark, watch.micros(), actor.somebody.readers);
            }
            let answer = actor.send(&client, &request).await;
            let latency = watch.micros().saturating_sub(intended);
            let (end, bytes) = match &answer {
                Ok(answer) if answer.is_served() => (End::Served, answer.body.len()),
                Ok(answer) if matches!(answer.status, 429 | 503) => (End::Shed, answer.body.len()),
                Ok(answer) => (End::Failed, answer.body.len()),
                Err(_no_answer) => (End::Failed, 0),
            };
            figures.note(request.action, intended, latency, end, bytes as u64);
            drop(room);
        });
    }
}
