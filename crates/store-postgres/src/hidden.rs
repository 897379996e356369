//! Counts the likes and comments that blocks hide from a viewer.
//!
//! Any number of people can block one person, and a story can have any number of likes. So a count examines the smaller
//! side: the people severed from the viewer, or the rows of the story. If both are large, it examines some of the rows.
//! The two sides are in different buckets, so the ids of the smaller one go from one statement into the next.

use std::collections::BTreeSet;

use sosik_feed::limits::HIDDEN_EXAMINED_MAX;
use sosik_feed::{PersonId, StoryId};
use sosik_store::{StoreResult, StoryCounts};

use super::sql::{Sql, bind, statements};
use super::story_counts::{self, counts_or_none};
use super::tx::Tx;

statements! {
    /// People who blocked each other are in it twice. A union of different ones would read all before it stops.
    SEVERED = "SELECT blocked FROM blocks WHERE bucket = $1 AND blocker = $2
        UNION ALL SELECT blocker FROM blocked_by WHERE bucket = $1 AND blocked = $2 LIMIT $3";
    SEVERED_AMONG = "SELECT blocked FROM blocks WHERE bucket = $1 AND blocker = $2 AND blocked = ANY($3)
        UNION ALL SELECT blocker FROM blocked_by WHERE bucket = $1 AND blocked = $2 AND blocker = ANY($3)";
    LIKES_OF = "SELECT count(*) FROM (SELECT 1 FROM likes
        WHERE bucket = $1 AND story = $2 AND person = ANY($3) LIMIT $4) counted";
    SOME_LIKERS = "SELECT person FROM likes WHERE bucket = $1 AND story = $2 LIMIT $3";
    /// One person may have any number of comments.
    COMMENTS_OF_PEOPLE = "SELECT count(*) FROM (SELECT 1 FROM comments
        WHERE bucket = $1 AND story = $2 AND author = ANY($3) AND NOT deleted LIMIT $4) counted";
    SOME_COMMENTERS = "SELECT author FROM comments WHERE bucket = $1 AND story = $2 AND NOT deleted LIMIT $3";
}

/// The rows of a story that are counted.
struct Rows {
    /// Counts the rows of these people.
    of_people: Sql,
    /// The people of some rows, once for each row.
    people: Sql,
    /// The number of all rows.
    all: fn(StoryCounts) -> u32,
}

const LIKES: Rows = Rows {
    of_people: LIKES_OF,
    people: SOME_LIKERS,
    all: |counts| counts.likes,
};

const COMMENTS: Rows = Rows {
    of_people: COMMENTS_OF_PEOPLE,
    people: SOME_COMMENTERS,
    all: |counts| counts.comments,
};

/// The number of likes of a story by people severed from the viewer.
pub(crate) async fn likes(tx: &Tx, viewer: PersonId, story: StoryId) -> StoreResult<u32> {
    hidden(tx, &LIKES, viewer, story).await
}

/// The number of comments on a story by people severed from the viewer.
pub(crate) async fn comments(tx: &Tx, viewer: PersonId, story: StoryId) -> StoreResult<u32> {
    hidden(tx, &COMMENTS, viewer, story).await
}

/// Counts by the smaller side.
async fn hidden(tx: &Tx, rows: &Rows, viewer: PersonId, story: StoryId) -> StoreResult<u32> {
    let counts = tx.run(story_counts::of_story(story)).await?;
    let few = (rows.all)(counts_or_none(&counts)?).min(HIDDEN_EXAMINED_MAX);
    let severed = bind!(SEVERED, viewer.bucket(), viewer, few + 1);
    let severed: Vec<PersonId> = tx.column(severed).await?;
    if severed.is_empty() {
        return Ok(0);
    }
    if severed.len() > few as usize {
        return among_the_rows(tx, rows, viewer, story).await;
    }
    let bucket = story.bucket();
    let count = bind!(rows.of_people, bucket, story, severed, HIDDEN_EXAMINED_MAX);
    Ok(tx.first(count).await?.unwrap_or(0))
}

/// Examines some rows of the story. Returns how many are of severed people.
async fn among_the_rows(
    tx: &Tx,
    rows: &Rows,
    viewer: PersonId,
    story: StoryId,
) -> StoreResult<u32> {
    let people = bind!(rows.people, story.bucket(), story, HIDDEN_EXAMINED_MAX);
    let people: Vec<PersonId> = tx.column(people).await?;
    let severed = bind!(SEVERED_AMONG, viewer.bucket(), viewer, &people);
    let severed: BTreeSet<PersonId> = tx.column(severed).await?.into_iter().collect();
    let hidden = people.iter().filter(|person| severed.contains(person));
    Ok(u32::try_from(hidden.count()).unwrap_or(u32::MAX))
}
