//! Likes.

use sosik_feed::{PersonId, StoryId, Timestamp};

use super::world::World;
use crate::{LikedStories, Position};

pub async fn a_like_counts_once_and_can_be_taken_back(world: &World) {
    let [mina, joon, yuna] = world.people(["mina", "joon", "yuna"]).await;
    let story = world.posts(mina, "story").await;
    let first = world.likes(joon, story).await;
    assert!(first.changed && first.counts.likes == 1);
    let again = world.likes(joon, story).await;
    assert!(!again.changed && again.notified.is_none());
    assert_eq!(again.counts, first.counts);
    let second = world.likes(yuna, story).await;
    assert_eq!(second.counts.likes, 2);
    assert!(second.counts.revision > first.counts.revision);
    let back = world.unlike(joon, story).await.unwrap().value.unwrap();
    assert!(
        back.changed && back.counts.likes == 1 && back.counts.revision > second.counts.revision
    );
    assert!(
        !world
            .unlike(joon, story)
            .await
            .unwrap()
            .value
            .unwrap()
            .changed
    );
    assert_eq!(world.story(story).await.unwrap().counts, back.counts);
}

pub async fn what_does_not_exist_cannot_be_liked(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let story = world.posts(mina, "story").await;
    world.deletes(mina, story).await;
    for story in [story, StoryId::from_u64(5)] {
        assert!(
            world
                .like(mina, story, world.note_of_likes(story), world.now())
                .await
                .unwrap()
                .is_none()
        );
        assert!(world.unlike(mina, story).await.unwrap().is_none());
    }
}

pub async fn many_who_like_at_once_are_all_counted(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let story = world.posts(mina, "story").await;
    let mut liking = tokio::task::JoinSet::new();
    for person in world.crowd(40).await {
        let (store, note, now) = (world.shared(), world.note_of_likes(story), world.now());
        liking.spawn(async move {
            store
                .like(person, story, note, now)
                .await
                .unwrap()
                .value
                .unwrap()
                .counts
        });
    }
    let mut counts: Vec<_> = liking.join_all().await;
    counts.sort_by_key(|counts| counts.revision);
    for (number, pair) in counts.windows(2).enumerate() {
        assert!(
            pair[0].revision < pair[1].revision,
            "each change has a revision of its own"
        );
        assert_eq!(pair[0].likes as usize, number + 1);
    }
    assert_eq!(world.story(story).await.unwrap().counts.likes, 40);
    assert_eq!(world.notes(mina).await.len(), 1);
}

pub async fn the_liked_stories_are_complete_down_to_where_they_say(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let mut stories = vec![];
    for _ in 0..5 {
        stories.push(world.posts(mina, "story").await);
    }
    for &story in [2, 0, 4, 3].map(|number| &stories[number]) {
        world.likes(mina, story).await;
    }
    let all = world.liked_stories(mina, 10).await.unwrap();
    let expected = vec![stories[0], stories[2], stories[3], stories[4]];
    assert_eq!(
        all,
        LikedStories {
            stories: expected,
            complete_from: StoryId::default()
        }
    );
    let top = world.liked_stories(mina, 2).await.unwrap();
    assert_eq!(
        top,
        LikedStories {
            stories: vec![stories[3], stories[4]],
            complete_from: stories[3]
        }
    );
    let mut among = world
        .liked_among(mina, &[stories[1], stories[0], stories[3]])
        .await
        .unwrap();
    among.sort_unstable();
    assert_eq!(among, [stories[0], stories[3]]);
}

pub async fn likers_are_paged_newest_first(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let story = world.posts(mina, "story").await;
    let crowd = world.crowd(5).await;
    let moment = world.now();
    for &person in &crowd {
        world
            .like(person, story, world.note_of_likes(story), moment)
            .await
            .unwrap();
    }
    let (mut before, mut walked) = (None, Vec::new());
    loop {
        let page = world.likers(story, before, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        before = Some(Position {
            key: last.since.as_millis(),
            id: last.person.as_u64(),
        });
        walked.extend(page.iter().map(|liker| liker.person));
    }
    assert_eq!(walked, crowd.iter().rev().copied().collect::<Vec<_>>());
}

pub async fn likes_that_a_block_hides_are_counted_once_whoever_blocked(world: &World) {
    let [mina, blocked, blocker, both, other] = world
        .people(["mina", "blocked", "blocker", "both", "other"])
        .await;
    let story = world.posts(other, "story").await;
    for person in [mina, blocked, blocker, both, other] {
        world.likes(person, story).await;
    }
    assert_eq!(world.likes_hidden_from(mina, story).await.unwrap(), 0);
    for person in [blocked, both] {
        world.blocks(mina, person).await;
    }
    for person in [blocker, both] {
        world.blocks(person, mina).await;
    }
    assert_eq!(world.likes_hidden_from(mina, story).await.unwrap(), 3);
    assert_eq!(world.likes_hidden_from(blocker, story).await.unwrap(), 1);
    assert_eq!(world.likes_hidden_from(other, story).await.unwrap(), 0);
    let elsewhere = world.posts(other, "another").await;
    assert_eq!(world.likes_hidden_from(mina, elsewhere).await.unwrap(), 0);
}

pub async fn a_viewer_with_more_blocks_than_a_story_has_likes_and_comments_gets_the_same_counts(
    world: &World,
) {
    let [mina, other] = world.people(["mina", "other"]).await;
    let story = world.posts(other, "story").await;
    let crowd = world.crowd(12).await;
    for (number, person) in crowd.iter().enumerate() {
        match number % 3 {
            0 => drop(world.blocks(mina, *person).await),
            1 => drop(world.blocks(*person, mina).await),
            _ => {}
        }
    }
    for person in &crowd[..4] {
        world.likes(*person, story).await;
        world.comments(*person, story, "a word").await;
    }
    let hidden = (
        world.likes_hidden_from(mina, story).await.unwrap(),
        world.comments_hidden_from(mina, story).await.unwrap(),
    );
    assert_eq!(hidden, (3, 3), "all of the first four except the third");
}

pub async fn imported_likes_are_counted_and_told_to_nobody(world: &World) {
    let [mina, joon, yuna] = world.people(["mina", "joon", "yuna"]).await;
    let story = world.posts(mina, "story").await;
    let (nobody, nothing) = (PersonId::from_u64(5), StoryId::from_u64(5));
    let at = Timestamp::from_millis(1);
    let likes = [
        (joon, story),
        (yuna, story),
        (joon, story),
        (nobody, story),
        (joon, nothing),
    ];
    let likes = likes
        .into_iter()
        .map(|(person, story)| (person, story, at))
        .collect();
    assert_eq!(world.like_many(likes).await.unwrap(), 2);
    assert_eq!(world.story(story).await.unwrap().counts.likes, 2);
    assert!(world.notes(mina).await.is_empty());
}
