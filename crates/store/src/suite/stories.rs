//! Stories.

use std::time::Duration;

use sosik_feed::{Audience, PersonId, StoryId, Visibility};

use super::orders::{posted, progress};
use super::world::{World, key};
use crate::{CommitPosition, EditedText, NewStory, OrderKind, Posted, StoryEdit};

fn edit(id: StoryId, author: PersonId, world: &World) -> StoryEdit {
    StoryEdit {
        id,
        author,
        text: None,
        attachments: None,
        audience: None,
        now: world.now(),
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

/// A viewer without friends and blocks.
const NOBODY: PersonId = PersonId::from_u64(0);

pub async fn a_story_is_kept_as_it_was_posted(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let story = NewStory {
        mentions: words(&["joon", "nobody"]),
        tags: words(&["서울", "cafe"]),
        audience: Audience::Friends,
        ..world.new_story(mina, "안녕 @joon @nobody #서울 #cafe")
    };
    let (id, now) = (story.id, story.now);
    assert_ne!(now, id.time(), "the id may be ahead of the clock");
    world.posts_new(story).await;
    let kept = world.story(id).await.unwrap();
    assert_eq!(
        (kept.id, kept.author, kept.audience, kept.edited_at),
        (id, mina, Audience::Friends, None)
    );
    assert_eq!(kept.created_at, now);
    assert_eq!(&*kept.text, "안녕 @joon @nobody #서울 #cafe");
    assert_eq!(kept.mentions.len(), 1, "nobody has the other handle");
    assert_eq!(
        (kept.mentions[0].person, kept.mentions[0].handle.as_str()),
        (joon, "joon")
    );
    assert_eq!(kept.tags, words(&["서울", "cafe"]));
    assert_eq!((kept.counts.likes, kept.counts.comments), (0, 0));
}

pub async fn stories_that_do_not_exist_are_left_out(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let story = world.posts(mina, "one").await;
    let found = world.stories(&[StoryId::from_u64(5), story]).await.unwrap();
    assert_eq!(
        found.iter().map(|story| story.id).collect::<Vec<_>>(),
        [story]
    );
    assert_eq!(world.stories_count().await.unwrap(), 1);
}

pub async fn the_author_edits_text_mentions_and_tags(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let story = NewStory {
        tags: words(&["old", "both"]),
        ..world.new_story(mina, "#old #both")
    };
    let id = story.id;
    world.posts_new(story).await;
    let text = EditedText {
        text: "@joon #both #new".to_owned(),
        mentions: words(&["joon"]),
        tags: words(&["both", "new"]),
        link: None,
        cause: world.id().lowest(),
    };
    let change = StoryEdit {
        text: Some(text),
        ..edit(id, mina, world)
    };
    assert!(
        world
            .edit_story(StoryEdit {
                author: joon,
                ..change.clone()
            })
            .await
            .unwrap()
            .is_none(),
        "only the author edits"
    );
    assert_eq!(&*world.story(id).await.unwrap().text, "#old #both");
    let edited = world
        .edit_story(change.clone())
        .await
        .unwrap()
        .value
        .unwrap();
    assert_eq!(edited.notified, [joon]);
    let edited = edited.record;
    assert_eq!(
        (&*edited.text, edited.edited_at),
        ("@joon #both #new", Some(change.now))
    );
    assert_eq!(edited.mentions[0].person, joon);
    assert_eq!(world.story(id).await, Some(edited));
    for (tag, expected) in [("old", vec![]), ("both", vec![id]), ("new", vec![id])] {
        assert_eq!(
            world.stories_with_tag(tag, NOBODY, None, 10).await.unwrap(),
            expected,
            "{tag}"
        );
    }
}

pub async fn a_story_that_becomes_public_is_delivered_again(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let story = world
        .posts_for(mina, Audience::Friends, "for friends")
        .await;
    world.finish_orders(vec![posted(story)]).await.unwrap();
    let audience = |audience| StoryEdit {
        audience: Some(audience),
        ..edit(story, mina, world)
    };
    world
        .edit_story(audience(Audience::Friends))
        .await
        .unwrap()
        .value
        .unwrap();
    assert_eq!(world.order_stats().await.unwrap().pending, 0);
    let edited = world
        .edit_story(audience(Audience::Public))
        .await
        .unwrap()
        .value
        .unwrap();
    assert_eq!(
        (edited.record.audience, &*edited.record.text),
        (Audience::Public, "for friends")
    );
    let orders = world
        .claim_orders(super::orders::claim(9, world.now()), world.now(), 10)
        .await
        .unwrap();
    assert_eq!(
        orders
            .iter()
            .map(|order| (order.story, order.kind))
            .collect::<Vec<_>>(),
        [(story, OrderKind::Deliver)]
    );
    world
        .edit_story(audience(Audience::Friends))
        .await
        .unwrap()
        .value
        .unwrap();
    assert_eq!(
        world.order_stats().await.unwrap().pending,
        1,
        "the one under way, no other"
    );
}

pub async fn a_delivery_under_way_begins_again_when_the_story_becomes_public(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let story = world
        .posts_for(mina, Audience::Friends, "for friends")
        .await;
    assert!(progress(world, posted(story), 50).await);
    let audience = Some(Audience::Public);
    world
        .edit_story(StoryEdit {
            audience,
            ..edit(story, mina, world)
        })
        .await
        .unwrap()
        .value
        .unwrap();
    assert!(!progress(world, posted(story), 60).await);
    let orders = world
        .claim_orders(super::orders::claim(9, world.now()), world.now(), 10)
        .await
        .unwrap();
    assert_eq!(
        orders[0].done_to,
        PersonId::default(),
        "followers below were not served"
    );
}

pub async fn a_story_that_was_never_written_is_not_a_deleted_one(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let [there, deleted, never] = [
        world.new_story(mina, "there"),
        world.new_story(mina, "deleted"),
        world.new_story(mina, "never"),
    ];
    let ids = [there.id, deleted.id, never.id];
    world.posts_new(there).await;
    world.posts_new(deleted).await;
    world.deletes(mina, ids[1]).await;
    let found = world.deleted_stories(&ids, CommitPosition::LATEST).await;
    assert_eq!(found.unwrap(), [ids[1]]);
}

pub async fn a_deleted_story_is_gone_at_once_and_its_id_never_comes_back(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let story = NewStory {
        tags: words(&["tag"]),
        ..world.new_story(mina, "#tag")
    };
    let (id, again) = (story.id, story.clone());
    world.posts_new(story).await;
    assert!(
        !world
            .delete_story(id, joon, world.now())
            .await
            .unwrap()
            .value,
        "only the author deletes"
    );
    world.deletes(mina, id).await;
    assert!(
        !world
            .delete_story(id, mina, world.now())
            .await
            .unwrap()
            .value,
        "it is deleted once"
    );
    assert!(world.story(id).await.is_none());
    assert!(
        world
            .stories_of(mina, Visibility::Everything, None, 10)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        world
            .stories_with_tag("tag", NOBODY, None, 10)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        world
            .edit_story(edit(id, mina, world))
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(world.stories_count().await.unwrap(), 0);
    assert_eq!(world.post_many(vec![again.clone()]).await.unwrap(), 0);
    assert!(
        world.post(again).await.is_err(),
        "a generator that repeats an id is a fault"
    );
    assert!(world.story(id).await.is_none());
}

pub async fn an_authors_stories_are_paged_to_the_end_for_friends_and_for_others(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let (mut all, mut public) = (vec![], vec![]);
    for number in 0..17 {
        let audience = if number % 3 == 0 {
            Audience::Public
        } else {
            Audience::Friends
        };
        let story = world.posts_for(mina, audience, "story").await;
        world.posts(joon, "another's").await;
        if number % 5 == 1 {
            world.deletes(mina, story).await;
            continue;
        }
        all.insert(0, story);
        if audience == Audience::Public {
            public.insert(0, story);
        }
    }
    for (visibility, expected) in [(Visibility::Everything, all), (Visibility::Public, public)] {
        let (mut before, mut walked) = (None, Vec::new());
        loop {
            let page = world.stories_of(mina, visibility, before, 2).await.unwrap();
            let Some(&last) = page.last() else { break };
            before = Some(last);
            walked.extend(page);
        }
        assert_eq!(walked, expected, "{visibility:?}");
    }
}

pub async fn stories_with_a_tag_are_paged_newest_first(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let mut expected = vec![];
    for author in [mina, joon, mina, joon, mina] {
        let story = NewStory {
            tags: words(&["서울"]),
            ..world.new_story(author, "#서울")
        };
        expected.insert(0, story.id);
        world.posts_new(story).await;
        world.posts(author, "without").await;
    }
    let first = world
        .stories_with_tag("서울", NOBODY, None, 3)
        .await
        .unwrap();
    let rest = world
        .stories_with_tag("서울", NOBODY, first.last().copied(), 3)
        .await
        .unwrap();
    assert_eq!([first, rest].concat(), expected);
    assert!(
        world
            .stories_with_tag("부산", NOBODY, None, 3)
            .await
            .unwrap()
            .is_empty()
    );
}

pub async fn a_tag_leads_to_stories_for_friends_by_friends_only(world: &World) {
    let [mina, friend, stranger] = world.people(["mina", "friend", "stranger"]).await;
    world.befriend(mina, friend).await;
    let mut posted = Vec::new();
    for author in [mina, friend, stranger, friend, mina] {
        for audience in [Audience::Public, Audience::Friends] {
            let story = NewStory {
                audience,
                tags: words(&["tag"]),
                ..world.new_story(author, "#tag")
            };
            posted.push((author, audience, story.id));
            world.posts_new(story).await;
        }
    }
    let seen_by = |circle: &[PersonId]| {
        let may = |author, audience| audience == Audience::Public || circle.contains(&author);
        let seen = posted.iter().rev();
        seen.filter(|(author, audience, _)| may(*author, *audience))
            .map(|(.., id)| *id)
            .collect::<Vec<_>>()
    };
    for (viewer, circle) in [
        (mina, vec![mina, friend]),
        (friend, vec![mina, friend]),
        (stranger, vec![stranger]),
        (NOBODY, vec![]),
    ] {
        let (mut walked, mut before) = (Vec::new(), None);
        while let page = world
            .stories_with_tag("tag", viewer, before, 2)
            .await
            .unwrap()
            && let Some(last) = page.last()
        {
            before = Some(*last);
            walked.extend(page);
        }
        assert_eq!(walked, seen_by(&circle));
    }
    // An edit of the audience alone moves the story between the two.
    let (_, _, newest) = posted[posted.len() - 1];
    for (audience, shown) in [(Audience::Public, 1), (Audience::Friends, 0)] {
        let edit = StoryEdit {
            id: newest,
            author: mina,
            text: None,
            attachments: None,
            audience: Some(audience),
            now: world.now(),
        };
        world.edit_story(edit).await.unwrap();
        let found = world
            .stories_with_tag("tag", NOBODY, None, 10)
            .await
            .unwrap();
        assert_eq!(found.iter().filter(|id| **id == newest).count(), shown);
    }
}

pub async fn public_stories_of_all_authors_are_paged_newest_first_and_no_others(world: &World) {
    let people = world.people(["mina", "joon", "sora"]).await;
    let walked = async || {
        let (mut walked, mut before) = (Vec::new(), None);
        while let page = world.public_stories(before, 2).await.unwrap()
            && let Some(last) = page.last()
        {
            before = Some(*last);
            walked.extend(page);
        }
        walked
    };
    assert_eq!(walked().await, []);
    let (mut public, mut hidden) = (Vec::new(), Vec::new());
    for author in [people, people].concat() {
        public.insert(0, world.posts(author, "for all").await);
        hidden.push(world.posts_for(author, Audience::Friends, "no").await);
    }
    assert_eq!(walked().await, public);
    // A story that is narrowed or deleted leaves the list, and one that becomes public takes its place by age.
    let audience = |story, audience| StoryEdit {
        audience: Some(audience),
        ..edit(story, people[0], world)
    };
    let (narrowed, widened) = (public[5], hidden[0]);
    let edits = [
        audience(narrowed, Audience::Friends),
        audience(widened, Audience::Public),
    ];
    for edit in edits {
        world.edit_story(edit).await.unwrap().value.unwrap();
    }
    public[5] = widened;
    let deleted = public.remove(0);
    let gone = world.delete_story(deleted, people[2], world.now()).await;
    assert!(gone.unwrap().value);
    assert_eq!(walked().await, public);
}

pub async fn an_import_gives_no_orders_and_passes_over_what_it_has(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let story = NewStory {
        mentions: words(&["joon"]),
        tags: words(&["tag"]),
        ..world.new_story(mina, "@joon #tag")
    };
    let id = story.id;
    assert_eq!(
        world
            .post_many(vec![story.clone(), world.new_story(joon, "two")])
            .await
            .unwrap(),
        2
    );
    assert_eq!(world.post_many(vec![story]).await.unwrap(), 0);
    assert_eq!(world.order_stats().await.unwrap().pending, 0);
    assert!(world.notes(joon).await.is_empty());
    assert_eq!(world.story(id).await.unwrap().mentions[0].person, joon);
    assert_eq!(
        world
            .stories_with_tag("tag", NOBODY, None, 10)
            .await
            .unwrap(),
        [id]
    );
    assert_eq!(world.stories_count().await.unwrap(), 2);
}

pub async fn the_same_request_posts_once(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let ask = |author, body| NewStory {
        idempotency: key("k", body),
        ..world.new_story(author, "once")
    };
    let first = ask(mina, 1);
    let id = first.id;
    world.posts_new(first).await;
    assert_eq!(
        world.post(ask(mina, 1)).await.unwrap(),
        Posted::Repeated(id)
    );
    assert_eq!(world.post(ask(mina, 2)).await.unwrap(), Posted::KeyReused);
    assert!(
        matches!(
            world.post(ask(joon, 2)).await.unwrap().value,
            Posted::New { .. }
        ),
        "keys are a person's own"
    );
    assert_eq!(world.stories_count().await.unwrap(), 2);
    world.deletes(mina, id).await;
    assert_eq!(
        world.post(ask(mina, 1)).await.unwrap(),
        Posted::Repeated(id),
        "also when it has been deleted"
    );
}

pub async fn the_same_request_twice_at_once_posts_once(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let ask = || NewStory {
        idempotency: key("k", u64::MAX),
        ..world.new_story(mina, "once")
    };
    let (first, second) = (ask(), ask());
    let ids = [first.id, second.id];
    let (one, other) = tokio::join!(world.post(first), world.post(second));
    let outcomes = [one.unwrap(), other.unwrap()];
    let winner = outcomes
        .iter()
        .position(|outcome| matches!(outcome.value, Posted::New { .. }))
        .unwrap();
    assert_eq!(outcomes[1 - winner], Posted::Repeated(ids[winner]));
    assert_eq!(world.stories_count().await.unwrap(), 1);
}

pub async fn old_keys_are_forgotten_a_few_at_a_time(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let ask = |number: u64| NewStory {
        idempotency: key(&number.to_string(), 1),
        ..world.new_story(mina, "story")
    };
    for number in 0..5 {
        world.posts_new(ask(number)).await;
    }
    let before = world.now();
    world.posts_new(ask(5)).await;
    assert_eq!(world.delete_idempotency_keys(before, 3).await.unwrap(), 3);
    assert_eq!(world.delete_idempotency_keys(before, 3).await.unwrap(), 2);
    assert_eq!(world.delete_idempotency_keys(before, 3).await.unwrap(), 0);
    assert!(matches!(
        world.post(ask(0)).await.unwrap().value,
        Posted::New { .. }
    ));
    assert!(matches!(
        world.post(ask(5)).await.unwrap().value,
        Posted::Repeated(_)
    ));
}

pub async fn a_deleted_story_is_purged_in_bounded_steps(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let crowd = world.crowd(5).await;
    let story = NewStory {
        mentions: words(&["p0", "p1"]),
        ..world.new_story(mina, "@p0 @p1")
    };
    let (id, other) = (story.id, world.posts(mina, "stays").await);
    world.posts_new(story).await;
    for &person in &crowd {
        for story in [id, other] {
            world.likes(person, story).await;
            world.comments(person, story, "comment").await;
        }
    }
    assert!(
        world.purge_story(other, 100).await.unwrap(),
        "nothing to purge"
    );
    world.deletes(mina, id).await;
    // 5 comments, 5 likes, 2 mentions, 5 + 1 notifications of comments and likes.
    let mut steps = 1;
    while !world.purge_story(id, 3).await.unwrap() {
        steps += 1;
        assert!(steps < 50, "the purge does not end");
    }
    assert!(
        (6..=8).contains(&steps),
        "18 rows in steps of 3 took {steps}"
    );
    assert!(world.purge_story(id, 3).await.unwrap());
    let kept = world.story(other).await.unwrap().counts;
    assert_eq!(
        (kept.likes, kept.comments),
        (5, 5),
        "other stories keep theirs"
    );
    assert!(world.liked_among(crowd[0], &[id, other]).await.unwrap() == [other]);
}

pub async fn a_story_that_is_deleted_asks_for_its_purge_and_no_longer_for_its_delivery(
    world: &World,
) {
    let [mina] = world.people(["mina"]).await;
    let story = world.posts(mina, "gone soon").await;
    world.deletes(mina, story).await;
    let later = world.now().plus(Duration::from_secs(60));
    let orders = world
        .claim_orders(super::orders::claim(9, later), later, 10)
        .await
        .unwrap();
    assert_eq!(
        orders
            .iter()
            .map(|order| (order.story, order.kind, order.author))
            .collect::<Vec<_>>(),
        [(story, OrderKind::Purge, mina)]
    );
    assert_eq!(super::orders::undelivered(world).await, None);
}
