//! Lists: in order, page by page to the marked end, without people who may not be shown.

use sosik_feed::{Audience, Cursor, PersonId, Position};
use sosik_service::relations::PersonPage;
use sosik_service::stories::StoryPage;
use sosik_store::{PeopleList, RequestSide};

use crate::world::{Person, World};

fn behind(page: &PersonPage) -> Option<Position> {
    assert_eq!(
        page.before.is_none(),
        page.end,
        "the end is said, and only then there is no cursor"
    );
    match page.before {
        Some(Cursor::Behind(position)) => Some(position),
        None => None,
        ref other => panic!("{other:?} is no place in a list of people"),
    }
}

fn ids(page: &PersonPage) -> Vec<PersonId> {
    page.items
        .iter()
        .map(|(found, _)| found.person.record.id)
        .collect()
}

/// The position of a person's like, which is the latest one of the story.
async fn place_of_like(world: &World, person: &Person, story: sosik_feed::StoryId) -> Position {
    let likers = world.store().likers(story, None, 10).await.unwrap();
    let like = likers.iter().find(|like| like.person == person.id).unwrap();
    Position {
        key: like.since.as_millis(),
        id: like.person.as_u64(),
    }
}

impl World {
    async fn list(&self, viewer: &Person, list: PeopleList) -> Vec<PersonId> {
        let (mut all, mut before) = (Vec::new(), None);
        loop {
            let page = self
                .service
                .relations()
                .list(viewer.id, list, before, 2)
                .await
                .unwrap();
            all.extend(ids(&page));
            before = behind(&page);
            if before.is_none() {
                return all;
            }
        }
    }
}

#[tokio::test]
async fn lists_of_people_go_newest_first_page_by_page_to_the_end() {
    let world = World::new().await;
    let [me, a, b, c, d] = world.people(["me_", "anna", "bert", "cilo", "dora"]).await;
    for other in [&a, &b, &c, &d] {
        world.clock.advance(std::time::Duration::from_secs(1));
        world.befriend(&me, other).await;
        world.follow(&me, other).await;
        world.follow(other, &me).await;
        world.mute(&me, other).await;
    }
    let newest_first = [d.id, c.id, b.id, a.id];
    for list in [
        PeopleList::Friends,
        PeopleList::Follows,
        PeopleList::Followers,
        PeopleList::Mutes,
    ] {
        assert_eq!(world.list(&me, list).await, newest_first, "{list:?}");
    }
    let page = world
        .service
        .relations()
        .list(me.id, PeopleList::Friends, None, 1)
        .await
        .unwrap();
    let relation = page.items[0].0.relation;
    assert!(
        relation.friend && relation.following && relation.muted && !relation.requested,
        "{relation:?}"
    );
}

#[tokio::test]
async fn requests_are_listed_on_both_sides() {
    let world = World::new().await;
    let [me, a, b] = world.people(["me_", "anna", "bert"]).await;
    world.send_friend_request(&me, &a).await;
    world.send_friend_request(&b, &me).await;
    assert_eq!(
        world
            .list(&me, PeopleList::Requests(RequestSide::Outgoing))
            .await,
        [a.id]
    );
    assert_eq!(
        world
            .list(&me, PeopleList::Requests(RequestSide::Incoming))
            .await,
        [b.id]
    );
    let page = world
        .service
        .relations()
        .list(me.id, PeopleList::Requests(RequestSide::Incoming), None, 10)
        .await
        .unwrap();
    assert!(page.items[0].0.relation.asked);
}

#[tokio::test]
async fn who_blocked_me_is_in_no_list_of_mine_and_whom_i_blocked_only_in_that_one() {
    let world = World::new().await;
    let [me, blocker, blocked] = world.people(["me_", "blocker", "blocked"]).await;
    for other in [&blocker, &blocked] {
        world.mute(&me, other).await;
    }
    world.block(&blocker, &me).await;
    world.block(&me, &blocked).await;
    assert_eq!(world.list(&me, PeopleList::Mutes).await, []);
    assert_eq!(world.list(&me, PeopleList::Blocks).await, [blocked.id]);

    world.block(&blocked, &me).await;
    let page = world
        .service
        .relations()
        .list(me.id, PeopleList::Blocks, None, 10)
        .await
        .unwrap();
    let relation = page.items[0].0.relation;
    assert!(
        relation.blocked && !relation.blocked_by,
        "the list reveals that the viewer is blocked, too: {relation:?}"
    );
}

#[tokio::test]
async fn likers_are_listed_latest_first_without_those_severed_from_me() {
    let world = World::new().await;
    let [author, me, a, b, c] = world
        .people(["author", "me_", "anna", "bert", "cilo"])
        .await;
    let story = world.post(&author, Audience::Public, "x").await;
    for fan in [&a, &b, &c] {
        world.clock.advance(std::time::Duration::from_secs(1));
        world.service.likes().add(fan.id, story).await.unwrap();
    }
    world.block(&b, &me).await;
    let page = async |viewer: &Person, before, limit| {
        let page = world.service.likes().list(viewer.id, story, before, limit);
        page.await.unwrap()
    };
    let first = page(&me, None, 2).await;
    assert_eq!(ids(&first.page), [c.id, a.id]);
    assert!(first.page.end && first.page.before.is_none());
    let second = page(&me, Some(place_of_like(&world, &c, story).await), 2).await;
    assert_eq!(ids(&second.page), [a.id]);
    assert_eq!((first.hidden, second.hidden), (1, 1));
    let all = page(&author, None, 10).await;
    assert_eq!(ids(&all.page), [c.id, b.id, a.id]);
    assert_eq!(all.hidden, 0);
}

