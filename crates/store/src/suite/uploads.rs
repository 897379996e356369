//! Uploads that arrive in several requests: who appends to them, what counts, and what becomes of them.

use std::time::Duration;

use sosik_feed::{MediaId, PersonId, Timestamp};

use super::world::{MEDIA_QUOTA, World};
use crate::{
    MediaKind, MediaQueue, MediaQuota, MediaState, MediaWork, NewMedia, NewUpload, UploadAdded,
    UploadCompleted, UploadHold, UploadProgress, UploadRecord,
};

/// Longer than a behaviour takes.
const HOLD: Duration = Duration::from_secs(60);

/// More incomplete uploads than any behaviour has.
const INCOMPLETE_MAX: u32 = 100;

async fn begins(world: &World, owner: PersonId) -> NewUpload {
    let upload = world.new_upload(owner);
    let added = world.add_upload(upload, MEDIA_QUOTA, INCOMPLETE_MAX).await;
    assert_eq!(added.unwrap(), UploadAdded::Added);
    upload
}

async fn holds(
    world: &World,
    upload: MediaId,
    person: PersonId,
    now: Timestamp,
) -> Option<UploadRecord> {
    match world
        .hold_upload(upload, person, now, now.plus(HOLD))
        .await
        .unwrap()
    {
        UploadHold::Held(record) => Some(record),
        UploadHold::Busy | UploadHold::Unknown => None,
    }
}

fn progress(world: &World, held: &UploadRecord, received: u64) -> UploadProgress {
    UploadProgress {
        id: held.id,
        holder: held.holder,
        kind: Some(MediaKind::Photo),
        received,
        parts: "one two".to_owned(),
        expires_at: held.expires_at.plus(HOLD),
        held_until: world.now().plus(HOLD),
    }
}

fn medium(world: &World, upload: &UploadRecord) -> NewMedia {
    NewMedia {
        id: upload.id,
        upload: "one two three".to_owned(),
        bytes: upload.length,
        ..world.new_media(upload.owner)
    }
}

async fn completes(world: &World, upload: NewUpload) {
    let held = holds(world, upload.id, upload.owner, world.now())
        .await
        .unwrap();
    let medium = medium(world, &held);
    assert_eq!(
        world
            .complete_upload(held.holder, medium, MEDIA_QUOTA)
            .await
            .unwrap(),
        UploadCompleted::Completed
    );
}

pub async fn an_upload_grows_until_it_is_a_medium(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let upload = begins(world, mina).await;
    let found = world.upload(upload.id).await.unwrap().unwrap();
    assert_eq!(
        (found.owner, found.length, found.received),
        (mina, 1_000, 0)
    );
    assert_eq!((found.kind, found.parts.as_str()), (None, ""));
    assert_eq!(found.expires_at, upload.expires_at);
    assert_eq!(world.media(upload.id).await.unwrap(), None);

    let held = holds(world, upload.id, mina, world.now()).await.unwrap();
    let kept = progress(world, &held, 600);
    assert!(world.keep_upload(kept.clone()).await.unwrap());
    let found = world.upload(upload.id).await.unwrap().unwrap();
    assert_eq!((found.received, found.parts.as_str()), (600, "one two"));
    assert_eq!(found.kind, Some(MediaKind::Photo));
    assert_eq!(found.expires_at, kept.expires_at);

    let medium = medium(world, &held);
    assert_eq!(
        world
            .complete_upload(held.holder, medium, MEDIA_QUOTA)
            .await
            .unwrap(),
        UploadCompleted::Completed
    );
    let media = world.media(upload.id).await.unwrap().unwrap();
    assert_eq!((media.owner, media.state), (mina, MediaState::Processing));
    let now = world.now();
    let task = world
        .claim_media(MediaQueue::Short, now, now.plus(HOLD))
        .await
        .unwrap();
    let work = task.map(|task| task.work).unwrap();
    assert!(matches!(work, MediaWork::Process { upload, .. } if upload == "one two three"));
    let done = world.upload(upload.id).await.unwrap().unwrap();
    assert!(done.is_complete() && done.parts.is_empty(), "{done:?}");
    assert_eq!(holds(world, upload.id, mina, world.now()).await, None);
}

pub async fn one_request_at_a_time_holds_an_upload(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let upload = begins(world, mina).await;
    let (id, now) = (upload.id, world.now());
    let hold = async |person, now: Timestamp| {
        world
            .hold_upload(id, person, now, now.plus(HOLD))
            .await
            .unwrap()
    };
    assert_eq!(hold(joon, now).await, UploadHold::Unknown);
    let mut holding = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let store = world.shared();
        holding.spawn(async move { store.hold_upload(id, mina, now, now.plus(HOLD)).await });
    }
    let outcomes = holding.join_all().await;
    let held = |outcome: &&Result<UploadHold, _>| matches!(outcome, Ok(UploadHold::Held(_)));
    assert_eq!(outcomes.iter().filter(held).count(), 1, "{outcomes:?}");
    assert_eq!(hold(mina, now).await, UploadHold::Busy);

    let first = world.upload(id).await.unwrap().unwrap();
    let ended = UploadProgress {
        held_until: now,
        ..progress(world, &first, 100)
    };
    assert!(world.keep_upload(ended).await.unwrap());
    let second = holds(world, id, mina, now).await.unwrap();
    assert_eq!(second.received, 100);
    assert!(second.holder > first.holder);
}

