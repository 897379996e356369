//! The schema and every statement, as texts: nothing that an engine which distributes the tables rejects.
//!
//! Citus distributes by the column `bucket`. It rejects keys without this column, references across owners, triggers,
//! locks over several shards, and some shapes of statements. These tests find them without such an engine.

use std::collections::BTreeMap;

use sosik_store_postgres::statements;

/// Tables without a bucket. Each is distributed by its key, or every shard has a copy of it.
const WITHOUT_BUCKET: &[(&str, &str)] = &[
    ("handles", "distributed by the handle"),
    ("skeletons", "distributed by the skeleton"),
    ("sessions", "distributed by the token"),
    ("nodes", "a reference table, at most 256 rows"),
    ("cursor_keys", "a reference table, at most 256 rows"),
    ("regions", "a reference table, 4 rows"),
    ("cache_leases", "on the server that the nodes connect to"),
    ("changes", "on the server that the nodes connect to"),
    ("search_index", "on the server that the nodes connect to"),
    ("links", "distributed by the key, and of nobody"),
];

/// Upper case, with single spaces and without comments.
fn normal(text: &str) -> String {
    let lines = text
        .lines()
        .map(|line| line.split("--").next().unwrap_or(""));
    let words: Vec<_> = lines.flat_map(str::split_whitespace).collect();
    words.join(" ").to_uppercase()
}

/// The reasons why a statement cannot run on distributed tables.
fn faults(text: &str) -> Vec<&'static str> {
    let text = &normal(text);
    let has = |part: &str| text.contains(part);
    let locks = has(" FOR UPDATE") || has(" FOR SHARE") || has(" FOR NO KEY") || has("SKIP LOCKED");
    let checks = [
        (text.starts_with("MERGE"), "MERGE"),
        (
            has("UNNEST(") && has("LATERAL") && has("LIMIT"),
            "a list of values with LATERAL and LIMIT",
        ),
        (
            locks && !has("BUCKET = $") && !has("FROM REGIONS "),
            "a lock without one bucket",
        ),
        (
            subquery_in_upsert(text),
            "ON CONFLICT DO UPDATE with a subquery",
        ),
        (has("SET BUCKET"), "a change of the distribution column"),
        (inserts_without_bucket(text), "a new row without its bucket"),
        (has("TABLESAMPLE"), "a sample"),
        (has("RECURSIVE"), "recursion"),
    ];
    let faults = checks.iter().filter(|(fault, _)| *fault);
    faults.map(|(_, name)| *name).collect()
}

fn subquery_in_upsert(text: &str) -> bool {
    let update = text.split_once("DO UPDATE").map(|(_, update)| update);
    update.is_some_and(|update| update.contains("(SELECT"))
}

fn inserts_without_bucket(text: &str) -> bool {
    let Some((_, insert)) = text.split_once("INSERT INTO ") else {
        return false;
    };
    let (table, columns) = insert.split_once(" (").unwrap_or((insert, ""));
    let table = table.split(' ').next().unwrap_or(table);
    let free = table == "MIGRATIONS"
        || WITHOUT_BUCKET
            .iter()
            .any(|(name, _)| name.to_uppercase() == table);
    !free && !columns.starts_with("BUCKET")
}

/// The commands of the migrations, without comments.
fn schema() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
    let files = std::fs::read_dir(folder).expect("the folder of the migrations");
    let mut files: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    files.retain(|file| file.extension().is_some_and(|kind| kind == "sql"));
    files.sort_unstable();
    let texts = files
        .iter()
        .map(|file| normal(&std::fs::read_to_string(file).expect("a text")));
    let all = texts.collect::<Vec<_>>().join(" ");
    let commands = all.split(';').map(str::trim);
    commands
        .filter(|command| !command.is_empty())
        .map(ToOwned::to_owned)
        .collect()
}

