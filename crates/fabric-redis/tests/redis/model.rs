//! Random calls have the same results as on the engine of a single process.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use sosik_fabric::Timelines;
use sosik_fabric::memory::{MemoryOptions, MemoryTimelines};
use sosik_fabric::suite::unique;
use sosik_fabric::timelines::{Below, Delivery, Rebuild, Since};
use sosik_fabric_redis::RedisOptions;
use sosik_feed::pulled::LogPosition;
use sosik_feed::timeline::Mark;
use sosik_feed::{PersonId, StoryId};
use sosik_servers::Redis;

use crate::common::{self, PATIENCE};

/// Few, so that timelines are trimmed and builds overtaken often.
const KEEP: usize = 8;

const READERS: usize = 3;

const STORIES: u64 = 60;

const CASES: u32 = 60;

#[derive(Debug, Clone)]
enum Call {
    /// Stories, each to some of the readers.
    Deliver(Vec<(u64, Vec<u64>)>),
    /// Also notes the mark of the timeline.
    View(u64, Option<u64>, usize),
    /// From a noted mark, by its place from the end of the notes.
    Newer(u64, usize, usize, Vec<u64>),
    Begin(u64),
    /// With the last begun incarnation, or the one before.
    Finish(u64, bool, Vec<u64>, u64),
    Discard(u64, bool),
    Drop(u64),
}

fn call() -> impl Strategy<Value = Call> {
    let reader = || 0..READERS as u64;
    let story = || 1..=STORIES;
    let readers = || prop::collection::vec(reader(), 1..=4);
    let delivery = (story(), readers());
    let ids = || prop::collection::vec(story(), 0..=2 * KEEP);
    prop_oneof![
        8 => prop::collection::vec(delivery, 1..=6).prop_map(Call::Deliver),
        4 => (reader(), prop::option::of(story()), 0..=2 * KEEP)
            .prop_map(|(reader, before, count)| Call::View(reader, before, count)),
        4 => (reader(), 0..10_usize, 1..=KEEP, prop::collection::vec(story(), 0..=3))
            .prop_map(|(reader, back, count, others)| Call::Newer(reader, back, count, others)),
        2 => reader().prop_map(Call::Begin),
        2 => (reader(), prop::bool::weighted(0.9), ids(), 0..=STORIES / 2)
            .prop_map(|(reader, last, ids, floor)| Call::Finish(reader, last, ids, floor)),
        1 => (reader(), any::<bool>()).prop_map(|(reader, last)| Call::Discard(reader, last)),
        1 => reader().prop_map(Call::Drop),
    ]
}

/// One engine, and what a client of it remembers.
struct Player {
    engine: Arc<dyn Timelines>,
    base: u64,
    /// The last two incarnations of each reader.
    begun: [[u64; 2]; READERS],
    marks: Vec<(u64, u64, Mark)>,
    next: u64,
}

impl Player {
    fn new(engine: Arc<dyn Timelines>, base: u64) -> Self {
        Self {
            engine,
            base,
            begun: [[1, 1]; READERS],
            marks: vec![],
            next: 2,
        }
    }

    fn reader(&self, number: u64) -> PersonId {
        PersonId::from_u64(self.base + number)
    }

    fn rebuild(&self, reader: u64, last: bool) -> Rebuild {
        Rebuild {
            reader: self.reader(reader),
            incarnation: self.begun[usize::try_from(reader).unwrap()][usize::from(last)],
        }
    }

    /// Makes the call. The text is equal for engines that behave equally.
    async fn play(&mut self, call: &Call) -> String {
        let engine = Arc::clone(&self.engine);
        match call {
            Call::Deliver(deliveries) => {
                let delivery = |(story, readers): &(u64, Vec<u64>)| Delivery {
                    story: StoryId::from_u64(*story),
                    readers: readers.iter().map(|reader| self.reader(*reader)).collect(),
                };
                let deliveries: Vec<_> = deliveries.iter().map(delivery).collect();
                format!("{:?}", engine.deliver(&deliveries).await.unwrap())
            }
            Call::View(reader, before, count) => self.view(*reader, *before, *count).await,
            Call::Newer(reader, back, count, others) => {
                let others = ids(others);
                let Some((_, incarnation, mark)) = self.marks.iter().rev().nth(*back).copied()
                else {
                    return String::new();
                };
                let since = Since {
                    incarnation,
                    mark,
                    count: *count,
                    others: &others,
                };
                format!(
                    "{:?}",
                    engine.newer(self.reader(*reader), since).await.unwrap()
                )
            }
            Call::Begin(reader) => {
                let [_, last] = self.begun[usize::try_from(*reader).unwrap()];
                self.begun[usize::try_from(*reader).unwrap()] = [last, self.next];
                self.next += 1;
                let rebuild = self.rebuild(*reader, true);
                let log_from = LogPosition::new(3, rebuild.incarnation);
                let begun = engine.begin_rebuild(rebuild, log_from, PATIENCE);
                format!("{:?}", begun.await.unwrap())
            }
            Call::Finish(reader, last, of_store, floor) => {
                let rebuild = self.rebuild(*reader, *last);
                let floor = StoryId::from_u64(*floor);
                let finished = engine.finish_rebuild(rebuild, ids(of_store), floor);
                format!("{:?}", finished.await.unwrap())
            }
            Call::Discard(reader, last) => {
                let rebuild = self.rebuild(*reader, *last);
                format!("{:?}", engine.discard(rebuild).await.unwrap())
            }
            Call::Drop(reader) => {
                format!(
                    "{:?}",
                    engine.drop_timeline(self.reader(*reader)).await.unwrap()
                )
            }
        }
    }

    async fn view(&mut self, reader: u64, before: Option<u64>, count: usize) -> String {
        let below = Below {
            before: before.map(StoryId::from_u64),
            count,
        };
        let view = self.engine.view(self.reader(reader), below).await.unwrap();
        if let Some(view) = &view {
            self.marks.push((reader, view.incarnation, view.mark));
        }
        format!("{view:?}")
    }
}

fn ids(numbers: &[u64]) -> Vec<StoryId> {
    numbers.iter().copied().map(StoryId::from_u64).collect()
}

#[test]
fn random_calls_have_the_same_results_as_in_memory() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = Redis::start(&["--maxmemory", "64mb"]).unwrap();
    let options = RedisOptions {
        timeline_stories: KEEP,
        ..common::options(server.url())
    };
    let fabric = runtime.block_on(common::open(options));
    let calls = prop::collection::vec(call(), 1..300);
    let mut runner = TestRunner::new(Config {
        cases: CASES,
        failure_persistence: None,
        ..Config::default()
    });
    let outcome = runner.run(&calls, |calls| {
        let memory = MemoryTimelines::new(MemoryOptions {
            timeline_stories: KEEP,
            ..MemoryOptions::default()
        });
        let base = unique();
        let mut one = Player::new(Arc::new(memory), base);
        let mut other = Player::new(Arc::new(fabric.timelines()), base);
        runtime.block_on(async {
            for call in &calls {
                let (expected, got) = (one.play(call).await, other.play(call).await);
                prop_assert_eq!(expected, got, "{:?}", call);
            }
            Ok(())
        })
    });
    outcome.unwrap();
}
