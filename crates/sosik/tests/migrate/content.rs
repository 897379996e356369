//! Rows for every table of a store, databases to move them to, and the comparison of both.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rusqlite::Connection;
use sosik_feed::Timestamp;
use sosik_servers::Postgres;
use sosik_store::Store;
use sosik_store_postgres::{DatabaseUrl, MOVES, PostgresOptions, PostgresStore};
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

use super::{source_columns, target_of};

/// A state that is not reached within this time counts as never reached.
const PATIENCE: Duration = Duration::from_secs(60);

/// Rows for every table, more than two pages of those that grow. They need not make sense together, but their owners have
/// all buckets, their texts have what a separator or a quotation could break, and every column has different values.
const FILL: &str = "
PRAGMA foreign_keys = OFF;
CREATE TEMPORARY TABLE n AS WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 2500)
    SELECT n, n * 256 + n % 256 AS id, (n + 7) * 256 + (n + 7) % 256 AS other FROM n;
INSERT INTO people SELECT id, 'h' || n, 's' || n, '이름 ' || n, char(10) || ''';-- \\N \\.' || char(9), 'ko', 'hash' || n,
    n, n + 1, n % 3, (n + 1) % 3, (n + 2) % 3, CASE n % 4 WHEN 0 THEN '{\"media\":\"' || n || '\"}' ELSE '' END,
    CASE n % 5 WHEN 0 THEN n + 3 END, CASE n % 10 WHEN 0 THEN n + 4 END FROM n;
INSERT INTO person_counts SELECT id, n, n + 1, n + 2, n + 3, n + 4, n + 5, n << 33, n % 2 FROM n;
INSERT INTO stranger_mentions SELECT id, n, n + 1 FROM n;
INSERT INTO read_marks SELECT id, n + 1, n + 2 FROM n;
INSERT INTO search_terms SELECT 'z' || n % 50, id FROM n UNION SELECT '가' || n, id FROM n UNION SELECT 'A' || n, id FROM n;
INSERT INTO sessions SELECT id, randomblob(32), other, n, n + 1, n + 2, '앱 ' || n FROM n;
INSERT INTO devices SELECT id, randomblob(32), n FROM n;
INSERT INTO invitations SELECT id, other, randomblob(32), 9, n % 9, n, n + 1 FROM n;
INSERT INTO put_aside SELECT id, other, n FROM n;
INSERT INTO friendships SELECT id, other, n % 9 FROM n UNION SELECT other, id, n % 9 FROM n;
INSERT INTO friend_requests SELECT id, other, n % 9, n FROM n;
INSERT INTO follows SELECT id, other, n % 9 FROM n;
INSERT INTO blocks SELECT id, other, n FROM n;
INSERT INTO mutes SELECT id, other, n FROM n;
INSERT INTO stories SELECT id, id, n % 2, replace(hex(zeroblob(n % 40)), '0', '떡') || n, '', '[\"t' || n || '\"]', n,
    CASE n % 3 WHEN 0 THEN n + 1 END, CASE n % 5 WHEN 0 THEN n + 2 END, CASE n % 4 WHEN 0 THEN '[{\"media\":\"' || n || '\"}]' ELSE '' END,
    CASE n % 6 WHEN 0 THEN '{\"url\":\"' || n || '\"}' ELSE '' END FROM n;
INSERT INTO previews SELECT id, id, 'http://' || n || '.example/', 1 + n % 3, n, n + 1, n % 6 FROM n;
INSERT INTO links SELECT randomblob(32), id, '{\"title\":\"제목 ' || n || '\"}', n FROM n;
INSERT INTO media SELECT id, other, CASE n % 3 WHEN 0 THEN id END, 1 + n % 2, 1 + n % 4, 'u' || n, '{\"width\":' || n || '}',
    '사진 ' || n, n << 20, n, n + 1, n % 6, n % 2, n % 5 FROM n;
INSERT INTO uploads SELECT id, other, CASE n % 3 WHEN 0 THEN NULL ELSE 1 END, n + 9, n, 'p' || n, n + 1, n % 7, n + 3 FROM n;
INSERT INTO story_counts SELECT id, n, n + 1, n + 2 FROM n;
INSERT INTO story_tags SELECT CASE n % 4 WHEN 0 THEN 'Zoo' WHEN 1 THEN '축구' WHEN 2 THEN 'a_b' ELSE 'é' END, id, other, n % 2
    FROM n;
INSERT INTO likes SELECT other, id, n % 9 FROM n UNION SELECT id, id, n % 9 FROM n;
INSERT INTO comments SELECT id, other, id, '', n, CASE n % 3 WHEN 0 THEN n + 1 END, CASE n % 4 WHEN 0 THEN id - 256 END, n,
    n + 1, n % 2 FROM n;
INSERT INTO comment_likes SELECT id, other, id + 256, n FROM n;
INSERT INTO saved SELECT id, other, n FROM n;
INSERT INTO idempotency SELECT id, 1 + n % 2, 'key/' || n, -n, id, n FROM n;
INSERT INTO notifications SELECT id, other, 1 + n % 3, id, CASE n % 2 WHEN 0 THEN id END, CASE n % 3 WHEN 0 THEN n END, n,
    n % 2 FROM n;
INSERT INTO withdrawn SELECT id, 1 + n % 2 * 3, other, n, n + 1 FROM n;
INSERT INTO orders SELECT 1 + n % 2, id, other, n, n + 1, n + 2, 0, 0, n, n % 4, n % 3 = 0, '떡 ' || n FROM n;
INSERT INTO late_stories SELECT n, id, other, n % 2 FROM n;
INSERT INTO nodes SELECT n, n << 40, 'node ' || n, n % 2, n, n + 1 FROM n WHERE n < 200;
INSERT INTO cursor_keys SELECT n, randomblob(16), n FROM n WHERE n < 200;
";

/// Pairs of queries with the same rows: what the target stores twice, and what is computed.
const MIRRORS: &[[&str; 2]] = &[
    [
        "SELECT handle, id, closed_at IS NOT NULL FROM people",
        "SELECT handle, person, closed FROM handles",
    ],
    [
        "SELECT skeleton, id FROM people",
        "SELECT skeleton, person FROM skeletons",
    ],
    [
        "SELECT person, id, token FROM sessions",
        "SELECT person, id, token FROM person_sessions",
    ],
    [
        "SELECT asked, asker, since FROM requests_sent",
        "SELECT asked, asker, since FROM requests_received",
    ],
    [
        "SELECT follower, followee, since FROM follows",
        "SELECT follower, followee, since FROM followers",
    ],
    [
        "SELECT blocker, blocked FROM blocks",
        "SELECT blocker, blocked FROM blocked_by",
    ],
    [
        "SELECT person, story FROM likes",
        "SELECT person, story FROM liked",
    ],
    [
        "SELECT 0, max(number) FROM late_stories HAVING count(*) > 0",
        "SELECT bucket, newest FROM late_numbers",
    ],
];

/// Fills every table of a store with rows.
pub(crate) fn fill(source: &Connection) {
    source.execute_batch(FILL).unwrap();
}

/// A server with databases.
pub(crate) struct Databases(Postgres);

/// A database, and a session of the test.
pub(crate) struct Target {
    pub(crate) url: String,
    client: Client,
}

impl Databases {
    pub(crate) fn start() -> Self {
        Self(Postgres::start(&["fsync=off"]).unwrap())
    }

    /// An empty database.
    pub(crate) async fn new_one(&self, name: &str) -> Target {
        let server = Target::connect(self.0.url("postgres")).await;
        server.run(&format!("CREATE DATABASE {name}")).await;
        Target::connect(self.0.url(name)).await
    }

    /// A database with the schema and no rows.
    pub(crate) async fn with_schema(&self, name: &str) -> Target {
        let target = self.new_one(name).await;
        let url = DatabaseUrl::new(target.url.clone());
        let options = PostgresOptions::at(url, "test", Timestamp::default());
        PostgresStore::open(&options).await.unwrap().close().await;
        target
    }
}

impl Target {
    async fn connect(url: String) -> Self {
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
        tokio::spawn(connection);
        Self { url, client }
    }

    pub(crate) async fn run(&self, sql: &str) {
        self.client.batch_execute(sql).await.unwrap();
    }

    /// The rows of a query, their columns as text.
    pub(crate) async fn rows(&self, sql: &str) -> Vec<Vec<String>> {
        let messages = self.client.simple_query(sql).await.unwrap();
        let row = |message: &SimpleQueryMessage| match message {
            SimpleQueryMessage::Row(row) => {
                let text = |column| row.get(column).unwrap_or("NULL").to_owned();
                Some((0..row.len()).map(text).collect())
            }
            _ => None,
        };
        messages.iter().filter_map(row).collect()
    }

    /// Waits until a query of one flag answers true.
    pub(crate) async fn wait_until(&self, sql: &str) {
        let until = tokio::time::Instant::now() + PATIENCE;
        let mut tick = tokio::time::interval(Duration::from_millis(20));
        while self.rows(sql).await != [["t"]] {
            tick.tick().await;
            assert!(tokio::time::Instant::now() < until, "never: {sql}");
        }
    }

    /// The columns of each table.
    pub(crate) async fn columns(&self) -> BTreeMap<String, BTreeSet<String>> {
        let columns = "SELECT table_name, column_name FROM information_schema.columns
            WHERE table_schema = current_schema()";
        let mut tables: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for row in self.rows(columns).await {
            let [table, column] = row.try_into().unwrap();
            tables.entry(table).or_default().insert(column);
        }
        tables
    }

    /// The rows of a table that are recorded, and whether they are all.
    pub(crate) async fn progress_of(&self, table: &str) -> (i64, bool) {
        let progress = format!("SELECT rows, complete FROM moved_tables WHERE name = '{table}'");
        let [rows, complete] = self.rows(&progress).await.remove(0).try_into().unwrap();
        (rows.parse().unwrap(), complete == "t")
    }

    /// The rows of a table, sorted, each as a text of these columns.
    async fn rows_of(&self, table: &str, columns: &BTreeSet<String>) -> Vec<String> {
        let types = format!(
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = '{table}'"
        );
        let types: BTreeMap<String, String> = self
            .rows(&types)
            .await
            .into_iter()
            .map(|row| {
                let [column, of] = row.try_into().unwrap();
                (column, of)
            })
            .collect();
        let texts = columns.iter().map(|column| match types[column].as_str() {
            "bytea" => format!("upper(encode({column}, 'hex'))"),
            "boolean" => format!("{column}::integer"),
            _ => column.clone(),
        });
        let texts = texts.collect::<Vec<_>>().join(", ");
        let rows = self.rows(&format!("SELECT {texts} FROM {table}")).await;
        let mut rows: Vec<_> = rows.iter().map(|row| row.join("\u{1}")).collect();
        rows.sort_unstable();
        rows
    }
}

/// The rows of a table of an SQLite store, sorted, each as a text.
pub(crate) fn rows_of_source(source: &Connection, table: &str) -> Vec<String> {
    let columns = &source_columns(source)[table];
    let text = |column: &String| {
        format!(
            "coalesce(CASE typeof({column}) WHEN 'blob' THEN hex({column}) ELSE {column} END, 'NULL')"
        )
    };
    let texts: Vec<_> = columns.iter().map(text).collect();
    let sql = format!("SELECT {} FROM {table}", texts.join(" || char(1) || "));
    let mut statement = source.prepare(&sql).unwrap();
    let rows = statement.query_map([], |row| row.get::<_, String>(0));
    let mut rows: Vec<_> = rows.unwrap().map(Result::unwrap).collect();
    rows.sort_unstable();
    rows
}

/// Both stores have the same rows, the target has each also where else it belongs, and every row is in its bucket.
pub(crate) async fn compare(source: &Connection, target: &Target) {
    let tables = source_columns(source);
    let moved = |table: &&String| MOVES.iter().any(|of| of.to == target_of(table));
    for table in tables.keys().filter(moved) {
        let there = target.rows_of(target_of(table), &tables[table]).await;
        let expected = rows_of_source(source, table);
        assert_eq!(there.len(), expected.len(), "rows of {table}");
        let differs = there
            .iter()
            .zip(&expected)
            .find(|(there, expected)| there != expected);
        assert_eq!(differs, None, "{table}");
    }
    for [one, other] in MIRRORS {
        let differ =
            format!("(({one}) EXCEPT ALL ({other})) UNION ALL (({other}) EXCEPT ALL ({one}))");
        assert_eq!(target.rows(&differ).await, [[""; 0]; 0], "{other}");
    }
    for of in MOVES {
        let Some(owner) = of.owner else { continue };
        let misplaced = format!(
            "SELECT count(*) FROM {} WHERE (hashint2(bucket)::bigint + 2147483648) >> 24 <> {owner} & 255",
            of.to
        );
        assert_eq!(target.rows(&misplaced).await, [["0"]], "{}", of.to);
    }
    let progress = "SELECT to_regclass('moved_tables') IS NULL";
    assert_eq!(target.rows(progress).await, [["t"]], "the record is gone");
}
