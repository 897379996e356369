//! Worlds have the promised shape and are the same from every side.

use proptest::prelude::*;

use super::measure::{Measured, measure};
use super::*;

/// With fewer people nobody would have thousands of friends. With more, the tests would be slow.
const PEOPLE: u32 = 20_000;

fn world(people: u32, seed: u64, friends_mean: f64) -> World {
    let spec = WorldSpec {
        people,
        seed,
        friends_mean,
    };
    World::generate(spec, |_| {})
}

fn generator(world: &World, stories_per_person: f64) -> StoryGenerator {
    StoryGenerator::of(
        world.people(),
        world.spec().seed,
        world.stars(),
        stories_per_person,
    )
}

fn everybody(world: &World) -> Vec<Vec<u32>> {
    let towns = (0..world.towns()).map(|town| world.friends_of_town(town));
    let people = |town: Friends| -> Vec<_> { town.iter().map(|(_, own)| own.to_vec()).collect() };
    towns.flat_map(people).collect()
}

fn measured(friends: &[Vec<u32>]) -> Measured {
    let friends: Vec<_> = friends.iter().map(Vec::as_slice).collect();
    measure(&friends)
}

#[test]
fn friends_have_the_mean_the_median_the_cut_and_the_clustering_of_real_people() {
    let found = measured(&everybody(&world(PEOPLE, 1, FRIENDS_MEAN)));
    assert!((found.mean / 190.0 - 1.0).abs() < 0.06, "{}", found.mean);
    assert!((90..=110).contains(&found.median), "{}", found.median);
    assert!(
        (1_000..1_600).contains(&found.percentile_99),
        "{}",
        found.percentile_99
    );
    assert!((2_000..=5_000).contains(&found.max), "{}", found.max);
    assert!(
        (0.1..0.3).contains(&found.clustering),
        "{}",
        found.clustering
    );
    assert!(found.clustering > 10.0 * found.clustering_by_chance);
}

#[test]
fn the_mean_is_what_was_asked_for() {
    let found = measured(&everybody(&world(6_000, 1, 40.0)));
    assert!((found.mean / 40.0 - 1.0).abs() < 0.06, "{}", found.mean);
}

#[test]
fn stories_come_in_the_order_of_time_from_very_different_tellers() {
    let world = world(1_000, 5, 10.0);
    let generator = generator(&world, 20.0);
    assert_eq!(generator.count(), 20_000);
    let mut told = vec![0_u32; 1_000];
    let mut before = u64::MAX;
    for number in 0..generator.count() {
        let story = generator.story(number);
        assert!(
            story.before_end_ms <= before,
            "story {number} goes back in time"
        );
        assert!(!story.text.is_empty() && story.text.len() < 1_000);
        before = story.before_end_ms;
        told[story.author as usize] += 1;
    }
    told.sort_unstable();
    assert!(told[100] * 10 < told[900], "{} {}", told[100], told[900]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]

    #[test]
    fn friendship_is_mutual_sorted_and_never_with_oneself(people in 100..9_000_u32, seed: u64, mean in 1.0..300.0) {
        let friends = everybody(&world(people, seed, mean));
        prop_assert_eq!(friends.len(), people as usize);
        for (person, own) in (0..).zip(&friends) {
            prop_assert!(own.windows(2).all(|two| two[0] < two[1]));
            prop_assert!(own.len() <= 5_000);
            for friend in own {
                prop_assert_ne!(*friend, person);
                prop_assert!(friends[*friend as usize].binary_search(&person).is_ok());
            }
        }
    }

    #[test]
    fn the_same_seed_makes_the_same_world_whatever_is_asked_first(people in 100..9_000_u32, seed: u64) {
        let (one, other) = (world(people, seed, 30.0), world(people, seed, 30.0));
        for town in (0..one.towns()).rev() {
            prop_assert_eq!(one.friends_of_town(town), other.friends_of_town(town));
        }
        let last = people - 1;
        prop_assert_eq!(one.follows_of(last), other.follows_of(last));
        prop_assert_eq!(generator(&one, 2.0).story(7), generator(&other, 2.0).story(7));
        let elsewhere = world(people, seed ^ 1, 30.0);
        prop_assert_ne!(one.friends_of_town(0), elsewhere.friends_of_town(0));
    }
}
