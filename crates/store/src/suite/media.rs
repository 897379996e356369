//! Uploaded photos: attaching them to stories, processing them, and removing them.

use std::collections::BTreeSet;
use std::time::Duration;

use sosik_feed::{Audience, MediaId, PersonId, StoryId, Timestamp};

use super::world::{MEDIA_QUOTA, World};
use crate::{
    Attachment, Finished, MediaAdded, MediaDeletion, MediaFacts, MediaKind, MediaQueue, MediaQuota,
    MediaRefused, MediaSize, MediaState, MediaTask, MediaWork, NewAttachment, NewMedia, NewStory,
    Posted, Processed, StoreError, StoryEdit,
};

/// Longer than a behaviour takes.
const CLAIM: Duration = Duration::from_secs(60);

async fn uploads(world: &World, owner: PersonId) -> MediaId {
    let media = world.new_media(owner);
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

fn with_alt(media: MediaId, alt: &str) -> NewAttachment {
    NewAttachment {
        media,
        alt: alt.to_owned(),
    }
}

fn with_photos(world: &World, author: PersonId, photos: &[MediaId]) -> NewStory {
    NewStory {
        attachments: photos.iter().map(|id| with_alt(*id, "a photo")).collect(),
        ..world.new_story(author, "with photos")
    }
}

async fn posts(world: &World, author: PersonId, photos: &[MediaId]) -> StoryId {
    let story = with_photos(world, author, photos);
    let id = story.id;
    world.posts_new(story).await;
    id
}

fn edit(world: &World, author: PersonId, story: StoryId, photos: Vec<NewAttachment>) -> StoryEdit {
    StoryEdit {
        id: story,
        author,
        text: None,
        audience: None,
        attachments: Some(photos),
        now: world.now(),
    }
}

async fn attached(world: &World, story: StoryId) -> Vec<Attachment> {
    world.story(story).await.unwrap().attachments
}

async fn claims(world: &World, now: Timestamp) -> Option<MediaTask> {
    claims_of(world, MediaQueue::Short, now).await
}

async fn claims_of(world: &World, queue: MediaQueue, now: Timestamp) -> Option<MediaTask> {
    let claimed = world.claim_media(queue, now, now.plus(CLAIM)).await;
    claimed.unwrap()
}

async fn uploads_a_video(world: &World, owner: PersonId) -> MediaId {
    let video = NewMedia {
        kind: MediaKind::Video,
        ..world.new_media(owner)
    };
    let id = video.id;
    assert!(
        world
            .add_media(video, MEDIA_QUOTA)
            .await
            .unwrap()
            .is_added()
    );
    id
}

/// The media whose files are to be removed now.
async fn to_remove(world: &World) -> BTreeSet<MediaId> {
    let (now, mut found) = (world.now(), BTreeSet::new());
    while let Some(task) = claims(world, now).await {
        if task.work == MediaWork::Remove {
            found.insert(task.media);
        }
    }
    found
}

fn ready() -> Processed {
    let facts = MediaFacts {
        width: 4,
        height: 3,
        thumbhash: Some("aGFzaA==".to_owned()),
        sizes: vec![MediaSize {
            width: 4,
            height: 3,
            webp: "a.webp".to_owned(),
            jpeg: Some("b.jpg".to_owned()),
        }],
        ..MediaFacts::default()
    };
    Processed::Ready { facts, bytes: 10 }
}

pub async fn an_upload_is_kept_and_is_due_for_processing(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let media = world.new_media(mina);
    let (id, upload) = (media.id, media.upload.clone());
    assert!(
        world
            .add_media(media, MEDIA_QUOTA)
            .await
            .unwrap()
            .is_added()
    );
    let found = world.media(id).await.unwrap().unwrap();
    assert_eq!((found.owner, found.story), (mina, None));
    assert_eq!(found.state, MediaState::Processing);
    assert_eq!(found.facts, MediaFacts::default());
    assert_eq!(world.media_stats().await.unwrap().processing, 1);
    let task = claims(world, world.now()).await.unwrap();
    assert_eq!((task.media, task.attempt), (id, 1));
    assert!(matches!(task.work, MediaWork::Process { upload: name, .. } if name == upload));
    assert_eq!(claims(world, world.now()).await, None, "it is claimed");
}

pub async fn work_is_due_again_when_its_claim_expires_and_the_late_worker_changes_nothing(
    world: &World,
) {
    let [mina] = world.people(["mina"]).await;
    let id = uploads(world, mina).await;
    let now = world.now();
    let first = claims(world, now).await.unwrap();
    let later = now.plus(CLAIM);
    let second = claims(world, later).await.unwrap();
    assert_eq!((second.media, second.attempt), (id, 2));
    let late = world.finish_media(id, first.attempt, Processed::Failed("late".to_owned()));
    assert_eq!(late.await.unwrap().value, Finished::Lost);
    assert_eq!(
        world.media(id).await.unwrap().unwrap().state,
        MediaState::Processing
    );
    world
        .finish_media(id, second.attempt, ready())
        .await
        .unwrap();
    let found = world.media(id).await.unwrap().unwrap();
    assert_eq!((found.state, found.facts.width), (MediaState::Ready, 4));
    assert_eq!(claims(world, later.plus(CLAIM)).await, None, "it is done");
}

pub async fn videos_and_everything_else_are_claimed_apart(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let [video, deleted, next] = [
        uploads_a_video(world, mina).await,
        uploads_a_video(world, mina).await,
        uploads_a_video(world, mina).await,
    ];
    let photo = uploads(world, mina).await;
    let now = world.now();
    world.delete_media(deleted, mina, now).await.unwrap();
    let mut short = BTreeSet::new();
    while let Some(task) = claims_of(world, MediaQueue::Short, now).await {
        short.insert(task.media);
    }
    assert_eq!(short, BTreeSet::from([photo, deleted]));
    let mut videos = BTreeSet::new();
    while let Some(task) = claims_of(world, MediaQueue::Videos, now).await {
        let kind = MediaKind::Video;
        assert!(matches!(task.work, MediaWork::Process { kind: found, .. } if found == kind));
        videos.insert(task.media);
    }
    assert_eq!(videos, BTreeSet::from([video, next]));
}

pub async fn a_claim_is_renewed_or_given_back_by_its_own_worker_only(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let video = uploads_a_video(world, mina).await;
    let renews = async |attempt, until| {
        let renewed = world.renew_media_claim(video, attempt, until).await;
        renewed.unwrap()
    };
    let (now, queue) = (world.now(), MediaQueue::Videos);
    let first = claims_of(world, queue, now).await.unwrap();
    let later = now.plus(CLAIM);
    assert!(renews(first.attempt, later.plus(CLAIM)).await);
    assert_eq!(claims_of(world, queue, later).await, None, "it is renewed");

    assert!(renews(first.attempt, now).await);
    let second = claims_of(world, queue, now).await.unwrap();
    assert_eq!(
        (second.media, second.attempt),
        (video, 2),
        "it was given back"
    );
    assert!(!renews(first.attempt, now).await);
    assert_eq!(claims_of(world, queue, now).await, None, "nothing changed");

    let done = world.finish_media(video, second.attempt, ready());
    done.await.unwrap();
    assert!(!renews(second.attempt, now).await, "it is done");
    let deleted = uploads_a_video(world, mina).await;
    let now = world.now();
    let task = claims_of(world, queue, now).await.unwrap();
    world.delete_media(deleted, mina, now).await.unwrap();
    let renewed = world.renew_media_claim(deleted, task.attempt, later);
    assert!(!renewed.await.unwrap(), "it was deleted");
}

pub async fn a_claim_that_ends_without_a_result_is_a_fault_unless_it_was_released(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let id = uploads(world, mina).await;
    let mut now = world.now();
    for faults in 0..3 {
        let task = claims(world, now).await.unwrap();
        assert_eq!((task.media, task.faults), (id, faults));
        now = now.plus(CLAIM);
    }
    let mut attempts = BTreeSet::new();
    for _ in 0..10 {
        let task = claims(world, now).await.unwrap();
        assert_eq!(task.faults, 3, "only the claims that were not released");
        assert!(
            attempts.insert(task.attempt),
            "no claim has the number of another"
        );
        now = now.plus(CLAIM / 2);
        assert!(releases(world, &task, now).await);
    }
}

pub async fn a_released_claim_is_due_when_it_was_asked_for_and_its_worker_is_fenced(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let id = uploads(world, mina).await;
    let now = world.now();
    let first = claims(world, now).await.unwrap();
    let due_at = now.plus(CLAIM / 2);
    assert!(releases(world, &first, due_at).await);
    assert!(!releases(world, &first, now).await, "it is released");
    assert!(
        !world
            .renew_media_claim(id, first.attempt, now)
            .await
            .unwrap()
    );
    let late = world.finish_media(id, first.attempt, ready()).await;
    assert_eq!(late.unwrap().value, Finished::Lost);
    let early = claims(world, now.plus(CLAIM / 4)).await;
    assert_eq!(early, None, "it is not due");

    let second = claims(world, due_at).await.unwrap();
    assert_eq!((second.media, second.faults), (id, 0));
    assert!(!releases(world, &first, now).await, "another worker has it");
    world.delete_media(id, mina, due_at).await.unwrap();
    assert!(!releases(world, &second, now).await, "it was deleted");
}

async fn releases(world: &World, task: &MediaTask, due_at: Timestamp) -> bool {
    let released = world.release_media(task.media, task.attempt, due_at).await;
    released.unwrap()
}

pub async fn a_story_shows_its_photos_in_order_before_and_after_they_are_processed(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let [one, two] = [uploads(world, mina).await, uploads(world, mina).await];
    let story = NewStory {
        attachments: vec![with_alt(two, "the second"), with_alt(one, "")],
        ..world.new_story(mina, "")
    };
    let id = story.id;
    let posted = world.post(story).await.unwrap().value;
    let shown = attached(world, id).await;
    assert!(matches!(posted, Posted::New { attachments, .. } if attachments == shown));
    let order: Vec<_> = shown.iter().map(|it| (it.media, it.alt.as_str())).collect();
    assert_eq!(order, [(two, "the second"), (one, "")]);
    assert!(shown.iter().all(|it| it.state == MediaState::Processing));

    let mut tasks = Vec::new();
    while let Some(task) = claims(world, world.now()).await {
        tasks.push(task);
    }
    for MediaTask { media, attempt, .. } in tasks {
        let result = if media == one {
            ready()
        } else {
            Processed::Failed("broken".to_owned())
        };
        let changed = world.finish_media(media, attempt, result).await.unwrap();
        assert_eq!(changed.value, Finished::Recorded(Some(id)));
    }
    let shown = attached(world, id).await;
    let states: Vec<_> = shown.iter().map(|it| (it.media, it.state)).collect();
    assert_eq!(
        states,
        [(two, MediaState::Failed), (one, MediaState::Ready)]
    );
    assert_eq!(
        shown[1].facts.files().collect::<Vec<_>>(),
        ["a.webp", "b.jpg"]
    );
    assert_eq!(shown[0].alt, "the second");
    let failed = world.media(two).await.unwrap().unwrap();
    assert_eq!(failed.problem, "broken");
}

pub async fn a_photo_that_is_ready_before_the_post_is_shown_at_once(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let id = uploads(world, mina).await;
    let task = claims(world, world.now()).await.unwrap();
    let done = world.finish_media(id, task.attempt, ready()).await.unwrap();
    assert_eq!(done.value, Finished::Recorded(None), "no story has it");
    let story = posts(world, mina, &[id]).await;
    assert_eq!(attached(world, story).await[0].state, MediaState::Ready);
}

pub async fn only_own_photos_that_no_other_story_has_are_attached(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let [used, free, foreign] = [
        uploads(world, mina).await,
        uploads(world, mina).await,
        uploads(world, joon).await,
    ];
    posts(world, mina, &[used]).await;
    let never = MediaId::from_u64(5);
    let refusals = [
        (foreign, MediaRefused::Unknown),
        (never, MediaRefused::Unknown),
        (used, MediaRefused::Used),
    ];
    for (photo, reason) in refusals {
        let story = with_photos(world, mina, &[free, photo]);
        let id = story.id;
        let refused = world.post(story).await;
        assert!(
            matches!(refused, Err(StoreError::MediaRefused(found)) if found == reason),
            "{refused:?}"
        );
        assert!(world.story(id).await.is_none(), "nothing was written");
    }
    let story = posts(world, mina, &[free]).await;
    let edit = edit(world, mina, story, vec![with_alt(used, "")]);
    let refused = world.edit_story(edit).await;
    assert!(matches!(
        refused,
        Err(StoreError::MediaRefused(MediaRefused::Used))
    ));
    assert_eq!(attached(world, story).await[0].media, free);
}

pub async fn of_two_stories_that_take_one_photo_at_once_one_gets_it(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let photo = uploads(world, mina).await;
    let mut posting = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let (store, story) = (world.shared(), with_photos(world, mina, &[photo]));
        posting.spawn(async move { store.post(story).await });
    }
    let outcomes = posting.join_all().await;
    let posted = outcomes.iter().filter(|outcome| outcome.is_ok());
    assert_eq!(posted.count(), 1, "{outcomes:?}");
    let found = world.media(photo).await.unwrap().unwrap();
    assert!(found.story.is_some());
}

