//! The plan of every statement on filled tables: none may scan or sort a table that grows with people or stories.
//!
//! The plans are generic ones, which do not depend on the values of the parameters: a prepared statement gets one after
//! a few executions.

mod harness;

use harness::{execute, options, url};
use serde_json::Value;
use sosik_store_postgres::{PostgresStore, statements};
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

/// People in the test. Enough that an index is cheaper than a scan of each table.
const PEOPLE: u32 = 2_000;

/// Tables that do not grow with people or stories.
const SMALL: &[(&str, &str)] = &[
    ("cache_leases", "a row for each node"),
    ("cursor_keys", "one key a year, at most 256"),
    ("late_numbers", "one row"),
    ("late_stories", "at most 4,096 rows"),
    ("migrations", "a row for each migration"),
    ("nodes", "at most 256 rows"),
    ("pg_authid", "the roles of the server, read once at start"),
    (
        "pg_database",
        "the databases of the server, read once at start",
    ),
    ("pg_extension", "the extensions of the server"),
    ("regions", "4 rows"),
    ("search_index", "one row"),
];

/// Allowed exceptions: the statement, the beginning of the step, and the reason. People review them.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("APPLIED_BY_ALL", "Sort by", "a row for each node"),
    (
        "CHANGES_BEYOND",
        "whole Index",
        "stops at its offset, a constant",
    ),
    ("SEEN_BY_ALL", "Sort by", "a row for each node"),
    (
        "SERVER",
        "Sort by",
        "the connections of the server, read once at start",
    ),
    ("SETTLED", "Sort by", "a row for each node"),
    (
        "CIRCLE",
        "Sort by",
        "all rows of the lists are read, at most some thousands",
    ),
    ("CURSOR_KEYS", "Sort by", "at most 256 rows"),
    (
        "FEED_BY_DEFINITION",
        "Sort by",
        "at most a page of each author; for verify only",
    ),
    (
        "INVITATIONS_OF",
        "Sort by",
        "the invitations of one person, which have a maximum",
    ),
    ("LEFT_WITH_LIKES", "whole Index", "stops at the first row"),
    (
        "MEDIA_FIGURES",
        "whole Bitmap Index Scan of media_due",
        "counts the work that is left, for the operator",
    ),
    ("MIGRATIONS_APPLIED", "Sort by", "a row for each migration"),
    (
        "MOST_FOLLOWED",
        "whole Index Scan of person_counts_followed",
        "stops at its limit",
    ),
    ("NEWEST", "Sort by", "at most a page of each author"),
    ("NEWEST_PUBLIC", "Sort by", "at most a page of each author"),
    (
        "OLDEST_LATE",
        "whole Index Only Scan of orders_late",
        "stops at the first row",
    ),
    (
        "ORDERS_DEAD",
        "whole Index Scan of orders_dead",
        "stops at its limit",
    ),
    (
        "ORDER_FIGURES",
        "Seq Scan on orders",
        "counts the backlog, for the operator",
    ),
    (
        "PEOPLE_COUNT",
        "Seq Scan on people",
        "counts everybody, for operators and imports",
    ),
    (
        "PEOPLE_PUT_ASIDE",
        "Sort by",
        "the people whom one person put aside, at most 1,000",
    ),
    (
        "PUT_ASIDE_ERASE",
        "Sort by",
        "the people whom one person put aside, up to its limit",
    ),
    (
        "PUT_ASIDE_FORGET",
        "Sort by",
        "the people whom one person put aside, at most 1,000",
    ),
    ("READERS_PUBLIC", "Sort by", "two chunks of readers"),
    (
        "SESSIONS_BEYOND",
        "Sort by",
        "the sessions of one person, which have a maximum",
    ),
    (
        "SESSIONS_BY_TOKEN",
        "Sort by",
        "the sessions of one person, which have a maximum",
    ),
    (
        "STORIES_COUNT",
        "Seq Scan on stories",
        "counts everything, for operators and imports",
    ),
    (
        "TAGGED_FOR_FRIENDS",
        "Sort by",
        "at most a page of each friend",
    ),
];

