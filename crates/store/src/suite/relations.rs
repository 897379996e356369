//! Follows, blocks, mutes, lists, circles and readers.

use sosik_feed::limits::BLOCKERS_HELD_MAX;
use sosik_feed::{Audience, PersonId, Relation};

use super::world::{THREE, World};
use crate::{
    LargeAuthorLimits, NotificationKind, NotificationRecord, PeopleList, Position, ReadersMax,
    ReadersQuery, RelatedPerson, RelationChange, RequestSide,
};

pub async fn a_follow_goes_one_way_and_ends(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    assert_eq!(world.follows(mina, joon).await, RelationChange::Changed);
    assert_eq!(world.follows(mina, joon).await, RelationChange::Unchanged);
    assert_eq!(
        world.relation(mina, joon).await.unwrap(),
        Relation {
            following: true,
            ..Default::default()
        }
    );
    assert_eq!(
        world.relation(joon, mina).await.unwrap(),
        Relation::default()
    );
    assert_eq!(
        world.unfollow(mina, joon).await.unwrap(),
        RelationChange::Changed
    );
    assert_eq!(
        world.unfollow(mina, joon).await.unwrap(),
        RelationChange::Unchanged
    );
    assert_eq!(world.person_counts(joon).await.unwrap().followers, 0);
}

pub async fn follows_blocks_and_mutes_have_limits(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let crowd = world.crowd(4).await;
    for (number, &other) in crowd.iter().enumerate() {
        let expected = if number < 3 {
            RelationChange::Changed
        } else {
            RelationChange::LimitReached
        };
        assert_eq!(
            world.follow(mina, other, THREE, world.now()).await.unwrap(),
            expected
        );
        assert_eq!(
            world.mute(mina, other, THREE, world.now()).await.unwrap(),
            expected
        );
    }
    for (number, &other) in crowd.iter().enumerate() {
        let expected = if number < 3 {
            RelationChange::Changed
        } else {
            RelationChange::LimitReached
        };
        assert_eq!(
            world.block(mina, other, THREE, world.now()).await.unwrap(),
            expected
        );
    }
    assert_eq!(
        world
            .block(mina, crowd[0], THREE, world.now())
            .await
            .unwrap(),
        RelationChange::Unchanged
    );
}

pub async fn a_block_ends_friendship_requests_and_follows_both_ways(world: &World) {
    let [mina, joon, yuna] = world.people(["mina", "joon", "yuna"]).await;
    world.befriend(mina, joon).await;
    world.follows(mina, joon).await;
    world.follows(joon, mina).await;
    world.asks(yuna, mina).await;
    world.follows(mina, yuna).await;
    assert_eq!(world.blocks(mina, joon).await, RelationChange::Changed);
    assert_eq!(world.blocks(yuna, mina).await, RelationChange::Changed);
    assert_eq!(
        world.relation(mina, joon).await.unwrap(),
        Relation {
            blocked: true,
            ..Default::default()
        }
    );
    assert_eq!(
        world.relation(joon, mina).await.unwrap(),
        Relation {
            blocked_by: true,
            ..Default::default()
        }
    );
    assert_eq!(
        world.relation(mina, yuna).await.unwrap(),
        Relation {
            blocked_by: true,
            ..Default::default()
        }
    );
    let counts = world.person_counts(mina).await.unwrap();
    assert_eq!(
        (counts.friends, counts.follows, counts.followers),
        (0, 0, 0)
    );
    let asks = |note: &NotificationRecord| note.kind == NotificationKind::FriendRequest;
    assert!(
        !world.notes(mina).await.iter().any(asks),
        "the request of somebody severed is gone"
    );
}

pub async fn nothing_begins_across_a_block_and_nothing_comes_back_with_its_end(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    world.befriend(mina, joon).await;
    world.blocks(mina, joon).await;
    for (one, other) in [(mina, joon), (joon, mina)] {
        assert_eq!(
            world.follows(one, other).await,
            RelationChange::NoSuchPerson
        );
        assert_eq!(world.mutes(one, other).await, RelationChange::NoSuchPerson);
    }
    assert_eq!(
        world.blocks(joon, mina).await,
        RelationChange::Changed,
        "one may block back"
    );
    assert_eq!(
        world.unblock(mina, joon).await.unwrap(),
        RelationChange::Changed
    );
    assert_eq!(
        world.unblock(mina, joon).await.unwrap(),
        RelationChange::Unchanged
    );
    assert_eq!(
        world.follows(mina, joon).await,
        RelationChange::NoSuchPerson,
        "the other's block holds"
    );
    world.unblock(joon, mina).await.unwrap();
    assert_eq!(
        world.relation(mina, joon).await.unwrap(),
        Relation::default()
    );
    assert_eq!(world.follows(mina, joon).await, RelationChange::Changed);
}

