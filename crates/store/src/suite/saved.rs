//! Saved stories.

use sosik_feed::{PersonId, StoryId};

use super::world::World;
use crate::{Position, SaveOutcome, SavedStory};

/// More than any behaviour saves.
const MANY: u32 = 100;

async fn saves(world: &World, person: PersonId, story: StoryId) -> SaveOutcome {
    world
        .save_story(person, story, MANY, world.now())
        .await
        .unwrap()
}

async fn saved(world: &World, person: PersonId) -> Vec<StoryId> {
    let saved = world.saved_stories(person, None, MANY).await.unwrap();
    saved.iter().map(|saved| saved.story).collect()
}

pub async fn a_saved_story_is_listed_once_at_its_first_place(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let first = world.posts(mina, "first").await;
    let second = world.posts(mina, "second").await;
    for story in [second, first, second] {
        assert_eq!(saves(world, joon, story).await, SaveOutcome::Saved);
    }
    assert_eq!(saved(world, joon).await, [first, second]);
    assert_eq!(saved(world, mina).await, [], "others do not see it");
    assert!(world.has_saved(joon, first).await.unwrap());
    assert!(!world.has_saved(mina, first).await.unwrap());

    assert!(world.unsave_story(joon, second).await.unwrap());
    assert!(!world.unsave_story(joon, second).await.unwrap());
    assert!(!world.unsave_story(mina, first).await.unwrap());
    assert!(!world.has_saved(joon, second).await.unwrap());
    assert_eq!(saved(world, joon).await, [first]);
    saves(world, joon, second).await;
    assert_eq!(saved(world, joon).await, [second, first], "saved anew");
}

pub async fn what_does_not_exist_cannot_be_saved(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let gone = world.posts(mina, "gone soon").await;
    world.deletes(mina, gone).await;
    for story in [gone, StoryId::from_u64(5)] {
        assert_eq!(saves(world, mina, story).await, SaveOutcome::NoSuchStory);
    }
    assert_eq!(saved(world, mina).await, []);
}

pub async fn saved_stories_are_paged_newest_first_even_when_times_are_equal(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let mut stories = Vec::new();
    for _ in 0..5 {
        stories.push(world.posts(mina, "story").await);
    }
    let moment = world.now();
    for &story in &stories {
        world.save_story(mina, story, MANY, moment).await.unwrap();
    }
    let (mut before, mut walked) = (None, Vec::new());
    loop {
        let page = world.saved_stories(mina, before, 2).await.unwrap();
        let Some(SavedStory { story, at }) = page.last() else {
            break;
        };
        before = Some(Position {
            key: at.as_millis(),
            id: story.as_u64(),
        });
        walked.extend(page.iter().map(|saved| saved.story));
    }
    stories.reverse();
    assert_eq!(walked, stories);
}

pub async fn saved_stories_have_a_limit_that_holds_when_many_are_saved_at_once(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let mut saving = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let story = world.posts(joon, "story").await;
        let (store, now) = (world.shared(), world.now());
        saving.spawn(async move { store.save_story(mina, story, 3, now).await.unwrap() });
    }
    let outcomes = saving.join_all().await;
    let saved_now = outcomes
        .iter()
        .filter(|outcome| **outcome == SaveOutcome::Saved);
    assert_eq!(saved_now.count(), 3, "{outcomes:?}");
    let kept = saved(world, mina).await;
    assert_eq!(kept.len(), 3);
    let again = world.save_story(mina, kept[0], 3, world.now()).await;
    assert_eq!(again.unwrap(), SaveOutcome::Saved, "it is there already");
    world.unsave_story(mina, kept[0]).await.unwrap();
    let again = world.save_story(mina, kept[0], 3, world.now()).await;
    assert_eq!(again.unwrap(), SaveOutcome::Saved, "there is room");
}

pub async fn the_purge_of_a_story_removes_it_from_everybodys_saved_ones(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let [gone, stays] = [
        world.posts(mina, "gone").await,
        world.posts(mina, "stays").await,
    ];
    let crowd = world.crowd(5).await;
    for &person in &crowd {
        saves(world, person, gone).await;
        saves(world, person, stays).await;
    }
    world.deletes(mina, gone).await;
    let mut steps = 1;
    while !world.purge_story(gone, 2).await.unwrap() {
        steps += 1;
        assert!(steps < 20, "the purge does not end");
    }
    assert_eq!(steps, 3, "five rows, two in a step");
    for person in crowd {
        assert_eq!(saved(world, person).await, [stays]);
    }
}
