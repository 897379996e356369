//! Accounts.

use sosik_feed::{PersonId, SessionId};

use super::sessions::session;
use super::world::World;
use crate::{NewPerson, PasswordChange, SignUp};

pub async fn a_new_account_can_be_found_and_logged_into(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let credentials = world.credentials("mina").await.unwrap().unwrap();
    assert_eq!(
        (credentials.person, credentials.password_hash.as_str()),
        (mina, "hash of mina")
    );
    assert_eq!(
        world
            .credentials_of(mina)
            .await
            .unwrap()
            .unwrap()
            .password_hash,
        "hash of mina"
    );
    assert_eq!(
        world.person_by_handle("mina").await.unwrap().unwrap().id,
        mina
    );
}

pub async fn nobody_logs_into_an_account_that_does_not_exist(world: &World) {
    assert!(world.credentials("nobody").await.unwrap().is_none());
    assert!(
        world
            .credentials_of(PersonId::from_u64(9))
            .await
            .unwrap()
            .is_none()
    );
}

pub async fn a_handle_belongs_to_one_and_so_does_everything_that_looks_like_it(world: &World) {
    world.people(["mina"]).await;
    assert_eq!(
        world.sign_up(world.new_person("mina")).await.unwrap(),
        SignUp::HandleTaken
    );
    let alike = NewPerson {
        skeleton: "mina".to_owned(),
        ..world.new_person("m1na")
    };
    assert_eq!(world.sign_up(alike).await.unwrap(), SignUp::HandleTaken);
    assert!(world.person_by_handle("m1na").await.unwrap().is_none());
    assert_eq!(world.people_count().await.unwrap(), 1);
}

pub async fn of_two_who_want_a_handle_at_once_one_gets_it(world: &World) {
    let (first, second) = tokio::join!(
        world.sign_up(world.new_person("mina")),
        world.sign_up(world.new_person("mina"))
    );
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_ne!(first.value, second.value, "exactly one is created");
    assert_eq!(world.people_count().await.unwrap(), 1);
}

pub async fn an_import_passes_over_handles_that_are_taken(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let people = vec![
        world.new_person("mina"),
        world.new_person("joon"),
        world.new_person("joon"),
    ];
    assert_eq!(world.sign_up_many(people).await.unwrap(), 1);
    assert_eq!(
        world.person_by_handle("mina").await.unwrap().unwrap().id,
        mina
    );
    assert_eq!(world.people_count().await.unwrap(), 2);
}

pub async fn a_new_password_ends_every_other_session(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    for (number, person) in [(1, mina), (2, mina), (3, mina), (4, joon)] {
        world
            .add_session(session(person, number, world.now()), 50)
            .await
            .unwrap();
    }
    let change = password_change(mina, "hash of mina", "new hash", 2);
    let mut ended = world.change_password(change).await.unwrap().value.unwrap();
    ended.sort_unstable();
    assert_eq!(ended, [[1; 32], [3; 32]]);
    assert_eq!(
        world
            .credentials("mina")
            .await
            .unwrap()
            .unwrap()
            .password_hash,
        "new hash"
    );
    assert!(world.session(&[1; 32]).await.unwrap().is_none());
    assert!(
        world.session(&[2; 32]).await.unwrap().is_some(),
        "the one it was done in stays"
    );
    assert!(
        world.session(&[4; 32]).await.unwrap().is_some(),
        "other people stay logged in"
    );
    assert_eq!(
        world
            .credentials("joon")
            .await
            .unwrap()
            .unwrap()
            .password_hash,
        "hash of joon"
    );
}

fn password_change(person: PersonId, checked: &str, hash: &str, session: u64) -> PasswordChange {
    PasswordChange {
        person,
        checked: checked.to_owned(),
        hash: hash.to_owned(),
        session: SessionId::from_u64(session),
    }
}

pub async fn a_password_is_changed_only_from_the_one_that_was_checked_and_by_an_open_session(
    world: &World,
) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    for (number, person) in [(1, mina), (2, mina), (3, joon)] {
        world
            .add_session(session(person, number, world.now()), 50)
            .await
            .unwrap();
    }
    let owners = password_change(mina, "hash of mina", "owner", 1);
    let changed = world.change_password(owners).await.unwrap().value;
    assert_eq!(changed, Some(vec![[2; 32]]));
    for (checked, session) in [
        ("hash of mina", 2),
        ("hash of mina", 1),
        ("owner", 2),
        ("owner", 3),
    ] {
        let late = password_change(mina, checked, "intruder", session);
        let changed = world.change_password(late).await.unwrap().value;
        assert_eq!(changed, None, "{checked} in session {session}");
    }
    let known = world.credentials("mina").await.unwrap().unwrap();
    assert_eq!(known.password_hash, "owner");
    assert!(world.session(&[1; 32]).await.unwrap().is_some());
}

pub async fn the_last_devices_that_logged_in_are_known_for_their_account_only(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    for device in [1, 2, 3, 1, 4] {
        let now = world.now();
        world
            .remember_device(mina, [device; 32], now, 3)
            .await
            .unwrap();
    }
    world
        .remember_device(joon, [9; 32], world.now(), 3)
        .await
        .unwrap();
    for (device, is_known) in [(1, true), (2, false), (3, true), (4, true), (9, false)] {
        let known = world.knows_device("mina", &[device; 32]).await.unwrap();
        assert_eq!(known, is_known, "{device}");
    }
    assert!(!world.knows_device("nobody", &[1; 32]).await.unwrap());
}