/// The columns of the unique keys of each table.
fn unique_keys() -> BTreeMap<String, Vec<String>> {
    let mut keys: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for command in schema() {
        if let Some(table) = command.strip_prefix("CREATE TABLE ") {
            let name = table.split(' ').next().unwrap_or_default();
            let key = table.split_once("PRIMARY KEY (").map(|(_, key)| key);
            let key = key.and_then(|key| key.split(')').next());
            let inline = table.contains("PRIMARY KEY").then_some("INLINE");
            keys.entry(name.to_owned())
                .or_default()
                .extend(key.or(inline).map(ToOwned::to_owned));
        }
        if let Some(index) = command.strip_prefix("CREATE UNIQUE INDEX ") {
            let (_, on) = index.split_once(" ON ").expect("a table");
            let (name, columns) = on.split_once(" (").expect("columns");
            let columns = columns.split(')').next().unwrap_or_default();
            keys.entry(name.to_owned())
                .or_default()
                .push(columns.to_owned());
        }
    }
    keys
}

#[test]
fn every_statement_can_run_on_distributed_tables() {
    let faulty: Vec<_> = statements()
        .flat_map(|(name, text)| faults(text).into_iter().map(move |fault| (name, fault)))
        .collect();
    assert!(faulty.is_empty(), "{faulty:#?}");
}

#[test]
fn every_unique_key_contains_the_bucket() {
    for (table, keys) in unique_keys() {
        let free = WITHOUT_BUCKET
            .iter()
            .any(|(name, _)| name.to_uppercase() == table);
        let complete = keys
            .iter()
            .all(|key| key.split(", ").any(|column| column == "BUCKET"));
        assert!(free || !keys.is_empty(), "{table} has no primary key");
        assert!(
            free || complete,
            "{table} has a unique key without the bucket: {keys:?}"
        );
    }
}

#[test]
fn the_schema_has_nothing_that_cannot_be_distributed() {
    let forbidden = [
        "REFERENCES",
        "FOREIGN KEY",
        "TRIGGER",
        "GENERATED",
        "PARTITION",
        "INHERITS",
        "SERIAL",
    ];
    for command in schema() {
        let found: Vec<_> = forbidden
            .iter()
            .filter(|word| command.contains(*word))
            .collect();
        assert!(found.is_empty(), "{found:?} in {command}");
        let unique = command.starts_with("CREATE TABLE") && command.contains(" UNIQUE");
        assert!(!unique, "unique keys are indexes of their own: {command}");
    }
}

#[test]
fn the_tables_without_a_bucket_exist() {
    let tables = unique_keys();
    for (table, _) in WITHOUT_BUCKET {
        assert!(tables.contains_key(&table.to_uppercase()), "{table}");
    }
}

#[test]
fn faults_are_noticed() {
    let faulty = [
        (
            "MERGE INTO orders USING x ON true WHEN MATCHED THEN DELETE",
            "MERGE",
        ),
        (
            "SELECT x.id FROM unnest($1::bigint[]) a CROSS JOIN LATERAL (SELECT id FROM stories LIMIT 20) x",
            "a list of values with LATERAL and LIMIT",
        ),
        (
            "SELECT 1 FROM orders ORDER BY ready_at LIMIT 9 FOR UPDATE SKIP LOCKED",
            "a lock without one bucket",
        ),
        (
            "INSERT INTO story_counts (bucket, story) VALUES ($1, $2)\n ON CONFLICT (story, bucket)
             DO UPDATE SET likes = (SELECT count(*) FROM likes)",
            "ON CONFLICT DO UPDATE with a subquery",
        ),
        (
            "INSERT INTO likes (story, person) VALUES ($1, $2)",
            "a new row without its bucket",
        ),
        (
            "UPDATE people SET bucket = $1",
            "a change of the distribution column",
        ),
    ];
    for (text, fault) in faulty {
        assert_eq!(faults(text), [fault], "{text}");
    }
}