pub async fn an_edit_reorders_describes_adds_and_deletes_photos(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let mut photos = Vec::new();
    for _ in 0..3 {
        photos.push(uploads(world, mina).await);
    }
    let story = posts(world, mina, &photos[..2]).await;
    let list = vec![with_alt(photos[2], "new"), with_alt(photos[1], "described")];
    let edited = world.edit_story(edit(world, mina, story, list)).await;
    let record = edited.unwrap().value.unwrap().record;
    assert!(record.edited_at.is_some());
    let shown: Vec<_> = record
        .attachments
        .iter()
        .map(|it| (it.media, it.alt.as_str()))
        .collect();
    assert_eq!(shown, [(photos[2], "new"), (photos[1], "described")]);
    assert_eq!(record.attachments, attached(world, story).await);
    assert_eq!(world.media(photos[0]).await.unwrap(), None);
    assert_eq!(to_remove(world).await, BTreeSet::from([photos[0]]));

    let other = StoryEdit {
        attachments: None,
        audience: Some(Audience::Friends),
        ..edit(world, mina, story, Vec::new())
    };
    world.edit_story(other).await.unwrap();
    assert_eq!(attached(world, story).await.len(), 2, "they stay");
    world
        .edit_story(edit(world, mina, story, Vec::new()))
        .await
        .unwrap();
    assert_eq!(attached(world, story).await, []);
}

