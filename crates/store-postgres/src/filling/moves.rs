//! Which rows of a source become the rows of each table.

/// How one table is filled. The columns with the same names are copied.
#[derive(Debug)]
pub struct Move {
    /// The table that is filled.
    pub to: &'static str,
    /// The table of the source, or a query in parentheses.
    pub from: &'static str,
    /// The columns that order the rows of the source. They are unique together, and an index of the source has them.
    pub key: &'static [&'static str],
    /// The column whose id has the bucket of the row; `None` if the table is not in buckets, or always in the same one.
    pub owner: Option<&'static str>,
}

/// A row for each table. Rows of a source table that has no row here under its own name, or under the name of the table
/// that replaces it, would be lost: a test compares this list with both schemas.
pub const MOVES: &[Move] = &[
    table("nodes", &["node"], None),
    table("cursor_keys", &["number"], None),
    table("people", &["id"], Some("id")),
    Move {
        from: "(SELECT handle, id AS person, closed_at IS NOT NULL AS closed FROM people)",
        ..table("handles", &["person"], None)
    },
    Move {
        from: "(SELECT skeleton, id AS person FROM people)",
        ..table("skeletons", &["person"], None)
    },
    table("person_counts", &["person"], Some("person")),
    table("stranger_mentions", &["person"], Some("person")),
    table("read_marks", &["person"], Some("person")),
    table("search_terms", &["term", "person"], Some("person")),
    table("sessions", &["id"], None),
    mirror("person_sessions", "sessions", &["id"], Some("person")),
    table("devices", &["person", "device"], Some("person")),
    table("invitations", &["id"], Some("id")),
    table("put_aside", &["person", "other"], Some("person")),
    table("friendships", &["person", "friend"], Some("person")),
    mirror(
        "requests_sent",
        "friend_requests",
        &["asker", "asked"],
        Some("asker"),
    ),
    mirror(
        "requests_received",
        "friend_requests",
        &["asked", "since", "asker"],
        Some("asked"),
    ),
    table("follows", &["follower", "followee"], Some("follower")),
    mirror(
        "followers",
        "follows",
        &["followee", "since", "follower"],
        Some("followee"),
    ),
    table("blocks", &["blocker", "blocked"], Some("blocker")),
    mirror(
        "blocked_by",
        "blocks",
        &["blocked", "blocker"],
        Some("blocked"),
    ),
    table("mutes", &["muter", "muted"], Some("muter")),
    table("stories", &["id"], Some("id")),
    table("story_counts", &["story"], Some("story")),
    table("story_tags", &["tag", "story"], Some("story")),
    table("likes", &["story", "liked_at", "person"], Some("story")),
    mirror("liked", "likes", &["person", "story"], Some("person")),
    table("comments", &["id"], Some("id")),
    table("comment_likes", &["comment", "person"], Some("comment")),
    table("saved", &["person", "story"], Some("person")),
    table("media", &["id"], Some("id")),
    table("uploads", &["id"], Some("id")),
    table("previews", &["id"], Some("id")),
    table("links", &["key"], None),
    table("idempotency", &["person", "kind", "key"], Some("person")),
    table("notifications", &["person", "id"], Some("person")),
    table("withdrawn", &["actor", "kind", "target"], Some("actor")),
    table("orders", &["kind", "story"], Some("story")),
    table("late_stories", &["number"], None),
    // The next number. Without late stories there is no row, as in a new database.
    Move {
        from: "(SELECT number AS newest FROM late_stories ORDER BY number DESC LIMIT 1)",
        ..table("late_numbers", &["newest"], None)
    },
];

/// Tables of this engine that are not filled, and why.
pub const NOT_FILLED: &[(&str, &str)] = &[
    ("migrations", "the files of this engine"),
    ("regions", "the same rows in every database"),
    (
        "cache_leases",
        "the nodes that run, of which there are none",
    ),
    (
        "changes",
        "changes that the caches of running nodes must learn",
    ),
    (
        "search_index",
        "the version of the search terms, which is that of this executable in both stores",
    ),
];

/// A table that has the same name in the source.
const fn table(
    name: &'static str,
    key: &'static [&'static str],
    owner: Option<&'static str>,
) -> Move {
    mirror(name, name, key, owner)
}

/// A table whose rows come from a table with another name.
const fn mirror(
    to: &'static str,
    from: &'static str,
    key: &'static [&'static str],
    owner: Option<&'static str>,
) -> Move {
    Move {
        to,
        from,
        key,
        owner,
    }
}
