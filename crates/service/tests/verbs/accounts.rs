//! Sign-up and log-in.

use sosik_feed::RuleBroken;
use sosik_feed::people::Language;
use sosik_service::ServiceError;
use sosik_service::accounts::SignUpAsk;
use sosik_service::people::ProfileAsk;

use crate::world::{PASSWORD, World, ask, broken, missing};

#[tokio::test]
async fn whoever_signs_up_is_logged_in_and_can_log_in_again() {
    let world = World::new().await;
    let asked = SignUpAsk {
        language: Some("ko".to_owned()),
        display_name: "김미나".to_owned(),
        ..ask("@Mina")
    };
    let signed_up = world.service.sign_up(asked).await.unwrap();
    assert_eq!(signed_up.person.record.handle, "mina");
    assert_eq!(signed_up.person.record.language, Language::Ko);
    assert!(world.opens(signed_up.token.as_str()).await);

    let again = world
        .service
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
    let check =
        async |asked: SignUpAsk, rule| assert_eq!(broken(world.service.sign_up(asked).await), rule);
    check(ask("mi"), RuleBroken::HandleTooShort).await;
    check(ask("admin"), RuleBroken::HandleReserved).await;
    check(
        SignUpAsk {
            display_name: " ".to_owned(),
            ..ask("mina")
        },
        RuleBroken::DisplayNameEmpty,
    )
    .await;
    check(
        SignUpAsk {
            language: Some("xx".to_owned()),
            ..ask("mina")
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
            SignUpAsk {
                password: password.to_owned(),
                ..ask("mina_kim")
            },
            rule,
        )
        .await;
    }
    assert_eq!(world.store().people_count().await.unwrap(), 0);
}

#[tokio::test]
async fn a_handle_that_is_taken_or_looks_like_one_is_refused() {
    let world = World::new().await;
    world.person("mina_1").await;
    assert_eq!(
        broken(world.service.sign_up(ask("MINA_1")).await),
        RuleBroken::HandleTaken
    );
    assert_eq!(
        broken(world.service.sign_up(ask("mina_l")).await),
        RuleBroken::HandleConfusable
    );
}

#[tokio::test]
async fn two_who_want_the_same_handle_at_once_do_not_both_get_it() {
    let world = World::new().await;
    let (one, other) = tokio::join!(
        world.service.sign_up(ask("mina")),
        world.service.sign_up(ask("mina"))
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
        .sign_up(SignUpAsk {
            password: composed.to_owned(),
            ..ask("mina")
        })
        .await
        .unwrap();
    let decomposed: String = unicode_normalization::UnicodeNormalization::nfd(composed).collect();
    assert_ne!(decomposed, composed);
    assert!(
        world
            .service
            .log_in("mina", &decomposed, "test")
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_profile_is_changed_in_part_and_only_by_the_rules() {
    let world = World::new().await;
    let [ana, bo] = world.people(["ana", "bob"]).await;
    let before = world.service.me(ana.id).await.unwrap();
    let ask = ProfileAsk {
        bio: Some("두 줄\n".to_owned()),
        language: Some("ja".to_owned()),
        ..ProfileAsk::default()
    };
    let after = world.service.change_profile(ana.id, ask).await.unwrap();
    assert_eq!(
        (
            after.person.record.bio.as_str(),
            after.person.record.language
        ),
        ("두 줄", Language::Ja)
    );
    assert_eq!(after.person.record.display_name, "ana");
    assert!(after.person.record.revision > before.person.record.revision);

    let bad = ProfileAsk {
        bio: Some("gone".to_owned()),
        display_name: Some(String::new()),
        language: None,
    };
    assert_eq!(
        broken(world.service.change_profile(ana.id, bad).await),
        RuleBroken::DisplayNameEmpty
    );
    assert_eq!(
        world
            .service
            .profile(bo.id, "@Ana")
            .await
            .unwrap()
            .person
            .record
            .bio,
        "두 줄"
    );
    assert_eq!(
        missing(world.service.profile(bo.id, "nobody").await),
        "person"
    );
}