/// Rows for every table that grows. Person n has bucket n % 256. Everybody has 40 friends, follows and is followed by 20
/// people, wrote 20 stories, and so on.
const FILL: &str = "
CREATE FUNCTION pg_temp.person(n bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS
    'SELECT (1000000 + n % $PEOPLE) * 256 + n % $PEOPLE % 256';
CREATE FUNCTION pg_temp.story(person bigint, n bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS
    'SELECT (100000000 + n * $PEOPLE + person / 256 % $PEOPLE) * 256 + person % 256';
CREATE TEMPORARY TABLE p AS SELECT n, pg_temp.person(n) AS id, (n % 256)::smallint AS bucket
    FROM generate_series(0, $PEOPLE - 1) n;
CREATE TEMPORARY TABLE e AS SELECT p.n, p.id, p.bucket, k, pg_temp.person(p.n + k) AS other,
    (pg_temp.person(p.n + k) % 256)::smallint AS other_bucket FROM p, generate_series(1, 20) k;
CREATE TEMPORARY TABLE s AS SELECT p.n, p.id AS author, p.bucket, k, pg_temp.story(p.id, k) AS id
    FROM p, generate_series(1, 20) k;

INSERT INTO people (bucket, id, handle, skeleton, display_name, language, password_hash, created_at)
    SELECT bucket, id, 'h' || n, 's' || n, 'name ' || n, 'en', '', n FROM p;
INSERT INTO handles SELECT 'h' || n, id FROM p;
INSERT INTO skeletons SELECT 's' || n, id FROM p;
INSERT INTO person_counts (bucket, person, friends, follows, followers, stories)
    SELECT bucket, id, 40, 20, 20, 20 FROM p;
-- Many more people, so that a scan of all of them is dearer than a look-up of each author of a large feed.
INSERT INTO person_counts (bucket, person) SELECT (n % 256)::smallint, (9000000 + n)::bigint * 256 + n % 256
    FROM generate_series(1, 30 * $PEOPLE) n;
INSERT INTO stranger_mentions SELECT bucket, id, 1, 1 FROM p;
INSERT INTO read_marks SELECT bucket, id, 1, 1 FROM p;
INSERT INTO search_terms SELECT bucket, 'term' || n, id FROM p;
INSERT INTO sessions SELECT sha256(n::text::bytea), id + 256, id, n, n, n + 1000, '' FROM p;
INSERT INTO person_sessions SELECT bucket, id, id + 256 * k, sha256(n::text::bytea) FROM e;
INSERT INTO devices SELECT bucket, id, sha256(n::text::bytea), n FROM p;
INSERT INTO invitations SELECT bucket, id + 256 * k, id, sha256(n::text::bytea), 9, k, n, n + 1000 FROM e WHERE k < 9;
INSERT INTO put_aside SELECT bucket, id, other, k FROM e;

INSERT INTO friendships SELECT bucket, id, other, k FROM e UNION SELECT other_bucket, other, id, k FROM e;
INSERT INTO requests_sent SELECT bucket, id, pg_temp.person(n + 100 + k), k, k FROM e;
INSERT INTO requests_received SELECT (pg_temp.person(n + 100 + k) % 256)::smallint, pg_temp.person(n + 100 + k), id, k
    FROM e;
INSERT INTO follows SELECT bucket, id, other, k FROM e;
INSERT INTO followers SELECT other_bucket, other, id, k FROM e;
INSERT INTO blocks SELECT bucket, id, other, k FROM e WHERE k > 18;
INSERT INTO blocked_by SELECT other_bucket, other, id FROM e WHERE k > 18;
INSERT INTO mutes SELECT bucket, id, other, k FROM e WHERE k > 18;

INSERT INTO stories (bucket, id, author, audience, text, created_at, deleted_at)
    SELECT bucket, id, author, k % 2, repeat('text ', 20), k, CASE WHEN k = 1 THEN 1 END FROM s;
INSERT INTO story_counts SELECT bucket, id, 5, 2, 7 FROM s;
INSERT INTO story_tags SELECT bucket, 'tag' || (n * 20 + k) % 500, id, author, k % 2 FROM s;
INSERT INTO likes SELECT s.bucket, s.id, pg_temp.person(n + l), l FROM s, generate_series(1, 5) l;
INSERT INTO liked SELECT (person % 256)::smallint, person, story FROM likes;
INSERT INTO saved SELECT (person % 256)::smallint, person, story, liked_at FROM likes;
INSERT INTO comments (bucket, id, story, author, text, created_at)
    SELECT bucket, id + 25600000000::bigint * l, id, pg_temp.person(n + l), 'text', 1 FROM s, generate_series(1, 3) l;
INSERT INTO comments (bucket, id, story, author, text, created_at, parent, deleted, likes)
    SELECT bucket, id + 256, story, author, 'text', 1, id, id % 7 = 0, 1 FROM comments;
INSERT INTO comment_likes SELECT c.bucket, c.id, pg_temp.person(c.author / 256 + l), c.story, l
    FROM comments c, generate_series(1, 2) l WHERE parent IS NULL;
INSERT INTO idempotency SELECT bucket, author, 1, 'key' || k, 1, id, k FROM s;
INSERT INTO notifications SELECT bucket, author, id, 4, pg_temp.person(n + 1), id, NULL, 1 FROM s;
INSERT INTO notifications SELECT (c.author % 256)::smallint, c.author, c.id / 256 * 256 + c.author % 256, 5, s.author,
    s.id, c.id, 1 FROM s JOIN comments c ON c.story = s.id;
INSERT INTO media (bucket, id, owner, story, kind, state, upload, bytes, created_at, due_at)
    SELECT bucket, id, author, CASE WHEN k % 3 > 0 THEN id END, 1, CASE WHEN k % 9 = 0 THEN 1 ELSE 2 END, '', k, n * 20 + k,
        n * 20 + k FROM s;
INSERT INTO uploads (bucket, id, owner, length, received, expires_at)
    SELECT bucket, id, author, k + 1, CASE WHEN k % 9 = 0 THEN 0 ELSE k + 1 END, n * 20 + k FROM s;
INSERT INTO previews (bucket, id, story, url, state, created_at, due_at)
    SELECT bucket, id, id, '', CASE WHEN k % 9 = 0 THEN 1 ELSE 2 END, n * 20 + k, n * 20 + k FROM s;
INSERT INTO links SELECT sha256(id::text::bytea), id, 'null', n * 20 + k FROM s;
INSERT INTO withdrawn SELECT bucket, author, 4, id, id, k FROM s;
INSERT INTO orders (bucket, kind, story, author, created_at, ready_at, late, dead, attempts)
    SELECT bucket, k % 2 + 1, id, author, 1, n * 20 + k, CASE WHEN k = 3 THEN n ELSE 0 END, k = 4, k % 3 FROM s;
INSERT INTO late_stories SELECT 0, n, pg_temp.story(id, 1), id, true FROM p WHERE n > 0;
INSERT INTO changes (xid, kind, subject, detail, token)
    SELECT (n * 20 + k)::text::xid8, 1, id, 0, '' FROM s;
INSERT INTO late_numbers VALUES (0, $PEOPLE);
ANALYZE;
";

/// A connection to filled tables. Prepared statements get generic plans.
async fn filled() -> Client {
    let options = options().await;
    PostgresStore::open(&options).await.expect("a store opens");
    execute(url(&options), &FILL.replace("$PEOPLE", &PEOPLE.to_string())).await;
    let (client, connection) = tokio_postgres::connect(url(&options), NoTls)
        .await
        .expect("connect");
    tokio::spawn(connection);
    let generic = "SET plan_cache_mode = force_generic_plan";
    client.batch_execute(generic).await.expect("a setting");
    client
}

/// The plan of a statement.
async fn plan(client: &Client, name: &str, text: &str) -> Value {
    let prepare = format!("PREPARE \"{name}\" AS {text}");
    if let Err(error) = client.batch_execute(&prepare).await {
        panic!("{name} does not fit the schema: {error:?}");
    }
    let count = "SELECT cardinality(parameter_types) FROM pg_prepared_statements WHERE name = $1";
    let count: i32 = client
        .query_one(count, &[&name])
        .await
        .expect("a statement")
        .get(0);
    let values = vec!["NULL"; usize::try_from(count).expect("a number")];
    let values = match values.as_slice() {
        [] => String::new(),
        values => format!("({})", values.join(", ")),
    };
    let explain = format!("EXPLAIN (FORMAT JSON) EXECUTE \"{name}\"{values}");
    let messages = client.simple_query(&explain).await.expect("a plan");
    let rows = messages.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    let plans: Value = serde_json::from_str(&rows.collect::<String>()).expect("JSON");
    plans[0]["Plan"].clone()
}

/// The steps of a plan whose cost grows with a table.
fn slow_steps(plan: &Value, steps: &mut Vec<String>) {
    let text = |key: &str| plan[key].as_str().unwrap_or_default();
    let (kind, table) = (text("Node Type"), text("Relation Name"));
    let no_condition = plan.get("Index Cond").is_none();
    match kind {
        "Seq Scan" if SMALL.iter().any(|(small, _)| *small == table) => {}
        "Seq Scan" => steps.push(format!("{kind} on {table}")),
        "Index Scan" | "Index Only Scan" | "Bitmap Index Scan" if no_condition => {
            steps.push(format!("whole {kind} of {}", text("Index Name")));
        }
        "Sort" | "Incremental Sort" => steps.push(format!("{kind} by {}", plan["Sort Key"])),
        _ => {}
    }
    for child in plan["Plans"].as_array().into_iter().flatten() {
        slow_steps(child, steps);
    }
}

#[tokio::test]
async fn no_statement_scans_or_sorts_a_table_that_grows() {
    let client = filled().await;
    let (mut faults, mut unused) = (Vec::new(), EXCEPTIONS.to_vec());
    for (name, text) in statements() {
        let mut steps = Vec::new();
        slow_steps(&plan(&client, name, text).await, &mut steps);
        for step in steps {
            let excepts = |exception: &(&str, &str, &str)| {
                exception.0 == name && step.starts_with(exception.1)
            };
            unused.retain(|exception| !excepts(exception));
            if !EXCEPTIONS.iter().any(excepts) {
                faults.push(format!("{name}: {step}"));
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

#[tokio::test]
async fn the_page_of_public_stories_reads_no_story_for_friends() {
    let client = filled().await;
    let found = statements().find(|(name, _)| *name == "STORIES_PUBLIC");
    let (name, text) = found.expect("the statement");
    let plan = plan(&client, name, text).await.to_string();
    assert!(plan.contains("\"stories_newest_public\""), "{plan}");
}

#[tokio::test]
async fn a_slow_step_is_noticed() {
    let client = filled().await;
    let mut steps = Vec::new();
    let text = "SELECT id FROM people ORDER BY display_name";
    slow_steps(&plan(&client, "bad", text).await, &mut steps);
    assert_eq!(steps, ["Sort by [\"display_name\"]", "Seq Scan on people"]);
}
