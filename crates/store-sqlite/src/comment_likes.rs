//! Likes of comments.

use async_trait::async_trait;
use rusqlite::{Row, params};
use sosik_feed::{Audience, CommentId, NotificationId, PersonId, StoryId, Timestamp};

use super::SqliteStore;
use super::db::Db;
use super::notify;
use super::relations::related;
use super::statement::statements;
use super::threads;
use super::withdrawn;
use sosik_store::engine::{Cause, NewNotification, audience_of_number};
use sosik_store::{
    CommentLikes, Committed, LikedComment, NotificationKind, PersonLimits, Position, RelatedPerson,
    StoreResult,
};

statements! {
    COMMENT_HEAD = "SELECT c.author, c.likes, c.story, s.author, s.audience FROM comments c JOIN stories s ON s.id = c.story
        WHERE c.id = ?1 AND c.deleted = 0 AND s.deleted_at IS NULL";
    COMMENT_LIKE_INSERT = "INSERT INTO comment_likes (comment, person, story, liked_at) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT DO NOTHING";
    COMMENT_LIKE_IMPORT = "INSERT INTO comment_likes (comment, person, story, liked_at) SELECT c.id, ?2, c.story, ?3
        FROM comments c JOIN stories s ON s.id = c.story
        WHERE c.id = ?1 AND c.deleted = 0 AND s.deleted_at IS NULL AND EXISTS (SELECT 1 FROM people WHERE id = ?2)
        ON CONFLICT DO NOTHING";
    COMMENT_LIKE_DELETE = "DELETE FROM comment_likes WHERE comment = ?1 AND person = ?2 RETURNING liked_at";
    COMMENT_LIKES_ADD = "UPDATE comments SET likes = likes + ?2 WHERE id = ?1 RETURNING likes";
    COMMENT_LIKED_BY_OTHERS = "SELECT 1 FROM comment_likes WHERE comment = ?1 AND person <> ?2 LIMIT 1";
    LIKES_COMMENT = "SELECT 1 FROM comment_likes WHERE comment = ?1 AND person = ?2";
    COMMENT_LIKERS = "SELECT person, liked_at FROM comment_likes
        WHERE comment = ?1 AND (liked_at, person) < (?2, ?3) ORDER BY liked_at DESC, person DESC LIMIT ?4";
}

#[async_trait]
impl CommentLikes for SqliteStore {
    async fn like_comment(
        &self,
        person: PersonId,
        comment: CommentId,
        notification: NotificationId,
        now: Timestamp,
    ) -> StoreResult<Committed<Option<LikedComment>>> {
        let limits = self.person_limits;
        self.commit("like a comment", move |db| {
            like(db, person, comment, notification, now, &limits)
        })
        .await
    }

    async fn unlike_comment(
        &self,
        person: PersonId,
        comment: CommentId,
    ) -> StoreResult<Committed<Option<LikedComment>>> {
        let limits = self.person_limits;
        self.commit("take a like of a comment back", move |db| {
            unlike(db, person, comment, &limits)
        })
        .await
    }

    async fn liked_comments_among(
        &self,
        person: PersonId,
        comments: &[CommentId],
    ) -> StoreResult<Vec<CommentId>> {
        let mut comments = comments.to_vec();
        self.read("look up likes of comments", move |db| {
            let mut failure = None;
            comments.retain(|comment| {
                let liked = db.exists(LIKES_COMMENT, [comment.as_i64(), person.as_i64()]);
                liked.unwrap_or_else(|error| {
                    failure = Some(error);
                    false
                })
            });
            failure.map_or(Ok(comments), Err)
        })
        .await
    }

    async fn comment_likers(
        &self,
        comment: CommentId,
        before: Option<Position>,
        limit: u32,
    ) -> StoreResult<Vec<RelatedPerson>> {
        self.read("list likers of a comment", move |db| {
            related(db, COMMENT_LIKERS, comment.as_i64(), before, limit)
        })
        .await
    }

    async fn purge_comment_likes(&self, limit: u32) -> StoreResult<u64> {
        self.write("remove likes of deleted comments", move |db| {
            threads::purge_likes(db, limit)
        })
        .await
    }
}

/// A comment that exists, and its story.
struct Head {
    author: PersonId,
    likes: u32,
    story: StoryId,
    story_author: PersonId,
    audience: Audience,
}

