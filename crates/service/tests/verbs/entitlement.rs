//! Entitlement to a story: every way to reach it, for every kind of person and both audiences, with warm caches.

use sosik_feed::{Audience, PersonId, StoryId};

use crate::world::{Person, World, there};

/// A person's relation to the author.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Owner,
    Friend,
    Follower,
    Stranger,
    FormerFriend,
    Muter,
    Blocked,
    Blocker,
    FormerlyBlocked,
}

use Role::{
    Blocked, Blocker, Follower, FormerFriend, FormerlyBlocked, Friend, Muter, Owner, Stranger,
};

const ROLES: [Role; 9] = [
    Owner,
    Friend,
    Follower,
    Stranger,
    FormerFriend,
    Muter,
    Blocked,
    Blocker,
    FormerlyBlocked,
];

impl Role {
    /// The rule, repeated independently of the code under test.
    fn may_open(self, audience: Audience) -> bool {
        match (self, audience) {
            (Owner | Friend, _) => true,
            (Follower | Stranger | FormerFriend | Muter | FormerlyBlocked, audience) => {
                audience == Audience::Public
            }
            (Blocked | Blocker, _) => false,
        }
    }

    fn has_on_home(self, audience: Audience) -> bool {
        match self {
            Owner | Friend => true,
            Follower => audience == Audience::Public,
            Stranger | FormerFriend | Muter | Blocked | Blocker | FormerlyBlocked => false,
        }
    }

    fn may_know_the_author(self) -> bool {
        !matches!(self, Blocked | Blocker)
    }
}

/// Gives `person` their role, after they have read everything once.
async fn become_role(world: &World, author: &Person, person: &Person, role: Role) {
    let service = &world.service;
    match role {
        Owner | Stranger => {}
        Friend => world.befriend(person, author).await,
        Follower => service
            .relations()
            .follow(person.id, author.id)
            .await
            .unwrap(),
        FormerFriend => {
            world.befriend(person, author).await;
            look(world, author, person).await;
            world.unfriend(author, person).await;
        }
        Muter => service
            .relations()
            .mute(person.id, author.id)
            .await
            .unwrap(),
        Blocked | FormerlyBlocked => {
            world.befriend(person, author).await;
            look(world, author, person).await;
            world.block(author, person).await;
            if role == FormerlyBlocked {
                look(world, author, person).await;
                world.unblock(author, person).await;
            }
        }
        Blocker => service
            .relations()
            .block(person.id, author.id)
            .await
            .unwrap(),
    }
}

/// Fills every cache with the current state.
async fn look(world: &World, author: &Person, person: &Person) {
    for story in world
        .store()
        .stories_of(author.id, sosik_feed::Visibility::Everything, None, 10)
        .await
        .unwrap()
    {
        there(&world.service.stories().open(person.id, story).await);
    }
    there(
        &world
            .service
            .people()
            .profile(person.id, &author.handle)
            .await,
    );
}

async fn check(
    world: &World,
    author: &Person,
    person: &Person,
    role: Role,
    story: StoryId,
    audience: Audience,
) {
    let service = &world.service;
    let may = role.may_open(audience);
    let told = format!("{role:?} {audience:?}");
    assert_eq!(
        there(&service.stories().open(person.id, story).await),
        may,
        "open: {told}"
    );
    let missing = StoryId::from_u64(story.as_u64() - 1);
    let ids = [missing, story];
    let states = service.stories().states(person.id, &ids).await.unwrap();
    let seen: Vec<_> = states
        .iter()
        .map(|state| (state.id, state.item.is_some(), state.on_home))
        .collect();
    let home = role.has_on_home(audience);
    assert_eq!(
        seen,
        [(missing, false, false), (story, may, home)],
        "states: {told}"
    );
    assert_eq!(
        there(&service.comments().list(person.id, story, None, 10).await),
        may,
        "comments: {told}"
    );
    assert_eq!(
        there(
            &service
                .comments()
                .add(person.id, story, "hello", None)
                .await
        ),
        may,
        "comment: {told}"
    );
    assert_eq!(
        there(&service.likes().list(person.id, story, None, 10).await),
        may,
        "likers: {told}"
    );
    assert_eq!(
        there(&service.likes().add(person.id, story).await),
        may,
        "like: {told}"
    );
    service.likes().remove(person.id, story).await.unwrap();
    let tagged = service
        .stories()
        .with_tag(person.id, "seoul", None, 100)
        .await
        .unwrap();
    assert_eq!(
        tagged
            .items
            .iter()
            .any(|item| item.story.record.id == story),
        may,
        "tag: {told}"
    );
    let page = service
        .stories()
        .of_author(person.id, &author.handle, None, 100)
        .await;
    assert_eq!(there(&page), role.may_know_the_author(), "page: {told}");
    let on_page =
        page.is_ok_and(|page| page.items.iter().any(|item| item.story.record.id == story));
    assert_eq!(on_page, may, "on the page: {told}");
    assert_eq!(
        there(&service.people().profile(person.id, &author.handle).await),
        role.may_know_the_author(),
        "profile: {told}"
    );
}

#[tokio::test]
async fn a_story_is_there_for_those_entitled_to_it_and_for_nobody_else() {
    let world = World::new().await;
    check_roles(&world, &[]).await;
}

#[tokio::test]
async fn a_reader_whom_very_many_people_blocked_opens_what_others_open() {
    let world = World::new().await;
    let crowd = world.blockers().await;
    check_roles(&world, &crowd).await;
}

/// Checks every role. The crowd has blocked everybody who reads.
async fn check_roles(world: &World, crowd: &[PersonId]) {
    for (number, role) in ROLES.into_iter().enumerate() {
        let author = world.person(&format!("author{number}")).await;
        let person = if role == Owner {
            author.clone()
        } else {
            world.person(&format!("person{number}")).await
        };
        world.all_block(crowd, &person).await;
        let mut stories = Vec::new();
        for audience in [Audience::Public, Audience::Friends] {
            stories.push((world.post(&author, audience, "in #Seoul").await, audience));
        }
        look(world, &author, &person).await;
        become_role(world, &author, &person, role).await;
        for (story, audience) in stories {
            check(world, &author, &person, role, story, audience).await;
        }
    }
}

#[tokio::test]
async fn only_the_author_edits_and_deletes() {
    let world = World::new().await;
    let [author, friend] = world.people(["author", "feli"]).await;
    world.befriend(&author, &friend).await;
    let story = world.post(&author, Audience::Public, "mine").await;
    let edit = || sosik_service::stories::EditRequest {
        text: Some("yours".to_owned()),
        attachments: None,
        audience: None,
    };
    assert!(!there(
        &world.service.stories().edit(friend.id, story, edit()).await
    ));
    assert!(!there(
        &world.service.stories().delete(friend.id, story).await
    ));
    assert_eq!(
        &*world
            .service
            .stories()
            .open(author.id, story)
            .await
            .unwrap()
            .story
            .record
            .text,
        "mine"
    );
    assert!(there(
        &world.service.stories().edit(author.id, story, edit()).await
    ));
    assert!(there(
        &world.service.stories().delete(author.id, story).await
    ));
    assert!(
        !there(&world.service.stories().delete(author.id, story).await),
        "it is gone"
    );
}