pub async fn a_request_that_lost_its_hold_changes_nothing(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let upload = begins(world, mina).await;
    let now = world.now();
    let late = holds(world, upload.id, mina, now).await.unwrap();
    let later = now.plus(HOLD);
    let holder = holds(world, upload.id, mina, later).await.unwrap();
    let lost = world.keep_upload(progress(world, &late, 900)).await;
    assert!(!lost.unwrap());
    let medium = medium(world, &late);
    let lost = world
        .complete_upload(late.holder, medium.clone(), MEDIA_QUOTA)
        .await;
    assert_eq!(lost.unwrap(), UploadCompleted::Lost);
    assert_eq!(world.media(upload.id).await.unwrap(), None);
    let found = world.upload(upload.id).await.unwrap().unwrap();
    assert_eq!(found.received, 0);
    assert_eq!(
        world
            .complete_upload(holder.holder, medium, MEDIA_QUOTA)
            .await
            .unwrap(),
        UploadCompleted::Completed
    );
    let twice = world.keep_upload(progress(world, &holder, 10)).await;
    assert!(!twice.unwrap(), "it is complete");
}

pub async fn an_upload_becomes_no_video_while_too_many_of_its_owner_wait(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let one = MediaQuota {
        videos_waiting_max: 1,
        ..MEDIA_QUOTA
    };
    let mut outcomes = Vec::new();
    for kind in [MediaKind::Video, MediaKind::Video, MediaKind::Photo] {
        let upload = begins(world, mina).await;
        let held = holds(world, upload.id, mina, world.now()).await.unwrap();
        let medium = NewMedia {
            kind,
            ..medium(world, &held)
        };
        let completed = world.complete_upload(held.holder, medium.clone(), one);
        outcomes.push(completed.await.unwrap());
        if outcomes.last() == Some(&UploadCompleted::VideosWait) {
            assert_eq!(world.media(upload.id).await.unwrap(), None);
            let again = world.complete_upload(held.holder, medium, MEDIA_QUOTA);
            let again = again.await.unwrap();
            assert_eq!(again, UploadCompleted::Completed, "nothing had changed");
        }
    }
    let (completed, wait) = (UploadCompleted::Completed, UploadCompleted::VideosWait);
    assert_eq!(outcomes, [completed, wait, completed]);
}

pub async fn incomplete_uploads_count_for_the_quota_even_at_once(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let bytes = |bytes_max| MediaQuota {
        bytes_max,
        ..MEDIA_QUOTA
    };
    let mut adding = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (store, upload) = (world.shared(), world.new_upload(mina));
        let quota = bytes(3_000);
        adding.spawn(async move { store.add_upload(upload, quota, 100).await.unwrap() });
    }
    let added = adding.join_all().await;
    let number = added.iter().filter(|it| **it == UploadAdded::Added).count();
    assert_eq!(number, 3, "{added:?}");
    let media = async |quota| {
        world
            .add_media(world.new_media(mina), quota)
            .await
            .unwrap()
            .is_added()
    };
    assert!(!media(bytes(3_999)).await);
    assert!(media(bytes(4_000)).await);
    let upload = world.new_upload(mina);
    let count = MediaQuota {
        count_max: 4,
        ..MEDIA_QUOTA
    };
    let full = world.add_upload(upload, count, INCOMPLETE_MAX).await;
    assert_eq!(full.unwrap(), UploadAdded::Quota);
    let nobody = world.new_upload(PersonId::from_u64(5));
    let nobodys = world.add_upload(nobody, MEDIA_QUOTA, INCOMPLETE_MAX).await;
    assert_eq!(nobodys.unwrap(), UploadAdded::Quota);
}

pub async fn a_complete_upload_counts_for_the_quota_as_its_medium_even_at_once(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let quota = MediaQuota {
        bytes_max: 5_000,
        count_max: 3,
        ..MEDIA_QUOTA
    };
    let mut completing = tokio::task::JoinSet::new();
    let mut holders = Vec::new();
    for _ in 0..3 {
        let upload = begins(world, mina).await;
        let held = holds(world, upload.id, mina, world.now()).await.unwrap();
        holders.push(held);
    }
    // Each counts 1,000 bytes while it is incomplete and 2,000 afterwards.
    for held in &holders {
        let (store, holder) = (world.shared(), held.holder);
        let medium = NewMedia {
            bytes: 2_000,
            ..medium(world, held)
        };
        completing
            .spawn(async move { store.complete_upload(holder, medium, quota).await.unwrap() });
    }
    let mut outcomes = completing.join_all().await;
    outcomes.sort_by_key(|outcome| *outcome == UploadCompleted::Quota);
    let (completed, full) = (UploadCompleted::Completed, UploadCompleted::Quota);
    assert_eq!(outcomes, [completed, completed, full]);
    let mut incomplete = Vec::new();
    for held in &holders {
        let found = world.upload(held.id).await.unwrap().unwrap();
        incomplete.extend((!found.is_complete()).then_some(found));
    }
    let [left] = &incomplete[..] else {
        panic!("{incomplete:?}");
    };
    let again = world.complete_upload(left.holder, medium(world, left), quota);
    assert_eq!(again.await.unwrap(), completed, "nothing had changed");
}