pub async fn the_photos_of_a_deleted_story_are_removed_and_forgotten(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let [gone, stays] = [uploads(world, mina).await, uploads(world, mina).await];
    let story = posts(world, mina, &[gone]).await;
    let other = posts(world, mina, &[stays]).await;
    world.deletes(mina, story).await;
    assert_eq!(world.media(gone).await.unwrap(), None);
    assert_eq!(attached(world, other).await.len(), 1);
    assert_eq!(world.media_stats().await.unwrap().removing, 1);
    assert_eq!(to_remove(world).await, BTreeSet::from([gone]));
    world.forget_media(stays).await.unwrap();
    assert!(world.media(stays).await.unwrap().is_some(), "not deleted");
    assert_eq!(
        BTreeSet::from_iter(world.known_media(&[gone, stays]).await.unwrap()),
        BTreeSet::from([gone, stays])
    );
    world.forget_media(gone).await.unwrap();
    assert_eq!(world.known_media(&[gone, stays]).await.unwrap(), [stays]);
}

pub async fn a_result_for_a_photo_of_a_deleted_story_changes_nothing(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let photo = uploads(world, mina).await;
    let story = posts(world, mina, &[photo]).await;
    let task = claims(world, world.now()).await.unwrap();
    world.deletes(mina, story).await;
    let done = world.finish_media(photo, task.attempt, ready()).await;
    assert_eq!(done.unwrap().value, Finished::Lost);
    assert_eq!(world.media(photo).await.unwrap(), None);
    assert_eq!(to_remove(world).await, BTreeSet::from([photo]));
}

