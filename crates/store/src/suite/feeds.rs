//! Home feeds.

use sosik_feed::{Audience, Circle, PersonId, StoryId};

use super::world::{LIMITS, World};
use crate::{NewStory, StoryEdit, StorySpan};

pub async fn a_feed_has_own_friends_and_followed_public_stories_newest_first(world: &World) {
    let [mina, friend, followed, stranger] = world
        .people(["mina", "friend", "followed", "stranger"])
        .await;
    world.befriend(mina, friend).await;
    world.follows(mina, followed).await;
    world.follows(mina, friend).await;
    let mut expected = vec![];
    for author in [mina, friend, followed, stranger] {
        for audience in [Audience::Public, Audience::Friends] {
            let story = world.posts_for(author, audience, "story").await;
            if author == mina
                || author == friend
                || (author == followed && audience == Audience::Public)
            {
                expected.insert(0, story);
            }
        }
    }
    assert_eq!(world.feed(mina).await, expected);
}

pub async fn unfriending_blocking_muting_deleting_and_narrowing_are_gone_on_the_next_read(
    world: &World,
) {
    let [mina, unfriended, blocked, blocker, muted, kept] = world
        .people(["mina", "unfriended", "blocked", "blocker", "muted", "kept"])
        .await;
    let mut stories = vec![];
    for author in [unfriended, blocked, blocker, muted, kept] {
        world.befriend(mina, author).await;
        stories.push(world.posts(author, "story").await);
    }
    let (deleted, follower_sees) = (
        world.posts(kept, "deleted").await,
        world.posts(muted, "narrowed").await,
    );
    assert_eq!(world.feed(mina).await.len(), 7);
    world.unfriend(mina, unfriended).await.unwrap();
    world.blocks(mina, blocked).await;
    world.blocks(blocker, mina).await;
    world.mutes(mina, muted).await;
    world.deletes(kept, deleted).await;
    assert_eq!(world.feed(mina).await, [stories[4]]);
    world.unmute(mina, muted).await.unwrap();
    world.unfriend(mina, muted).await.unwrap();
    world.follows(mina, muted).await;
    assert_eq!(
        world.feed(mina).await,
        [follower_sees, stories[4], stories[3]]
    );
    let edit = StoryEdit {
        id: follower_sees,
        author: muted,
        text: None,
        attachments: None,
        audience: Some(Audience::Friends),
        now: world.now(),
    };
    world.edit_story(edit).await.unwrap();
    assert_eq!(world.feed(mina).await, [stories[4], stories[3]]);
}

pub async fn an_empty_circle_sees_its_own_stories_and_a_stranger_to_the_store_sees_none(
    world: &World,
) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let own = world.posts(mina, "own").await;
    world.posts(joon, "another's").await;
    assert_eq!(world.feed(mina).await, [own]);
    assert!(world.feed(PersonId::from_u64(5)).await.is_empty());
    assert!(
        world
            .newest(mina, &Circle::default(), None, 0)
            .await
            .unwrap()
            .is_empty()
    );
}

pub async fn one_author_with_many_stories_and_many_with_one_are_paged_to_the_end(world: &World) {
    let [mina, talker] = world.people(["mina", "talker"]).await;
    let crowd = world.crowd(40).await;
    let pairs = crowd
        .iter()
        .chain([&talker])
        .map(|&person| (mina, person))
        .collect();
    world.befriend_many(pairs, world.now()).await.unwrap();
    let mut stories = vec![];
    for number in 0..120 {
        let author = if number % 3 == 0 {
            crowd[number / 3]
        } else {
            talker
        };
        stories.push(NewStory {
            audience: Audience::Friends,
            ..world.new_story(author, "story")
        });
    }
    let mut expected: Vec<_> = stories.iter().map(|story| story.id).collect();
    expected.reverse();
    world.post_many(stories).await.unwrap();
    assert_eq!(world.feed(mina).await, expected);
    for limit in [1, 7, 20, 50] {
        assert_eq!(
            pages(world, mina, limit).await,
            expected,
            "pages of {limit}"
        );
    }
}

