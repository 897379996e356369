//! Moving a store from SQLite to PostgreSQL: everything arrives, also after a kill, and nothing is mixed up.

#![expect(
    clippy::unwrap_used,
    reason = "an unexpected result must fail the test"
)]

mod common;

#[path = "migrate/content.rs"]
mod content;
#[path = "migrate/held.rs"]
mod held;
#[path = "migrate/served.rs"]
mod served;

use std::collections::{BTreeMap, BTreeSet};

use common::{Folder, Server};
use content::{Databases, compare, fill, rows_of_source};
use rusqlite::Connection;
use sosik_store_postgres::{MOVES, NOT_FILLED};

const FROM: &str = "--from=sqlite:data/sosik.db";

/// A folder with a closed store.
async fn folder() -> Folder {
    let folder = Folder::new();
    let store = folder.store();
    sosik_store::Store::close(&*store).await;
    folder
}

/// The columns of each table of an SQLite store.
fn source_columns(source: &Connection) -> BTreeMap<String, BTreeSet<String>> {
    let columns = "SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table'";
    let mut statement = source.prepare(columns).unwrap();
    let columns = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    let mut tables: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for column in columns.unwrap() {
        let (table, column): (String, String) = column.unwrap();
        tables.entry(table).or_default().insert(column);
    }
    tables
}

/// The table that gets the rows of a source table, if it does not have the same name.
fn target_of(table: &str) -> &str {
    match table {
        "friend_requests" => "requests_sent",
        same => same,
    }
}

#[tokio::test]
async fn every_table_and_column_of_both_schemas_is_moved_or_listed_with_a_reason() {
    let folder = folder().await;
    let databases = Databases::start();
    let target = databases.with_schema("schema").await;
    let source = Connection::open(folder.database()).unwrap();
    let left: BTreeSet<_> = NOT_FILLED.iter().map(|(table, _)| *table).collect();
    let targets = target.columns().await;
    for (table, columns) in source_columns(&source) {
        if left.contains(table.as_str()) {
            continue;
        }
        let of = MOVES
            .iter()
            .find(|of| of.to == target_of(&table) && of.from == table);
        let of = of.unwrap_or_else(|| panic!("the rows of {table} are lost: add them to MOVES"));
        let lost: Vec<_> = columns.difference(&targets[of.to]).collect();
        assert!(lost.is_empty(), "columns of {table} are lost: {lost:?}");
    }
    let filled: BTreeSet<_> = MOVES.iter().map(|of| of.to).collect();
    for table in targets.keys() {
        let known = filled.contains(table.as_str()) != left.contains(table.as_str());
        assert!(
            known,
            "{table} is filled by nothing: add it to MOVES or NOT_FILLED"
        );
    }
}

#[tokio::test]
async fn the_pages_of_every_table_are_read_by_an_index_in_its_order() {
    let folder = folder().await;
    let source = Connection::open(folder.database()).unwrap();
    for of in MOVES {
        let key = of.key.join(", ");
        let places = vec!["?"; of.key.len()].join(", ");
        let sql = format!(
            "EXPLAIN QUERY PLAN SELECT * FROM {} WHERE ({key}) > ({places}) ORDER BY {key} LIMIT ?",
            of.from
        );
        let mut statement = source.prepare(&sql).unwrap();
        let values = vec![rusqlite::types::Null; of.key.len() + 1];
        let values = rusqlite::params_from_iter(values);
        let steps = statement.query_map(values, |row| row.get::<_, String>(3));
        let steps: Vec<_> = steps.unwrap().map(Result::unwrap).collect();
        let sorts = steps.iter().any(|step| step.contains("TEMP B-TREE"));
        let seeks = steps.iter().any(|step| step.starts_with("SEARCH"));
        let small = of.from.contains("LIMIT 1");
        assert!(!sorts && seeks || small, "{}: {steps:?}", of.to);
    }
}

#[tokio::test]
async fn rows_of_every_table_arrive_as_they_were() {
    let folder = folder().await;
    fill(&Connection::open(folder.database()).unwrap());
    let databases = Databases::start();
    let target = databases.new_one("everything").await;
    let to = format!("--to={}", target.url);
    let estimate = folder.run(&["migrate", FROM, "--estimate", "--json"]);
    let estimate = estimate.ends_with(0).json();
    let moved = folder.run(&["migrate", FROM, &to, "--json"]).ends_with(0);
    assert_eq!(moved.json()["rows"], estimate["rows"]);
    assert_eq!(moved.json()["rows_before"], 0);
    let source = Connection::open(folder.database()).unwrap();
    for table in source_columns(&source).keys() {
        let empty = rows_of_source(&source, table).is_empty();
        assert!(!empty, "this test has no row of {table}");
    }
    compare(&source, &target).await;
}

