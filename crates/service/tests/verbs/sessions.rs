//! Sessions and their limits, under a clock that the test sets.

use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream};
use sosik_feed::SessionId;
use sosik_service::sessions::CachedSession;

use crate::world::{PASSWORD, World, missing};

const DAY: Duration = Duration::from_secs(86_400);

#[tokio::test]
async fn a_session_that_is_not_used_ends_and_one_that_is_used_goes_on() {
    let world = World::new().await;
    let [idle, busy] = world.people(["idle", "busy"]).await;
    for _ in 0..4 {
        world.clock.advance(10 * DAY);
        assert!(world.opens(&busy.token).await);
    }
    assert!(!world.opens(&idle.token).await);
    assert!(
        !world
            .service
            .sessions()
            .still_valid(&idle.viewer)
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn a_session_ends_in_the_end_however_much_it_is_used() {
    let world = World::new().await;
    let mina = world.person("mina").await;
    for _ in 0..18 {
        world.clock.advance(20 * DAY);
        assert!(world.opens(&mina.token).await);
    }
    world.clock.advance(6 * DAY);
    assert!(!world.opens(&mina.token).await);
    assert!(
        !world
            .service
            .sessions()
            .still_valid(&mina.viewer)
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn people_who_log_in_or_use_a_session_count_as_active() {
    let world = World::new().await;
    let [busy, _idle] = world.people(["busy", "idle"]).await;
    let active = async || {
        let active = world.service.sessions().active_people().await.unwrap();
        (active.day, active.thirty_days)
    };
    assert_eq!(active().await, (2, 2));
    world.clock.advance(2 * DAY);
    assert_eq!(active().await, (0, 2));
    assert!(world.opens(&busy.token).await);
    world
        .eventually("the use is recorded", async || active().await == (1, 2))
        .await;
    world.clock.advance(29 * DAY);
    assert_eq!(
        active().await,
        (0, 1),
        "one of them was last seen a month ago"
    );
}

#[tokio::test]
async fn one_sweep_removes_everything_that_expired() {
    let world = World::new().await;
    let mina = world.person("mina").await;
    let store = world.store();
    let known = store.session(&mina.viewer.token, sosik_feed::CommitPosition::LATEST);
    let known = known.await.unwrap().unwrap();
    let many = stream::iter(1_000..3_500_u64).map(|number| {
        let mut session = known.clone();
        session.id = SessionId::from_u64(number);
        session.token[..8].copy_from_slice(&number.to_le_bytes());
        store.add_session(session, u32::MAX)
    });
    let added: Vec<_> = many.buffer_unordered(200).try_collect().await.unwrap();
    assert_eq!(added.len(), 2_500);
    world.clock.advance(400 * DAY);
    world.service.delivery().sweep_once().await.unwrap();
    let now = sosik_service::Clock::now(&*world.clock);
    let left = store.remove_stale_sessions(now, now, 10_000).await.unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn the_use_of_a_session_is_written_down_so_that_a_restart_knows_it() {
    let world = World::new().await;
    let mina = world.person("mina").await;
    let used_at = async || {
        world
            .store()
            .session(&mina.viewer.token, sosik_feed::CommitPosition::LATEST)
            .await
            .unwrap()
            .unwrap()
            .used_at
    };
    let first = used_at().await;
    world.clock.advance(Duration::from_secs(299));
    assert!(world.opens(&mina.token).await);
    assert_eq!(used_at().await, first, "not before it is due");
    world.clock.advance(Duration::from_secs(1));
    assert!(world.opens(&mina.token).await);
    world
        .eventually("the use is written down", async || used_at().await > first)
        .await;
}

#[tokio::test]
async fn a_later_use_that_only_the_store_knows_of_keeps_a_session_open() {
    let world = World::new().await;
    let mina = world.person("mina").await;
    assert!(world.opens(&mina.token).await);
    world.clock.advance(29 * DAY);
    let now = sosik_service::Clock::now(&*world.clock);
    // As another node would do it.
    world
        .store()
        .touch_session(&mina.viewer.token, now)
        .await
        .unwrap();
    world.clock.advance(2 * DAY);
    assert!(world.opens(&mina.token).await);
}

#[tokio::test]
async fn a_session_that_ended_opens_nothing_although_it_was_in_the_cache() {
    let world = World::new().await;
    let [mina, eve] = world.people(["mina", "eve"]).await;
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

    assert_eq!(
        missing(
            world
                .service
                .sessions()
                .end(&eve.viewer, on_phone.session)
                .await
        ),
        "session"
    );
    assert!(
        world.opens(phone.token.as_str()).await,
        "a person ended another person's session"
    );
    world
        .service
        .sessions()
        .end(&mina.viewer, on_phone.session)
        .await
        .unwrap();
    assert!(!world.opens(phone.token.as_str()).await);
    assert_eq!(
        missing(
            world
                .service
                .sessions()
                .end(&mina.viewer, on_phone.session)
                .await
        ),
        "session"
    );

    world
        .service
        .sessions()
        .log_out(&mina.viewer)
        .await
        .unwrap();
    world
        .service
        .sessions()
        .log_out(&mina.viewer)
        .await
        .unwrap();
    assert!(!world.opens(&mina.token).await);
    assert!(world.opens(&eve.token).await);
}

#[tokio::test]
async fn ending_the_others_leaves_the_session_that_asks() {
    let world = World::new().await;
    let mina = world.person("mina").await;
    let others =
        [PASSWORD; 3].map(|password| world.service.accounts().log_in("mina", password, "phone"));
    let mut tokens = Vec::new();
    for log_in in others {
        tokens.push(log_in.await.unwrap().token);
    }
    assert_eq!(
        world
            .service
            .sessions()
            .list(&mina.viewer)
            .await
            .unwrap()
            .len(),
        4
    );
    world
        .service
        .sessions()
        .end_others(&mina.viewer)
        .await
        .unwrap();
    for token in tokens {
        assert!(!world.opens(token.as_str()).await);
    }
    let left = world.service.sessions().list(&mina.viewer).await.unwrap();
    assert_eq!(
        left.iter().map(|session| session.id).collect::<Vec<_>>(),
        [mina.viewer.session]
    );
}

#[tokio::test]
async fn beyond_the_limit_the_session_not_used_for_longest_ends_at_once() {
    let world = World::with(|settings| settings.sessions.per_person_max = 3).await;
    let mina = world.person("mina").await;
    let mut tokens = vec![mina.token];
    for _ in 0..3 {
        world.clock.advance(Duration::from_secs(1));
        tokens.push(
            world
                .service
                .accounts()
                .log_in("mina", PASSWORD, "phone")
                .await
                .unwrap()
                .token
                .as_str()
                .to_owned(),
        );
    }
    let mut open = Vec::new();
    for token in &tokens {
        open.push(world.opens(token).await);
    }
    assert_eq!(open, [false, true, true, true]);
}

#[tokio::test]
async fn the_list_of_sessions_shows_open_ones_with_what_the_client_calls_itself() {
    let world = World::new().await;
    let mina = world.person("mina").await;
    world.clock.advance(29 * DAY);
    let long_name = "휴대폰".repeat(100);
    let phone = world
        .service
        .accounts()
        .log_in("mina", PASSWORD, &long_name)
        .await
        .unwrap();
    world.clock.advance(2 * DAY);
    let viewer = world
        .service
        .sessions()
        .viewer(phone.token.as_str())
        .await
        .unwrap()
        .unwrap();
    let sessions = world.service.sessions().list(&viewer).await.unwrap();
    assert_eq!(
        sessions
            .iter()
            .map(|session| session.id)
            .collect::<Vec<_>>(),
        [viewer.session]
    );
    assert_eq!(sessions[0].client.chars().count(), 200);
    assert_ne!(viewer.session, mina.viewer.session);
}

#[tokio::test]
async fn the_janitor_removes_sessions_that_are_over_and_no_others() {
    let world = World::new().await;
    let idle = world.person("idle").await;
    world.clock.advance(31 * DAY);
    let busy = world.person("busy").await;
    // The first run may have happened at the start of the service; the next one is due after the clock has advanced.
    world.clock.advance(Duration::from_secs(61));
    world.service.delivery().sweep_once().await.unwrap();
    world
        .eventually("the session is removed", async || {
            world
                .store()
                .session(&idle.viewer.token, sosik_feed::CommitPosition::LATEST)
                .await
                .unwrap()
                .is_none()
        })
        .await;
    assert!(
        world
            .store()
            .session(&busy.viewer.token, sosik_feed::CommitPosition::LATEST)
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test]
async fn a_text_that_is_no_token_opens_nothing() {
    let world = World::new().await;
    for text in ["", "x", "토큰", &"A".repeat(43), &"A".repeat(1_000_000)] {
        assert!(!world.opens(text).await);
    }
}

#[tokio::test]
async fn a_token_that_opens_nothing_is_asked_for_once_within_a_while() {
    let world = World::new().await;
    let mina = world.person("mina").await;
    let invented = "A".repeat(43);
    assert_eq!(
        world.service.sessions().cached(&invented),
        CachedSession::NotCached
    );
    assert!(!world.opens(&invented).await);
    assert_eq!(
        world.service.sessions().cached(&invented),
        CachedSession::Invalid
    );
    world.clock.advance(Duration::from_secs(31));
    assert_eq!(
        world.service.sessions().cached(&invented),
        CachedSession::NotCached
    );
    assert!(matches!(
        world.service.sessions().cached(&mina.token),
        CachedSession::Open(_) | CachedSession::NotCached
    ));
    assert_eq!(
        world.service.sessions().cached("no token at all"),
        CachedSession::Invalid
    );
}
