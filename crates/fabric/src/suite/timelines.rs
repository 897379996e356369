//! The behaviour of every engine of [`Timelines`]. Opens an engine that keeps [`KEEP`] ids.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sosik_feed::pulled::LogPosition;
use sosik_feed::timeline::{Delivered, LATE_MAX, Mark, MarkExpired, Timeline};
use sosik_feed::{PersonId, StoryId};

use super::unique;
use crate::timelines::{Arrived, Below, Delivery, Rebuild, Since, Timelines, View};

/// Ids that every engine under test keeps in a timeline.
pub const KEEP: usize = 100;

/// A claim that does not expire while a behaviour runs.
const HOLD: Duration = Duration::from_secs(600);

const LOG_FROM: LogPosition = LogPosition::new(7, 3);

type Engine = Arc<dyn Timelines>;

/// Readers and stories of one behaviour. The stories have small numbers.
struct World {
    engine: Engine,
    base: u64,
    incarnations: AtomicU64,
}

impl World {
    fn new(engine: Engine) -> Self {
        let base = unique();
        Self {
            engine,
            base,
            incarnations: AtomicU64::new(base),
        }
    }

    fn reader(&self, number: u64) -> PersonId {
        PersonId::from_u64(self.base + number)
    }

    fn claim(&self, reader: u64) -> Rebuild {
        Rebuild {
            reader: self.reader(reader),
            incarnation: self.incarnations.fetch_add(1, Ordering::Relaxed),
        }
    }

    async fn begin(&self, rebuild: Rebuild) -> bool {
        let begun = self.engine.begin_rebuild(rebuild, LOG_FROM, HOLD).await;
        begun.unwrap()
    }

    async fn finish(&self, rebuild: Rebuild, ids: &[u64]) -> bool {
        let finished = self.engine.finish_rebuild(rebuild, stories(ids), story(0));
        finished.await.unwrap()
    }

    async fn built(&self, reader: u64, ids: &[u64]) -> Rebuild {
        let rebuild = self.claim(reader);
        assert!(self.begin(rebuild).await, "nobody else builds it");
        assert!(self.finish(rebuild, ids).await);
        rebuild
    }

    async fn deliver(&self, number: u64, readers: &[u64]) -> usize {
        let readers = readers.iter().map(|reader| self.reader(*reader)).collect();
        let story = story(number);
        let delivery = Delivery { story, readers };
        self.engine.deliver(&[delivery]).await.unwrap()
    }

    async fn view(&self, reader: u64) -> Option<View> {
        let below = Below {
            before: None,
            count: 10 * KEEP,
        };
        self.engine.view(self.reader(reader), below).await.unwrap()
    }

    async fn ids(&self, reader: u64) -> Option<Vec<u64>> {
        let view = self.view(reader).await?;
        Some(view.slice.ids.iter().map(|id| id.as_u64()).collect())
    }

    async fn newer(
        &self,
        reader: u64,
        incarnation: u64,
        mark: Mark,
        others: &[StoryId],
    ) -> Option<Result<Arrived, MarkExpired>> {
        let since = Since {
            incarnation,
            mark,
            count: 10,
            others,
        };
        self.engine.newer(self.reader(reader), since).await.unwrap()
    }

    async fn drop_timeline(&self, reader: u64) {
        let dropped = self.engine.drop_timeline(self.reader(reader)).await;
        dropped.unwrap();
    }
}

fn story(number: u64) -> StoryId {
    StoryId::from_u64(number)
}

fn stories(numbers: &[u64]) -> Vec<StoryId> {
    numbers.iter().copied().map(StoryId::from_u64).collect()
}

pub async fn a_dormant_reader_gets_nothing_and_a_present_one_each_story_once(engine: Engine) {
    let world = World::new(engine);
    assert_eq!(world.deliver(5, &[1]).await, 0);
    assert_eq!(world.ids(1).await, None);
    world.built(1, &[3]).await;
    assert_eq!(world.deliver(5, &[1, 2]).await, 1);
    assert_eq!(world.deliver(5, &[1]).await, 0, "again changes nothing");
    assert_eq!(world.ids(1).await, Some(vec![5, 3]));
}