#[tokio::test]
async fn a_migration_that_was_killed_continues_to_the_same_content() {
    let folder = folder().await;
    fill(&Connection::open(folder.database()).unwrap());
    let databases = Databases::start();
    let target = databases.with_schema("killed").await;
    let to = format!("--to={}", target.url);
    let run = [
        "migrate",
        FROM,
        &to,
        "--rows-per-transaction=1000",
        "--json",
    ];
    held::kill_within_stories(&folder, &target, &run).await;

    let (rows, complete): (i64, bool) = target.progress_of("stories").await;
    assert!(!complete && (1_000..2_500).contains(&rows), "{rows} rows");
    let store = format!("--set=store.url={}", target.url);
    let node = folder.run(&[
        "serve",
        &store,
        "--set=server.listen=127.0.0.1:0",
        "--set=server.admin_listen=127.0.0.1:0",
    ]);
    let says = node.err.contains("has not finished filling");
    assert!(node.code == Some(3) && says, "{node:?}");

    // The same file, after a server used it again: it took a number with a new epoch.
    let source = Connection::open(folder.database()).unwrap();
    source
        .execute_batch("UPDATE nodes SET epoch = epoch + 1")
        .unwrap();
    let mixed = folder.run(&run);
    let says = mixed.err.contains("half filled from another store");
    assert!(mixed.code == Some(3) && says, "{mixed:?}");
    source
        .execute_batch("UPDATE nodes SET epoch = epoch - 1")
        .unwrap();

    let moved = folder.run(&run).ends_with(0).json();
    let before = moved["rows_before"].as_u64().unwrap();
    assert!(before > rows.unsigned_abs() && before < moved["rows"].as_u64().unwrap());
    compare(&source, &target).await;
}

#[tokio::test]
async fn only_one_process_fills_a_database() {
    let folder = folder().await;
    let databases = Databases::start();
    let target = databases.new_one("twice").await;
    target
        .run("SELECT pg_advisory_lock(x'6d6f766573'::bigint)")
        .await;
    let to = format!("--to={}", target.url);
    let second = folder.run(&["migrate", FROM, &to]);
    let says = second.err.contains("another process fills the target");
    assert!(second.code == Some(3) && says, "{second:?}");
}

#[tokio::test]
async fn a_target_with_rows_and_a_source_in_use_are_refused() {
    let folder = folder().await;
    let databases = Databases::start();
    let target = databases.with_schema("filled").await;
    let to = format!("--to={}", target.url);
    target.run("INSERT INTO handles VALUES ('mina', 1)").await;
    let full = folder.run(&["migrate", FROM, &to]);
    let says = full.err.contains("rows in handles") && full.err.contains("create a new database");
    assert!(full.code == Some(3) && says, "{full:?}");
    target.run("DELETE FROM handles").await;

    let server = Server::start(&folder, &[]);
    let used = folder.run(&["migrate", FROM, &to]);
    let says = used.err.contains("another process has it");
    assert!(used.code == Some(3) && says, "{used:?}");
    folder.run(&["migrate", FROM, "--estimate"]).ends_with(0);
    drop(server);

    let missing = folder.run(&["migrate", "--from=sqlite:data/other.db", &to]);
    let says = missing.err.contains("there is no such file");
    assert!(missing.code == Some(3) && says, "{missing:?}");
    assert!(!folder.path("data/other.db").exists());
    folder.run(&["migrate", FROM]).ends_with(2);
    folder
        .run(&["migrate", &to.replace("--to", "--from"), &to])
        .ends_with(2);
    folder.run(&["migrate", FROM, &to]).ends_with(0);
}

/// A number that was not stored is a table that something else wrote to.
#[tokio::test]
async fn a_table_with_another_number_of_rows_is_a_failure_and_no_node_starts() {
    let folder = folder().await;
    fill(&Connection::open(folder.database()).unwrap());
    let databases = Databases::start();
    let target = databases.with_schema("wrong").await;
    let skip = "CREATE FUNCTION skip() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN IF NEW.saved_at = 9 THEN RETURN NULL; END IF; RETURN NEW; END';
        CREATE TRIGGER skip BEFORE INSERT ON saved FOR EACH ROW EXECUTE FUNCTION skip()";
    target.run(skip).await;
    let to = format!("--to={}", target.url);
    let wrong = folder.run(&["migrate", FROM, &to]);
    let says = wrong.err.contains("table saved has");
    assert!(wrong.code == Some(3) && says, "{wrong:?}");
    let store = format!("--set=store.url={}", target.url);
    folder.run(&["verify", &store]).ends_with(3);
}

#[tokio::test]
async fn no_server_starts_on_a_store_that_was_moved_until_it_is_restored() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    server.ask_to_stop();
    assert!(server.ended().await.success());
    let databases = Databases::start();
    let [first, second] = [
        databases.new_one("first").await,
        databases.new_one("second").await,
    ];
    let to = format!("--to={}", first.url);
    folder.run(&["migrate", FROM, &to]).ends_with(0);
    let free = [
        "--set=server.listen=127.0.0.1:0",
        "--set=server.admin_listen=127.0.0.1:0",
    ];
    let moved = |ran: common::Ran| {
        let says = ran.err.contains("was moved to PostgreSQL by");
        assert!(ran.code == Some(3) && says, "{ran:?}");
    };
    moved(folder.run(&["serve", free[0], free[1]]));
    let again = folder.run(&["migrate", FROM, &to]);
    let says = again.err.contains("an earlier run has moved this source");
    assert!(again.code == Some(3) && says, "{again:?}");
    // The first database may be lost. The source stays moved.
    let to = format!("--to={}", second.url);
    folder.run(&["migrate", FROM, &to]).ends_with(0);
    moved(folder.run(&["serve", free[0], free[1]]));
    folder.run(&["backup", "--to=copy.db"]).ends_with(0);
    let back = ["restore", "copy.db", "--to", "data/back.db"];
    folder.run(&back).ends_with(0);
    let server = Server::start(&folder, &["--set=store.url=sqlite:data/back.db"]);
    server.ask_to_stop();
    assert!(server.ended().await.success());
}