pub async fn imports_do_not_reach_across_a_block_nor_to_people_who_do_not_exist(world: &World) {
    let [mina, joon, yuna] = world.people(["mina", "joon", "yuna"]).await;
    world.blocks(mina, joon).await;
    let nobody = PersonId::from_u64(5);
    let pairs = vec![
        (mina, joon),
        (joon, mina),
        (mina, nobody),
        (nobody, mina),
        (mina, mina),
        (mina, yuna),
        (yuna, mina),
    ];
    assert_eq!(
        world
            .befriend_many(pairs.clone(), world.now())
            .await
            .unwrap(),
        1
    );
    assert_eq!(world.follow_many(pairs, world.now()).await.unwrap(), 2);
    let circle = world.circle(mina).await.unwrap();
    assert_eq!(
        (circle.friends(), circle.follows()),
        ([yuna].as_slice(), [yuna].as_slice())
    );
}

pub async fn an_imported_friendship_answers_the_request(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    world.asks(mina, joon).await;
    assert_eq!(
        world
            .befriend_many(vec![(mina, joon)], world.now())
            .await
            .unwrap(),
        1
    );
    assert_eq!(
        world.relation(mina, joon).await.unwrap(),
        Relation {
            friend: true,
            ..Default::default()
        }
    );
    assert!(world.notes(joon).await.is_empty());
}

pub async fn muting_is_seen_by_the_one_who_mutes(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    world.befriend(mina, joon).await;
    assert_eq!(world.mutes(mina, joon).await, RelationChange::Changed);
    assert_eq!(world.mutes(mina, joon).await, RelationChange::Unchanged);
    assert_eq!(
        world.relation(mina, joon).await.unwrap(),
        Relation {
            friend: true,
            muted: true,
            ..Default::default()
        }
    );
    assert_eq!(
        world.relation(joon, mina).await.unwrap(),
        Relation {
            friend: true,
            ..Default::default()
        }
    );
    assert_eq!(
        world.unmute(mina, joon).await.unwrap(),
        RelationChange::Changed
    );
    assert_eq!(
        world.unmute(mina, joon).await.unwrap(),
        RelationChange::Unchanged
    );
}

pub async fn a_circle_holds_friends_follows_muted_and_severed(world: &World) {
    let [mina, friend, followed, muted, blocked, blocker] = world
        .people(["mina", "friend", "followed", "muted", "blocked", "blocker"])
        .await;
    world.befriend(mina, friend).await;
    world.follows(mina, followed).await;
    world.befriend(mina, muted).await;
    world.mutes(mina, muted).await;
    world.blocks(mina, blocked).await;
    world.blocks(blocker, mina).await;
    let circle = world.circle(mina).await.unwrap();
    assert_eq!(
        (circle.friends(), circle.follows()),
        ([friend, muted].as_slice(), [followed].as_slice())
    );
    assert!(circle.is_hidden(muted) && !circle.is_severed_from(muted));
    assert!(circle.is_severed_from(blocked) && circle.is_severed_from(blocker));
}

pub async fn a_circle_holds_a_bounded_number_of_the_people_who_blocked_the_reader(world: &World) {
    const HELD: usize = BLOCKERS_HELD_MAX as usize;
    let [mina, blocked, stranger] = world.people(["mina", "blocked", "stranger"]).await;
    let crowd = world.crowd(HELD + 1).await;
    world.blocks(mina, blocked).await;
    let (last, others) = crowd.split_last().unwrap();
    for person in others {
        world.blocks(*person, mina).await;
    }
    let circle = world.circle(mina).await.unwrap();
    assert!(others.iter().all(|one| circle.is_severed_from(*one)));
    assert!(!circle.is_severed_from(stranger), "all of them are held");
    world.blocks(*last, mina).await;
    let circle = world.circle(mina).await.unwrap();
    let severed = crowd.iter().chain([&blocked]);
    assert!(severed.clone().all(|one| circle.is_severed_from(*one)));
    assert_eq!(circle.heap_bytes(), (HELD + 1) * 8);
    let undecided = circle.undecided(severed.copied().chain([stranger]));
    assert_eq!(undecided.len(), 2, "one of the crowd, and the stranger");
    let asked = [*last, stranger, blocked];
    let blockers = world.blockers_among(mina, &asked).await.unwrap();
    assert_eq!(blockers, [*last]);
}

