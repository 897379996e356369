//! Previews of links: making them for stories, fetching each link once, and removing files.

use std::collections::BTreeSet;
use std::time::Duration;

use sosik_feed::{Audience, MediaId, PersonId, StoryId, Timestamp};

use super::world::World;
use crate::{
    EditedText, ExpiredLink, LinkCard, LinkClaim, LinkResult, LinkState, MediaFacts, MediaSize,
    NewPreview, NewStory, PreviewTask, PreviewWork, StoryEdit, StoryLink,
};

/// Longer than a behaviour takes.
const CLAIM: Duration = Duration::from_secs(60);

const URL: &str = "https://news.example/1";

fn preview(world: &World, author: PersonId, url: &str) -> NewPreview {
    NewPreview {
        id: MediaId::of_owner(author, world.id()),
        url: url.to_owned(),
    }
}

async fn posts(world: &World, author: PersonId, url: &str) -> (StoryId, MediaId) {
    let link = preview(world, author, url);
    let folder = link.id;
    let story = NewStory {
        link: Some(link),
        ..world.new_story(author, url)
    };
    let id = story.id;
    world.posts_new(story).await;
    (id, folder)
}

async fn edits(world: &World, author: PersonId, story: StoryId, url: Option<&str>) {
    let text = EditedText {
        text: url.unwrap_or("no link").to_owned(),
        mentions: Vec::new(),
        tags: Vec::new(),
        link: url.map(|url| preview(world, author, url)),
        cause: world.id().lowest(),
    };
    let edit = StoryEdit {
        id: story,
        author,
        text: Some(text),
        audience: None,
        attachments: None,
        now: world.now(),
    };
    world.edit_story(edit).await.unwrap().value.unwrap();
}

async fn claims(world: &World, now: Timestamp) -> Option<PreviewTask> {
    world.claim_preview(now, now.plus(CLAIM)).await.unwrap()
}

async fn claims_one(world: &World) -> PreviewTask {
    claims(world, world.now()).await.expect("work is due")
}

/// The folders whose files are to be removed now.
async fn to_remove(world: &World) -> BTreeSet<MediaId> {
    let (now, mut found) = (world.now(), BTreeSet::new());
    while let Some(task) = claims(world, now).await {
        if task.work == PreviewWork::Remove {
            found.insert(task.preview);
        }
    }
    found
}

fn card(title: &str, picture: bool) -> LinkCard {
    let sizes = vec![MediaSize {
        width: 4,
        height: 3,
        webp: "a.webp".to_owned(),
        jpeg: Some("b.jpg".to_owned()),
    }];
    let facts = MediaFacts {
        width: 4,
        height: 3,
        sizes,
        ..MediaFacts::default()
    };
    LinkCard {
        title: title.to_owned(),
        description: Some("about \"it\" <b>".to_owned()),
        site: "news.example".to_owned(),
        picture: picture.then_some(facts),
    }
}

fn link(folder: MediaId, url: &str, picture: bool) -> StoryLink {
    StoryLink {
        url: url.to_owned(),
        folder,
        card: card("한국어 제목", picture),
    }
}

async fn finishes(world: &World, task: &PreviewTask, result: Option<StoryLink>) -> Option<StoryId> {
    let finished = world.finish_preview(task.preview, task.attempt, result);
    finished.await.unwrap().value
}

async fn shows(world: &World, author: PersonId, url: &str) -> (StoryId, MediaId) {
    let (story, folder) = posts(world, author, url).await;
    let task = claims_one(world).await;
    let finished = finishes(world, &task, Some(link(folder, url, true))).await;
    assert_eq!(finished, Some(story));
    (story, folder)
}

async fn shown(world: &World, story: StoryId) -> Option<StoryLink> {
    world.story(story).await.unwrap().link
}

async fn knows(world: &World, folder: MediaId) -> bool {
    !world.known_folders(&[folder]).await.unwrap().is_empty()
}

pub async fn a_story_shows_the_preview_of_its_link_once_it_is_made(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let plain = world.posts(mina, "no link").await;
    let (story, folder) = posts(world, mina, URL).await;
    assert_eq!(shown(world, story).await, None);
    let task = claims_one(world).await;
    assert_eq!((task.preview, task.attempt), (folder, 1));
    assert!(matches!(&task.work, PreviewWork::Make { url, .. } if url == URL));
    assert_eq!(claims(world, world.now()).await, None, "it is claimed");

    let made = link(folder, URL, true);
    assert_eq!(
        finishes(world, &task, Some(made.clone())).await,
        Some(story)
    );
    let record = world.story(story).await.unwrap();
    assert_eq!((record.link, record.edited_at), (Some(made), None));
    assert_eq!(shown(world, plain).await, None);
    let later = world.now().plus(2 * CLAIM);
    assert_eq!(claims(world, later).await, None, "it is done");
    assert!(knows(world, folder).await, "it has files");
    let files = world.preview_files(&[folder]).await.unwrap();
    let picture = world.story(story).await.unwrap().link.unwrap().card.picture;
    let names = picture.iter().flat_map(MediaFacts::files);
    let names: Vec<String> = names.map(str::to_owned).collect();
    assert_eq!(
        (&files[0].names[..], files[0].is_settled),
        (&names[..], true)
    );
    assert!(!names.is_empty());
    let before = MediaId::from_u64(folder.as_u64() - 1);
    let listed = world.preview_files_after(before, 10).await.unwrap();
    assert_eq!(listed, files);
    let none = world.preview_files_after(folder, 10).await.unwrap();
    assert_eq!(none, []);
}