fn head(row: &Row<'_>) -> rusqlite::Result<Head> {
    Ok(Head {
        author: PersonId::from_i64(row.get(0)?),
        likes: row.get(1)?,
        story: StoryId::from_i64(row.get(2)?),
        story_author: PersonId::from_i64(row.get(3)?),
        audience: audience_of_number(row.get(4)?),
    })
}

impl Head {
    const fn unchanged(&self) -> LikedComment {
        LikedComment {
            story: self.story,
            likes: self.likes,
            changed: false,
            notified: None,
        }
    }
}

/// Inserts likes of comments that exist, without notifications. Returns the number inserted.
pub(super) fn import(db: &Db<'_>, likes: &[(PersonId, CommentId, Timestamp)]) -> StoreResult<u64> {
    let mut made = 0;
    for (person, comment, at) in likes {
        let like = [comment.as_i64(), person.as_i64(), at.as_i64()];
        if db.changes(COMMENT_LIKE_IMPORT, like)? {
            count(db, *comment, 1)?;
            made += 1;
        }
    }
    Ok(made)
}

fn count(db: &Db<'_>, comment: CommentId, by: i64) -> StoreResult<u32> {
    let likes = db.row(COMMENT_LIKES_ADD, [comment.as_i64(), by], |row| row.get(0))?;
    Ok(likes.unwrap_or(0))
}

fn like(
    db: &Db<'_>,
    person: PersonId,
    comment: CommentId,
    notification: NotificationId,
    now: Timestamp,
    limits: &PersonLimits,
) -> StoreResult<Option<LikedComment>> {
    let Some(head) = db.row(COMMENT_HEAD, [comment.as_i64()], head)? else {
        return Ok(None);
    };
    let row = params![
        comment.as_i64(),
        person.as_i64(),
        head.story.as_i64(),
        now.as_i64()
    ];
    if !db.changes(COMMENT_LIKE_INSERT, row)? {
        return Ok(Some(head.unchanged()));
    }
    let likes = count(db, comment, 1)?;
    let note = NewNotification {
        person: head.author,
        id: notification,
        kind: NotificationKind::CommentLike,
        actor: person,
        story: Some(head.story),
        comment: Some(comment),
        at: now,
    };
    let opens = notify::opens(db, head.author, head.story_author, head.audience)?;
    let notified = match withdrawn::earlier(db, Cause::comment_like(person, comment), now, limits)?
    {
        _ if !opens => None,
        None => notify::notify_comment_like(db, &note, comment)?.then_some(head.author),
        // Repeated within a short time: the notification stays at its position, and nobody is woken.
        Some(id) => {
            notify::restore_comment_like(db, &NewNotification { id, ..note }, comment)?;
            None
        }
    };
    Ok(Some(LikedComment {
        story: head.story,
        likes,
        changed: true,
        notified,
    }))
}

fn unlike(
    db: &Db<'_>,
    person: PersonId,
    comment: CommentId,
    limits: &PersonLimits,
) -> StoreResult<Option<LikedComment>> {
    let Some(head) = db.row(COMMENT_HEAD, [comment.as_i64()], head)? else {
        return Ok(None);
    };
    let like = [comment.as_i64(), person.as_i64()];
    let liked_at = db.row(COMMENT_LIKE_DELETE, like, |row| {
        Ok(Timestamp::from_i64(row.get(0)?))
    })?;
    let Some(liked_at) = liked_at else {
        return Ok(Some(head.unchanged()));
    };
    let likes = count(db, comment, -1)?;
    let cause = Cause::comment_like(person, comment);
    let earlier = withdrawn::earlier(db, cause, liked_at, limits)?;
    let told = notify::comment_likes_notification(db, head.author, comment)?;
    if let Some(told) = told.or(earlier) {
        withdrawn::remember(db, cause, told, liked_at)?;
    }
    let others = [comment.as_i64(), head.author.as_i64()];
    let removed = !db.exists(COMMENT_LIKED_BY_OTHERS, others)?
        && notify::remove_comment_likes(db, head.author, comment)?;
    // If the like created no new notification, its withdrawal signals no change of notifications.
    let notified = (removed && earlier.is_none()).then_some(head.author);
    Ok(Some(LikedComment {
        story: head.story,
        likes,
        changed: true,
        notified,
    }))
}
