//! Counts of stories, changed in the transaction of the rows that they count.
//!
//! The row of a story serializes its likes and comments: the statement that counts locks it until the commit.

use std::collections::BTreeMap;

use sosik_feed::StoryId;

use super::row::Row;
use super::sql::{Query, Value, bind, statements};
use super::tx::Tx;
use sosik_store::{StoreResult, StoryCounts};

statements! {
    STORY_COUNTS = "SELECT likes, comments, revision FROM story_counts WHERE bucket = $1 AND story = $2";
    /// The maxima keep the inserted row within the constraints even if the row exists.
    STORY_COUNTS_ADD = "INSERT INTO story_counts AS c (bucket, story, likes, comments, revision)
        VALUES ($1, $2, greatest($3, 0), greatest($4, 0), 1)
        ON CONFLICT (story, bucket) DO UPDATE
        SET likes = c.likes + $3, comments = c.comments + $4, revision = c.revision + 1
        RETURNING likes, comments, revision";
    STORY_COUNTS_ADD_MANY = "INSERT INTO story_counts AS c (bucket, story, likes, comments, revision)
        SELECT bucket, story, likes, comments, 1
        FROM unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::bigint[]) AS n (bucket, story, likes, comments)
        ON CONFLICT (story, bucket) DO UPDATE SET likes = c.likes + excluded.likes,
            comments = c.comments + excluded.comments, revision = c.revision + 1";
}

/// New likes and comments of one story.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Added {
    pub(crate) likes: i64,
    pub(crate) comments: i64,
}

/// Reads the counts of a story.
pub(crate) fn of_story(story: StoryId) -> Query {
    bind!(STORY_COUNTS, story.bucket(), story)
}

/// Counts new or lost likes of a story. The answer is its new counts.
pub(crate) fn likes(story: StoryId, by: i64) -> Query {
    bind!(STORY_COUNTS_ADD, story.bucket(), story, by, 0_i64)
}

/// Counts new or lost comments on a story. The answer is its new counts.
pub(crate) fn comments(story: StoryId, by: i64) -> Query {
    bind!(STORY_COUNTS_ADD, story.bucket(), story, 0_i64, by)
}

/// Counts new likes and comments of many stories (import).
pub(crate) async fn add_many(tx: &Tx, added: &BTreeMap<StoryId, Added>) -> StoreResult<()> {
    if added.is_empty() {
        return Ok(());
    }
    let column = |count: fn(&Added) -> i64| added.values().map(count).collect::<Vec<_>>();
    tx.execute(bind!(
        STORY_COUNTS_ADD_MANY,
        Value::buckets(added.keys().map(|story| story.bucket())),
        added.keys().copied().collect::<Vec<_>>(),
        column(|by| by.likes),
        column(|by| by.comments)
    ))
    .await?;
    Ok(())
}

/// Reads three adjacent columns: likes, comments, revision.
pub(crate) fn counts(row: &Row, first: usize) -> StoreResult<StoryCounts> {
    Ok(StoryCounts {
        likes: row.get(first)?,
        comments: row.get(first + 1)?,
        revision: row.get(first + 2)?,
    })
}

/// The counts in an answer. A story without a row has none.
pub(crate) fn counts_or_none(answer: &super::row::Answer) -> StoreResult<StoryCounts> {
    Ok(answer.row(|row| counts(row, 0))?.unwrap_or_default())
}