pub async fn a_preview_without_files_or_without_anything_to_show_leaves_no_row(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let (story, folder) = posts(world, mina, URL).await;
    let task = claims_one(world).await;
    let made = link(folder, URL, false);
    assert_eq!(
        finishes(world, &task, Some(made.clone())).await,
        Some(story)
    );
    assert_eq!(shown(world, story).await, Some(made));
    let (other, nothing) = posts(world, mina, "https://news.example/2").await;
    let task = claims_one(world).await;
    assert_eq!(finishes(world, &task, None).await, None);
    assert_eq!(shown(world, other).await, None);
    let known = world.known_folders(&[folder, nothing]).await.unwrap();
    assert_eq!(known, []);
}

pub async fn a_preview_is_due_again_when_its_claim_expires_and_a_late_result_changes_nothing(
    world: &World,
) {
    let [mina] = world.people(["mina"]).await;
    let (story, folder) = posts(world, mina, URL).await;
    let now = world.now();
    let first = claims(world, now).await.unwrap();
    let second = claims(world, now.plus(CLAIM)).await.unwrap();
    assert_eq!((second.preview, second.attempt), (folder, 2));
    let late = finishes(world, &first, Some(link(folder, URL, false))).await;
    assert_eq!((late, shown(world, story).await), (None, None));
    let made = finishes(world, &second, Some(link(folder, URL, true))).await;
    assert_eq!(made, Some(story));
}

pub async fn postponed_work_is_due_at_its_time_unless_the_claim_is_lost(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let (_, folder) = posts(world, mina, URL).await;
    let now = world.now();
    let first = claims(world, now).await.unwrap();
    let soon = now.plus(Duration::from_secs(2));
    let postpone = async |attempt, due_at| {
        let postponed = world.postpone_preview(folder, attempt, due_at);
        postponed.await.unwrap();
    };
    postpone(first.attempt, soon).await;
    assert_eq!(claims(world, now.plus(Duration::from_secs(1))).await, None);
    let second = claims(world, soon).await.unwrap();
    assert_eq!(second.attempt, 2);
    postpone(first.attempt, soon).await;
    assert_eq!(
        claims(world, soon).await,
        None,
        "the second claim holds still"
    );
}

pub async fn an_edit_keeps_replaces_or_removes_the_preview_by_the_first_link(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let (story, first) = shows(world, mina, URL).await;
    edits(world, mina, story, Some(URL)).await;
    assert_eq!(shown(world, story).await.unwrap().folder, first, "kept");
    assert_eq!(claims(world, world.now()).await, None, "nothing to do");
    let audience = StoryEdit {
        id: story,
        author: mina,
        text: None,
        audience: Some(Audience::Friends),
        attachments: None,
        now: world.now(),
    };
    let edited = world.edit_story(audience).await.unwrap().value.unwrap();
    assert_eq!(edited.record.link.unwrap().folder, first);

    edits(world, mina, story, Some("https://news.example/2")).await;
    assert_eq!(
        shown(world, story).await,
        None,
        "the new one is not made yet"
    );
    let mut tasks = [claims_one(world).await, claims_one(world).await];
    tasks.sort_by_key(|task| task.preview);
    let [removed, made] = tasks;
    assert_eq!(
        (removed.preview, removed.work),
        (first, PreviewWork::Remove)
    );
    let second = link(made.preview, "https://news.example/2", true);
    assert_eq!(
        finishes(world, &made, Some(second.clone())).await,
        Some(story)
    );
    assert_eq!(shown(world, story).await, Some(second));

    edits(world, mina, story, None).await;
    assert_eq!(shown(world, story).await, None);
    assert_eq!(to_remove(world).await, BTreeSet::from([made.preview]));
}

pub async fn a_result_for_a_link_that_an_edit_removed_changes_nothing(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let (story, folder) = posts(world, mina, URL).await;
    let task = claims_one(world).await;
    edits(world, mina, story, None).await;
    let late = finishes(world, &task, Some(link(folder, URL, true))).await;
    assert_eq!((late, shown(world, story).await), (None, None));
    assert_eq!(to_remove(world).await, BTreeSet::from([folder]));
}

