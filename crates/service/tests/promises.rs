//! The promises. Each check returns how a promise was broken. Every build that breaks a promise on purpose must be
//! caught.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something unexpected happens"
)]

mod common;

use std::collections::BTreeSet;

use common::{World, below, ids, newer};
use sosik_decorators::Sabotage;
use sosik_fabric::timelines::Delivery;
use sosik_feed::{Audience, StoryId};
use sosik_service::Settings;
use sosik_service::feeds::FeedStart;

/// Lateness cannot be detected without a clock. The checker of `sosik load` has one, and this build is used to test it,
/// too.
const NEEDS_A_CLOCK: Sabotage = Sabotage::DeliverLate;

/// How a promise was broken.
type Broken = String;

fn expect(holds: bool, otherwise: &str) -> Result<(), Broken> {
    if holds {
        Ok(())
    } else {
        Err(otherwise.to_owned())
    }
}

/// Small chunks, so that one delivery takes several.
async fn world(sabotage: Option<Sabotage>) -> World {
    let mut settings = Settings::default();
    settings.delivery.chunk = 2;
    World::with(settings, sabotage).await
}

/// P1: an acknowledged story survives a restart and is delivered.
async fn durable(mut world: World) -> Result<(), Broken> {
    let people = world.people(&["mina", "jun"]).await;
    world.befriend(people[0], people[1]).await;
    let mut posted = Vec::new();
    for _ in 0..5 {
        posted.push(world.post(people[0], Audience::Friends).await);
    }
    world.restart().await;
    posted.reverse();
    expect(
        world.top(people[0]).await == posted,
        "an acknowledged story is not in its author's feed after a restart",
    )?;
    expect(
        world.top(people[1]).await == posted,
        "an acknowledged story is not in a friend's feed after a restart",
    )
}

/// P2: every entitled reader sees every story exactly once, in order.
async fn complete(world: World) -> Result<(), Broken> {
    let author = world.person("author").await;
    let readers = world.crowd("reader", 7).await;
    world.befriend_all(author, &readers).await;
    for reader in &readers {
        world.top(*reader).await;
    }
    let mut posted = Vec::new();
    for _ in 0..9 {
        posted.push(world.post(author, Audience::Friends).await);
    }
    world.quiet().await;
    posted.reverse();
    for reader in &readers {
        let feed = world.whole_feed(*reader, 4).await;
        expect(
            feed == posted,
            &format!("a reader does not see every story once: {feed:?} instead of {posted:?}"),
        )?;
    }
    Ok(())
}

/// P3: entitlement is decided at read.
async fn private(world: World) -> Result<(), Broken> {
    let people = world
        .people(&[
            "mina",
            "unfriended",
            "blocked",
            "muter",
            "follower",
            "friend",
        ])
        .await;
    let [mina, unfriended, blocked, muter, follower, friend] = people[..] else {
        unreachable!()
    };
    world
        .befriend_all(mina, &[unfriended, blocked, muter, friend])
        .await;
    world
        .service
        .relations()
        .follow(follower, mina)
        .await
        .unwrap();
    for reader in &people {
        world.top(*reader).await;
    }
    let public = world.post(mina, Audience::Public).await;
    let private = world.post(mina, Audience::Friends).await;
    let deleted = world.post(mina, Audience::Public).await;
    world.quiet().await;
    expect(
        world.top(friend).await == [deleted, private, public],
        "a friend does not see all stories",
    )?;
    expect(
        world.top(follower).await == [deleted, public],
        "a follower sees other than the public stories",
    )?;

    world
        .service
        .relations()
        .unfriend(unfriended, mina)
        .await
        .unwrap();
    expect(
        world.top(unfriended).await.is_empty(),
        "stories are shown after the friendship ended",
    )?;
    world
        .service
        .relations()
        .block(mina, blocked)
        .await
        .unwrap();
    expect(
        world.top(blocked).await.is_empty(),
        "stories are shown to somebody blocked",
    )?;
    world.service.relations().mute(muter, mina).await.unwrap();
    expect(
        world.top(muter).await.is_empty(),
        "stories of somebody muted are shown",
    )?;
    world.service.stories().delete(mina, deleted).await.unwrap();
    expect(
        world.top(friend).await == [private, public],
        "a deleted story is shown",
    )?;
    world
        .service
        .stories()
        .edit(mina, public, narrowed())
        .await
        .unwrap();
    expect(
        world.top(follower).await.is_empty(),
        "a story is shown to a follower after it was made for friends only",
    )?;
    expect(
        world.top(friend).await == [private, public],
        "a friend lost a story that was made for friends only",
    )
}

fn narrowed() -> sosik_service::stories::EditRequest {
    sosik_service::stories::EditRequest {
        text: None,
        attachments: None,
        audience: Some(Audience::Friends),
    }
}

