//! Counts of people and stories: the statements that change them, in the transaction of the rows that they count.
//!
//! A function that inserts, changes or removes a counted row calls one of these. Only `maintenance` computes the counts
//! from the rows, and the contract suite compares the two after every behaviour.

use rusqlite::params;
use sosik_feed::{PersonId, StoryId};

use super::db::Db;
use super::statement::statements;
use super::stories;
use sosik_store::engine::Written;
use sosik_store::{PersonLimits, StoreResult, StoryCounts};

statements! {
    COUNTS_START = "INSERT INTO person_counts (person) VALUES (?1)";
    FRIENDS_ADD = "UPDATE person_counts SET friends = friends + ?2 WHERE person = ?1";
    FOLLOWS_ADD = "UPDATE person_counts SET follows = follows + ?2 WHERE person = ?1";
    FOLLOWERS_ADD = "UPDATE person_counts SET followers = followers + ?2 WHERE person = ?1";
    /// One row for the profile and for the quotas, so that a post changes one row.
    WRITTEN_ADD = "UPDATE person_counts SET stories = stories + ?2, public_stories = public_stories + ?3,
        comments = comments + ?4, text_bytes = text_bytes + ?5 WHERE person = ?1";
    WRITTEN = "SELECT stories, comments, text_bytes FROM person_counts WHERE person = ?1";
    STORY_COUNTS = "SELECT likes, comments, revision FROM story_counts WHERE story = ?1";
    /// The maxima keep the inserted row within the constraints even if the row exists.
    STORY_COUNTS_ADD = "INSERT INTO story_counts (story, likes, comments, revision)
        VALUES (?1, max(?2, 0), max(?3, 0), 1)
        ON CONFLICT (story) DO UPDATE SET likes = likes + ?2, comments = comments + ?3, revision = revision + 1
        RETURNING likes, comments, revision";
}

/// Starts the counts of a new person.
pub(super) fn start(db: &Db<'_>, person: PersonId) -> StoreResult<()> {
    db.execute(COUNTS_START, [person.as_i64()])?;
    Ok(())
}

/// Counts new or lost friends of one person. Returns whether the person exists.
pub(super) fn friends(db: &Db<'_>, person: PersonId, by: i64) -> StoreResult<bool> {
    db.changes(FRIENDS_ADD, [person.as_i64(), by])
}

/// Counts a new or lost follow for both people.
pub(super) fn follow(
    db: &Db<'_>,
    follower: PersonId,
    followee: PersonId,
    by: i64,
) -> StoreResult<()> {
    db.execute(FOLLOWS_ADD, [follower.as_i64(), by])?;
    db.execute(FOLLOWERS_ADD, [followee.as_i64(), by])?;
    Ok(())
}

/// Counts what a person wrote, changed or removed.
pub(super) fn written(db: &Db<'_>, person: PersonId, by: Written) -> StoreResult<()> {
    let values = [
        person.as_i64(),
        by.stories,
        by.public_stories,
        by.comments,
        by.text_bytes,
    ];
    db.execute(WRITTEN_ADD, values)?;
    Ok(())
}

/// Counts what a person writes, unless that exceeds a quota.
///
/// # Errors
/// `QuotaReached`. Nothing was changed.
pub(super) fn written_within(
    db: &Db<'_>,
    person: PersonId,
    by: Written,
    limits: &PersonLimits,
) -> StoreResult<()> {
    let before = db.row(WRITTEN, [person.as_i64()], |row| {
        Ok([row.get::<_, i64>(0)?, row.get(1)?, row.get(2)?])
    })?;
    let [stories, comments, text_bytes] = before.unwrap_or_default();
    let after = [
        stories + by.stories,
        comments + by.comments,
        text_bytes + by.text_bytes,
    ];
    by.check_quotas(after, limits)?;
    written(db, person, by)
}

/// The counts of a story.
pub(super) fn of_story(db: &Db<'_>, story: StoryId) -> StoreResult<StoryCounts> {
    let counts = db.row(STORY_COUNTS, [story.as_i64()], |row| {
        stories::counts(row, 0)
    })?;
    Ok(counts.unwrap_or_default())
}

/// Counts new or lost likes of a story. Returns the new counts.
pub(super) fn likes(db: &Db<'_>, story: StoryId, by: i64) -> StoreResult<StoryCounts> {
    add_to_story(db, story, by, 0)
}

/// Counts new or lost comments on a story. Returns the new counts.
pub(super) fn comments(db: &Db<'_>, story: StoryId, by: i64) -> StoreResult<StoryCounts> {
    add_to_story(db, story, 0, by)
}

fn add_to_story(
    db: &Db<'_>,
    story: StoryId,
    likes: i64,
    comments: i64,
) -> StoreResult<StoryCounts> {
    let values = params![story.as_i64(), likes, comments];
    let counts = db.row(STORY_COUNTS_ADD, values, |row| stories::counts(row, 0))?;
    Ok(counts.unwrap_or_default())
}
