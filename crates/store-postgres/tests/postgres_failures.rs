//! What happens when transactions conflict, connections are lost, and the server does not respond or changes its role.

mod harness;

use std::sync::Arc;
use std::time::Duration;

use harness::{Session, options, url};
use sosik_feed::{Audience, PeerId, PersonId};
use sosik_servers::Postgres;
use sosik_store::suite::world::{EmptyStore, LIMITS, World, key};
use sosik_store::{
    CacheLeases, Horizon, JoiningMember, LeaseRequest, NewStory, Nodes, Posted, RelationChange,
    Store, StoreError,
};
use sosik_store_postgres::{PostgresOptions, PostgresStore};

/// Locks the counts of a person, as a change of their relations does.
fn lock(person: PersonId) -> String {
    format!("SELECT 1 FROM person_counts WHERE person = {person} FOR UPDATE")
}

async fn open(options: &PostgresOptions) -> (World, Arc<PostgresStore>, Session) {
    let store = PostgresStore::open(options).await.expect("a store opens");
    let session = Session::connect(url(options)).await;
    (World::new(Arc::clone(&store) as _), store, session)
}

/// Two people in ascending order of their ids.
async fn two(world: &World) -> [PersonId; 2] {
    world.people(["mina", "joon"]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_a_deadlock_ends_is_tried_again() {
    let (world, store, session) = open(&options().await).await;
    let [mina, joon] = two(&world).await;
    // The session locks in descending order, so one of both must give way. The store waits longer.
    session
        .run("BEGIN; SET LOCAL deadlock_timeout = '60s'")
        .await;
    session.run(&lock(joon)).await;
    let now = world.now();
    let follow = tokio::spawn(async move {
        let store: &dyn Store = &*store;
        store.follow(mina, joon, LIMITS, now).await
    });
    session.waiting("post", "Lock").await;
    session.run(&lock(mina)).await;
    session.run("COMMIT").await;
    let followed = follow.await.expect("a task").expect("a follow");
    assert_eq!(followed.value, RelationChange::Changed);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_lost_before_commit_is_replaced_and_the_write_is_tried_again() {
    let (world, store, session) = open(&options().await).await;
    let [mina, joon] = two(&world).await;
    session.run("BEGIN").await;
    session.run(&lock(joon)).await;
    let now = world.now();
    let follow = tokio::spawn(async move {
        let store: &dyn Store = &*store;
        store.follow(mina, joon, LIMITS, now).await
    });
    let process = session.waiting("post", "Lock").await;
    session.terminate(process).await;
    session.run("COMMIT").await;
    let followed = follow.await.expect("a task").expect("a follow");
    assert_eq!(followed.value, RelationChange::Changed);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_response_is_lost_is_reported_and_its_repeat_posts_once() {
    let server = Postgres::start(&["fsync=off"]).expect("PostgreSQL starts");
    let options = harness::options_at(server.url("postgres"));
    let (world, store, session) = open(&options).await;
    let [mina, _] = two(&world).await;
    let story = NewStory {
        idempotency: key("key", 1),
        audience: Audience::Public,
        ..world.new_story(mina, "hello")
    };
    // Commits wait for a standby that does not exist, after they are durable on this server.
    session.run("SET synchronous_commit = local").await;
    session
        .run("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
        .await;
    session.run("SELECT pg_reload_conf()").await;
    let (first, poster) = (story.clone(), Arc::clone(&store));
    let post = tokio::spawn(async move {
        let store: &dyn Store = &*poster;
        store.post(first).await
    });
    let process = session.waiting("post", "SyncRep").await;
    session.terminate(process).await;
    let Err(StoreError::Failed { source, .. }) = post.await.expect("a task") else {
        panic!("the outcome was known")
    };
    assert!(
        source.to_string().contains("may or may not have committed"),
        "{source}"
    );
    session
        .run("ALTER SYSTEM RESET synchronous_standby_names")
        .await;
    session.run("SELECT pg_reload_conf()").await;
    let repeat = NewStory {
        id: sosik_feed::StoryId::of_author(mina, world.id()),
        ..story.clone()
    };
    assert_eq!(
        world.post(repeat).await.expect("a repeat").value,
        Posted::Repeated(story.id)
    );
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_became_read_only_is_detected_by_the_first_write_and_recovers() {
    let server = Postgres::start(&["fsync=off"]).expect("PostgreSQL starts");
    let options = harness::options_at(server.url("postgres"));
    let (world, store, session) = open(&options).await;
    let [mina, joon] = two(&world).await;
    assert_eq!(store.unready(), None);
    session
        .run("ALTER SYSTEM SET default_transaction_read_only = on")
        .await;
    session.run("SELECT pg_reload_conf()").await;
    // The sessions of the store read the setting when they next wait for a statement.
    let rejected = async || {
        while world.follow(mina, joon, LIMITS, world.now()).await.is_ok() {
            world.unfollow(mina, joon).await.ok();
        }
    };
    harness::within("a write is rejected", rejected()).await;
    assert!(
        store
            .unready()
            .is_some_and(|reason| reason.contains("read-only"))
    );
    session.run("SET default_transaction_read_only = off").await;
    session
        .run("ALTER SYSTEM RESET default_transaction_read_only")
        .await;
    session.run("SELECT pg_reload_conf()").await;
    let accepted = async || while world.follow(mina, joon, LIMITS, world.now()).await.is_err() {};
    harness::within("a write is accepted", accepted()).await;
    assert_eq!(store.unready(), None);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_class_without_room_rejects_at_once_and_other_classes_go_on() {
    let mut options = options().await;
    options.pools.post.connections_max = 1;
    options.pools.post.waiting_max = 0;
    // Longer than a test may take: only the bound of the queue rejects.
    options.pools.post.acquire_max = Duration::from_secs(600);
    let (world, store, session) = open(&options).await;
    let [mina, joon] = two(&world).await;
    session.run("BEGIN").await;
    session.run(&lock(joon)).await;
    let now = world.now();
    let first = Arc::clone(&store);
    let follow = tokio::spawn(async move {
        let store: &dyn Store = &*first;
        store.follow(mina, joon, LIMITS, now).await
    });
    session.waiting("post", "Lock").await;
    let second = world.follow(joon, mina, LIMITS, world.now()).await;
    assert!(matches!(second, Err(StoreError::Busy)), "{second:?}");
    assert!(
        world
            .person_by_handle("mina")
            .await
            .expect("a read")
            .is_some()
    );
    session.run("COMMIT").await;
    follow.await.expect("a task").expect("a follow");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_whose_caller_is_gone_is_rolled_back_and_its_connection_is_used_again() {
    let mut options = options().await;
    options.pools.post.connections_max = 1;
    let (world, store, session) = open(&options).await;
    let [mina, joon] = two(&world).await;
    session.run("BEGIN").await;
    session.run(&lock(joon)).await;
    let now = world.now();
    let first = Arc::clone(&store);
    let follow = tokio::spawn(async move {
        let store: &dyn Store = &*first;
        store.follow(mina, joon, LIMITS, now).await
    });
    let before = session.waiting("post", "Lock").await;
    follow.abort();
    session.run("COMMIT").await;
    // The store locked the first of both before it waited.
    session.run(&lock(mina)).await;
    assert_eq!(world.follows(mina, joon).await, RelationChange::Changed);
    session.run("BEGIN").await;
    session.run(&lock(joon)).await;
    let second = Arc::clone(&store);
    let unfollow = tokio::spawn(async move {
        let store: &dyn Store = &*second;
        store.unfollow(mina, joon).await
    });
    assert_eq!(
        session.waiting("post", "Lock").await,
        before,
        "the same connection"
    );
    session.run("COMMIT").await;
    unfollow.await.expect("a task").expect("an unfollow");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_respond_fails_the_operation_and_loses_its_connection() {
    let mut options = options().await;
    options.statement_max = Duration::from_secs(2);
    options.pools.read.connections_max = 1;
    let (world, _store, session) = open(&options).await;
    two(&world).await;
    world.person_by_handle("mina").await.expect("a read");
    let [process] = sessions_of("read", &session).await[..] else {
        panic!("one connection")
    };
    signal("-STOP", process);
    let read = world.person_by_handle("mina").await;
    signal("-CONT", process);
    let Err(StoreError::Failed { source, .. }) = read else {
        panic!("the server responded: {read:?}")
    };
    assert!(source.to_string().contains("did not respond"), "{source}");
    let again = world
        .person_by_handle("mina")
        .await
        .expect("a new connection");
    assert!(again.is_some());
    let replaced = sessions_of("read", &session).await;
    assert!(
        replaced.iter().any(|other| *other != process),
        "{replaced:?}"
    );
    world.finish().await;
}

/// The processes of the sessions of a class.
async fn sessions_of(class: &str, session: &Session) -> Vec<i32> {
    let application = format!("sosik/test/{class}/%");
    let processes = "SELECT pid FROM pg_stat_activity
        WHERE datname = current_database() AND application_name LIKE $1";
    let rows = session.client.query(processes, &[&application]).await;
    let rows = rows.expect("sessions");
    rows.iter().map(|row| row.get(0)).collect()
}

fn signal(signal: &str, process: i32) {
    let mut kill = std::process::Command::new("kill");
    let sent = kill.args([signal, &process.to_string()]).status();
    assert!(sent.expect("kill runs").success());
}

#[tokio::test(flavor = "multi_thread")]
async fn many_changes_between_few_people_at_once_never_deadlock() {
    let mut options = options().await;
    options.pools.post.acquire_max = Duration::from_secs(60);
    let (world, store, session) = open(&options).await;
    let people = world.crowd(5).await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..400_usize {
        let (one, other) = (people[number % 5], people[number * 7 / 5 % 5]);
        let (store, now) = (Arc::clone(&store), world.now());
        let note = world.note(other);
        tasks.spawn(async move {
            let store: &dyn Store = &*store;
            match number % 7 {
                0 | 1 => {
                    store
                        .send_friend_request(one, other, LIMITS, note, now)
                        .await
                }
                2 => {
                    store
                        .accept_friend_request(one, other, LIMITS, note, now)
                        .await
                }
                3 => store.follow(one, other, LIMITS, now).await,
                4 => store.unfriend(one, other).await,
                5 => store.block(one, other, LIMITS, now).await,
                _ => store.unblock(one, other).await,
            }
        });
    }
    while let Some(changed) = tasks.join_next().await {
        changed.expect("a task").expect("a change");
    }
    let both_sides = "SELECT
        (SELECT count(*) FROM (SELECT person, friend FROM friendships EXCEPT SELECT friend, person FROM friendships) f)
        + (SELECT count(*) FROM (SELECT follower, followee FROM follows EXCEPT SELECT follower, followee FROM followers) f)
        + (SELECT count(*) FROM (SELECT blocker, blocked FROM blocks EXCEPT SELECT blocker, blocked FROM blocked_by) b)
        + (SELECT count(*) FROM (SELECT asker, asked FROM requests_sent EXCEPT SELECT asker, asked FROM requests_received) r)";
    let differences: i64 = session
        .client
        .query_one(both_sides, &[])
        .await
        .expect("a count")
        .get(0);
    assert_eq!(differences, 0, "rows that are missing on one side");
    world.finish().await;
    let ended = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    let deadlocks: i64 = session
        .client
        .query_one(ended, &[])
        .await
        .expect("a count")
        .get(0);
    assert_eq!(deadlocks, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn leases_are_renewed_while_all_other_connections_are_in_use() {
    let (world, store, session) = open(&options().await).await;
    let [mina, joon] = two(&world).await;
    let peer = PeerId::from_u64(1);
    let member = JoiningMember {
        peer,
        hold: Duration::from_secs(3),
        alone: false,
        address: None,
    };
    assert!(store.join(member).await.expect("a member"));
    let request = LeaseRequest {
        region: 0,
        holder: "test".to_owned(),
        now: world.now(),
        span: Duration::from_secs(10),
    };
    let node = store.lease_node(request).await.expect("a number");
    session.run(&format!("BEGIN; {}", lock(joon))).await;
    let now = world.now();
    let busy = (0..40).map(|number| {
        let store: Arc<dyn EmptyStore> = Arc::<PostgresStore>::clone(&store);
        tokio::spawn(async move {
            match number % 2 {
                0 => store.follow_many(vec![(joon, mina)], now).await.map(drop),
                _ => store.follow(joon, mina, LIMITS, now).await.map(drop),
            }
        })
    });
    let busy: Vec<_> = busy.collect();
    session.waiting("post", "Lock").await;
    session.waiting("administration", "Lock").await;
    let none = Horizon::default();
    let renewed = store.renew(peer, &none, &none).await;
    assert!(renewed.expect("a renewal").is_some());
    let span = Duration::from_secs(10);
    let renewed = store.renew_node(node, now, now, span).await;
    renewed.expect("the number is kept");
    session.run("COMMIT").await;
    for call in busy {
        call.await.expect("a task").expect("a follow");
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_does_not_wait_for_a_statement_whose_caller_is_gone() {
    let mut options = options().await;
    options.pools.read.connections_max = 1;
    let (world, store, session) = open(&options).await;
    let _people = two(&world).await;
    session.run("BEGIN; LOCK TABLE people, handles").await;
    let abandoned = tokio::spawn({
        let store = Arc::clone(&store);
        async move {
            (&*store as &dyn Store)
                .person_by_handle("mina")
                .await
                .map(drop)
        }
    });
    session.waiting("read", "Lock").await;
    abandoned.abort();
    // Another table, with the only connection of the class.
    harness::within("another read", store.check())
        .await
        .expect("a read");
    session.run("COMMIT").await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_finds_no_server_certainly_did_not_commit() {
    let mut server = Postgres::start(&["fsync=off"]).expect("PostgreSQL starts");
    let options = harness::options_at(server.url("postgres"));
    let store = PostgresStore::open(&options).await.expect("a store opens");
    server.kill();
    // The connections that are open are found to be broken first.
    let leave = async || match store.leave(PeerId::from_u64(1)).await {
        Ok(()) => panic!("there is no server"),
        Err(error) => std::error::Error::source(&error)
            .map(ToString::to_string)
            .unwrap_or_default(),
    };
    let certain = async || while leave().await.contains("may or may not") {};
    harness::within("a certain error", certain()).await;
}