pub async fn an_upload_is_not_begun_without_room_for_what_it_reserves(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let upload = NewUpload {
        reserved: 2_000,
        ..world.new_upload(mina)
    };
    let bytes = |bytes_max| MediaQuota {
        bytes_max,
        ..MEDIA_QUOTA
    };
    let add = async |quota| {
        world
            .add_upload(upload, quota, INCOMPLETE_MAX)
            .await
            .unwrap()
    };
    assert_eq!(add(bytes(1_999)).await, UploadAdded::Quota);
    assert_eq!(add(bytes(2_000)).await, UploadAdded::Added);
}

pub async fn a_write_of_a_request_that_ended_its_hold_changes_nothing(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let upload = begins(world, mina).await;
    let held = holds(world, upload.id, mina, world.now()).await.unwrap();
    let ended = UploadProgress {
        held_until: Timestamp::default(),
        ..progress(world, &held, 300)
    };
    assert!(world.keep_upload(ended).await.unwrap());
    let late = progress(world, &held, 600);
    assert!(!world.keep_upload(late).await.unwrap());
    let late = world.complete_upload(held.holder, medium(world, &held), MEDIA_QUOTA);
    assert_eq!(late.await.unwrap(), UploadCompleted::Lost);
    let found = world.upload(upload.id).await.unwrap().unwrap();
    assert_eq!((found.received, found.parts.as_str()), (300, "one two"));
}

pub async fn a_person_has_only_so_many_incomplete_uploads(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let first = world.new_upload(mina);
    let add = async |upload| world.add_upload(upload, MEDIA_QUOTA, 2).await.unwrap();
    assert_eq!(add(first).await, UploadAdded::Added);
    assert_eq!(add(world.new_upload(mina)).await, UploadAdded::Added);
    assert_eq!(add(world.new_upload(mina)).await, UploadAdded::TooMany);
    assert_eq!(add(world.new_upload(joon)).await, UploadAdded::Added);
    completes(world, first).await;
    assert_eq!(add(world.new_upload(mina)).await, UploadAdded::Added);
}

pub async fn an_upload_is_deleted_by_its_owner_and_expires(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let deleted = begins(world, mina).await.id;
    assert_eq!(world.delete_upload(deleted, joon).await.unwrap(), None);
    let gone = world.delete_upload(deleted, mina).await.unwrap();
    assert_eq!(gone.map(|upload| upload.id), Some(deleted));
    assert_eq!(world.upload(deleted).await.unwrap(), None);
    assert_eq!(world.delete_upload(deleted, mina).await.unwrap(), None);

    let uploads = [begins(world, mina).await, begins(world, mina).await];
    completes(world, uploads[1]).await;
    let last = uploads[1].expires_at;
    assert_eq!(holds(world, uploads[0].id, mina, last).await, None);
    let first = world.expire_uploads(last, 1).await.unwrap();
    assert_eq!(first.len(), 1, "at most the limit");
    let mut expired = world.expire_uploads(last, 10).await.unwrap();
    expired.extend(first);
    expired.sort_by_key(|upload| upload.id);
    let states: Vec<_> = expired.iter().map(|it| (it.id, it.is_complete())).collect();
    assert_eq!(states, [(uploads[0].id, false), (uploads[1].id, true)]);
    assert!(world.media(uploads[1].id).await.unwrap().is_some());
}

pub async fn files_of_media_and_uploads_are_listed_in_order(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let upload = begins(world, mina).await;
    let done = begins(world, mina).await;
    completes(world, done).await;
    let known = world.known_media(&[upload.id, done.id]).await.unwrap();
    assert_eq!(known.len(), 2, "an incomplete upload has files");
    let listed = world.media_files_after(MediaId::from_u64(0), 10).await;
    let listed = listed.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].media, done.id);
    assert_eq!(listed[0].names, ["one", "two", "three"]);
    assert!(!listed[0].is_settled, "it is processed");
    let found = world.media_files(&[upload.id, done.id]).await.unwrap();
    assert_eq!(found, listed);
    let uploads = world.uploads_after(MediaId::from_u64(0), 10).await.unwrap();
    let ids: Vec<_> = uploads.iter().map(|upload| upload.id).collect();
    assert_eq!(ids, [upload.id, done.id]);
    let next = world.uploads_after(upload.id, 10).await.unwrap();
    assert_eq!(next.len(), 1);
    assert_eq!(world.media_files_after(done.id, 10).await.unwrap(), []);
}