pub async fn what_is_delivered_while_a_timeline_is_built_is_in_it(engine: Engine) {
    let world = World::new(engine);
    let rebuild = world.claim(1);
    assert!(world.begin(rebuild).await);
    assert!(!world.begin(world.claim(1)).await, "one at a time");
    world.deliver(9, &[1]).await;
    assert_eq!(world.ids(1).await, None, "not ready yet");
    assert!(world.finish(rebuild, &[4, 2]).await);
    assert_eq!(world.ids(1).await, Some(vec![9, 4, 2]));
    assert!(!world.begin(world.claim(1)).await, "there is a timeline");
}

pub async fn a_build_counts_a_repeated_delivery_once(engine: Engine) {
    let world = World::new(engine);
    let rebuild = world.claim(1);
    assert!(world.begin(rebuild).await);
    let counts = [9, 4, 9, 4, 6].map(|number| world.deliver(number, &[1]));
    let mut inserted = vec![];
    for count in counts {
        inserted.push(count.await);
    }
    assert_eq!(inserted, [1, 1, 0, 0, 1]);
    assert!(world.finish(rebuild, &[6, 5]).await);
    assert_eq!(world.ids(1).await, Some(vec![9, 6, 5, 4]));
}

pub async fn arrivals_and_ids_of_the_store_become_one_timeline_of_the_newest(engine: Engine) {
    let world = World::new(engine);
    let rebuild = world.claim(1);
    assert!(world.begin(rebuild).await);
    let keep = KEEP as u64;
    // The store has the even numbers, from 40 upwards.
    let of_store: Vec<u64> = (20..20 + keep).map(|number| 2 * number).collect();
    for number in [39, 41, 40, 45, 2 * keep + 99] {
        assert_eq!(world.deliver(number, &[1]).await, 1);
    }
    let finished = world
        .engine
        .finish_rebuild(rebuild, stories(&of_store), story(40));
    assert!(finished.await.unwrap());
    let mut model = Timeline::new(stories(&of_store), story(40), KEEP);
    let arrived = stories(&[41, 45, 2 * keep + 99]);
    let all = model.ids().iter().chain(&arrived).copied().collect();
    model = Timeline::new(all, story(40), KEEP);
    let view = world.view(1).await.unwrap();
    assert_eq!(view.slice, model.below(None, 10 * KEEP));
    assert_eq!((view.floor, view.mark), (model.floor(), model.mark()));
    assert_eq!(view.mark.late, 0, "arrivals during the build are not late");
}

pub async fn a_timeline_dropped_while_it_is_built_does_not_come_back(engine: Engine) {
    let world = World::new(engine);
    let first = world.claim(1);
    assert!(world.begin(first).await);
    world.drop_timeline(1).await;
    assert!(!world.finish(first, &[4]).await);
    assert_eq!(world.ids(1).await, None);
    let second = world.claim(1);
    assert!(world.begin(second).await);
    assert!(!world.finish(first, &[4]).await, "it is out of date");
    world.engine.discard(first).await.unwrap();
    assert!(world.finish(second, &[4, 5]).await);
}

pub async fn discarding_spares_another_incarnation(engine: Engine) {
    let world = World::new(engine);
    let ready = world.built(1, &[4]).await;
    world.engine.discard(world.claim(1)).await.unwrap();
    assert_eq!(world.ids(1).await, Some(vec![4]));
    world.engine.discard(ready).await.unwrap();
    assert_eq!(world.ids(1).await, None);
    let building = world.claim(1);
    assert!(world.begin(building).await);
    world.engine.discard(building).await.unwrap();
    world.built(1, &[5]).await;
}

