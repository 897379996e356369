//! Replies: the comment that a reply belongs to, its count of replies, and the row that a deleted comment leaves.

use rusqlite::params;
use sosik_feed::{CommentId, PersonId, StoryId};

use super::comments;
use super::db::Db;
use super::statement::statements;
use sosik_store::{COMMENT_LIKES_REMOVED_MAX, CommentRecord, StoreResult};

statements! {
    REPLIED_TO = "SELECT coalesce(parent, id), author FROM comments WHERE id = ?1 AND story = ?2 AND deleted = 0";
    REPLIES_ADD = "UPDATE comments SET replies = replies + ?2 WHERE id = ?1 RETURNING author, deleted";
    REPLIES_OF = "SELECT c.id, c.story, c.author, c.text, c.created_at, c.edited_at, c.parent, c.replies, c.likes, c.deleted
        FROM comments c JOIN stories s ON s.id = c.story
        WHERE c.parent = ?1 AND c.id > ?2 AND c.deleted = 0 AND s.deleted_at IS NULL ORDER BY c.id LIMIT ?3";
    REPLY_AUTHORS = "SELECT author FROM comments WHERE parent = ?1 AND deleted = 0 ORDER BY id LIMIT ?2";
    /// A comment without a parent to which an imported reply belongs.
    PARENT = "SELECT 1 FROM comments WHERE id = ?1 AND story = ?2 AND parent IS NULL AND deleted = 0";
    LIKES_OF_DELETED = "DELETE FROM comment_likes WHERE (comment, person) IN
        (SELECT comment, person FROM comment_likes WHERE comment = ?1 LIMIT ?2)";
    /// ?3: no like is left. The count may say otherwise: the purge of a story removes likes without counting them.
    EMPTY = "UPDATE comments SET text = '', edited_at = NULL, deleted = 1, likes = iif(?3, 0, likes - ?2) WHERE id = ?1";
    /// Nothing depends on the row any more.
    REMOVE_EMPTY = "DELETE FROM comments WHERE id = ?1 AND deleted = 1 AND replies = 0 AND likes = 0";
    LEFT_WITH_LIKES = "SELECT id FROM comments WHERE deleted = 1 AND likes > 0 LIMIT 1";
}

/// What a reply answers.
pub(super) struct Thread {
    /// The comment that it belongs to.
    pub(super) parent: CommentId,
    /// The authors of the comment that it answers and of the parent. The parent's may be deleted.
    pub(super) authors: [Option<PersonId>; 2],
}

/// Counts a reply to the comment. `None` if the comment does not exist on the story.
pub(super) fn join(db: &Db<'_>, story: StoryId, to: CommentId) -> StoreResult<Option<Thread>> {
    let answered = db.row(REPLIED_TO, [to.as_i64(), story.as_i64()], |row| {
        let author = PersonId::from_i64(row.get(1)?);
        Ok((CommentId::from_i64(row.get(0)?), author))
    })?;
    let Some((parent, author)) = answered else {
        return Ok(None);
    };
    let of_parent = db.row(REPLIES_ADD, [parent.as_i64(), 1], |row| {
        let author = PersonId::from_i64(row.get(0)?);
        Ok((!row.get::<_, bool>(1)?).then_some(author))
    })?;
    Ok(Some(Thread {
        parent,
        authors: [Some(author), of_parent.flatten()],
    }))
}

/// Counts an imported reply. Returns whether its parent exists.
pub(super) fn join_imported(db: &Db<'_>, story: StoryId, parent: CommentId) -> StoreResult<bool> {
    db.exists(PARENT, [parent.as_i64(), story.as_i64()])
}

/// Counts new or lost replies.
pub(super) fn count(db: &Db<'_>, parent: CommentId, by: i64) -> StoreResult<()> {
    let counted = [parent.as_i64(), by];
    db.row(REPLIES_ADD, counted, |row| row.get::<_, i64>(0))?;
    Ok(())
}

/// Removes a comment with its likes. The row stays while it has replies or likes.
pub(super) fn remove(
    db: &Db<'_>,
    comment: CommentId,
    parent: Option<CommentId>,
) -> StoreResult<()> {
    empty(db, comment, COMMENT_LIKES_REMOVED_MAX)?;
    if let Some(parent) = parent {
        count(db, parent, -1)?;
        db.execute(REMOVE_EMPTY, [parent.as_i64()])?;
    }
    Ok(())
}

/// Removes likes of deleted comments. Returns their number. A comment whose likes are gone already counts as one.
pub(super) fn purge_likes(db: &Db<'_>, limit: u32) -> StoreResult<u64> {
    let mut removed = 0;
    while removed < u64::from(limit) {
        let left = db.row(LEFT_WITH_LIKES, [], |row| {
            Ok(CommentId::from_i64(row.get(0)?))
        })?;
        let Some(comment) = left else { break };
        let room = limit - u32::try_from(removed).unwrap_or(limit);
        removed += empty(db, comment, room)?.max(1);
    }
    Ok(removed)
}

/// Removes the text and at most `likes_max` likes of a comment, and its row if nothing is left. Returns the number of
/// likes removed.
fn empty(db: &Db<'_>, comment: CommentId, likes_max: u32) -> StoreResult<u64> {
    let comment = comment.as_i64();
    let likes = db.execute(LIKES_OF_DELETED, params![comment, likes_max])? as u64;
    let none_left = likes < u64::from(likes_max);
    db.execute(EMPTY, params![comment, likes.cast_signed(), none_left])?;
    db.execute(REMOVE_EMPTY, [comment])?;
    Ok(likes)
}

/// A page of the replies to a comment.
pub(super) fn replies(
    db: &Db<'_>,
    parent: CommentId,
    after: CommentId,
    limit: u32,
) -> StoreResult<Vec<CommentRecord>> {
    let page = params![parent.as_i64(), after.as_i64(), limit];
    db.rows(REPLIES_OF, page, comments::comment)
}

/// The authors of the first replies to each comment.
pub(super) fn authors(
    db: &Db<'_>,
    parents: &[CommentId],
    each: u32,
) -> StoreResult<Vec<(CommentId, PersonId)>> {
    let mut authors = Vec::new();
    for &parent in parents {
        let first = db.rows(REPLY_AUTHORS, params![parent.as_i64(), each], |row| {
            Ok((parent, PersonId::from_i64(row.get(0)?)))
        })?;
        authors.extend(first);
    }
    Ok(authors)
}
