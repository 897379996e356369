//! Privacy settings, and what the store decides by them.

use sosik_feed::limits::COMMON_FRIENDS_EXAMINED_MAX;
use sosik_feed::{AllowedActors, AllowedAskers, PersonId, Privacy};

use super::world::World;
use crate::{
    EditedText, FriendsOf, Mention, NewStory, Posted, PrivacyChange, ProfileChange, StoryEdit,
};

/// Changes the settings of a person.
async fn sets(world: &World, person: PersonId, privacy: PrivacyChange) {
    let change = ProfileChange {
        privacy,
        ..ProfileChange::default()
    };
    let changed = world.change_profile(person, change).await.unwrap().value;
    assert!(changed.is_some(), "the person exists");
}

async fn limits_mentions(world: &World, person: PersonId, mentions: AllowedActors) {
    let mentions = Some(mentions);
    let change = PrivacyChange {
        mentions,
        ..PrivacyChange::default()
    };
    sets(world, person, change).await;
}

fn mentioning(world: &World, author: PersonId) -> NewStory {
    NewStory {
        mentions: vec!["mina".to_owned()],
        ..world.new_story(author, "@mina")
    }
}

fn of_mina(mina: PersonId) -> Vec<Mention> {
    let handle = "mina".to_owned();
    vec![Mention {
        person: mina,
        handle,
    }]
}

pub async fn settings_are_open_at_first_and_change_one_by_one(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let of = async |person: PersonId| world.people_by_id(&[person]).await.unwrap()[0].privacy;
    assert_eq!(of(mina).await, Privacy::default());
    let changes = [
        PrivacyChange {
            mentions: Some(AllowedActors::Friends),
            ..PrivacyChange::default()
        },
        PrivacyChange {
            comments: Some(AllowedActors::FriendsOfFriends),
            ..PrivacyChange::default()
        },
        PrivacyChange {
            requests: Some(AllowedAskers::Nobody),
            ..PrivacyChange::default()
        },
    ];
    for change in changes {
        sets(world, mina, change).await;
    }
    let expected = Privacy {
        mentions: AllowedActors::Friends,
        comments: AllowedActors::FriendsOfFriends,
        requests: AllowedAskers::Nobody,
    };
    assert_eq!(of(mina).await, expected);
    let by_handle = world.person_by_handle("mina").await.unwrap().unwrap();
    assert_eq!(by_handle.privacy, expected);
    assert_eq!(of(joon).await, Privacy::default(), "nobody else's change");
}

pub async fn two_people_have_a_friend_in_common_or_not(world: &World) {
    let [mina, joon, yuna, alone] = world.people(["mina", "joon", "yuna", "alone"]).await;
    world.befriend(mina, joon).await;
    let common =
        async |one: PersonId, other: PersonId| world.have_common_friend(one, other).await.unwrap();
    assert!(!common(mina, yuna).await);
    world.befriend(joon, yuna).await;
    assert!(common(mina, yuna).await && common(yuna, mina).await);
    assert!(!common(mina, joon).await, "friends without a common one");
    assert!(!common(mina, alone).await && !common(alone, mina).await);
    assert!(!common(mina, PersonId::from_u64(5)).await);
    world.unfriend(joon, mina).await.unwrap();
    assert!(!common(mina, yuna).await);
}

pub async fn a_friend_in_common_is_looked_for_among_the_friends_of_the_one_with_fewer(
    world: &World,
) {
    let max = COMMON_FRIENDS_EXAMINED_MAX as usize;
    let [mina, joon, yuna] = world.people(["mina", "joon", "yuna"]).await;
    let crowd = world.crowd(2 * max + 2).await;
    let (of_mina, of_joon) = (&crowd[..=max], &crowd[max..]);
    let mut friends = Vec::new();
    for (person, theirs) in [(mina, of_mina), (joon, of_joon), (yuna, &crowd[max..=max])] {
        let since = world.now();
        for friend in theirs {
            friends.push((person, *friend, since));
            friends.push((*friend, person, since));
        }
    }
    friends.sort_unstable();
    let lists = friends.chunk_by(|one, other| one.0 == other.0);
    let lists = lists.map(|list| FriendsOf {
        person: list[0].0,
        friends: list.iter().map(|(_, friend, at)| (*friend, *at)).collect(),
    });
    world.fill_friends(lists.collect()).await.unwrap();
    for (one, other, expected) in [(mina, joon, false), (mina, yuna, true), (joon, yuna, true)] {
        for (one, other) in [(one, other), (other, one)] {
            let common = world.have_common_friend(one, other).await.unwrap();
            assert_eq!(common, expected, "the {max} examined friends decide");
        }
    }
}

