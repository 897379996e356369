//! Counts the likes and comments that blocks hide from a viewer.
//!
//! Any number of people can block one person, and a story can have any number of likes. So a count examines the smaller
//! side: the people severed from the viewer, or the rows of the story. If both are large, it examines some of the rows.

use rusqlite::params;
use sosik_feed::limits::HIDDEN_EXAMINED_MAX;
use sosik_feed::{PersonId, StoryId};
use sosik_store::StoreResult;

use super::counts;
use super::db::Db;
use super::statement::{Sql, statements};

statements! {
    /// Stops counting at the limit.
    SEVERED_COUNT = "SELECT count(*) FROM (SELECT 1 FROM blocks WHERE blocker = ?1
        UNION ALL SELECT 1 FROM blocks WHERE blocked = ?1 LIMIT ?2)";
    /// Cross joins keep the order of the tables: the severed people are fewer than the likes of the story.
    LIKES_BY_SEVERED = "SELECT count(*) FROM (
        SELECT 1 FROM blocks b CROSS JOIN likes l ON l.person = b.blocked AND l.story = ?2 WHERE b.blocker = ?1
        UNION ALL SELECT 1 FROM blocks b CROSS JOIN likes l ON l.person = b.blocker AND l.story = ?2
            WHERE b.blocked = ?1 AND NOT EXISTS (SELECT 1 FROM blocks WHERE blocker = ?1 AND blocked = b.blocker)
        LIMIT ?3)";
    LIKES_IF_SEVERED = "SELECT count(*) FROM (SELECT person FROM likes WHERE story = ?2 LIMIT ?3) some
        WHERE EXISTS (SELECT 1 FROM blocks WHERE blocker = ?1 AND blocked = some.person)
           OR EXISTS (SELECT 1 FROM blocks WHERE blocker = some.person AND blocked = ?1)";
    /// Cross joins: see `LIKES_BY_SEVERED`. One person may have any number of comments.
    COMMENTS_BY_SEVERED = "SELECT count(*) FROM (
        SELECT 1 FROM blocks b CROSS JOIN comments c ON c.story = ?2 AND c.author = b.blocked AND c.deleted = 0 WHERE b.blocker = ?1
        UNION ALL SELECT 1 FROM blocks b CROSS JOIN comments c ON c.story = ?2 AND c.author = b.blocker AND c.deleted = 0
            WHERE b.blocked = ?1 AND NOT EXISTS (SELECT 1 FROM blocks WHERE blocker = ?1 AND blocked = b.blocker)
        LIMIT ?3)";
    COMMENTS_IF_SEVERED = "SELECT count(*) FROM (SELECT author FROM comments WHERE story = ?2 AND deleted = 0 LIMIT ?3) some
        WHERE EXISTS (SELECT 1 FROM blocks WHERE blocker = ?1 AND blocked = some.author)
           OR EXISTS (SELECT 1 FROM blocks WHERE blocker = some.author AND blocked = ?1)";
}

/// The two statements that count the same rows.
struct Count {
    /// Reads the severed people, and the rows of each.
    by_severed: Sql,
    /// Reads the rows of the story, and whether their people are severed.
    if_severed: Sql,
}

/// The number of likes of a story by people severed from the viewer.
pub(super) fn likes(db: &Db<'_>, viewer: PersonId, story: StoryId) -> StoreResult<u32> {
    let count = Count {
        by_severed: LIKES_BY_SEVERED,
        if_severed: LIKES_IF_SEVERED,
    };
    let rows = counts::of_story(db, story)?.likes;
    hidden(db, &count, (viewer, story), rows)
}

/// The number of comments on a story by people severed from the viewer.
pub(super) fn comments(db: &Db<'_>, viewer: PersonId, story: StoryId) -> StoreResult<u32> {
    let count = Count {
        by_severed: COMMENTS_BY_SEVERED,
        if_severed: COMMENTS_IF_SEVERED,
    };
    let rows = counts::of_story(db, story)?.comments;
    hidden(db, &count, (viewer, story), rows)
}

