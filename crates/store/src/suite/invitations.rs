//! Invitations to sign up.

use std::time::Duration;

use sosik_feed::{InvitationId, PersonId, Timestamp};

use super::world::{LIMITS, World};
use crate::{
    InvitationKey, InvitationRecord, NewInvitation, NewPerson, NotificationKind, RelationChange,
    RelationLimits, SignUp,
};

const DAY: Duration = Duration::from_hours(24);

/// Invitations of one person in these tests.
const MAX: u32 = 3;

pub async fn an_invitation_is_found_by_its_secret_and_listed_newest_first(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let (first, second) = (
        world.new_invitation(mina, 1, 2),
        world.new_invitation(mina, 2, 1),
    );
    assert!(world.add_invitation(first, MAX).await.unwrap());
    assert!(world.add_invitation(second, MAX).await.unwrap());
    let found = world.open_invitation(world.key_of(&first)).await.unwrap();
    assert_eq!(found, Some(record_of(&first, 0)));
    let wrong = InvitationKey {
        secret: [9; 32],
        ..world.key_of(&first)
    };
    assert_eq!(world.open_invitation(wrong).await.unwrap(), None);
    let listed = [record_of(&second, 0), record_of(&first, 0)];
    assert_eq!(world.invitations(mina, world.now()).await, listed);
    assert_eq!(world.invitations(joon, world.now()).await, []);
}

pub async fn an_invitation_is_used_as_often_as_it_allows(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let invitation = world.new_invitation(mina, 1, 2);
    assert!(world.add_invitation(invitation, MAX).await.unwrap());
    let taken = world.new_person("mina");
    assert_eq!(world.joins(taken, &invitation).await, SignUp::HandleTaken);
    for handle in ["nari", "bora"] {
        let person = world.new_person(handle);
        assert_eq!(world.joins(person, &invitation).await, SignUp::Created);
    }
    let late = world.new_person("late");
    assert_eq!(
        world.joins(late, &invitation).await,
        SignUp::InvitationInvalid
    );
    assert!(world.person_by_handle("bora").await.unwrap().is_some());
    assert!(world.person_by_handle("late").await.unwrap().is_none());
    assert_eq!(
        world
            .open_invitation(world.key_of(&invitation))
            .await
            .unwrap(),
        None
    );
    assert_eq!(
        world.invitations(mina, world.now()).await,
        [record_of(&invitation, 2)]
    );
}

pub async fn of_many_who_use_the_last_place_at_once_one_gets_it(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let invitation = world.new_invitation(mina, 1, 1);
    assert!(world.add_invitation(invitation, MAX).await.unwrap());
    let joining = (0..8).map(|number| {
        let (store, key) = (world.shared(), world.key_of(&invitation));
        let person = world.new_person(&format!("p{number}"));
        tokio::spawn(async move { store.sign_up_invited(person, key).await.unwrap().value })
    });
    let mut created = 0;
    for joined in joining.collect::<Vec<_>>() {
        match joined.await.unwrap() {
            SignUp::Created => created += 1,
            other => assert_eq!(other, SignUp::InvitationInvalid),
        }
    }
    assert_eq!(created, 1);
    assert_eq!(world.people_count().await.unwrap(), 2);
}

pub async fn what_is_revoked_or_expired_invites_nobody(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let (revoked, expired) = (
        world.new_invitation(mina, 1, 5),
        world.new_invitation(mina, 2, 5),
    );
    assert!(world.add_invitation(revoked, MAX).await.unwrap());
    assert!(world.add_invitation(expired, MAX).await.unwrap());
    assert!(
        !world.revoke_invitation(joon, revoked.id).await.unwrap(),
        "it belongs to somebody else"
    );
    assert!(world.revoke_invitation(mina, revoked.id).await.unwrap());
    assert!(!world.revoke_invitation(mina, revoked.id).await.unwrap());
    let person = world.new_person("nari");
    assert_eq!(
        world.joins(person, &revoked).await,
        SignUp::InvitationInvalid
    );
    let at_its_end = InvitationKey {
        now: expired.expires_at,
        ..world.key_of(&expired)
    };
    assert_eq!(world.open_invitation(at_its_end).await.unwrap(), None);
    let person = world.new_person("bora");
    let joined = world.sign_up_invited(person, at_its_end).await.unwrap();
    assert_eq!(joined.value, SignUp::InvitationInvalid);
    assert_eq!(world.invitations(mina, expired.expires_at).await, []);
}

