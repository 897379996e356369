//! Distribution of the tables over the servers of a Citus cluster. On plain PostgreSQL this does nothing.
//!
//! This is the only place that knows which tables are distributed, and how. It runs after the last of the
//! migrations. A migration that adds a table adds it here; a test compares these lists with the schema.

use sosik_store::StoreResult;

use super::sql::{bind, statements};
use super::tx::Tx;

statements! {
    CITUS_INSTALLED = "SELECT 1 FROM pg_extension WHERE extname = 'citus'";
}

/// Tables distributed by `bucket`. Rows with the same bucket are on one server.
const BY_BUCKET: &[&str] = &[
    "people",
    "person_counts",
    "stranger_mentions",
    "read_marks",
    "search_terms",
    "person_sessions",
    "devices",
    "invitations",
    "put_aside",
    "friendships",
    "requests_sent",
    "requests_received",
    "follows",
    "followers",
    "blocks",
    "blocked_by",
    "mutes",
    "stories",
    "story_counts",
    "story_tags",
    "likes",
    "liked",
    "comments",
    "comment_likes",
    "idempotency",
    "notifications",
    "saved",
    "media",
    "uploads",
    "previews",
    "withdrawn",
    "orders",
    "late_stories",
    "late_numbers",
];

/// Tables found by another unique key, which distributes them.
const BY_KEY: &[(&str, &str)] = &[
    ("handles", "handle"),
    ("skeletons", "skeleton"),
    ("sessions", "token"),
    ("links", "key"),
];

/// Small tables that every server has a copy of.
const COPIED: &[&str] = &["nodes", "regions", "cursor_keys"];

/// Tables of the server that nodes connect to.
#[cfg(test)]
const LOCAL: &[&str] = &["migrations", "cache_leases", "changes", "search_index"];

/// Four for each of eight servers. More would make statements over all shards slower.
const SHARDS: u32 = 32;

/// Distributes the tables that are not distributed yet.
pub(crate) async fn distribute(tx: &Tx) -> StoreResult<()> {
    if !tx.exists(bind!(CITUS_INSTALLED)).await? {
        return Ok(());
    }
    tx.plain(&script()).await
}

/// One call for each table, except for those that are distributed.
fn script() -> String {
    let by_bucket = BY_BUCKET.iter().map(|table| {
        let with = if *table == "people" { "none" } else { "people" };
        distribution(table, "bucket", with)
    });
    let by_key = BY_KEY
        .iter()
        .map(|(table, key)| distribution(table, key, "none"));
    let copied = COPIED
        .iter()
        .map(|table| call(table, &format!("create_reference_table('{table}')")));
    by_bucket.chain(by_key).chain(copied).collect()
}

fn distribution(table: &str, column: &str, with: &str) -> String {
    let shards = match with {
        "none" => format!(", shard_count => {SHARDS}"),
        _ => String::new(),
    };
    let arguments = format!("'{table}', '{column}', colocate_with => '{with}'{shards}");
    call(table, &format!("create_distributed_table({arguments})"))
}

fn call(table: &str, function: &str) -> String {
    format!(
        "SELECT {function} WHERE NOT EXISTS (SELECT 1 FROM pg_dist_partition WHERE logicalrelid = '{table}'::regclass);\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The columns of a table, as the migrations create it.
    fn tables() -> Vec<(String, String)> {
        let schema = [
            include_str!("../migrations/0001_people.sql"),
            include_str!("../migrations/0002_relations.sql"),
            include_str!("../migrations/0003_stories.sql"),
            include_str!("../migrations/0004_notifications.sql"),
            include_str!("../migrations/0005_orders.sql"),
            include_str!("../migrations/0006_nodes.sql"),
            include_str!("../migrations/0007_caches.sql"),
            include_str!("../migrations/0008_search.sql"),
            include_str!("../migrations/0009_invitations.sql"),
            include_str!("../migrations/0010_privacy.sql"),
            include_str!("../migrations/0011_replies.sql"),
            include_str!("../migrations/0012_public_stories.sql"),
            include_str!("../migrations/0016_media.sql"),
            include_str!("../migrations/0019_uploads.sql"),
            include_str!("../migrations/0020_previews.sql"),
        ];
        let created = |sql: &str| {
            let tables = sql.split("CREATE TABLE ").skip(1);
            let tables = tables.map(|table| table.split_once(" (").expect("columns"));
            let owned = |(name, rest): (&str, &str)| (name.to_owned(), rest.to_owned());
            tables.map(owned).collect::<Vec<_>>()
        };
        schema.into_iter().flat_map(created).collect()
    }

    #[test]
    fn every_table_of_the_schema_is_distributed_in_one_way() {
        let mut created: Vec<_> = tables().into_iter().map(|(name, _)| name).collect();
        created.push("migrations".to_owned());
        created.sort();
        let by_key = BY_KEY.iter().map(|(table, _)| table);
        let listed = BY_BUCKET.iter().chain(by_key).chain(COPIED).chain(LOCAL);
        let mut listed: Vec<_> = listed.map(|table| (*table).to_owned()).collect();
        listed.sort();
        assert_eq!(created, listed);
    }

    #[test]
    fn a_table_has_the_column_that_distributes_it() {
        let by_bucket = BY_BUCKET.iter().map(|table| (*table, "bucket"));
        let tables = tables();
        for (table, column) in by_bucket.chain(BY_KEY.iter().copied()) {
            let (_, columns) = tables.iter().find(|(name, _)| name == table).expect(table);
            assert!(columns.trim_start().starts_with(column), "{table}");
        }
    }

    #[test]
    fn the_balance_counts_every_table_that_is_distributed_by_bucket() {
        let balance = include_str!("../../../deploy/citus/balance.sql");
        for table in BY_BUCKET {
            let counted =
                format!("SELECT 'all rows', bucket, count(*) FROM {table} GROUP BY bucket");
            assert!(balance.contains(&counted), "{table}");
        }
    }

    #[test]
    fn one_call_distributes_each_table_next_to_the_people() {
        let script = script();
        let calls = BY_BUCKET.len() + BY_KEY.len() + COPIED.len();
        assert_eq!(script.matches("SELECT create_").count(), calls);
        let together = "create_distributed_table('stories', 'bucket', colocate_with => 'people')";
        assert!(script.contains(together), "{script}");
        let first = "create_distributed_table('people', 'bucket', colocate_with => 'none', shard_count => 32)";
        assert!(script.contains(first), "{script}");
    }
}
