//! An invitation makes friends whatever fails behind the new account.

use sosik_decorators::Fault;
use sosik_feed::PersonId;
use sosik_service::accounts::SignUpRequest;
use sosik_service::invitations::Joined;
use sosik_service::{ServiceResult, Settings};

use crate::common::World;

/// A world with the cheapest parameters of Argon2.
async fn world(change: impl FnOnce(&mut Settings)) -> World {
    let mut settings = Settings::default();
    settings.passwords.memory_kib = 8;
    settings.passwords.passes = 1;
    change(&mut settings);
    World::with(settings, None).await
}

/// Signs up with an invitation of this person.
async fn join(world: &World, inviter: PersonId, handle: &str) -> ServiceResult<Joined> {
    let invitations = world.service.invitations();
    let (_, token) = invitations.make(inviter, None, None).await.unwrap();
    let request = SignUpRequest {
        handle: handle.to_owned(),
        display_name: handle.to_owned(),
        password: "river-7-lantern".to_owned(),
        language: None,
        client: "test".to_owned(),
    };
    invitations.sign_up(request, token.as_str()).await
}

async fn are_friends(world: &World, one: PersonId, handle: &str) -> bool {
    let other = world.store().person_by_handle(handle).await.unwrap();
    let relation = world.store().relation(one, other.unwrap().id).await;
    relation.unwrap().friend
}

#[tokio::test]
async fn an_invited_person_is_a_friend_although_the_first_session_cannot_be_opened() {
    let world = world(|_| {}).await;
    let mina = world.person("mina").await;
    for fault in [Fault::Error, Fault::LostAnswer] {
        world.faults.next("Sessions::add_session", fault, 1);
        let handle = format!("nari_{}", fault as u8);
        join(&world, mina, &handle).await.unwrap_err();
        assert!(are_friends(&world, mina, &handle).await, "{fault:?}");
    }
}

#[tokio::test]
async fn an_invited_person_is_a_friend_although_the_inviter_may_send_no_more_requests() {
    let world = world(|settings| settings.relations.requests_max = 1).await;
    let mina = world.person("mina").await;
    let other = world.person("other").await;
    let relations = world.service.relations();
    relations.send_friend_request(mina, other).await.unwrap();
    assert!(join(&world, mina, "nari").await.unwrap().friends);
    assert!(are_friends(&world, mina, "nari").await);
}