/// Counts by the smaller side. `rows` is the number of rows of the story.
fn hidden(
    db: &Db<'_>,
    count: &Count,
    (viewer, story): (PersonId, StoryId),
    rows: u32,
) -> StoreResult<u32> {
    let few = i64::from(rows.min(HIDDEN_EXAMINED_MAX));
    let severed = db.number(SEVERED_COUNT, [viewer.as_i64(), few + 1])?;
    let sql = match severed {
        0 => return Ok(0),
        severed if severed <= few => count.by_severed,
        _ => count.if_severed,
    };
    let values = params![viewer.as_i64(), story.as_i64(), HIDDEN_EXAMINED_MAX];
    Ok(u32::try_from(db.number(sql, values)?).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use rusqlite::{Connection, StatementStatus};
    use sosik_feed::Timestamp;

    use super::*;
    use crate::migrations::migrate;

    const VIEWER: PersonId = PersonId::from_u64(1);
    const STORY: StoryId = StoryId::from_u64(1);
    const MAX: i64 = HIDDEN_EXAMINED_MAX as i64;

    /// A store in memory in which people from 2 on have blocked the viewer.
    fn blocked_by(blockers: i64) -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        migrate(&connection, Timestamp::default()).unwrap();
        connection
            .pragma_update(None, "foreign_keys", false)
            .unwrap();
        let people = "WITH RECURSIVE n (id) AS (SELECT 2 UNION ALL SELECT id + 1 FROM n LIMIT ?1)";
        let blocks = format!("{people} INSERT INTO blocks SELECT id, 1, 0 FROM n");
        connection.execute(&blocks, [blockers]).unwrap();
        connection
    }

    /// Gives the story likes and comments of people who blocked the viewer, one of each by a person.
    fn acts(connection: &Connection, number: i64) {
        let people = "SELECT blocker FROM blocks LIMIT ?1";
        for sql in [
            format!("INSERT INTO likes SELECT blocker, 1, 0 FROM ({people})"),
            format!(
                "INSERT INTO comments (story, author, text, created_at) SELECT 1, blocker, '', 0 FROM ({people})"
            ),
            "INSERT INTO story_counts (story, likes, comments) VALUES (1, ?1, ?1)".to_owned(),
        ] {
            connection.execute(&sql, [number]).unwrap();
        }
    }

    /// The result of both counts, and the steps of the virtual machine that they took.
    fn counted(connection: &Connection) -> ([u32; 2], i32) {
        let db = Db::new(connection);
        let counts = [likes, comments].map(|count| count(&db, VIEWER, STORY).unwrap());
        let steps = |sql: &Sql| {
            let statement = connection.prepare_cached(sql.text()).unwrap();
            statement.get_status(StatementStatus::VmStep)
        };
        (counts, STATEMENTS.iter().map(steps).sum())
    }

    #[test]
    fn a_count_does_not_grow_with_the_people_who_blocked_the_viewer() {
        let with_blockers = |blockers| {
            let connection = blocked_by(blockers);
            acts(&connection, 20);
            counted(&connection)
        };
        let (few, many) = (with_blockers(100), with_blockers(50_000));
        assert_eq!(few, many);
        assert_eq!(many.0, [20, 20]);
    }

    #[test]
    fn a_count_does_not_grow_with_the_likes_and_comments_of_the_story() {
        let with_acts = |number| {
            let connection = blocked_by(10);
            acts(&connection, 10);
            let strangers =
                "WITH RECURSIVE n (id) AS (SELECT 100000 UNION ALL SELECT id + 1 FROM n LIMIT ?1)";
            for sql in [
                format!("{strangers} INSERT INTO likes SELECT id, 1, 1 FROM n"),
                format!(
                    "{strangers} INSERT INTO comments (story, author, text, created_at) SELECT 1, id, '', 1 FROM n"
                ),
                "UPDATE story_counts SET likes = likes + ?1, comments = comments + ?1".to_owned(),
            ] {
                connection.execute(&sql, [number]).unwrap();
            }
            counted(&connection)
        };
        let (few, many) = (with_acts(20), with_acts(50_000));
        assert_eq!(few, many);
        assert_eq!(many.0, [10, 10]);
    }

    #[test]
    fn a_count_examines_a_bounded_number_of_rows_when_both_sides_are_large() {
        let with_both = |number| {
            let connection = blocked_by(number);
            acts(&connection, number);
            counted(&connection)
        };
        let (at_the_maximum, beyond) = (with_both(MAX + 1), with_both(3 * MAX));
        assert_eq!(at_the_maximum, beyond);
        assert_eq!(beyond.0, [HIDDEN_EXAMINED_MAX; 2]);
    }

    #[test]
    fn the_many_comments_of_one_severed_person_are_counted_up_to_the_maximum() {
        let with_comments = |number: i64| {
            let connection = blocked_by(1);
            acts(&connection, 1);
            let comments =
                "WITH RECURSIVE n (id) AS (SELECT 2 UNION ALL SELECT id + 1 FROM n LIMIT ?1)
                INSERT INTO comments (story, author, text, created_at) SELECT 1, 2, '', 0 FROM n";
            connection.execute(comments, [number]).unwrap();
            let count = "UPDATE story_counts SET comments = comments + ?1";
            connection.execute(count, [number]).unwrap();
            counted(&connection)
        };
        let (at_the_maximum, beyond) = (with_comments(MAX), with_comments(3 * MAX));
        assert_eq!(at_the_maximum, beyond);
        assert_eq!(beyond.0, [1, HIDDEN_EXAMINED_MAX]);
    }
}
