//! Removes the remaining rows of a deleted story in bounded steps: a story with a million likes must not block the
//! writer for seconds.

use rusqlite::params;
use sosik_feed::{PersonId, StoryId};

use super::counts;
use super::db::Db;
use super::statement::{Sql, statements};
use super::stories;
use sosik_store::StoreResult;
use sosik_store::engine::Written;

statements! {
    PURGE_COMMENTS = "DELETE FROM comments WHERE id IN (SELECT id FROM comments WHERE story = ?1 LIMIT ?2)
        RETURNING author, octet_length(text), deleted";
    PURGE_COMMENT_LIKES = "DELETE FROM comment_likes WHERE (comment, person) IN
        (SELECT comment, person FROM comment_likes WHERE story = ?1 LIMIT ?2)";
    PURGE_LIKES = "DELETE FROM likes WHERE (person, story) IN (SELECT person, story FROM likes WHERE story = ?1 LIMIT ?2)";
    PURGE_SAVED = "DELETE FROM saved WHERE (person, story) IN (SELECT person, story FROM saved WHERE story = ?1 LIMIT ?2)";
    PURGE_NOTIFICATIONS = "DELETE FROM notifications WHERE (person, id) IN
        (SELECT person, id FROM notifications WHERE story = ?1 LIMIT ?2)";
    PURGE_COUNTS = "DELETE FROM story_counts WHERE story = ?1";
}

/// The steps after the comments, whose removal is counted.
const STEPS: [Sql; 3] = [PURGE_LIKES, PURGE_SAVED, PURGE_NOTIFICATIONS];

/// Removes at most `rows_max` rows. Returns whether nothing is left. A story that is not deleted stays unchanged.
pub(super) fn purge(db: &Db<'_>, story: StoryId, rows_max: u32) -> StoreResult<bool> {
    if stories::head(db, story)?.is_some() {
        return Ok(true);
    }
    let mut budget = rows_max as usize;
    budget -= db.execute(PURGE_COMMENT_LIKES, params![story.as_i64(), budget as i64])?;
    if budget == 0 {
        return Ok(false);
    }
    budget -= purge_comments(db, story, budget)?;
    for step in STEPS {
        if budget == 0 {
            return Ok(false);
        }
        budget -= db.execute(step, params![story.as_i64(), budget as i64])?;
    }
    if budget == 0 {
        return Ok(false);
    }
    db.execute(PURGE_COUNTS, [story.as_i64()])?;
    Ok(true)
}

/// Returns the number of comments removed. Those that were deleted before are not counted any more.
fn purge_comments(db: &Db<'_>, story: StoryId, rows_max: usize) -> StoreResult<usize> {
    let removed = db.rows(
        PURGE_COMMENTS,
        params![story.as_i64(), rows_max as i64],
        |row| {
            Ok((
                PersonId::from_i64(row.get(0)?),
                row.get(1)?,
                row.get::<_, bool>(2)?,
            ))
        },
    )?;
    for &(author, bytes, deleted) in &removed {
        if !deleted {
            counts::written(db, author, Written::comment(bytes).removed())?;
        }
    }
    Ok(removed.len())
}
