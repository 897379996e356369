//! Tests the plan of every statement: none may scan or sort a table that grows with people or stories.

use rusqlite::Connection;
use sosik_feed::Timestamp;

use super::migrations::migrate;
use super::statement::{ALL, Sql};

/// Allowed exceptions: the name, the beginning of the step, and the reason. People review them.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("ANYBODY", "SCAN people", "stops at the first row"),
    (
        "ANY_REQUEST",
        "SCAN friend_requests",
        "stops at the first row",
    ),
    (
        "CURSOR_KEYS",
        "SCAN cursor_keys",
        "all keys are wanted; there is one a year, and at most 256",
    ),
    (
        "FEED_BY_DEFINITION",
        "SCAN a",
        "the reader and friends, at most 5,001",
    ),
    (
        "FEED_BY_DEFINITION",
        "USE TEMP B-TREE FOR ORDER BY",
        "at most a page of each author; for verify only",
    ),
    (
        "PEOPLE_COUNT",
        "SCAN people",
        "counts everybody, for operators and imports",
    ),
    (
        "STORIES_COUNT",
        "SCAN stories",
        "counts everything, for operators and imports",
    ),
    (
        "ORDER_FIGURES",
        "SCAN orders",
        "counts the backlog, for the operator; orders go away when they are done",
    ),
    (
        "LIKES_IF_SEVERED",
        "SCAN some",
        "some likes of one story, at most the maximum",
    ),
    (
        "COMMENTS_IF_SEVERED",
        "SCAN some",
        "some comments on one story, at most the maximum",
    ),
    (
        "COMMON_FRIEND",
        "SCAN some",
        "some friends of one person, at most the maximum",
    ),
    (
        "MEDIA_FIGURES",
        "SCAN media",
        "counts the work that is left, for the operator, from an index of it",
    ),
    (
        "ORDERS_DEAD",
        "SCAN orders USING INDEX orders_dead",
        "stops at its limit",
    ),
];

/// The plan of a statement.
fn plan(connection: &Connection, sql: Sql) -> Vec<String> {
    let mut statement = connection
        .prepare(&format!("EXPLAIN QUERY PLAN {}", sql.text()))
        .unwrap_or_else(|error| panic!("{} does not fit the schema: {error}", sql.name()));
    let mut rows = statement.raw_query();
    let mut steps = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        steps.push(row.get(3).unwrap());
    }
    steps
}

fn migrated() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    migrate(&connection, Timestamp::default()).unwrap();
    connection
}

fn is_walk(step: &str) -> bool {
    // The content of a subquery or a list of values comes from steps of its own.
    let of_table = !["SCAN CONSTANT ROW", "SCAN (subquery", "SCAN 2-ROW VALUES"]
        .iter()
        .any(|begin| step.starts_with(begin));
    (step.starts_with("SCAN") && of_table)
        || step.contains("TEMP B-TREE")
        || step.contains("AUTOMATIC")
}

#[test]
fn no_statement_walks_or_sorts_a_table_that_grows() {
    let connection = migrated();
    let mut faults = Vec::new();
    let mut unused: Vec<_> = EXCEPTIONS.to_vec();
    for sql in ALL.iter().copied().flatten() {
        for step in plan(&connection, *sql)
            .into_iter()
            .filter(|step| is_walk(step))
        {
            let excepts = |name: &str, begin: &str| name == sql.name() && step.starts_with(begin);
            unused.retain(|(name, begin, _)| !excepts(name, begin));
            if !EXCEPTIONS
                .iter()
                .any(|(name, begin, _)| excepts(name, begin))
            {
                faults.push(format!("{}: {step}", sql.name()));
            }
        }
    }
    assert!(
        faults.is_empty(),
        "statements that would slow down as the store grows:\n{}",
        faults.join("\n")
    );
    assert!(
        unused.is_empty(),
        "exceptions that nothing needs any more: {unused:?}"
    );
}

#[test]
fn the_page_of_public_stories_reads_no_story_for_friends() {
    let all = ALL.iter().copied().flatten();
    let sql = all.copied().find(|sql| sql.name() == "STORIES_PUBLIC");
    let steps = plan(&migrated(), sql.unwrap());
    let index = "SEARCH stories USING COVERING INDEX stories_newest_public (id<?)";
    assert_eq!(steps, [index]);
}

#[test]
fn a_walk_is_noticed() {
    let connection = migrated();
    let bad = Sql::listed("BAD", "SELECT id FROM people ORDER BY display_name");
    let steps = plan(&connection, bad);
    assert_eq!(
        steps.iter().filter(|step| is_walk(step)).count(),
        2,
        "{steps:?}"
    );
}

#[test]
fn statements_are_made_by_their_list_alone() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
    let mut users = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            continue; // tests of one file
        }
        let source = std::fs::read_to_string(&path).unwrap();
        if source.contains(concat!("Sql", "::listed(")) {
            users.push(path.file_name().unwrap().to_string_lossy().into_owned());
        }
    }
    users.sort_unstable();
    assert_eq!(users, ["plans.rs", "statement.rs"]);
}
