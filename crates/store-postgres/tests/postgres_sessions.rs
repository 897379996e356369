//! Two nodes on one database: sessions of one person that begin and end at the same time.

mod harness;

use std::time::Duration;

use harness::{Nodes, Session};
use sosik_feed::{PersonId, SessionId, Timestamp};
use sosik_store::{PasswordChange, PersonLimits, SessionRecord};

/// A session of a person.
fn session_of(person: PersonId, number: u8, now: Timestamp) -> SessionRecord {
    SessionRecord {
        id: SessionId::from_u64(u64::from(number)),
        person,
        token: [number; 32],
        created_at: now,
        used_at: now,
        expires_at: now.plus(Duration::from_millis(1)),
        client: String::new(),
    }
}

/// Ends the sessions 1 to 6 of a person in every way at once.
async fn end_in_every_way(nodes: &Nodes, person: PersonId) {
    let (one, other) = (nodes.node(0), nodes.node(1));
    let now = nodes.world.now();
    for number in 1..=6 {
        let session = session_of(person, number, now);
        one.add_session(session, 50).await.expect("a session");
    }
    let id = |number| SessionId::from_u64(number);
    let later = now.plus(Duration::from_secs(1));
    let checked = one.credentials_of(person).await.expect("credentials");
    let change = PasswordChange {
        person,
        checked: checked.expect("a person").password_hash,
        hash: "another".to_owned(),
        session: id(5),
    };
    let ended = futures::join!(
        other.remove_stale_sessions(later, now, 100),
        one.end_session(person, id(1)),
        other.end_other_sessions(person, id(6)),
        one.end_session(person, id(4)),
        other.change_password(change),
        one.add_session(session_of(person, 7, now), 2),
    );
    ended.0.expect("stale sessions");
    ended.1.expect("a session ends");
    ended.2.expect("other sessions end");
    ended.3.expect("a session ends");
    ended.4.expect("a password");
    ended.5.expect("a session begins");
    one.end_session(person, id(7)).await.expect("an end");
    one.end_other_sessions(person, id(0)).await.expect("an end");
}

#[tokio::test]
async fn sessions_that_end_in_every_way_at_once_cause_no_deadlock() {
    let nodes = Nodes::start(PersonLimits::default()).await;
    let [mina] = nodes.world.people(["mina"]).await;
    for _ in 0..20 {
        end_in_every_way(&nodes, mina).await;
    }
    let url = nodes.url.clone();
    nodes.finish().await;
    let session = Session::connect(&url).await;
    // A session reports its figures when it ends.
    let of_nodes = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name LIKE 'sosik/%'";
    let ended = async || while number(&session, of_nodes).await > 0 {};
    harness::within("the sessions end", ended()).await;
    let deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    assert_eq!(number(&session, deadlocks).await, 0);
}

async fn number(session: &Session, sql: &str) -> i64 {
    session.run("SELECT pg_stat_clear_snapshot()").await;
    let row = session.client.query_one(sql, &[]).await;
    row.expect("a number").get(0)
}
