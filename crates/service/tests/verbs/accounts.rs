//! Sign-up and log-in.

use sosik_feed::RuleBroken;
use sosik_feed::people::Language;
use sosik_service::ServiceError;
use sosik_service::accounts::SignUpRequest;
use sosik_service::people::ProfileUpdate;

use crate::world::{PASSWORD, World, broken, missing, sign_up_request};

#[tokio::test]
async fn whoever_signs_up_is_logged_in_and_can_log_in_again() {
    let world = World::new().await;
    let asked = SignUpRequest {
        language: Some("ko".to_owned()),
        display_name: "김미나".to_owned(),
        ..sign_up_request("@Mina")
    };
    let signed_up = world.service.accounts().sign_up(asked).await.unwrap();
    assert_eq!(signed_up.person.record.handle, "mina");
    assert_eq!(signed_up.person.record.language, Language::Ko);
    assert!(world.opens(signed_up.token.as_str()).await);

    let again = world
        .service
        .accounts()
        .log_in("@MINA", PASSWORD, "phone")
        .await
        .unwrap();
    assert_eq!(again.person.record.id, signed_up.person.record.id);
    assert_ne!(again.token, signed_up.token);
    assert!(
        !format!("{again:?}").contains(again.token.as_str()),
        "a token gets into a log"
    );
}

#[tokio::test]
async fn a_sign_up_that_breaks_a_rule_is_refused_and_makes_nothing() {
    let world = World::new().await;
    let check = async |asked: SignUpRequest, rule| {
        assert_eq!(broken(world.service.accounts().sign_up(asked).await), rule);
    };
    check(sign_up_request("mi"), RuleBroken::HandleTooShort).await;
    check(sign_up_request("admin"), RuleBroken::HandleReserved).await;
    check(
        SignUpRequest {
            display_name: " ".to_owned(),
            ..sign_up_request("mina")
        },
        RuleBroken::DisplayNameEmpty,
    )
    .await;
    check(
        SignUpRequest {
            language: Some("xx".to_owned()),
            ..sign_up_request("mina")
        },
        RuleBroken::LanguageUnknown,
    )
    .await;
    for (password, rule) in [
        ("short", RuleBroken::PasswordTooShort),
        (&"a1".repeat(65), RuleBroken::PasswordTooLong),
        ("password1", RuleBroken::PasswordCommon),
        ("mina_kim", RuleBroken::PasswordCommon),
    ] {
        check(
            SignUpRequest {
                password: password.to_owned(),
                ..sign_up_request("mina_kim")
            },
            rule,
        )
        .await;
    }
    assert_eq!(world.operations.people_count().await.unwrap(), 0);
}

#[tokio::test]
async fn a_handle_that_is_taken_or_looks_like_one_is_refused() {
    let world = World::new().await;
    world.person("mina_1").await;
    assert_eq!(
        broken(
            world
                .service
                .accounts()
                .sign_up(sign_up_request("MINA_1"))
                .await
        ),
        RuleBroken::HandleTaken
    );
    assert_eq!(
        broken(
            world
                .service
                .accounts()
                .sign_up(sign_up_request("mina_l"))
                .await
        ),
        RuleBroken::HandleConfusable
    );
}

#[tokio::test]
async fn two_who_want_the_same_handle_at_once_do_not_both_get_it() {
    let world = World::new().await;
    let (one, other) = tokio::join!(
        world.service.accounts().sign_up(sign_up_request("mina")),
        world.service.accounts().sign_up(sign_up_request("mina"))
    );
    let (winner, loser) = if one.is_ok() {
        (one, other)
    } else {
        (other, one)
    };
    assert!(winner.is_ok());
    assert_eq!(broken(loser), RuleBroken::HandleTaken);
}

#[tokio::test]
async fn a_wrong_password_an_unknown_and_an_impossible_handle_are_refused_alike() {
    let world = World::new().await;
    world.person("mina").await;
    let long = "x".repeat(10_000);
    for (handle, password) in [
        ("mina", "river-7-lanterm"),
        ("nobody", PASSWORD),
        ("no handle", PASSWORD),
        ("mina", &long),
        ("mina", ""),
    ] {
        let refused = world
            .service
            .accounts()
            .log_in(handle, password, "test")
            .await
            .unwrap_err();
        assert!(
            matches!(refused, ServiceError::WrongCredentials),
            "{handle}: {refused}"
        );
    }
}

#[tokio::test]
async fn a_password_is_the_same_however_the_keyboard_puts_letters_together() {
    let world = World::new().await;
    let composed = "비밀번호는길어요é";
    world
        .service
        .accounts()
        .sign_up(SignUpRequest {
            password: composed.to_owned(),
            ..sign_up_request("mina")
        })
        .await
        .unwrap();
    let decomposed: String = unicode_normalization::UnicodeNormalization::nfd(composed).collect();
    assert_ne!(decomposed, composed);
    assert!(
        world
            .service
            .accounts()
            .log_in("mina", &decomposed, "test")
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_profile_is_changed_in_part_and_only_by_the_rules() {
    let world = World::new().await;
    let [ana, bo] = world.people(["ana", "bob"]).await;
    let before = world.service.people().me(ana.id).await.unwrap();
    let request = ProfileUpdate {
        bio: Some("두 줄\n".to_owned()),
        language: Some("ja".to_owned()),
        ..ProfileUpdate::default()
    };
    let after = world
        .service
        .people()
        .change_profile(ana.id, request)
        .await
        .unwrap();
    assert_eq!(
        (
            after.person.record.bio.as_str(),
            after.person.record.language
        ),
        ("두 줄", Language::Ja)
    );
    assert_eq!(after.person.record.display_name, "ana");
    assert!(after.person.record.revision > before.person.record.revision);

    let bad = ProfileUpdate {
        bio: Some("gone".to_owned()),
        display_name: Some(String::new()),
        ..ProfileUpdate::default()
    };
    assert_eq!(
        broken(world.service.people().change_profile(ana.id, bad).await),
        RuleBroken::DisplayNameEmpty
    );
    assert_eq!(
        world
            .service
            .people()
            .profile(bo.id, "@Ana")
            .await
            .unwrap()
            .person
            .record
            .bio,
        "두 줄"
    );
    assert_eq!(
        missing(world.service.people().profile(bo.id, "nobody").await),
        "person"
    );
}
