//! Avatars: from an upload to the profile, and their deletion.

use std::collections::BTreeSet;
use std::time::Duration;

use sosik_feed::{CommitPosition, MediaId, PersonId};

use super::world::{MEDIA_QUOTA, World};
use crate::{
    Avatar, MediaDeletion, MediaFacts, MediaKind, MediaQueue, MediaQuota, MediaRefused, MediaSize,
    MediaState, MediaTask, MediaWork, NewAttachment, NewMedia, NewStory, PersonRecord, Processed,
    StoreError,
};

/// Longer than a behaviour takes.
const CLAIM: Duration = Duration::from_secs(60);

fn new_avatar(world: &World, owner: PersonId) -> NewMedia {
    NewMedia {
        kind: MediaKind::Avatar,
        ..world.new_media(owner)
    }
}

async fn uploads(world: &World, owner: PersonId) -> MediaId {
    let media = new_avatar(world, owner);
    let id = media.id;
    assert!(
        world
            .add_media(media, MEDIA_QUOTA)
            .await
            .unwrap()
            .is_added()
    );
    id
}

async fn claims(world: &World) -> Option<MediaTask> {
    let now = world.now();
    world
        .claim_media(MediaQueue::Short, now, now.plus(CLAIM))
        .await
        .unwrap()
}

fn facts(name: &str) -> MediaFacts {
    let size = |side, place| MediaSize {
        width: side,
        height: side,
        webp: format!("{name}-{place}.webp"),
        jpeg: None,
    };
    MediaFacts {
        width: 384,
        height: 384,
        sizes: vec![size(96, "small"), size(384, "large")],
        ..MediaFacts::default()
    }
}

fn ready(name: &str) -> Processed {
    let facts = facts(name);
    Processed::Ready { facts, bytes: 10 }
}

async fn finishes(world: &World, task: &MediaTask, result: Processed) -> Option<PersonId> {
    let finished = world.finish_avatar(task.media, task.attempt, result, world.now());
    finished.await.unwrap().value.shown_in()
}

/// Uploads an avatar that becomes ready.
async fn shows(world: &World, owner: PersonId, name: &str) -> MediaId {
    let id = uploads(world, owner).await;
    let task = claims(world).await.unwrap();
    assert_eq!(task.media, id);
    assert_eq!(finishes(world, &task, ready(name)).await, Some(owner));
    id
}

async fn person(world: &World, id: PersonId) -> PersonRecord {
    let store = world.shared();
    let people = store.people(&[id], CommitPosition::LATEST).await;
    people.unwrap().pop().unwrap()
}

fn avatar(media: MediaId, name: &str) -> Option<Avatar> {
    Avatar::of(media, &facts(name))
}

/// The media whose files are to be removed now.
async fn to_remove(world: &World) -> BTreeSet<MediaId> {
    let mut found = BTreeSet::new();
    while let Some(task) = claims(world).await {
        if task.work == MediaWork::Remove {
            found.insert(task.media);
        }
    }
    found
}

pub async fn an_avatar_changes_the_profile_when_it_is_ready_and_is_never_shown_in_a_story(
    world: &World,
) {
    let [mina] = world.people(["mina"]).await;
    let before = person(world, mina).await;
    assert_eq!(before.avatar, None);
    let id = uploads(world, mina).await;
    let task = claims(world).await.unwrap();
    let MediaWork::Process { kind, .. } = task.work else {
        panic!("not due for processing: {task:?}");
    };
    assert_eq!(kind, MediaKind::Avatar);
    assert_eq!(person(world, mina).await, before, "not ready");
    assert_eq!(finishes(world, &task, ready("a")).await, Some(mina));
    let after = person(world, mina).await;
    assert_eq!(after.avatar, avatar(id, "a"));
    assert!(after.revision > before.revision);
    let by_handle = world.person_by_handle(&after.handle).await.unwrap();
    assert_eq!(by_handle.unwrap(), after);
    let record = world.media(id).await.unwrap().unwrap();
    assert_eq!(
        (record.kind, record.state, record.story),
        (MediaKind::Avatar, MediaState::Ready, None)
    );
    let story = NewStory {
        attachments: vec![NewAttachment {
            media: id,
            alt: String::new(),
        }],
        ..world.new_story(mina, "with an avatar")
    };
    let refused = world.post(story).await;
    assert!(
        matches!(
            refused,
            Err(StoreError::MediaRefused(MediaRefused::Unknown))
        ),
        "{refused:?}"
    );
    let deleted = world.delete_media(id, mina, world.now()).await;
    assert_eq!(deleted.unwrap(), MediaDeletion::Used);
}

pub async fn the_last_upload_wins_in_whatever_order_they_are_processed(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let first = uploads(world, mina).await;
    let early = claims(world).await.unwrap();
    let last = uploads(world, mina).await;
    assert_eq!(world.media(first).await.unwrap(), None);
    let mut tasks = Vec::new();
    while let Some(task) = claims(world).await {
        tasks.push(task);
    }
    let late = tasks.iter().find(|task| task.media == last).unwrap();
    assert_eq!(finishes(world, late, ready("last")).await, Some(mina));
    assert_eq!(finishes(world, &early, ready("first")).await, None);
    assert_eq!(person(world, mina).await.avatar, avatar(last, "last"));
    let removed = tasks.iter().filter(|task| task.work == MediaWork::Remove);
    let removed: Vec<_> = removed.map(|task| task.media).collect();
    assert_eq!(removed, [first]);
}