async fn pages(world: &World, reader: PersonId, limit: u32) -> Vec<StoryId> {
    let circle = world.circle(reader).await.unwrap();
    let (mut before, mut walked) = (None, Vec::new());
    loop {
        let page = world.newest(reader, &circle, before, limit).await.unwrap();
        let defined = world
            .feed_by_definition(reader, StorySpan::below(before), limit)
            .await
            .unwrap();
        assert_eq!(
            page, defined,
            "merge and definition disagree below {before:?}"
        );
        assert!(page.len() <= limit as usize);
        let Some(&last) = page.last() else {
            return walked;
        };
        let span = StorySpan {
            above: last,
            below: StorySpan::below(before).below,
        };
        let within = world.feed_by_definition(reader, span, limit).await.unwrap();
        assert_eq!(
            within,
            page[..page.len() - 1],
            "the span ends above {last:?}"
        );
        before = Some(last);
        walked.extend(page);
    }
}

pub async fn in_random_worlds_the_merge_the_definition_and_the_rule_agree(world: &World) {
    const PEOPLE: u64 = 9;
    for seed in 0..12 {
        let mut chance = Chance(seed);
        let people: Vec<_> = (0..PEOPLE)
            .map(|number| world.new_person(&format!("s{seed}p{number}")))
            .collect();
        let ids: Vec<_> = people.iter().map(|person| person.id).collect();
        world.sign_up_many(people).await.unwrap();
        let mut live: Vec<(StoryId, PersonId, Audience)> = vec![];
        for _ in 0..4 {
            for _ in 0..40 {
                act(world, &mut chance, &ids, &mut live).await;
            }
            for &reader in &ids {
                let circle = world.circle(reader).await.unwrap();
                let entitled = live
                    .iter()
                    .filter(|(_, author, audience)| circle.entitles(reader, *author, *audience));
                let mut expected: Vec<_> = entitled.map(|(story, ..)| *story).collect();
                expected.sort_unstable_by(|one, other| other.cmp(one));
                let limit = 1 + u32::try_from(chance.below(6)).unwrap();
                assert_eq!(
                    pages(world, reader, limit).await,
                    expected,
                    "seed {seed}, reader {reader}, pages of {limit}"
                );
            }
        }
    }
}

/// One random act of a random person.
async fn act(
    world: &World,
    chance: &mut Chance,
    people: &[PersonId],
    live: &mut Vec<(StoryId, PersonId, Audience)>,
) {
    let (one, other) = (chance.of(people), chance.of(people));
    let audience = if chance.below(2) == 0 {
        Audience::Public
    } else {
        Audience::Friends
    };
    match chance.below(20) {
        0..=7 => {
            let story = world.posts_for(one, audience, "story").await;
            live.push((story, one, audience));
        }
        8 if !live.is_empty() => {
            let (story, author, _) = live.swap_remove(chance.index(live.len()));
            world.deletes(author, story).await;
        }
        9 if !live.is_empty() => {
            let place = chance.index(live.len());
            let (id, author, before) = &mut live[place];
            let edit = StoryEdit {
                id: *id,
                author: *author,
                text: None,
                attachments: None,
                audience: Some(audience),
                now: world.now(),
            };
            world.edit_story(edit).await.unwrap().value.unwrap();
            *before = audience;
        }
        10..=12 => {
            world
                .befriend_many(vec![(one, other)], world.now())
                .await
                .unwrap();
        }
        13 => {
            world.unfriend(one, other).await.unwrap();
        }
        14 | 15 => {
            world.follow(one, other, LIMITS, world.now()).await.unwrap();
        }
        16 => {
            world.unfollow(one, other).await.unwrap();
        }
        17 => {
            world.block(one, other, LIMITS, world.now()).await.unwrap();
        }
        18 => {
            world.mute(one, other, LIMITS, world.now()).await.unwrap();
        }
        _ => {
            world.unblock(one, other).await.unwrap();
            world.unmute(one, other).await.unwrap();
        }
    }
}

/// A seeded random source, so that a failure can be reproduced. SplitMix64 (Steele, Lea and Flood, 2014).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).expect("below a length")
    }

    fn of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.index(list.len())]
    }
}