pub async fn the_preview_of_a_deleted_story_is_removed_and_forgotten(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let (story, gone) = shows(world, mina, URL).await;
    let (other, stays) = shows(world, mina, URL).await;
    let (pending, unmade) = posts(world, mina, URL).await;
    let task = claims_one(world).await;
    world.deletes(mina, story).await;
    world.deletes(mina, pending).await;
    let late = finishes(world, &task, Some(link(unmade, URL, true))).await;
    assert_eq!(late, None, "the story is deleted");
    assert!(shown(world, other).await.is_some());
    assert_eq!(to_remove(world).await, BTreeSet::from([gone, unmade]));
    world.forget_preview(stays).await.unwrap();
    assert!(knows(world, stays).await, "it is not deleted");
    world.forget_preview(gone).await.unwrap();
    assert!(!knows(world, gone).await);
}

fn link_claim(world: &World, key: u8) -> LinkClaim {
    let now = world.now();
    LinkClaim {
        key: [key; 32],
        folder: MediaId::from_u64(world.id().lowest().as_u64()),
        now,
        until: now.plus(CLAIM),
    }
}

fn result_of(claim: &LinkClaim, card: Option<LinkCard>) -> LinkResult {
    LinkResult {
        key: claim.key,
        folder: claim.folder,
        card,
        until: claim.until,
    }
}

pub async fn a_link_is_fetched_by_one_and_its_result_is_used_until_it_expires(world: &World) {
    let claim = link_claim(world, 1);
    let claimed = |replaced| LinkState::Claimed { replaced };
    assert_eq!(world.claim_link(claim).await.unwrap(), claimed(None));
    let other = link_claim(world, 1);
    assert_eq!(world.claim_link(other).await.unwrap(), LinkState::Fetching);
    let foreign = result_of(&other, None);
    assert!(!world.finish_link(foreign).await.unwrap(), "not claimed");
    let found = card("title", true);
    let result = result_of(&claim, Some(found.clone()));
    assert!(world.finish_link(result.clone()).await.unwrap());
    assert!(!world.finish_link(result).await.unwrap(), "again");
    let fetched = LinkState::Fetched {
        folder: claim.folder,
        card: Some(found),
    };
    assert_eq!(world.claim_link(other).await.unwrap(), fetched);
    let different = link_claim(world, 2);
    assert_eq!(world.claim_link(different).await.unwrap(), claimed(None));

    let later = LinkClaim {
        now: claim.until,
        until: claim.until.plus(CLAIM),
        ..link_claim(world, 1)
    };
    let again = world.claim_link(later).await.unwrap();
    assert_eq!(again, claimed(Some(claim.folder)), "it has expired");
    assert!(!knows(world, claim.folder).await);
    assert!(knows(world, later.folder).await);
    assert!(world.finish_link(result_of(&later, None)).await.unwrap());
    let nothing = LinkState::Fetched {
        folder: later.folder,
        card: None,
    };
    let now = later.now;
    let asked = LinkClaim { now, ..other };
    assert_eq!(world.claim_link(asked).await.unwrap(), nothing);
}

pub async fn of_many_who_claim_a_link_at_once_one_fetches_it(world: &World) {
    let mut claiming = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (store, claim) = (world.shared(), link_claim(world, 1));
        claiming.spawn(async move { store.claim_link(claim).await.unwrap() });
    }
    let states = claiming.join_all().await;
    let claimed = states
        .iter()
        .filter(|state| matches!(state, LinkState::Claimed { .. }));
    assert_eq!(claimed.count(), 1, "{states:?}");
}

pub async fn a_fetch_whose_worker_died_is_claimed_again_and_its_late_result_is_refused(
    world: &World,
) {
    let dead = link_claim(world, 1);
    world.claim_link(dead).await.unwrap();
    let next = LinkClaim {
        now: dead.until,
        until: dead.until.plus(CLAIM),
        ..link_claim(world, 1)
    };
    let claimed = world.claim_link(next).await.unwrap();
    assert!(matches!(claimed, LinkState::Claimed { .. }));
    assert!(!world.finish_link(result_of(&dead, None)).await.unwrap());
    assert!(world.finish_link(result_of(&next, None)).await.unwrap());
}

pub async fn expired_links_are_listed_a_few_at_a_time_and_forgotten_unless_claimed_again(
    world: &World,
) {
    let mut links = Vec::new();
    for key in 1..=3 {
        let claim = link_claim(world, key);
        world.claim_link(claim).await.unwrap();
        let expired = ExpiredLink {
            key: claim.key,
            folder: claim.folder,
        };
        links.push((expired, claim));
    }
    let last = links[2].1.until;
    let listed = async |before, limit| world.expired_links(before, limit).await.unwrap();
    let some = listed(last, 10).await;
    assert_eq!(some, [links[0].0, links[1].0], "the last one is in use");
    assert_eq!(listed(last, 1).await, [links[0].0]);
    world.forget_link(links[0].0).await.unwrap();
    let again = LinkClaim {
        now: last,
        until: last.plus(CLAIM),
        ..link_claim(world, 2)
    };
    world.claim_link(again).await.unwrap();
    world.forget_link(links[1].0).await.unwrap();
    assert!(knows(world, again.folder).await, "it was claimed again");
    assert_eq!(listed(last, 10).await, []);
}