pub async fn a_mention_that_the_settings_refuse_is_text_and_tells_nobody(world: &World) {
    let [mina, friend, common, near, stranger] = world
        .people(["mina", "friend", "common", "near", "stranger"])
        .await;
    world.befriend(mina, friend).await;
    world.befriend(mina, common).await;
    world.befriend(common, near).await;
    let everybody = [mina, friend, near, stranger];
    for (setting, permitted) in [
        (AllowedActors::Everyone, &everybody[..]),
        (AllowedActors::FriendsOfFriends, &everybody[..3]),
        (AllowedActors::Friends, &everybody[..2]),
    ] {
        limits_mentions(world, mina, setting).await;
        for author in everybody {
            let is_permitted = permitted.contains(&author);
            let told = is_permitted && author != mina;
            let story = mentioning(world, author);
            let id = story.id;
            let posted = world.post(story).await.unwrap().value;
            let mentions = match is_permitted {
                true => of_mina(mina),
                false => Vec::new(),
            };
            let notified = Vec::from_iter(told.then_some(mina));
            let expected = Posted::New {
                notified: notified.clone(),
                mentions: mentions.clone(),
                attachments: Vec::new(),
            };
            assert_eq!(posted, expected, "{setting:?}");
            let kept = world.story(id).await.unwrap();
            assert_eq!((kept.mentions, &*kept.text), (mentions, "@mina"));

            let on = world.posts(friend, "a story").await;
            let mut comment = world.new_comment(author, on, "@mina");
            comment.mentions = vec!["mina".to_owned()];
            let (mut told, _) = world.comments_new(comment).await;
            told.retain(|person| *person == mina);
            assert_eq!(told, notified, "in a comment, {setting:?}");
        }
    }
}

pub async fn an_edit_obeys_the_settings_of_its_time(world: &World) {
    let [mina, stranger] = world.people(["mina", "stranger"]).await;
    let story = mentioning(world, stranger);
    let id = story.id;
    world.posts_new(story).await;
    limits_mentions(world, mina, AllowedActors::Friends).await;
    let kept = world.story(id).await.unwrap();
    assert_eq!(kept.mentions, of_mina(mina), "what was written stays");

    let edits = |text: &str| StoryEdit {
        id,
        author: stranger,
        text: Some(EditedText {
            text: text.to_owned(),
            mentions: vec!["mina".to_owned()],
            tags: Vec::new(),
            link: None,
            cause: world.id().lowest(),
        }),
        attachments: None,
        audience: None,
        now: world.now(),
    };
    let edited = world.edit_story(edits("@mina again")).await.unwrap();
    let edited = edited.value.unwrap();
    assert_eq!((edited.record.mentions, edited.notified), (vec![], vec![]));
    limits_mentions(world, mina, AllowedActors::Everyone).await;
    let edited = world.edit_story(edits("@mina at last")).await.unwrap();
    assert_eq!(edited.value.unwrap().record.mentions, of_mina(mina));
}

pub async fn an_import_keeps_the_mentions_of_the_past(world: &World) {
    let [mina, stranger] = world.people(["mina", "stranger"]).await;
    limits_mentions(world, mina, AllowedActors::Friends).await;
    let story = mentioning(world, stranger);
    let id = story.id;
    assert_eq!(world.post_many(vec![story]).await.unwrap(), 1);
    assert_eq!(world.story(id).await.unwrap().mentions, of_mina(mina));
    assert!(world.notes(mina).await.is_empty());
}
