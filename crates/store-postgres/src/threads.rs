//! Replies: the comment that a reply belongs to, its count of replies, and the row that a deleted comment leaves.
//!
//! A write locks the comment before its likes and replies, and a reply before its parent.

use std::collections::{BTreeMap, BTreeSet};

use sosik_feed::{CommentId, PersonId, StoryId};

use super::comments;
use super::row::Row;
use super::sql::{Query, Sql, Value, bind, statements};
use super::tx::Tx;
use sosik_store::{COMMENT_LIKES_REMOVED_MAX, CommentRecord, NewComment, StoreResult};

statements! {
    REPLIED_TO = "SELECT coalesce(parent, id), author FROM comments
        WHERE bucket = $1 AND id = $2 AND story = $3 AND NOT deleted";
    /// $3: a reply to a reply may join a parent that is deleted.
    REPLIES_JOIN = "UPDATE comments SET replies = replies + 1 WHERE bucket = $1 AND id = $2 AND ($3 OR NOT deleted)
        RETURNING author, deleted";
    REPLIES_LEAVE = "UPDATE comments SET replies = replies - 1 WHERE bucket = $1 AND id = $2";
    REPLIES_ADD_MANY = "UPDATE comments c SET replies = c.replies + n.replies
        FROM unnest($1::smallint[], $2::bigint[], $3::bigint[]) AS n (bucket, id, replies)
        WHERE c.bucket = n.bucket AND c.id = n.id";
    REPLIES_OF = "SELECT c.id, c.story, c.author, c.text, c.created_at, c.edited_at, c.parent, c.replies, c.likes, c.deleted
        FROM comments c JOIN stories s ON s.bucket = c.bucket AND s.id = c.story
        WHERE c.bucket = $1 AND c.parent = $2 AND c.id > $3 AND NOT c.deleted AND s.deleted_at IS NULL
        ORDER BY c.id LIMIT $4";
    REPLY_AUTHORS = "SELECT author FROM comments WHERE bucket = $1 AND parent = $2 AND NOT deleted ORDER BY id LIMIT $3";
    /// The story of a comment without a parent, to which imported replies belong. It cannot be deleted until the commit.
    PARENT_HOLD = "SELECT story FROM comments
        WHERE bucket = $1 AND id = $2 AND parent IS NULL AND NOT deleted FOR UPDATE";
    SOME_LIKERS_OF_DELETED = "SELECT person FROM comment_likes WHERE bucket = $1 AND comment = $2 ORDER BY person LIMIT $3";
    LIKES_OF_DELETED = "DELETE FROM comment_likes WHERE bucket = $1 AND comment = $2 AND person = ANY ($3)";
    /// $4: no like is left. The count may say otherwise: the purge of a story removes likes without counting them.
    EMPTY = "UPDATE comments SET text = '', edited_at = NULL, deleted = true,
            likes = CASE WHEN $4 THEN 0 ELSE likes - $3 END
        WHERE bucket = $1 AND id = $2";
    /// Nothing depends on the row any more.
    REMOVE_EMPTY = "DELETE FROM comments WHERE bucket = $1 AND id = $2 AND deleted AND replies = 0 AND likes = 0";
    LEFT_WITH_LIKES = "SELECT id FROM comments WHERE deleted AND likes > 0 ORDER BY id LIMIT 1";
    LEFT_LOCK = "SELECT 1 FROM comments WHERE bucket = $1 AND id = $2 FOR UPDATE";
}

/// What a reply answers.
pub(crate) struct Thread {
    /// The comment that it belongs to.
    pub(crate) parent: CommentId,
    /// The authors of the comment that it answers and of the parent. The parent's may be deleted.
    pub(crate) authors: [Option<PersonId>; 2],
}

/// Counts a reply to the comment. `None` if the comment does not exist on the story.
pub(crate) async fn join(tx: &Tx, story: StoryId, to: CommentId) -> StoreResult<Option<Thread>> {
    let answered = bind!(REPLIED_TO, story.bucket(), to, story);
    let answered = tx.row(answered, |row| Ok((row.get(0)?, row.get(1)?)));
    let Some((parent, author)) = answered.await? else {
        return Ok(None);
    };
    let parent: CommentId = parent;
    let join = bind!(REPLIES_JOIN, story.bucket(), parent, to != parent);
    let joined: Option<(PersonId, bool)> =
        tx.row(join, |row| Ok((row.get(0)?, row.get(1)?))).await?;
    Ok(joined.map(|(of_parent, deleted)| Thread {
        parent,
        authors: [Some(author), (!deleted).then_some(of_parent)],
    }))
}

