//! Leases of node numbers.

use std::time::Duration;

use sosik_feed::{
    CommentId, InvitationId, MediaId, NotificationId, PersonId, RawId, SessionId, StoryId,
    Timestamp, UnownedId,
};

use super::sessions::session;
use super::world::{MEDIA_QUOTA, World};
use crate::{
    LeaseRequest, LinkClaim, NewComment, NewInvitation, NewMedia, NewPerson, NewPreview, NewStory,
    NewUpload, NodeLease, SessionRecord, StoreError,
};

const SPAN: Duration = Duration::from_secs(10);

async fn lease(world: &World, region: u16, now: Timestamp) -> Result<NodeLease, StoreError> {
    world
        .lease_node(LeaseRequest {
            region,
            holder: "test".to_owned(),
            now,
            span: SPAN,
        })
        .await
}

pub async fn two_nodes_never_hold_the_same_number(world: &World) {
    let now = world.now();
    let (one, other) = tokio::join!(lease(world, 0, now), lease(world, 0, now));
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_ne!(one.node, other.node);
    assert_eq!(
        (one.ids_until, one.ids_after),
        (now.plus(SPAN), Timestamp::default())
    );
}

pub async fn a_region_has_63_numbers_and_the_last_is_never_leased(world: &World) {
    let now = world.now();
    let mut numbers = vec![];
    for _ in 0..63 {
        numbers.push(lease(world, 3, now).await.unwrap().node);
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (192..255).collect::<Vec<_>>());
    assert!(matches!(lease(world, 3, now).await, Err(StoreError::Busy)));
    assert_eq!(
        lease(world, 2, now).await.unwrap().node / 64,
        2,
        "other regions have theirs"
    );
    assert!(
        lease(world, 3, now.plus(SPAN * 2)).await.is_ok(),
        "leases that ran out are free"
    );
}

pub async fn the_next_holder_makes_ids_behind_those_of_the_last_and_the_last_is_fenced(
    world: &World,
) {
    let now = world.now();
    let old = lease(world, 0, now).await.unwrap();
    let later = now.plus(SPAN * 2);
    let new = lease(world, 0, later).await.unwrap();
    assert_eq!(new.node, old.node, "the lowest free number");
    assert!(new.epoch > old.epoch);
    assert_eq!(new.ids_after, old.ids_until);
    assert!(matches!(
        world.renew_node(old, later, later, SPAN).await,
        Err(StoreError::LeaseLost)
    ));
    world.release_node(old, later).await.unwrap();
    assert_eq!(
        world
            .renew_node(new, later, later, SPAN * 2)
            .await
            .unwrap()
            .ids_until,
        later.plus(SPAN * 2),
        "the new one stands"
    );
}

pub async fn a_lease_is_extended_and_never_cut(world: &World) {
    let now = world.now();
    let held = lease(world, 1, now).await.unwrap();
    let renewed = world
        .renew_node(held, now, now.plus(SPAN), SPAN)
        .await
        .unwrap();
    assert_eq!(
        renewed,
        NodeLease {
            ids_until: now.plus(SPAN * 2),
            ..held
        }
    );
    let earlier = world.renew_node(renewed, now, now, SPAN).await.unwrap();
    assert_eq!(
        earlier.ids_until, renewed.ids_until,
        "ids up to then may have been made"
    );
    assert_ne!(
        lease(world, 1, now.plus(SPAN / 2)).await.unwrap().node,
        held.node,
        "the clock of the holder was corrected, and it holds the number by the corrected one"
    );
}

pub async fn a_number_given_back_is_free_and_its_next_ids_come_after_the_last(world: &World) {
    let now = world.now();
    let held = lease(world, 0, now).await.unwrap();
    let last_id_at = now.plus(Duration::from_millis(5));
    world.release_node(held, last_id_at).await.unwrap();
    assert!(
        matches!(
            world.renew_node(held, now, now, SPAN).await,
            Err(StoreError::LeaseLost)
        ),
        "given back is given back"
    );
    let next = lease(world, 0, now).await.unwrap();
    assert_eq!((next.node, next.ids_after), (held.node, last_id_at));
    assert_eq!(next.ids_until, last_id_at.plus(SPAN));
}

