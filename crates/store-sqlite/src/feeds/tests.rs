//! The cost of a page by the definition, in steps of SQLite's virtual machine, which are equal on every machine.

use rusqlite::{Connection, StatementStatus, params};
use sosik_feed::Timestamp;

use super::super::migrations::migrate;
use super::FEED_BY_DEFINITION;

const READER: i64 = 1;
const PAGE: i64 = 100;

/// A reader with 200 friends, and one followed author. Ids of the friends' stories are even. The followed author's
/// stories are for friends (0) or public (1).
fn world(stories: i64, audience: i64) -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    migrate(&connection, Timestamp::default()).unwrap();
    let counted = |last: i64, insert: &str| {
        let sql = format!(
            "WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < {last}) {insert} \
             FROM counted"
        );
        connection.execute_batch(&sql).unwrap();
    };
    counted(
        202,
        "INSERT INTO people (id, handle, skeleton, display_name, language, password_hash, created_at)
         SELECT n, 'h' || n, 's' || n, 'x', 'en', '', 0",
    );
    counted(
        200,
        "INSERT INTO friendships (person, friend, since) SELECT 1, n + 1, 0",
    );
    counted(
        1,
        "INSERT INTO follows (follower, followee, since) SELECT 1, 202, 0",
    );
    counted(
        stories,
        "INSERT INTO stories (id, author, audience, text, created_at) SELECT n * 2, 2 + n % 200, 0, '', 0",
    );
    counted(
        stories,
        &format!(
            "INSERT INTO stories (id, author, audience, text, created_at) SELECT n * 2 + 1, 202, {audience}, '', 0"
        ),
    );
    connection
}

/// The steps for the page of a span, and its stories.
fn cost(connection: &Connection, above: i64, below: i64) -> (i32, Vec<i64>) {
    let mut statement = connection.prepare(FEED_BY_DEFINITION.text()).unwrap();
    let asked = params![READER, above, below, PAGE];
    let rows = statement.query_map(asked, |row| row.get(0)).unwrap();
    let page = rows.map(Result::unwrap).collect();
    (statement.get_status(StatementStatus::VmStep), page)
}

#[test]
fn a_page_of_the_definition_costs_the_same_however_much_is_below_it() {
    let (short, long) = (1_000, 20_000);
    let page = |stories: i64| {
        let top = 2 * stories + 2;
        let (steps, page) = cost(&world(stories, 0), top - 2 * PAGE - 1, top);
        let expected: Vec<i64> = (0..PAGE).map(|place| top - 2 - 2 * place).collect();
        assert_eq!(page, expected);
        steps
    };
    let (few, many) = (page(short), page(long));
    assert!(many <= few + few / 10, "{few} steps became {many}");
}

#[test]
fn a_span_that_holds_the_whole_feed_costs_a_page_of_each_author_at_most() {
    let open = |stories: i64| cost(&world(stories, 1), 0, i64::MAX).0;
    // 200 authors with a page each, and with ten times as many stories.
    let (pages, more) = (open(200 * PAGE), open(200 * PAGE * 4));
    assert!(more <= pages + pages / 10, "{pages} steps became {more}");
}