async fn walk(world: &World, person: PersonId, list: PeopleList) -> Vec<RelatedPerson> {
    let (mut before, mut walked) = (None, Vec::new());
    loop {
        let page = world.related(person, list, before, 2).await.unwrap();
        assert!(page.len() <= 2);
        let Some(last) = page.last() else {
            return walked;
        };
        before = Some(Position {
            key: last.since.as_millis(),
            id: last.person.as_u64(),
        });
        walked.extend(page);
    }
}

pub async fn lists_are_paged_newest_first_without_gaps_even_when_times_are_equal(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let crowd = world.crowd(7).await;
    let (early, late) = (world.now(), world.now());
    // Three at one time, four at a later one: at the same time the larger id comes first.
    let at = |number: usize| if number < 3 { early } else { late };
    let mut expected: Vec<_> = crowd
        .iter()
        .enumerate()
        .map(|(number, &person)| RelatedPerson {
            person,
            since: at(number),
        })
        .collect();
    expected.reverse();
    for (number, &person) in crowd.iter().enumerate() {
        world
            .befriend_many(vec![(mina, person)], at(number))
            .await
            .unwrap();
        world
            .follow_many(vec![(mina, person), (person, mina)], at(number))
            .await
            .unwrap();
        world
            .mute(mina, person, super::world::LIMITS, at(number))
            .await
            .unwrap();
    }
    for list in [
        PeopleList::Friends,
        PeopleList::Follows,
        PeopleList::Followers,
        PeopleList::Mutes,
    ] {
        assert_eq!(walk(world, mina, list).await, expected, "{list:?}");
    }
    for (number, &person) in crowd.iter().enumerate() {
        world.unfriend(mina, person).await.unwrap();
        world
            .send_friend_request(
                person,
                mina,
                super::world::LIMITS,
                world.note(mina),
                at(number),
            )
            .await
            .unwrap();
    }
    assert_eq!(
        walk(world, mina, PeopleList::Requests(RequestSide::Incoming)).await,
        expected
    );
    for (number, &person) in crowd.iter().enumerate() {
        world
            .block(mina, person, super::world::LIMITS, at(number))
            .await
            .unwrap();
    }
    assert_eq!(walk(world, mina, PeopleList::Blocks).await, expected);
    assert!(walk(world, mina, PeopleList::Friends).await.is_empty());
}

pub async fn readers_are_walked_in_ascending_order_each_once(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let crowd = world.crowd(9).await;
    let friends: Vec<_> = crowd
        .iter()
        .step_by(2)
        .map(|&person| (mina, person))
        .collect();
    let followers: Vec<_> = crowd[..6].iter().map(|&person| (person, mina)).collect();
    world
        .befriend_many(friends.clone(), world.now())
        .await
        .unwrap();
    world.follow_many(followers, world.now()).await.unwrap();
    let all = [0, 1, 2, 3, 4, 5, 6, 8].map(|number| crowd[number]);
    let friends: Vec<_> = friends.into_iter().map(|(_, friend)| friend).collect();
    for (audience, expected) in [
        (Audience::Public, all.as_slice()),
        (Audience::Friends, friends.as_slice()),
    ] {
        for limit in [1, 2, 3, 8, 20] {
            let (mut after, mut walked) = (PersonId::default(), Vec::new());
            loop {
                let chunk = world
                    .readers_of(mina, audience, after, limit)
                    .await
                    .unwrap();
                after = *chunk.readers.last().unwrap();
                walked.extend(chunk.readers);
                if chunk.last {
                    break;
                }
            }
            assert_eq!(walked, expected, "{audience:?} in steps of {limit}");
        }
    }
    let nobody = world
        .readers_of(mina, Audience::Public, crowd[8], 5)
        .await
        .unwrap();
    assert!(nobody.readers.is_empty() && nobody.last);
}