pub async fn ids_come_after_the_newest_id_of_every_kind(world: &World) {
    let now = world.now();
    let after = |days: u64| now.plus(Duration::from_secs(days * 86_400));
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let story = world.posts(mina, "story").await;

    let person = NewPerson {
        id: PersonId::new(RawId::first_at(after(1))),
        ..world.new_person("nari")
    };
    world.sign_up(person).await.unwrap();
    check_ids_after(world, after(1)).await;

    let ahead = NewStory {
        id: StoryId::of_author(mina, id_at(after(2))),
        ..world.new_story(mina, "ahead")
    };
    world.posts_new(ahead).await;
    check_ids_after(world, after(2)).await;

    let comment = NewComment {
        id: CommentId::on_story(story, id_at(after(3))),
        ..world.new_comment(mina, story, "ahead")
    };
    world.comments_new(comment).await;
    check_ids_after(world, after(3)).await;

    let notification = NotificationId::for_reader(mina, id_at(after(4)));
    world.like(joon, story, notification, now).await.unwrap();
    check_ids_after(world, after(4)).await;

    let session = SessionRecord {
        id: SessionId::of_person(mina, id_at(after(5))),
        ..session(mina, 7, now)
    };
    world.add_session(session, 10).await.unwrap();
    check_ids_after(world, after(5)).await;

    let invitation = NewInvitation {
        id: InvitationId::of_inviter(mina, id_at(after(6))),
        ..world.new_invitation(mina, 1, 1)
    };
    assert!(world.add_invitation(invitation, 1).await.unwrap());
    check_ids_after(world, after(6)).await;

    let media = NewMedia {
        id: MediaId::of_owner(mina, id_at(after(7))),
        ..world.new_media(mina)
    };
    assert!(
        world
            .add_media(media, MEDIA_QUOTA)
            .await
            .unwrap()
            .is_added()
    );
    check_ids_after(world, after(7)).await;

    let upload = NewUpload {
        id: MediaId::of_owner(mina, id_at(after(8))),
        ..world.new_upload(mina)
    };
    world.add_upload(upload, MEDIA_QUOTA, 1).await.unwrap();
    check_ids_after(world, after(8)).await;

    let preview = NewPreview {
        id: MediaId::of_owner(mina, id_at(after(9))),
        url: "https://news.example/".to_owned(),
    };
    let linking = NewStory {
        link: Some(preview),
        ..world.new_story(mina, "a link")
    };
    world.posts_new(linking).await;
    check_ids_after(world, after(9)).await;

    let link = LinkClaim {
        key: [1; 32],
        folder: MediaId::from_u64(RawId::first_at(after(10)).as_u64()),
        now,
        until: after(1),
    };
    world.claim_link(link).await.unwrap();
    check_ids_after(world, after(10)).await;
}

fn id_at(at: Timestamp) -> UnownedId {
    UnownedId::from_fields(RawId::first_at(at).millis(), 0, 0)
}

async fn check_ids_after(world: &World, newest: Timestamp) {
    let leased = lease(world, 2, world.now()).await.unwrap();
    assert_eq!(leased.ids_after, newest);
    assert_eq!(leased.ids_until, newest.plus(SPAN));
}

pub async fn a_lease_grows_beyond_ids_that_are_ahead_of_the_clock(world: &World) {
    let now = world.now();
    let held = lease(world, 1, now).await.unwrap();
    let ahead = now.plus(SPAN * 100);
    let renewed = world.renew_node(held, ahead, now, SPAN).await.unwrap();
    assert_eq!(renewed.ids_until, ahead.plus(SPAN));
    let next = lease(world, 1, now.plus(SPAN * 2)).await.unwrap();
    assert_eq!(
        next.node, held.node,
        "it was held by the clock and not by the ids"
    );
    assert_eq!(next.ids_after, renewed.ids_until);
}

pub async fn ids_come_after_every_lease_of_a_clock_that_was_ahead(world: &World) {
    let now = world.now();
    let ahead = lease(world, 1, now.plus(SPAN * 1_000)).await.unwrap();
    let corrected = lease(world, 1, now).await.unwrap();
    assert_ne!(corrected.node, ahead.node);
    assert_eq!(corrected.ids_after, ahead.ids_until);
}

pub async fn a_lease_of_now_holds_back_no_other_number(world: &World) {
    let now = world.now();
    let one = lease(world, 1, now).await.unwrap();
    let other = lease(world, 1, now).await.unwrap();
    assert!(other.ids_after < one.ids_until);
}