/// Holds comments until the commit, in the order of a deletion: a reply before its parent. Returns the stories of those
/// that the statement finds.
pub(crate) async fn hold(
    tx: &Tx,
    sql: Sql,
    comments: &BTreeSet<CommentId>,
) -> StoreResult<BTreeMap<CommentId, StoryId>> {
    let holds = comments.iter().rev();
    let holds = holds.map(|comment| bind!(sql, comment.bucket(), *comment));
    let answers = tx.each(holds.collect()).await?;
    let mut held = BTreeMap::new();
    for (comment, answer) in comments.iter().rev().zip(answers) {
        held.extend(answer.first()?.map(|story| (*comment, story)));
    }
    Ok(held)
}

/// The imported comments that are no replies, or whose parent exists or precedes them.
pub(crate) async fn with_parents<'c>(
    tx: &Tx,
    comments: Vec<&'c NewComment>,
) -> StoreResult<Vec<&'c NewComment>> {
    let asked: BTreeSet<CommentId> = comments.iter().filter_map(|one| one.reply_to).collect();
    let mut parents = hold(tx, PARENT_HOLD, &asked).await?;
    let mut kept = Vec::with_capacity(comments.len());
    for comment in comments {
        match comment.reply_to {
            None => drop(parents.insert(comment.id, comment.story)),
            Some(parent) if parents.get(&parent) == Some(&comment.story) => {}
            Some(_) => continue,
        }
        kept.push(comment);
    }
    Ok(kept)
}

/// Counts the replies to many comments (import).
pub(crate) async fn count_many(tx: &Tx, replies: &BTreeMap<CommentId, i64>) -> StoreResult<()> {
    if replies.is_empty() {
        return Ok(());
    }
    tx.execute(bind!(
        REPLIES_ADD_MANY,
        Value::buckets(replies.keys().map(|parent| parent.bucket())),
        replies.keys().copied().collect::<Vec<_>>().as_slice(),
        replies.values().copied().collect::<Vec<_>>()
    ))
    .await?;
    Ok(())
}

/// Removes a comment with its likes. The row stays while it has replies or likes. The transaction has locked the comment.
pub(crate) async fn remove(
    tx: &Tx,
    comment: CommentId,
    parent: Option<CommentId>,
) -> StoreResult<()> {
    empty(tx, comment, COMMENT_LIKES_REMOVED_MAX.into()).await?;
    if let Some(parent) = parent {
        let leave = bind!(REPLIES_LEAVE, parent.bucket(), parent);
        tx.batch([leave, remove_empty(parent)]).await?;
    }
    Ok(())
}

/// Removes likes of deleted comments. Returns their number. A comment whose likes are gone already counts as one.
pub(crate) async fn purge_likes(tx: &Tx, limit: u32) -> StoreResult<u64> {
    let (mut removed, limit) = (0, u64::from(limit));
    while removed < limit {
        let Some(comment) = tx.first::<CommentId>(bind!(LEFT_WITH_LIKES)).await? else {
            break;
        };
        tx.run(bind!(LEFT_LOCK, comment.bucket(), comment)).await?;
        removed += empty(tx, comment, limit - removed).await?.max(1);
    }
    Ok(removed)
}

/// Removes the text and at most `likes_max` likes of a comment, and its row if nothing is left. Returns the number of
/// likes removed.
async fn empty(tx: &Tx, comment: CommentId, likes_max: u64) -> StoreResult<u64> {
    let bucket = comment.bucket();
    let likers = bind!(SOME_LIKERS_OF_DELETED, bucket, comment, likes_max);
    let likers: Vec<PersonId> = tx.column(likers).await?;
    let number = likers.len() as u64;
    tx.batch([
        bind!(LIKES_OF_DELETED, bucket, comment, likers),
        bind!(EMPTY, bucket, comment, number, number < likes_max),
        remove_empty(comment),
    ])
    .await?;
    Ok(number)
}

fn remove_empty(comment: CommentId) -> Query {
    bind!(REMOVE_EMPTY, comment.bucket(), comment)
}

/// A page of the replies to a comment.
pub(crate) fn replies(parent: CommentId, after: CommentId, limit: u32) -> Query {
    bind!(REPLIES_OF, parent.bucket(), parent, after, limit)
}

/// Reads a row of [`replies`].
pub(crate) fn reply(row: &Row) -> StoreResult<CommentRecord> {
    comments::comment(row)
}

/// The authors of the first replies to each comment.
pub(crate) async fn authors(
    tx: &Tx,
    parents: &[CommentId],
    each: u32,
) -> StoreResult<Vec<(CommentId, PersonId)>> {
    let reads = parents.iter();
    let reads = reads.map(|parent| bind!(REPLY_AUTHORS, parent.bucket(), *parent, each));
    let answers = tx.each(reads.collect()).await?;
    let mut authors = Vec::new();
    for (parent, answer) in parents.iter().zip(answers) {
        let of_one: Vec<PersonId> = answer.column()?;
        authors.extend(of_one.into_iter().map(|author| (*parent, author)));
    }
    Ok(authors)
}