/// P4: authors see their own stories on their next read.
async fn own_words(world: World) -> Result<(), Broken> {
    let author = world.person("author").await;
    world.top(author).await;
    for _ in 0..20 {
        let story = world.post(author, Audience::Friends).await;
        expect(
            world.top(author).await.first() == Some(&story),
            "the author does not see their own story at once",
        )?;
    }
    Ok(())
}

/// P5: paging down never skips or repeats a story while stories are posted and deleted.
async fn no_gaps_downwards(world: World) -> Result<(), Broken> {
    let people = world.people(&["author", "reader"]).await;
    let [author, reader] = people[..] else {
        unreachable!()
    };
    world.befriend(author, reader).await;
    let mut posted = Vec::new();
    for _ in 0..30 {
        posted.push(world.post(author, Audience::Friends).await);
    }
    world.quiet().await;
    let vanishing: BTreeSet<StoryId> = posted
        .iter()
        .copied()
        .filter(|id| id.as_u64() % 5 == 0)
        .collect();
    let mut to_vanish = vanishing.clone();
    let mut seen = Vec::new();
    let mut from = FeedStart::Top;
    loop {
        let page = world.read(reader, from, 3).await;
        seen.extend(ids(&page));
        let Some(before) = page.before else { break };
        from = below(&before);
        world.post(author, Audience::Friends).await;
        if let Some(story) = to_vanish.pop_first() {
            world.service.stories().delete(author, story).await.unwrap();
        }
    }
    expect(
        seen.is_sorted_by(|a, b| a > b),
        "a story came twice or out of order",
    )?;
    let shown: BTreeSet<StoryId> = seen.into_iter().collect();
    let stayed: BTreeSet<StoryId> = posted
        .into_iter()
        .filter(|id| !vanishing.contains(id))
        .collect();
    expect(
        stayed.is_subset(&shown),
        "a story was skipped while paging down",
    )
}

/// P5: "newer" misses no late delivery, even if the timeline was lost in between.
async fn no_gaps_upwards(mut world: World) -> Result<(), Broken> {
    let people = world.people(&["author", "reader"]).await;
    let [author, reader] = people[..] else {
        unreachable!()
    };
    world.befriend(author, reader).await;
    let late = world.story_id(author).await;
    let first = world.post(author, Audience::Friends).await;
    world.quiet().await;
    let page = world.read(reader, FeedStart::Top, 10).await;
    expect(ids(&page) == [first], "the first page is wrong")?;

    world.overdue_story(author, late).await;
    world
        .service
        .engines()
        .timelines
        .deliver(&[Delivery {
            story: late,
            readers: vec![reader],
        }])
        .await
        .unwrap();
    let second = world.post(author, Audience::Friends).await;
    world.quiet().await;
    let page = world.read(reader, newer(&page), 10).await;
    expect(
        !page.reset && ids(&page) == [second, late],
        "newer missed what was delivered late",
    )?;

    let third = world.post(author, Audience::Friends).await;
    world.restart().await;
    let page = world.read(reader, newer(&page), 10).await;
    expect(
        !page.reset && ids(&page) == [third],
        "after a restart newer does not return the new stories",
    )?;
    let page = world.read(reader, newer(&page), 10).await;
    expect(page.items.is_empty() && page.end, "newer repeats stories")
}

/// P6: a repeated request posts once.
async fn once(world: World) -> Result<(), Broken> {
    let author = world.person("author").await;
    let first = world
        .post_with_key(author, Audience::Public, Some("one"))
        .await;
    let again = world
        .post_with_key(author, Audience::Public, Some("one"))
        .await;
    expect(
        first == again,
        "a repeated request was answered with another story",
    )?;
    expect(
        world.top(author).await == [first],
        "a repeated request posted twice",
    )
}

/// P3 and P8: comments by blocked people are hidden, and a response is correct or a refusal, never an internal error.
async fn comments_private(world: World) -> Result<(), Broken> {
    let people = world.people(&["host", "guest", "blocked"]).await;
    let [host, guest, blocked] = people[..] else {
        unreachable!()
    };
    world.befriend_all(host, &[guest, blocked]).await;
    let story = world.post(host, Audience::Friends).await;
    let service = &world.service;
    let (text, key) = ("out of sight", None);
    service
        .comments()
        .add(blocked, story, text, key)
        .await
        .unwrap();
    service.relations().block(guest, blocked).await.unwrap();
    let seen = async |who| match service.comments().list(who, story, None, 10).await {
        Ok(page) => Ok(page.items.len()),
        Err(error) => Err(error.to_string()),
    };
    expect(
        seen(host).await? == 1,
        "a comment is missing on one's own story",
    )?;
    expect(
        seen(guest).await? == 0,
        "a comment by a blocked person is shown",
    )
}