pub async fn an_expired_build_is_taken_over_and_its_owner_cannot_finish(engine: Engine) {
    let world = World::new(engine);
    let dead = world.claim(1);
    let begun = world
        .engine
        .begin_rebuild(dead, LOG_FROM, Duration::from_millis(1));
    assert!(begun.await.unwrap());
    let successor = world.claim(1);
    while !world.begin(successor).await {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(!world.finish(dead, &[1]).await);
    assert!(world.finish(successor, &[2]).await);
    assert_eq!(world.ids(1).await, Some(vec![2]));
}

pub async fn a_view_has_the_position_of_the_log_that_its_builder_gave(engine: Engine) {
    let world = World::new(engine);
    let rebuild = world.built(1, &[4]).await;
    world.deliver(7, &[1]).await;
    let view = world.view(1).await.unwrap();
    assert_eq!(view.log_from, LOG_FROM);
    assert_eq!(view.incarnation, rebuild.incarnation);
    let arrived = world.newer(1, view.incarnation, view.mark, &[]).await;
    assert_eq!(arrived.unwrap().unwrap().log_from, LOG_FROM);
}

pub async fn newer_is_told_by_the_same_timeline_only(engine: Engine) {
    let world = World::new(engine);
    world.built(1, &[5]).await;
    let view = world.view(1).await.unwrap();
    world.deliver(4, &[1]).await;
    world.deliver(9, &[1]).await;
    let arrived = world.newer(1, view.incarnation, view.mark, &[]).await;
    let newer = arrived.unwrap().unwrap().newer;
    assert_eq!(newer.ids, stories(&[9, 4]), "the late one too");
    world.drop_timeline(1).await;
    let dropped = world.newer(1, view.incarnation, view.mark, &[]).await;
    assert_eq!(dropped, None);
    world.built(1, &[9, 5, 4]).await;
    let rebuilt = world.newer(1, view.incarnation, view.mark, &[]).await;
    assert_eq!(rebuilt, Some(Err(MarkExpired)));
}

pub async fn an_old_mark_is_valid_while_the_timeline_reaches_back_to_it(engine: Engine) {
    let world = World::new(engine);
    world.built(1, &[5, 3]).await;
    let mut model = Timeline::new(stories(&[5, 3]), story(0), KEEP);
    let view = world.view(1).await.unwrap();
    let keep = KEEP as u64;
    for number in (10..10 + 2 * keep).chain([4]) {
        world.deliver(number, &[1]).await;
        model.deliver(story(number), KEEP);
        let others = stories(&[3, 4, 6]);
        let newer = world.newer(1, view.incarnation, view.mark, &others).await;
        let newer = newer.unwrap();
        assert_eq!(
            newer.clone().map(|arrived| arrived.newer),
            model.newer(view.mark, 10),
            "after {number}"
        );
        if let Ok(arrived) = newer {
            let held: Vec<bool> = others.iter().map(|id| model.contains(*id)).collect();
            assert_eq!(arrived.held, held, "after {number}");
        }
    }
    assert!(
        model.newer(view.mark, 10).is_err(),
        "the floor has passed it"
    );
}

pub async fn a_mark_expires_when_more_late_stories_arrived_than_are_recorded(engine: Engine) {
    let world = World::new(engine);
    world.built(1, &[1_000]).await;
    let view = world.view(1).await.unwrap();
    let most = LATE_MAX as u64;
    for number in 1..=most {
        assert_eq!(world.deliver(number, &[1]).await, 1);
    }
    let first = world.newer(1, view.incarnation, view.mark, &[]).await;
    let newer = first.unwrap().unwrap().newer;
    let earliest: Vec<u64> = (1..=10).rev().collect();
    assert_eq!((newer.ids, newer.more), (stories(&earliest), true));
    world.deliver(most + 1, &[1]).await;
    let expired = world.newer(1, view.incarnation, view.mark, &[]).await;
    assert_eq!(expired, Some(Err(MarkExpired)));
    let rest = world.newer(1, view.incarnation, newer.mark, &[]).await;
    let next: Vec<u64> = (11..=20).rev().collect();
    assert_eq!(rest.unwrap().unwrap().newer.ids, stories(&next));
}

pub async fn an_empty_timeline_has_a_floor(engine: Engine) {
    let world = World::new(engine);
    let rebuild = world.claim(1);
    assert!(world.begin(rebuild).await);
    let finished = world.engine.finish_rebuild(rebuild, vec![], story(50));
    assert!(finished.await.unwrap());
    let view = world.view(1).await.unwrap();
    assert_eq!((view.slice.ids, view.floor), (vec![], story(50)));
    assert_eq!(view.mark, Mark::default());
    assert_eq!(world.deliver(49, &[1]).await, 0, "the store has it");
    assert_eq!(world.deliver(48, &[1]).await, 0);
    assert_eq!(world.deliver(50, &[1]).await, 1);
    assert_eq!(world.ids(1).await, Some(vec![50]));
}

pub async fn pages_follow_each_other_down_to_the_floor(engine: Engine) {
    let world = World::new(engine);
    let ids: Vec<u64> = (1..=KEEP as u64).collect();
    world.built(1, &ids).await;
    let mut read = vec![];
    let mut below = Below {
        before: None,
        count: 30,
    };
    loop {
        let view = world.engine.view(world.reader(1), below).await.unwrap();
        let slice = view.unwrap().slice;
        read.extend(slice.ids.iter().map(|id| id.as_u64()));
        if !slice.more {
            break;
        }
        below.before = slice.ids.last().copied();
    }
    assert!(read.into_iter().eq(ids.into_iter().rev()));
}

pub async fn a_timeline_tells_which_other_stories_it_holds(engine: Engine) {
    let world = World::new(engine);
    world.built(1, &[5, 3]).await;
    let view = world.view(1).await.unwrap();
    world.deliver(4, &[1]).await;
    let others = stories(&[3, 4, 6]);
    let arrived = world.newer(1, view.incarnation, view.mark, &others).await;
    assert_eq!(arrived.unwrap().unwrap().held, [true, true, false]);
}

pub async fn many_deliveries_at_once_do_what_they_do_one_after_the_other(engine: Engine) {
    let world = World::new(engine);
    // The first 120 readers get them at once, the others one by one. 120 can be divided by 1 to 5.
    for reader in 0..240 {
        world.built(reader, &[50]).await;
    }
    let to = |first: u64, number: u64| {
        let readers = (first..first + 120).filter(|reader| reader % (number % 5 + 1) == 0);
        let readers = readers.map(|reader| world.reader(reader)).collect();
        let story = story(20 + number * 7 % 50);
        Delivery { story, readers }
    };
    let at_once: Vec<Delivery> = (1..60).map(|number| to(0, number)).collect();
    let mut one_by_one: Vec<Delivery> = (1..60).map(|number| to(120, number)).collect();
    one_by_one.sort_by_key(|delivery| delivery.story);
    let mut taken = 0;
    for delivery in one_by_one {
        taken += world.engine.deliver(&[delivery]).await.unwrap();
    }
    assert_eq!(world.engine.deliver(&at_once).await.unwrap(), taken);
    assert!(taken > 0);
    assert_eq!(world.engine.deliver(&[]).await.unwrap(), 0);
    for reader in 0..120 {
        assert_eq!(world.ids(reader).await, world.ids(reader + 120).await);
    }
}

pub async fn a_rebuild_overtaken_by_more_stories_than_a_timeline_has_starts_again(engine: Engine) {
    let world = World::new(engine);
    let rebuild = world.claim(1);
    assert!(world.begin(rebuild).await);
    for number in 1..=KEEP as u64 {
        assert_eq!(world.deliver(number, &[1]).await, 1);
    }
    assert_eq!(world.deliver(KEEP as u64 + 1, &[1]).await, 0);
    assert!(!world.finish(rebuild, &[]).await);
    world.built(1, &[]).await;
}

pub async fn random_deliveries_do_what_the_domain_says(engine: Engine) {
    let world = World::new(engine);
    let mut random = Random(world.base | 1);
    let mut models = BTreeMap::new();
    for reader in 0..5 {
        world.built(reader, &[40, 20]).await;
        models.insert(reader, Timeline::new(stories(&[40, 20]), story(0), KEEP));
    }
    for _ in 0..2_000 {
        let (reader, number) = (random.below(5), 1 + random.below(1_000));
        let model = models.get_mut(&reader).unwrap();
        let mark = model.mark();
        let added = model.deliver(story(number), KEEP) == Delivered::Added;
        let context = format!("seed {}, story {number} to {reader}", world.base | 1);
        assert_eq!(
            world.deliver(number, &[reader]).await,
            usize::from(added),
            "{context}"
        );
        let view = world.view(reader).await.unwrap();
        assert_eq!(view.slice, model.below(None, 10 * KEEP), "{context}");
        assert_eq!(view.floor, model.floor(), "{context}");
        let newer = world.newer(reader, view.incarnation, mark, &[]).await;
        let newer = newer.unwrap().map(|arrived| arrived.newer);
        assert_eq!(newer, model.newer(mark, 10), "{context}");
    }
}

/// The generator `xorshift64`: a failure prints its seed.
struct Random(u64);

impl Random {
    const fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}