pub async fn an_invited_person_and_the_inviter_become_friends_without_a_request(world: &World) {
    let [mina, nari, bora, foe] = world.people(["mina", "nari", "bora", "foe"]).await;
    let one_friend = RelationLimits {
        friends_max: 1,
        requests_max: 0,
        ..LIMITS
    };
    let befriends = async |invited, inviter| {
        let (note, now) = (world.note(inviter), world.now());
        let change = world.befriend_invited(invited, inviter, one_friend, note, now);
        change.await.unwrap().value
    };
    world.blocks(mina, foe).await;
    assert_eq!(befriends(foe, mina).await, RelationChange::NoSuchPerson);
    assert_eq!(befriends(mina, mina).await, RelationChange::NoSuchPerson);
    world.asks(mina, nari).await;
    assert_eq!(befriends(nari, mina).await, RelationChange::Changed);
    assert_eq!(befriends(nari, mina).await, RelationChange::Unchanged);
    assert!(world.relation(mina, nari).await.unwrap().friend);
    let told = world.notes(mina).await;
    assert_eq!(told[0].kind, NotificationKind::FriendAccepted);
    assert!(world.notes(nari).await.is_empty(), "the request is gone");
    assert_eq!(
        befriends(bora, mina).await,
        RelationChange::TheirLimitReached
    );
    assert_eq!(befriends(mina, bora).await, RelationChange::LimitReached);
    assert!(!world.relation(mina, bora).await.unwrap().friend);
}

pub async fn nobody_has_more_invitations_than_the_limit_and_expired_ones_make_room(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let mut last = world.new_invitation(mina, 1, 1);
    for number in 2..=4 {
        assert!(world.add_invitation(last, MAX).await.unwrap());
        last = world.new_invitation(mina, number, 1);
    }
    assert!(!world.add_invitation(last, MAX).await.unwrap());
    let later = NewInvitation {
        created_at: last.expires_at,
        expires_at: last.expires_at.plus(DAY),
        ..last
    };
    assert!(world.add_invitation(later, MAX).await.unwrap());
    let nobody = NewInvitation {
        inviter: PersonId::from_u64(5),
        ..world.new_invitation(mina, 5, 1)
    };
    assert!(!world.add_invitation(nobody, MAX).await.unwrap());
}

fn record_of(invitation: &NewInvitation, uses: u32) -> InvitationRecord {
    InvitationRecord {
        id: invitation.id,
        inviter: invitation.inviter,
        uses_max: invitation.uses_max,
        uses,
        created_at: invitation.created_at,
        expires_at: invitation.expires_at,
    }
}

impl World {
    /// An invitation for a day whose secret consists of the number.
    pub(super) fn new_invitation(
        &self,
        inviter: PersonId,
        number: u8,
        uses_max: u32,
    ) -> NewInvitation {
        let now = self.now();
        NewInvitation {
            id: InvitationId::of_inviter(inviter, self.id()),
            inviter,
            secret: [number; 32],
            uses_max,
            created_at: now,
            expires_at: now.plus(DAY),
        }
    }

    fn key_of(&self, invitation: &NewInvitation) -> InvitationKey {
        InvitationKey {
            id: invitation.id,
            secret: invitation.secret,
            now: self.now(),
        }
    }

    async fn joins(&self, person: NewPerson, invitation: &NewInvitation) -> SignUp {
        let key = self.key_of(invitation);
        self.sign_up_invited(person, key).await.unwrap().value
    }

    pub(super) async fn invitations(
        &self,
        inviter: PersonId,
        now: Timestamp,
    ) -> Vec<InvitationRecord> {
        self.invitations_of(inviter, now).await.unwrap()
    }
}
