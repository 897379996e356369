//! Removes the remaining rows of a deleted story in bounded steps: a story with a million likes must not hold its locks
//! for seconds.

use std::collections::BTreeMap;

use sosik_feed::{NotificationId, PersonId, StoryId};

use super::sql::{Value, bind, statements};
use super::tx::Tx;
use super::written;
use sosik_store::StoreResult;
use sosik_store::engine::Written;

statements! {
    /// Workers that purge one story take turns. Otherwise one would find the rows that another one is deleting, delete
    /// nothing, and take the story for purged.
    PURGE_LOCK = "SELECT deleted_at IS NULL FROM stories WHERE bucket = $1 AND id = $2 FOR UPDATE";
    /// The list of keys is read before the rows are deleted, so the index finds them.
    PURGE_COMMENTS = "DELETE FROM comments WHERE bucket = $1 AND id = ANY (ARRAY(
            SELECT id FROM comments WHERE bucket = $1 AND story = $2 ORDER BY id LIMIT $3))
        RETURNING author, octet_length(text)";
    PURGE_LIKES = "DELETE FROM likes WHERE bucket = $1 AND story = $2 AND person = ANY (ARRAY(
            SELECT person FROM likes WHERE bucket = $1 AND story = $2 ORDER BY person LIMIT $3))
        RETURNING person";
    PURGE_LIKED = "DELETE FROM liked l USING unnest($1::smallint[], $2::bigint[]) AS p (bucket, person)
        WHERE l.bucket = p.bucket AND l.person = p.person AND l.story = $3";
    /// The readers have different buckets.
    NOTIFICATIONS_ABOUT = "SELECT person, id FROM notifications WHERE story = $1 LIMIT $2";
    PURGE_NOTIFICATIONS = "DELETE FROM notifications n
        USING unnest($1::smallint[], $2::bigint[], $3::bigint[]) AS a (bucket, person, id)
        WHERE n.bucket = a.bucket AND n.person = a.person AND n.id = a.id";
    PURGE_COUNTS = "DELETE FROM story_counts WHERE bucket = $1 AND story = $2";
}

/// Removes at most `rows_max` rows. Returns whether nothing is left. A story that is not deleted stays unchanged.
pub(crate) async fn purge(tx: &Tx, story: StoryId, rows_max: u32) -> StoreResult<bool> {
    if tx.first(bind!(PURGE_LOCK, story.bucket(), story)).await? == Some(true) {
        return Ok(true);
    }
    let mut left = u64::from(rows_max);
    for step in [Step::Comments, Step::Likes, Step::Notifications] {
        left -= step.purge(tx, story, left).await?.min(left);
        if left == 0 {
            return Ok(false);
        }
    }
    tx.last([bind!(PURGE_COUNTS, story.bucket(), story)])
        .await?;
    Ok(true)
}

#[derive(Clone, Copy)]
enum Step {
    Comments,
    Likes,
    Notifications,
}

impl Step {
    /// Removes at most `limit` rows. Returns their number.
    async fn purge(self, tx: &Tx, story: StoryId, limit: u64) -> StoreResult<u64> {
        match self {
            Self::Comments => purge_comments(tx, story, limit).await,
            Self::Likes => purge_likes(tx, story, limit).await,
            Self::Notifications => purge_notifications(tx, story, limit).await,
        }
    }
}

async fn purge_comments(tx: &Tx, story: StoryId, limit: u64) -> StoreResult<u64> {
    let comments = bind!(PURGE_COMMENTS, story.bucket(), story, limit);
    let removed: Vec<(PersonId, i64)> = tx
        .rows(comments, |row| Ok((row.get(0)?, row.get(1)?)))
        .await?;
    let mut sums = BTreeMap::new();
    for &(author, bytes) in &removed {
        written::sum(&mut sums, author, Written::comment(bytes).removed());
    }
    written::add_many(tx, &sums).await?;
    Ok(removed.len() as u64)
}

async fn purge_likes(tx: &Tx, story: StoryId, limit: u64) -> StoreResult<u64> {
    let likes = bind!(PURGE_LIKES, story.bucket(), story, limit);
    let people: Vec<PersonId> = tx.column(likes).await?;
    let buckets = Value::buckets(people.iter().map(|person| person.bucket()));
    tx.run(bind!(PURGE_LIKED, buckets, &people, story)).await?;
    Ok(people.len() as u64)
}

async fn purge_notifications(tx: &Tx, story: StoryId, limit: u64) -> StoreResult<u64> {
    let about = bind!(NOTIFICATIONS_ABOUT, story, limit);
    let about: Vec<(PersonId, NotificationId)> =
        tx.rows(about, |row| Ok((row.get(0)?, row.get(1)?))).await?;
    let ids = about.iter().map(|(_, id)| id.as_i64());
    let removed = bind!(
        PURGE_NOTIFICATIONS,
        Value::buckets(about.iter().map(|(person, _)| person.bucket())),
        about.iter().map(|(person, _)| *person).collect::<Vec<_>>(),
        ids.collect::<Vec<_>>()
    );
    tx.execute(removed).await
}
