//! Opening a store: what is checked, and what a refusal says.

mod harness;

use std::error::Error;

use harness::{Session, execute, options};
use sosik_feed::Timestamp;
use sosik_feed::search::Query;
use sosik_store::suite::world::World;
use sosik_store::{CursorKey, CursorKeys, People, Store};
use sosik_store_postgres::{Pooler, PostgresOptions, PostgresStore};
use tokio_postgres::SimpleQueryMessage;

/// The reasons why a store does not open, in one line.
async fn refusal(options: &PostgresOptions) -> String {
    let Err(error) = PostgresStore::open(options).await else {
        panic!("the store opened")
    };
    let cause = error.source().map(ToString::to_string).unwrap_or_default();
    format!("{error}: {cause}")
}

#[tokio::test]
async fn nodes_that_start_together_create_the_schema_once() {
    let options = options().await;
    let opened = futures::future::join_all((0..4).map(|_| PostgresStore::open(&options))).await;
    for store in opened {
        store.expect("every node starts");
    }
}

#[tokio::test]
async fn a_store_opens_again_with_its_rows_also_through_a_pooler_without_sessions() {
    let mut options = options().await;
    let key = CursorKey {
        number: 7,
        secret: [3; 16],
        created_at: Timestamp::from_millis(5),
    };
    let store = PostgresStore::open(&options).await.expect("a new store");
    store.add_cursor_key(key.clone()).await.expect("a key");
    options.pooler = Pooler::PgBouncer;
    let store = PostgresStore::open(&options).await.expect("the same store");
    assert_eq!(store.cursor_keys().await.expect("keys"), [key]);
}

#[tokio::test]
async fn search_terms_of_an_older_version_are_replaced_by_the_nodes_that_start() {
    let options = options().await;
    let world = World::new(PostgresStore::open(&options).await.expect("a new store"));
    let crowd = world.crowd(1_100).await;
    let older = "UPDATE search_index SET version = 0; UPDATE people SET display_name = '미나'";
    execute(harness::url(&options), older).await;
    let opened = futures::future::join_all((0..3).map(|_| PostgresStore::open(&options))).await;
    let (from, to) = Query::parse("ㅁㄴ").expect("a query").range();
    for store in opened {
        let store = store.expect("every node starts");
        let found = store.with_term_among(&crowd, &from, &to).await;
        assert_eq!(found.expect("reads").len(), crowd.len());
    }
}

#[tokio::test]
async fn search_terms_of_a_newer_version_are_left_alone() {
    let options = options().await;
    let open = async || PostgresStore::open(&options).await.expect("a node starts");
    open().await.close().await;
    let newer = "UPDATE search_index SET version = 1000, filled = 5";
    execute(harness::url(&options), newer).await;
    open().await.close().await;
    let session = Session::connect(harness::url(&options)).await;
    let kept = "SELECT count(*) FROM search_index WHERE version = 1000 AND filled = 5";
    let kept = session.client.query_one(kept, &[]).await.expect("a count");
    assert_eq!(kept.get::<_, i64>(0), 1);
}

#[tokio::test]
async fn people_are_even_over_shards_by_the_hash_of_their_bucket() {
    let options = options().await;
    let store = PostgresStore::open(&options).await.expect("a new store");
    let people = World::new(store).crowd(1_000).await;
    assert_eq!(people.len(), 1_000);
    let session = Session::connect(harness::url(&options)).await;
    let misplaced = "SELECT count(*) FROM people WHERE (hashint2(bucket)::bigint + 2147483648) >> 24 <> id & 255";
    let misplaced = session
        .client
        .query_one(misplaced, &[])
        .await
        .expect("a count");
    assert_eq!(
        misplaced.get::<_, i64>(0),
        0,
        "the hash is in the range of the bucket"
    );
    let balance = include_str!("../../../deploy/citus/balance.sql");
    let rows = session.client.simple_query(balance).await.expect("shards");
    let rows: Vec<_> = rows
        .iter()
        .filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        })
        .collect();
    assert_eq!(rows.len(), 5);
    for row in rows {
        let text = |column: &str| row.get(column).expect(column);
        println!(
            "{} on {} shards: {}",
            text("part"),
            text("shards"),
            text("ratio")
        );
        assert!(text("ratio").parse::<f64>().expect("a number") <= 1.1);
    }
}