/// P1: a like counts once, in its response and on pages.
async fn counted(world: World) -> Result<(), Broken> {
    let people = world.people(&["mina", "jun"]).await;
    world.befriend(people[0], people[1]).await;
    let story = world.post(people[0], Audience::Friends).await;
    world.top(people[0]).await;
    let counts = world.service.likes().add(people[1], story).await.unwrap();
    expect(counts.likes == 1, "one like is not counted as one")?;
    let page = world.read(people[0], FeedStart::Top, 10).await;
    let shown: Vec<u32> = (page.items.iter())
        .map(|item| item.story.counts().likes)
        .collect();
    expect(shown == [1], "a like is not counted once in a feed")
}

/// Runs every check in its own world. Returns the first failure.
async fn all_promises(sabotage: Option<Sabotage>) -> Result<(), Broken> {
    durable(world(sabotage).await).await?;
    complete(world(sabotage).await).await?;
    private(world(sabotage).await).await?;
    own_words(world(sabotage).await).await?;
    no_gaps_downwards(world(sabotage).await).await?;
    no_gaps_upwards(world(sabotage).await).await?;
    comments_private(world(sabotage).await).await?;
    counted(world(sabotage).await).await?;
    once(world(sabotage).await).await
}

#[tokio::test]
async fn every_promise_holds() {
    all_promises(None).await.unwrap();
}

/// What the check for this promise must find. Another failure is not enough.
const fn finding(sabotage: Sabotage) -> &'static str {
    match sabotage {
        Sabotage::AcknowledgeUnwritten => {
            "an acknowledged story is not in its author's feed after a restart"
        }
        Sabotage::DropLastChunk => "a reader does not see every story once",
        Sabotage::ShowWhatIsCached => "stories are shown after the friendship ended",
        Sabotage::KeepDeleted => "a deleted story is shown",
        Sabotage::ForgetOwnStory => "the author does not see their own story at once",
        Sabotage::NewerByIdAlone => "newer missed what was delivered late",
        Sabotage::SkipOneWhenPaging => "a story was skipped while paging down",
        Sabotage::ShowBlockedComments => "a comment by a blocked person is shown",
        Sabotage::FailInsteadOfRefusing => "the store failed",
        Sabotage::CountTwice => "one like is not counted as one",
        Sabotage::IgnoreIdempotencyKey => "a repeated request was answered with another story",
        Sabotage::AnswerBeforeNodes
        | Sabotage::ServeWithoutLease
        | Sabotage::SkipChangeLog
        | Sabotage::IgnoreFencing
        | Sabotage::AcknowledgeUndelivered
        | Sabotage::UseOwnClock
        | NEEDS_A_CLOCK
        | Sabotage::ShowTwice
        | Sabotage::OldestFirst => "",
    }
}

/// Runs the check for this promise.
async fn caught(sabotage: Sabotage) -> Result<(), Broken> {
    let broken = Some(sabotage);
    match sabotage {
        Sabotage::AcknowledgeUnwritten => durable(world(broken).await).await,
        Sabotage::DropLastChunk => complete(world(broken).await).await,
        Sabotage::ShowWhatIsCached | Sabotage::KeepDeleted => private(world(broken).await).await,
        Sabotage::ForgetOwnStory => own_words(world(broken).await).await,
        Sabotage::NewerByIdAlone => no_gaps_upwards(world(broken).await).await,
        Sabotage::SkipOneWhenPaging => no_gaps_downwards(world(broken).await).await,
        Sabotage::ShowBlockedComments | Sabotage::FailInsteadOfRefusing => {
            comments_private(world(broken).await).await
        }
        Sabotage::CountTwice => counted(world(broken).await).await,
        Sabotage::AnswerBeforeNodes
        | Sabotage::ServeWithoutLease
        | Sabotage::SkipChangeLog
        | Sabotage::IgnoreFencing
        | Sabotage::AcknowledgeUndelivered
        | Sabotage::UseOwnClock
        | NEEDS_A_CLOCK
        | Sabotage::ShowTwice
        | Sabotage::OldestFirst => Ok(()),
        Sabotage::IgnoreIdempotencyKey => once(world(broken).await).await,
    }
}

#[tokio::test]
async fn every_promise_broken_on_purpose_is_caught() {
    let seen_here = |sabotage: &Sabotage| {
        *sabotage != NEEDS_A_CLOCK && !sabotage.is_of_pages() && !sabotage.needs_a_fault()
    };
    let mut missed = Vec::new();
    for sabotage in Sabotage::ALL.into_iter().filter(seen_here) {
        let found = caught(sabotage).await;
        let is_caught = |found: &Broken| found.starts_with(finding(sabotage));
        if !found.as_ref().is_err_and(is_caught) {
            missed.push((sabotage.name(), found));
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}
