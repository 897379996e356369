//! The behaviour of every engine of [`LargeAuthorLog`].

use std::sync::Arc;

use sosik_feed::pulled::{LogEntry, Pulled};
use sosik_feed::{Audience, Circle, PersonId, StoryId};

use super::unique;
use crate::large_author_log::LargeAuthorLog;

type Log = Arc<dyn LargeAuthorLog>;

/// Large authors of one behaviour, and a reader who follows the first and is a friend of the second.
struct World {
    log: Log,
    base: u64,
}

impl World {
    fn new(log: Log) -> Self {
        let base = unique();
        Self { log, base }
    }

    fn person(&self, number: u64) -> PersonId {
        PersonId::from_u64(self.base + number)
    }

    fn story(&self, number: u64) -> StoryId {
        StoryId::from_u64(self.base + number)
    }

    async fn append(&self, story: u64, author: u64, audience: Audience) {
        let entry = LogEntry {
            story: self.story(story),
            author: self.person(author),
            audience,
        };
        self.log.append(entry).await.unwrap();
    }

    fn extract(&self) -> Pulled {
        let (friends, follows) = (vec![self.person(2)], vec![self.person(1)]);
        let circle = Circle::new(friends, follows, vec![], vec![]);
        let reader = self.person(9);
        self.log.tail().build(reader, &circle, 800)
    }

    /// The numbers of the stories of the extract, newest first.
    fn extracted(&self) -> Vec<u64> {
        let ids = self.extract().below(None, 800).ids;
        ids.iter().map(|id| id.as_u64() - self.base).collect()
    }

    /// The numbers of the stories of the extract, in the order of the log.
    fn in_order_of_arrival(&self) -> Vec<u64> {
        let extract = self.extract();
        let later = extract.after(extract.from()).unwrap();
        later
            .iter()
            .map(|(_, id)| id.as_u64() - self.base)
            .collect()
    }
}

pub async fn entries_are_in_the_order_in_which_they_were_appended(log: Log) {
    let world = World::new(log);
    for story in [5, 3, 8, 1] {
        world.append(story, 1, Audience::Public).await;
    }
    world.log.catch_up().await.unwrap();
    assert_eq!(world.in_order_of_arrival(), [5, 3, 8, 1]);
    assert_eq!(world.extracted(), [8, 5, 3, 1]);
}

pub async fn after_catching_up_the_tail_has_what_was_appended_before(log: Log) {
    let world = World::new(log);
    for story in 1..=50 {
        world.append(story, 1, Audience::Public).await;
        world.log.catch_up().await.unwrap();
        assert_eq!(world.extracted().first(), Some(&story));
    }
}

pub async fn a_position_taken_before_covers_what_is_appended_after_it(log: Log) {
    let world = World::new(log);
    world.append(1, 1, Audience::Public).await;
    world.log.catch_up().await.unwrap();
    let position = world.log.tail().end();
    world.append(2, 1, Audience::Public).await;
    world.log.catch_up().await.unwrap();
    let tail = world.log.tail();
    assert!(tail.covers(position) && tail.end().is_at_least(position));
    let later = world.extract().after(position).unwrap();
    let stories: Vec<_> = later.iter().map(|(_, story)| *story).collect();
    assert_eq!(stories, [world.story(2)]);
}

pub async fn a_story_whose_audience_widens_has_two_entries(log: Log) {
    let world = World::new(log);
    world.append(1, 1, Audience::Friends).await;
    world.append(2, 2, Audience::Friends).await;
    world.log.catch_up().await.unwrap();
    assert_eq!(world.extracted(), [2], "a follower takes public stories");
    let seen = world.log.tail().end();
    world.append(1, 1, Audience::Public).await;
    world.append(2, 2, Audience::Public).await;
    world.log.catch_up().await.unwrap();
    assert_eq!(world.extracted(), [2, 1]);
    let later = world.extract().after(seen).unwrap();
    let stories: Vec<_> = later.iter().map(|(_, story)| *story).collect();
    assert_eq!(stories, [world.story(1)], "the friend had the other one");
}

pub async fn who_waits_for_the_log_to_grow_is_woken(log: Log) {
    let world = World::new(log);
    let past = world.log.tail().end();
    let tail = Arc::clone(world.log.tail());
    let waiter = tokio::spawn(async move { tail.grown(past).await });
    world.append(1, 1, Audience::Public).await;
    assert_ne!(waiter.await.unwrap(), past);
}