pub async fn photos_are_added_to_a_bare_story_without_an_edit(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let (photo, foreign) = (uploads(world, mina).await, uploads(world, joon).await);
    let story = posts(world, mina, &[]).await;
    let before = world.story(story).await.unwrap();
    let attaches = async |author, media| {
        let added = world.attach_media(author, story, vec![with_alt(media, "a hill")]);
        added.await.map(|committed| committed.value)
    };
    assert!(!attaches(joon, foreign).await.unwrap(), "not their story");
    let refused = attaches(mina, foreign).await;
    assert!(
        matches!(
            refused,
            Err(StoreError::MediaRefused(MediaRefused::Unknown))
        ),
        "{refused:?}"
    );
    assert!(attaches(mina, photo).await.unwrap());
    let after = world.story(story).await.unwrap();
    assert_eq!(after.edited_at, None);
    assert_eq!(after.text, before.text);
    assert_eq!(after.attachments[0].alt, "a hill");
    let more = uploads(world, mina).await;
    assert!(!attaches(mina, more).await.unwrap(), "it has a photo");
    let task = claims(world, world.now()).await.unwrap();
    let done = world.finish_media(task.media, task.attempt, ready()).await;
    let shown_in = done.unwrap().value.shown_in();
    assert_eq!((task.media, shown_in), (photo, Some(story)));
    world.deletes(mina, story).await;
    assert!(!attaches(mina, more).await.unwrap(), "it is deleted");
}