pub async fn readers_of_many_authors_are_walked_together_in_bounded_reads(world: &World) {
    let crowd = world.crowd(10).await;
    let (authors, readers) = crowd.split_at(4);
    for author in authors {
        for reader in readers {
            world.befriend(*author, *reader).await;
        }
    }
    world.follows(authors[3], authors[0]).await;
    let query = |author, audience, after| ReadersQuery {
        author,
        audience,
        after,
    };
    let nobody = PersonId::default();
    let queries = vec![
        query(authors[0], Audience::Public, nobody),
        query(authors[1], Audience::Friends, readers[2]),
        query(authors[2], Audience::Friends, nobody),
        query(authors[3], Audience::Friends, nobody),
    ];
    let max = ReadersMax { each: 5, total: 9 };
    let chunks = world.readers_of_many(queries.clone(), max).await.unwrap();
    assert_eq!(chunks.len(), 3, "five, three and five are enough");
    for (query, chunk) in queries.iter().zip(&chunks) {
        let lone = world.readers_of(query.author, query.audience, query.after, max.each);
        assert_eq!(*chunk, lone.await.unwrap());
    }
    assert_eq!(chunks[1].readers, readers[3..]);
    assert_eq!((chunks[0].last, chunks[1].last), (false, true));
    assert_eq!(world.readers_of_many(vec![], max).await.unwrap(), []);
    let limits = LargeAuthorLimits { above: 6, below: 2 };
    let large = world.large_authors(crowd.clone(), limits).await.unwrap();
    let expected: Vec<_> = crowd.iter().map(|person| *person == authors[0]).collect();
    assert_eq!(
        large, expected,
        "six friends, and one of them a follower beside"
    );
}

pub async fn an_author_becomes_large_and_small_again_with_hysteresis(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let crowd = world.crowd(6).await;
    let limits = LargeAuthorLimits { above: 4, below: 2 };
    let large = async || world.is_large_author(mina, limits).await.unwrap();
    world
        .befriend_many(
            crowd[..2].iter().map(|&person| (mina, person)).collect(),
            world.now(),
        )
        .await
        .unwrap();
    world
        .follow_many(
            crowd[2..4].iter().map(|&person| (person, mina)).collect(),
            world.now(),
        )
        .await
        .unwrap();
    assert!(!large().await, "four are not above four");
    world.follows(crowd[4], mina).await;
    assert!(large().await);
    for &person in &crowd[2..5] {
        world.unfollow(person, mina).await.unwrap();
        assert!(large().await, "two are not below two");
    }
    world.unfriend(mina, crowd[0]).await.unwrap();
    assert!(!large().await);
    world.befriend(mina, crowd[5]).await;
    assert!(
        !large().await,
        "between the bounds an author stays what they were"
    );
    assert!(
        !world
            .is_large_author(PersonId::from_u64(5), limits)
            .await
            .unwrap()
    );
}

/// What two people can do to each other, one after the other.
const ACTS: [&[Act]; 10] = [
    &[],
    &[Act::Follow],
    &[Act::Befriend],
    &[Act::Befriend, Act::Follow, Act::Mute],
    &[Act::Mute],
    &[Act::Block],
    &[Act::BlockBack],
    &[Act::Befriend, Act::Block],
    &[Act::Mute, Act::BlockBack],
    &[Act::Block, Act::BlockBack],
];

#[derive(Debug, Clone, Copy)]
enum Act {
    Follow,
    Befriend,
    Mute,
    Block,
    BlockBack,
}

pub async fn in_every_relation_hidden_counts_agree_with_the_rule(world: &World) {
    let [author] = world.people(["author"]).await;
    for (number, acts) in ACTS.into_iter().enumerate() {
        let (one, two) = (format!("viewer{number}"), format!("other{number}"));
        let [viewer, other] = world.people([one.as_str(), two.as_str()]).await;
        let story = world.posts(author, "story").await;
        world.likes(other, story).await;
        world.comments(other, story, "comment").await;
        for act in acts {
            match act {
                Act::Follow => drop(world.follows(viewer, other).await),
                Act::Befriend => world.befriend(viewer, other).await,
                Act::Mute => drop(world.mutes(viewer, other).await),
                Act::Block => drop(world.blocks(viewer, other).await),
                Act::BlockBack => drop(world.blocks(other, viewer).await),
            }
        }
        let severed = world.relation(viewer, other).await.unwrap().severed();
        let hidden = (
            world.likes_hidden_from(viewer, story).await.unwrap(),
            world.comments_hidden_from(viewer, story).await.unwrap(),
        );
        assert_eq!(hidden, (u32::from(severed), u32::from(severed)), "{acts:?}");
    }
}