pub async fn a_new_avatar_deletes_the_former_one(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let others = shows(world, joon, "joon").await;
    let first = shows(world, mina, "first").await;
    let second = shows(world, mina, "second").await;
    assert_eq!(person(world, mina).await.avatar, avatar(second, "second"));
    assert_eq!(world.media(first).await.unwrap(), None);
    assert_eq!(to_remove(world).await, BTreeSet::from([first]));
    assert_eq!(person(world, joon).await.avatar, avatar(others, "joon"));
    assert!(world.media(others).await.unwrap().is_some());
}

pub async fn an_avatar_that_cannot_be_processed_changes_nothing_and_gives_way_to_the_next(
    world: &World,
) {
    let [mina] = world.people(["mina"]).await;
    let shown = shows(world, mina, "shown").await;
    let broken = uploads(world, mina).await;
    let task = claims(world).await.unwrap();
    let failed = Processed::Failed("broken".to_owned());
    assert_eq!(finishes(world, &task, failed).await, None);
    assert_eq!(person(world, mina).await.avatar, avatar(shown, "shown"));
    let record = world.media(broken).await.unwrap().unwrap();
    assert_eq!(record.state, MediaState::Failed);
    uploads(world, mina).await;
    assert_eq!(world.media(broken).await.unwrap(), None);
    assert!(world.media(shown).await.unwrap().is_some());
}

pub async fn a_late_worker_changes_no_avatar(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let id = uploads(world, mina).await;
    let (now, later) = (world.now(), world.now().plus(CLAIM).plus(CLAIM));
    let first = world
        .claim_media(MediaQueue::Short, now, now.plus(CLAIM))
        .await
        .unwrap();
    let second = world
        .claim_media(MediaQueue::Short, later, later.plus(CLAIM))
        .await
        .unwrap();
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_eq!(finishes(world, &first, ready("late")).await, None);
    assert_eq!(person(world, mina).await.avatar, None);
    assert_eq!(finishes(world, &second, ready("a")).await, Some(mina));
    assert_eq!(person(world, mina).await.avatar, avatar(id, "a"));
    let deleted = MediaTask {
        media: MediaId::from_u64(5),
        ..second
    };
    assert_eq!(finishes(world, &deleted, ready("x")).await, None);
}

pub async fn a_removed_avatar_is_gone_with_the_uploads_for_one(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let photo = world.new_media(mina);
    let photo_id = photo.id;
    let shown = shows(world, mina, "shown").await;
    assert!(
        world
            .add_media(photo, MEDIA_QUOTA)
            .await
            .unwrap()
            .is_added()
    );
    let waiting = uploads(world, mina).await;
    let revision = person(world, mina).await.revision;
    let removes = async || {
        let removed = world.remove_avatar(mina, world.now()).await;
        removed.unwrap().value
    };
    assert!(removes().await);
    let after = person(world, mina).await;
    assert_eq!(after.avatar, None);
    assert!(after.revision > revision);
    assert!(!removes().await, "again");
    assert_eq!(person(world, mina).await.revision, after.revision);
    assert_eq!(to_remove(world).await, BTreeSet::from([shown, waiting]));
    assert!(world.media(photo_id).await.unwrap().is_some());
    let nobody = world.remove_avatar(PersonId::from_u64(5), world.now());
    assert!(!nobody.await.unwrap().value);
}

pub async fn an_avatar_is_kept_when_unused_uploads_are_deleted_and_counts_for_the_quota(
    world: &World,
) {
    let [mina] = world.people(["mina"]).await;
    let shown = shows(world, mina, "shown").await;
    let later = world.now().plus(CLAIM);
    let deleted = world.delete_unused_media(later, later, 10).await;
    assert_eq!(deleted.unwrap(), 0);
    assert!(world.media(shown).await.unwrap().is_some());
    let one = MediaQuota {
        count_max: 1,
        ..MEDIA_QUOTA
    };
    let another = world.add_media(world.new_media(mina), one).await;
    assert!(!another.unwrap().is_added());
}

pub async fn of_avatars_that_are_uploaded_and_finished_at_once_one_stays(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let mut changing = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let (store, media) = (world.shared(), new_avatar(world, mina));
        let (now, id) = (world.now(), media.id);
        changing.spawn(async move {
            assert!(
                store
                    .add_media(media, MEDIA_QUOTA)
                    .await
                    .unwrap()
                    .is_added()
            );
            if let Some(task) = store
                .claim_media(MediaQueue::Short, now, now.plus(CLAIM))
                .await
                .unwrap()
            {
                let (media, attempt) = (task.media, task.attempt);
                if task.work == MediaWork::Remove {
                    return store.forget_media(media).await.unwrap();
                }
                let result = ready(&id.to_string());
                store
                    .finish_avatar(media, attempt, result, now)
                    .await
                    .unwrap();
            }
        });
    }
    changing.join_all().await;
    while let Some(task) = claims(world).await {
        match task.work {
            MediaWork::Remove => world.forget_media(task.media).await.unwrap(),
            MediaWork::Process { .. } => {
                finishes(world, &task, ready("end")).await;
            }
        }
    }
    let shown = person(world, mina).await.avatar.unwrap();
    assert!(world.media(shown.media).await.unwrap().is_some());
    let stats = world.media_stats().await.unwrap();
    assert_eq!((stats.processing, stats.removing), (0, 0));
    let one = MediaQuota {
        count_max: 1,
        ..MEDIA_QUOTA
    };
    let second = world.add_media(world.new_media(mina), one).await;
    assert!(!second.unwrap().is_added(), "the avatar is left");
    let two = MediaQuota {
        count_max: 2,
        ..MEDIA_QUOTA
    };
    let second = world.add_media(world.new_media(mina), two).await;
    assert!(second.unwrap().is_added(), "nothing but the avatar is left");
}
