//! Repairs of derived data.

use sosik_feed::search::Query;
use sosik_feed::{Audience, PersonId, StoryId};

use super::world::World;
use crate::{LargeAuthorLimits, NewPerson, NewStory, RepairedPeople, RepairedStories, TermPlace};

const NOBODY_IS_LARGE: LargeAuthorLimits = LargeAuthorLimits {
    above: 1_000,
    below: 900,
};

pub async fn what_is_right_is_left_alone(world: &World) {
    let [mina, joon, yuna] = world.people(["mina", "joon", "yuna"]).await;
    world
        .repair_people(PersonId::default(), 10, NOBODY_IS_LARGE)
        .await
        .unwrap();
    world.befriend(mina, joon).await;
    world.follows(yuna, mina).await;
    let tagged = NewStory {
        tags: vec!["tag".to_owned()],
        ..world.new_story(mina, "#tag")
    };
    let story = tagged.id;
    world.posts_new(tagged).await;
    world.likes(joon, story).await;
    world.comments(joon, story, "comment").await;
    let deleted = world.posts_for(mina, Audience::Friends, "deleted").await;
    world.deletes(mina, deleted).await;
    let before = world.story(story).await;
    let people = world
        .repair_people(PersonId::default(), 10, NOBODY_IS_LARGE)
        .await
        .unwrap();
    assert_eq!(
        people,
        RepairedPeople {
            last: Some(yuna),
            checked: 3,
            ..Default::default()
        }
    );
    let stories = world.repair_stories(StoryId::default(), 10).await.unwrap();
    assert_eq!(
        stories,
        RepairedStories {
            last: Some(deleted),
            checked: 1,
            ..Default::default()
        }
    );
    assert_eq!(
        world.story(story).await,
        before,
        "not even its revision changed"
    );
}

pub async fn search_terms_become_those_of_handle_and_name(world: &World) {
    let wrong = NewPerson {
        search_terms: vec!["wrong".to_owned()],
        display_name: "미나".to_owned(),
        ..world.new_person("mina")
    };
    world.sign_up(wrong).await.unwrap();
    let repaired = world
        .repair_people(PersonId::default(), 10, NOBODY_IS_LARGE)
        .await
        .unwrap();
    assert_eq!(repaired.terms, 1);
    for (word, count) in [("wrong", 0), ("min", 1), ("미", 1), ("ㅁㄴ", 1)] {
        let (term, to) = Query::parse(word).unwrap().range();
        let person = PersonId::default();
        let place = TermPlace { term, person };
        let found = world.people_by_term(&place, &to, 9);
        assert_eq!(found.await.unwrap().len(), count, "{word}");
    }
    let again = world
        .repair_people(PersonId::default(), 10, NOBODY_IS_LARGE)
        .await
        .unwrap();
    assert_eq!(again.terms, 0);
}

pub async fn large_authors_are_marked_by_the_limits(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let crowd = world.crowd(3).await;
    world
        .follow_many(
            crowd.iter().map(|&person| (person, mina)).collect(),
            world.now(),
        )
        .await
        .unwrap();
    let limits = LargeAuthorLimits { above: 2, below: 2 };
    let repaired = world
        .repair_people(PersonId::default(), 10, limits)
        .await
        .unwrap();
    assert_eq!(repaired.large, 1);
    // Three readers are not above ten and not below two: only an author who was marked is still large.
    assert!(
        world
            .is_large_author(
                mina,
                LargeAuthorLimits {
                    above: 10,
                    below: 2
                }
            )
            .await
            .unwrap()
    );
    assert!(!world.is_large_author(crowd[0], limits).await.unwrap());
}

pub async fn people_and_stories_are_walked_in_steps(world: &World) {
    let crowd = world.crowd(5).await;
    for &author in &crowd {
        world.posts(author, "story").await;
    }
    let (mut people, mut after) = (0, PersonId::default());
    while let repaired = world
        .repair_people(after, 2, NOBODY_IS_LARGE)
        .await
        .unwrap()
        && let Some(last) = repaired.last
    {
        assert!(repaired.checked <= 2);
        (people, after) = (people + repaired.checked, last);
    }
    assert_eq!(people, 5);
    let (mut stories, mut after) = (0, StoryId::default());
    while let repaired = world.repair_stories(after, 2).await.unwrap()
        && let Some(last) = repaired.last
    {
        (stories, after) = (stories + repaired.checked, last);
    }
    assert_eq!(stories, 5);
    assert_eq!(
        (
            world.people_count().await.unwrap(),
            world.stories_count().await.unwrap()
        ),
        (5, 5)
    );
}
