//! Removes the remaining rows of a deleted story in bounded steps: a story with a million likes must not hold its locks
//! for seconds.

use std::collections::BTreeMap;

use sosik_feed::{CommentId, NotificationId, PersonId, StoryId};

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
        RETURNING author, octet_length(text), deleted";
    COMMENT_LIKES_OF_STORY = "SELECT comment, person FROM comment_likes WHERE bucket = $1 AND story = $2 LIMIT $3";
    PURGE_COMMENT_LIKES = "DELETE FROM comment_likes l USING unnest($2::bigint[], $3::bigint[]) AS p (comment, person)
        WHERE l.bucket = $1 AND l.comment = p.comment AND l.person = p.person";
    PURGE_LIKES = "DELETE FROM likes WHERE bucket = $1 AND story = $2 AND person = ANY (ARRAY(
            SELECT person FROM likes WHERE bucket = $1 AND story = $2 ORDER BY person LIMIT $3))
        RETURNING person";
    PURGE_LIKED = "DELETE FROM liked l USING unnest($1::smallint[], $2::bigint[]) AS p (bucket, person)
        WHERE l.bucket = p.bucket AND l.person = p.person AND l.story = $3";
    /// The people who saved the story have different buckets.
    SAVED_BY = "SELECT person FROM saved WHERE story = $1 LIMIT $2";
    PURGE_SAVED = "DELETE FROM saved s USING unnest($1::smallint[], $2::bigint[]) AS p (bucket, person)
        WHERE s.bucket = p.bucket AND s.person = p.person AND s.story = $3";
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
    for step in Step::ALL {
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
    CommentLikes,
    Comments,
    Likes,
    Saved,
    Notifications,
}

impl Step {
    const ALL: [Self; 5] = [
        Self::CommentLikes,
        Self::Comments,
        Self::Likes,
        Self::Saved,
        Self::Notifications,
    ];

    /// Removes at most `limit` rows. Returns their number.
    async fn purge(self, tx: &Tx, story: StoryId, limit: u64) -> StoreResult<u64> {
        match self {
            Self::CommentLikes => purge_comment_likes(tx, story, limit).await,
            Self::Comments => purge_comments(tx, story, limit).await,
            Self::Likes => purge_likes(tx, story, limit).await,
            Self::Saved => purge_saved(tx, story, limit).await,
            Self::Notifications => purge_notifications(tx, story, limit).await,
        }
    }
}

async fn purge_comment_likes(tx: &Tx, story: StoryId, limit: u64) -> StoreResult<u64> {
    let likes = bind!(COMMENT_LIKES_OF_STORY, story.bucket(), story, limit);
    let likes: Vec<(CommentId, PersonId)> =
        tx.rows(likes, |row| Ok((row.get(0)?, row.get(1)?))).await?;
    let comments: Vec<_> = likes.iter().map(|(comment, _)| *comment).collect();
    let people: Vec<_> = likes.iter().map(|(_, person)| *person).collect();
    let purge = bind!(
        PURGE_COMMENT_LIKES,
        story.bucket(),
        comments.as_slice(),
        people
    );
    tx.execute(purge).await
}

/// Those that were deleted before are not counted any more.
async fn purge_comments(tx: &Tx, story: StoryId, limit: u64) -> StoreResult<u64> {
    let comments = bind!(PURGE_COMMENTS, story.bucket(), story, limit);
    let removed: Vec<(PersonId, i64, bool)> = tx
        .rows(comments, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .await?;
    let mut sums = BTreeMap::new();
    for &(author, bytes, _) in removed.iter().filter(|(.., deleted)| !deleted) {
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

async fn purge_saved(tx: &Tx, story: StoryId, limit: u64) -> StoreResult<u64> {
    let people: Vec<PersonId> = tx.column(bind!(SAVED_BY, story, limit)).await?;
    let buckets = Value::buckets(people.iter().map(|person| person.bucket()));
    tx.execute(bind!(PURGE_SAVED, buckets, people, story)).await
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