pub async fn a_person_deletes_own_photos_that_no_story_has(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let [free, used] = [uploads(world, mina).await, uploads(world, mina).await];
    posts(world, mina, &[used]).await;
    let deletes = async |person, photo| {
        world
            .delete_media(photo, person, world.now())
            .await
            .unwrap()
    };
    assert_eq!(deletes(joon, free).await, MediaDeletion::Unknown);
    assert_eq!(deletes(mina, used).await, MediaDeletion::Used);
    assert_eq!(deletes(mina, free).await, MediaDeletion::Deleted);
    assert_eq!(deletes(mina, free).await, MediaDeletion::Unknown, "again");
    assert_eq!(to_remove(world).await, BTreeSet::from([free]));
}

pub async fn uploads_that_were_not_posted_are_deleted_a_few_at_a_time(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let used = uploads(world, mina).await;
    posts(world, mina, &[used]).await;
    let mut old = BTreeSet::new();
    for _ in 0..3 {
        old.insert(uploads(world, mina).await);
    }
    let between = world.now().plus(Duration::from_millis(1));
    let young = NewMedia {
        now: between,
        ..world.new_media(mina)
    };
    let young_id = young.id;
    assert!(
        world
            .add_media(young, MEDIA_QUOTA)
            .await
            .unwrap()
            .is_added()
    );
    let step = async || {
        let deleted = world.delete_unused_media(between, world.now(), 2);
        deleted.await.unwrap()
    };
    assert_eq!([step().await, step().await, step().await], [2, 1, 0]);
    assert!(world.media(young_id).await.unwrap().is_some());
    assert!(world.media(used).await.unwrap().is_some());
    assert_eq!(world.media_stats().await.unwrap().removing, 3);
}

pub async fn only_so_many_videos_of_one_person_wait_even_at_once(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let two = MediaQuota {
        videos_waiting_max: 2,
        ..MEDIA_QUOTA
    };
    let video = |owner| NewMedia {
        kind: MediaKind::Video,
        ..world.new_media(owner)
    };
    let mut adding = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let (store, media) = (world.shared(), video(mina));
        adding.spawn(async move { store.add_media(media, two).await.unwrap() });
    }
    let added = adding.join_all().await;
    assert_eq!(added.iter().filter(|added| added.is_added()).count(), 2);
    assert!(added.contains(&MediaAdded::VideosWait), "{added:?}");
    let adds = async |media| world.add_media(media, two).await.unwrap();
    assert!(adds(world.new_media(mina)).await.is_added(), "a photo");
    assert!(adds(video(joon)).await.is_added(), "of somebody else");

    let task = claims_of(world, MediaQueue::Videos, world.now())
        .await
        .unwrap();
    let owner = world.media(task.media).await.unwrap().unwrap().owner;
    let done = world.finish_media(task.media, task.attempt, ready()).await;
    assert_eq!(done.unwrap().value, Finished::Recorded(None));
    assert!(adds(video(owner)).await.is_added(), "one is ready");
    assert_eq!(adds(video(mina)).await, MediaAdded::VideosWait);
}

pub async fn nobody_uploads_beyond_the_quota_even_at_once(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let three = MediaQuota {
        count_max: 3,
        ..MEDIA_QUOTA
    };
    let mut adding = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (store, media) = (world.shared(), world.new_media(mina));
        adding.spawn(async move { store.add_media(media, three).await.unwrap() });
    }
    let added = adding.join_all().await;
    assert_eq!(
        added.iter().filter(|added| added.is_added()).count(),
        3,
        "{added:?}"
    );
    let larger = |bytes_max| MediaQuota {
        bytes_max,
        ..MEDIA_QUOTA
    };
    let bytes = world.new_media(mina).bytes;
    let add = async |quota| {
        world
            .add_media(world.new_media(mina), quota)
            .await
            .unwrap()
            .is_added()
    };
    assert!(!add(larger(4 * bytes - 1)).await);
    assert!(add(larger(4 * bytes)).await);
    let nobody = PersonId::from_u64(5);
    let nobodys = world.add_media(world.new_media(nobody), MEDIA_QUOTA).await;
    assert!(!nobodys.unwrap().is_added());
}