#[tokio::test]
async fn the_stories_of_an_author_go_to_the_end_and_show_what_the_viewer_may_see() {
    let world = World::new().await;
    let [author, friend, stranger] = world.people(["author", "feli", "stranger"]).await;
    world.befriend(&author, &friend).await;
    let mut stories = Vec::new();
    for number in 0..7 {
        let audience = if number % 2 == 0 {
            Audience::Public
        } else {
            Audience::Friends
        };
        stories.insert(0, world.post(&author, audience, "x").await);
    }
    let walk = async |viewer: &Person| {
        let (mut all, mut before) = (Vec::new(), None);
        loop {
            let page: StoryPage = world
                .service
                .stories()
                .of_author(viewer.id, "author", before, 2)
                .await
                .unwrap();
            all.extend(page.items.iter().map(|item| item.story.record.id));
            match page.before {
                Some(Cursor::Below(id)) => before = Some(sosik_feed::StoryId::new(id)),
                None => break assert!(page.end),
                other => panic!("{other:?} is no place in a list of stories"),
            }
        }
        all
    };
    assert_eq!(walk(&author).await, stories);
    assert_eq!(walk(&friend).await, stories);
    let public: Vec<_> = stories.iter().copied().step_by(2).collect();
    assert_eq!(walk(&stranger).await, public);
}

#[tokio::test]
async fn notifications_tell_who_did_what_and_are_read_up_to_a_place() {
    let world = World::new().await;
    let [me, a, b] = world.people(["me_", "anna", "bert"]).await;
    let story = world.post(&me, Audience::Public, "x").await;
    world.send_friend_request(&a, &me).await;
    world.service.likes().add(b.id, story).await.unwrap();
    world
        .service
        .comments()
        .add(a.id, story, "hi", None)
        .await
        .unwrap();
    let first = world
        .service
        .notifications()
        .list(me.id, None, 2)
        .await
        .unwrap();
    assert_eq!(
        first
            .items
            .iter()
            .map(|item| item.actor.record.id)
            .collect::<Vec<_>>(),
        [a.id, b.id]
    );
    assert_eq!((first.unread, first.end), (3, false));
    let Some(Cursor::Below(below)) = first.before else {
        panic!("no cursor")
    };
    let below = sosik_feed::NotificationId::new(below);
    let second = world
        .service
        .notifications()
        .list(me.id, Some(below), 2)
        .await
        .unwrap();
    assert_eq!(
        second
            .items
            .iter()
            .map(|item| item.actor.record.id)
            .collect::<Vec<_>>(),
        [a.id]
    );
    assert!(second.end && second.before.is_none());

    world
        .service
        .notifications()
        .mark_read(me.id, below)
        .await
        .unwrap();
    assert_eq!(
        world.service.notifications().unread(me.id).await.unwrap(),
        1
    );
    world
        .service
        .notifications()
        .mark_read(me.id, first.items[0].notification.id)
        .await
        .unwrap();
    assert_eq!(
        world.service.notifications().unread(me.id).await.unwrap(),
        0
    );
    world
        .service
        .notifications()
        .mark_read(me.id, below)
        .await
        .unwrap();
    assert_eq!(
        world.service.notifications().unread(me.id).await.unwrap(),
        0,
        "never back"
    );
}

#[tokio::test]
async fn what_is_yet_to_come_cannot_be_marked_as_read() {
    let world = World::new().await;
    let [me, other] = world.people(["me_", "other"]).await;
    let far = u64::MAX >> 1;
    world
        .service
        .notifications()
        .mark_read(me.id, sosik_feed::NotificationId::from_u64(far))
        .await
        .unwrap();
    world
        .service
        .feeds()
        .mark_read(me.id, sosik_feed::StoryId::from_u64(far))
        .await
        .unwrap();
    world.send_friend_request(&other, &me).await;
    assert_eq!(
        world.service.notifications().unread(me.id).await.unwrap(),
        1
    );
    let story = world.post(&me, Audience::Public, "x").await;
    assert!(world.service.feeds().read_position(me.id).await.unwrap() < story);
}

#[tokio::test]
async fn the_read_position_goes_forward_only() {
    let world = World::new().await;
    let me = world.person("me_").await;
    let (older, newer) = (
        world.post(&me, Audience::Public, "1").await,
        world.post(&me, Audience::Public, "2").await,
    );
    assert_eq!(
        world.service.feeds().read_position(me.id).await.unwrap(),
        sosik_feed::StoryId::default()
    );
    assert_eq!(
        world.service.feeds().mark_read(me.id, newer).await.unwrap(),
        newer
    );
    assert_eq!(
        world.service.feeds().mark_read(me.id, older).await.unwrap(),
        newer
    );
    assert_eq!(
        world.service.feeds().read_position(me.id).await.unwrap(),
        newer
    );
}