#[tokio::test]
async fn a_schema_of_a_newer_executable_is_rejected_with_what_to_do() {
    let options = options().await;
    PostgresStore::open(&options).await.expect("a new store");
    let newer = "INSERT INTO migrations VALUES (1000, '1000_later', '', 0)";
    execute(harness::url(&options), newer).await;
    let refusal = refusal(&options).await;
    assert!(refusal.contains("run the newer executable"), "{refusal}");
}

#[tokio::test]
async fn a_server_that_acknowledges_before_it_is_durable_is_rejected_with_the_setting() {
    let options = options().await;
    let url = harness::url(&options);
    let database = url.rsplit('/').next().expect("a database");
    let lossy = format!("ALTER DATABASE {database} SET synchronous_commit = off");
    execute(url, &lossy).await;
    let refusal = refusal(&options).await;
    assert!(refusal.contains("synchronous_commit is off"), "{refusal}");
}

#[tokio::test]
async fn a_node_that_may_open_more_connections_than_the_server_admits_is_rejected() {
    let mut options = options().await;
    options.pools.read.connections_max = 100_000;
    let refusal = refusal(&options).await;
    assert!(refusal.contains("raise max_connections"), "{refusal}");
}

#[tokio::test]
async fn one_node_too_many_for_the_connections_of_the_server_is_rejected() {
    let mut options = options().await;
    let half = admitted(&options).await / 2;
    options.pools.read.connections_max = half;
    let first = PostgresStore::open(&options)
        .await
        .expect("one node has room");
    options.node = "second".to_owned();
    let refusal = refusal(&options).await;
    assert!(
        refusal.contains("1 others") && refusal.contains("raise max_connections"),
        "{refusal}"
    );
    first.close().await;
}

/// The connections that the server admits.
async fn admitted(options: &PostgresOptions) -> usize {
    let session = Session::connect(harness::url(options)).await;
    let admitted = "SELECT current_setting('max_connections')::bigint";
    let row = session.client.query_one(admitted, &[]).await;
    let admitted: i64 = row.expect("a setting").get(0);
    usize::try_from(admitted).expect("a number")
}

#[tokio::test]
async fn each_node_counts_with_the_connections_of_its_own_pools() {
    let mut large = options().await;
    let small = PostgresOptions {
        node: "small".to_owned(),
        ..large.clone()
    };
    let room = small.pools.connections_max() - 1;
    let others = large.pools.connections_max() - large.pools.read.connections_max;
    large.pools.read.connections_max = admitted(&large).await - 3 - others - room;
    let first = PostgresStore::open(&large).await.expect("there is room");
    let refusal = refusal(&small).await;
    assert!(refusal.contains("raise max_connections"), "{refusal}");
    first.close().await;
    let alone = PostgresStore::open(&small)
        .await
        .expect("there is room now");
    alone.close().await;
}

#[tokio::test]
async fn nodes_that_start_together_see_each_other() {
    let mut options = options().await;
    options.pools.read.connections_max = admitted(&options).await / 3;
    let nodes: Vec<_> = (0..5)
        .map(|number| PostgresOptions {
            node: format!("node{number}"),
            ..options.clone()
        })
        .collect();
    let opened = futures::future::join_all(nodes.iter().map(PostgresStore::open)).await;
    let started: Vec<_> = opened.into_iter().flatten().collect();
    // Two have room. One that is refused may be counted by another one until it disconnects.
    assert!((1..=2).contains(&started.len()), "{}", started.len());
    for store in started {
        store.close().await;
    }
}
