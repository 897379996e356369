//! Password changes, and their effect on sessions.

use std::sync::Arc;

use futures::future::{BoxFuture, join_all};
use sosik_feed::RuleBroken;
use sosik_service::ServiceError;
use sosik_service::accounts::{BreachedPasswords, SignUpRequest};
use sosik_store::PasswordChange;

use crate::world::{PASSWORD, World, broken};

const NEW_PASSWORD: &str = "blue kettle 19";

#[tokio::test]
async fn changing_the_password_ends_the_other_sessions_at_once() {
    let world = World::new().await;
    let mina = world.person("mina").await;
    let phone = world
        .service
        .accounts()
        .log_in("mina", PASSWORD, "phone")
        .await
        .unwrap();
    let on_phone = world
        .service
        .sessions()
        .viewer(phone.token.as_str())
        .await
        .unwrap()
        .unwrap();

    world
        .service
        .accounts()
        .change_password(&mina.viewer, PASSWORD, NEW_PASSWORD)
        .await
        .unwrap();

    assert!(world.opens(&mina.token).await, "the current session stays");
    assert!(!world.opens(phone.token.as_str()).await);
    assert!(
        !world
            .service
            .sessions()
            .still_valid(&on_phone)
            .await
            .unwrap(),
        "a stream of the other device goes on"
    );
    assert!(
        world
            .service
            .accounts()
            .log_in("mina", NEW_PASSWORD, "test")
            .await
            .is_ok()
    );
    let refused = world
        .service
        .accounts()
        .log_in("mina", PASSWORD, "test")
        .await
        .unwrap_err();
    assert!(matches!(refused, ServiceError::WrongCredentials));
}

#[tokio::test]
async fn a_password_is_changed_only_by_who_knows_it_and_to_a_good_one() {
    let world = World::new().await;
    let mina = world.person("mina").await;
    let wrong = world
        .service
        .accounts()
        .change_password(&mina.viewer, "not the password", NEW_PASSWORD)
        .await
        .unwrap_err();
    assert!(matches!(wrong, ServiceError::WrongPassword));
    let to_common = world
        .service
        .accounts()
        .change_password(&mina.viewer, PASSWORD, "iloveyou")
        .await;
    assert_eq!(broken(to_common), RuleBroken::PasswordCommon);
    let to_short = world
        .service
        .accounts()
        .change_password(&mina.viewer, PASSWORD, "short")
        .await;
    assert_eq!(broken(to_short), RuleBroken::PasswordTooShort);
    assert!(
        world
            .service
            .accounts()
            .log_in("mina", PASSWORD, "test")
            .await
            .is_ok(),
        "the password is unchanged"
    );
}

/// Knows one password.
struct Breached(&'static str);

impl BreachedPasswords for Breached {
    fn contain<'a>(&'a self, password: &'a str) -> BoxFuture<'a, bool> {
        Box::pin(std::future::ready(password == self.0))
    }
}

#[tokio::test]
async fn a_password_that_became_known_elsewhere_is_refused_at_sign_up_and_at_a_change() {
    let world = World::new().await;
    let mina = world.person("mina").await;
    world
        .service
        .accounts()
        .set_breached_passwords(Breached(NEW_PASSWORD));
    let change = world
        .service
        .accounts()
        .change_password(&mina.viewer, PASSWORD, NEW_PASSWORD);
    assert_eq!(broken(change.await), RuleBroken::PasswordCommon);
    let request = SignUpRequest {
        handle: "jun".to_owned(),
        display_name: "Jun".to_owned(),
        password: NEW_PASSWORD.to_owned(),
        language: None,
        client: String::new(),
    };
    let sign_up = world.service.accounts().sign_up(request).await;
    assert_eq!(broken(sign_up), RuleBroken::PasswordCommon);
    world.person("jun").await; // with another password
}

#[tokio::test]
async fn no_session_opened_with_the_old_password_outlives_it() {
    let world = World::with(|settings| settings.passwords.hashes_at_once = 8).await;
    let mina = world.person("mina").await;
    let service = Arc::new(world.service.clone());
    let log_ins: Vec<_> = (0..40)
        .map(|_| {
            let service = Arc::clone(&service);
            tokio::spawn(async move { service.accounts().log_in("mina", PASSWORD, "test").await })
        })
        .collect();
    world
        .service
        .accounts()
        .change_password(&mina.viewer, PASSWORD, NEW_PASSWORD)
        .await
        .unwrap();
    for log_in in log_ins {
        if let Ok(logged_in) = log_in.await.unwrap() {
            assert!(
                !world.opens(logged_in.token.as_str()).await,
                "a session with the old password is open"
            );
        }
    }
    assert_eq!(
        world
            .service
            .sessions()
            .list(&mina.viewer)
            .await
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn of_changes_that_checked_the_same_password_only_one_is_made() {
    let world = World::with(|settings| settings.passwords.hashes_at_once = 1).await;
    let mina = world.person("mina").await;
    let changes = (0..8).map(|number| {
        let (accounts, viewer) = (world.service.accounts(), mina.viewer);
        async move {
            let new = format!("{NEW_PASSWORD}{number}");
            let answer = accounts.change_password(&viewer, PASSWORD, &new).await;
            answer.map(|()| new)
        }
    });
    let (made, refused): (Vec<_>, Vec<_>) =
        join_all(changes).await.into_iter().partition(Result::is_ok);
    let [Ok(new)] = &made[..] else {
        panic!("not one but {made:?}");
    };
    assert!(
        refused
            .iter()
            .all(|answer| matches!(answer, Err(ServiceError::WrongPassword)))
    );
    let log_in = world.service.accounts().log_in("mina", new, "test").await;
    assert!(log_in.is_ok());
}

#[tokio::test]
async fn an_imported_person_without_a_password_cannot_log_in() {
    let world = World::new().await;
    let mina = world.person("mina").await;
    let known = world.store().credentials_of(mina.id).await.unwrap();
    let change = PasswordChange {
        person: mina.id,
        checked: known.unwrap().password_hash,
        hash: String::new(),
        session: mina.viewer.session,
    };
    let changed = world.store().change_password(change).await.unwrap();
    assert!(changed.value.is_some());
    for password in ["", PASSWORD] {
        let refused = world
            .service
            .accounts()
            .log_in("mina", password, "test")
            .await
            .unwrap_err();
        assert!(matches!(refused, ServiceError::WrongCredentials));
    }
}
