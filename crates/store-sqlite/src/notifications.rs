//! Reads of notifications. They say nothing of what a person may see: the caller filters the rows.
//!
//! The likers of a story and their number are computed from the likes, so a like that was taken back leaves no trace.

use async_trait::async_trait;
use rusqlite::{Row, params};
use sosik_feed::{CommentId, NotificationId, PersonId, StoryId, Timestamp};

use super::SqliteStore;
use super::db::Db;
use super::statement::{Sql, statements};
use super::withdrawn;
use sosik_store::engine::{audience_of_number, notification_kind_of_numbers};
use sosik_store::{
    Committed, NotificationKind, NotificationList, NotificationRecord, Notifications,
    NotifiedStory, StoreResult,
};

statements! {
    /// ?3: the position up to which they are read, or below every id. ?5: characters of the comment. Deleted stories keep their row, deleted comments
    /// do not.
    NOTIFICATIONS = "SELECT n.id, n.kind, n.actor, n.story, s.author, s.audience, n.comment, n.at, n.comment_act,
            c.parent, substr(c.text, 1, ?5)
        FROM notifications n LEFT JOIN stories s ON s.id = n.story LEFT JOIN comments c ON c.id = n.comment
        WHERE n.person = ?1 AND n.id < ?2 AND n.id > ?3
          AND (n.story IS NULL OR s.deleted_at IS NULL) AND (n.comment IS NULL OR c.deleted = 0)
        ORDER BY n.id DESC LIMIT ?4";
    NEWEST_LIKERS = "SELECT person FROM likes WHERE story = ?1 AND person <> ?2
        ORDER BY liked_at DESC, person DESC LIMIT ?3";
    OTHER_LIKERS = "SELECT likes - 1 - EXISTS (SELECT 1 FROM likes WHERE person = ?2 AND story = ?1)
        FROM story_counts WHERE story = ?1";
    NEWEST_COMMENT_LIKERS = "SELECT person FROM comment_likes WHERE comment = ?1 AND person <> ?2
        ORDER BY liked_at DESC, person DESC LIMIT ?3";
    OTHER_COMMENT_LIKERS = "SELECT likes - 1 - EXISTS (SELECT 1 FROM comment_likes WHERE person = ?2 AND comment = ?1)
        FROM comments WHERE id = ?1";
    READ_MARK = "SELECT notification FROM read_marks WHERE person = ?1";
    READ_MARK_ADVANCE = "INSERT INTO read_marks (person, notification) VALUES (?1, ?2)
        ON CONFLICT (person) DO UPDATE SET notification = max(notification, excluded.notification)";
}

#[async_trait]
impl Notifications for SqliteStore {
    async fn notifications(
        &self,
        person: PersonId,
        list: NotificationList,
        before: Option<NotificationId>,
        limit: u32,
    ) -> StoreResult<Vec<NotificationRecord>> {
        self.read("list notifications", move |db| {
            notifications(db, person, list, before, limit)
        })
        .await
    }

    async fn mark_notifications_read(
        &self,
        person: PersonId,
        up_to: NotificationId,
    ) -> StoreResult<Committed<()>> {
        self.commit("mark notifications read", move |db| {
            db.execute(READ_MARK_ADVANCE, [person.as_i64(), up_to.as_i64()])?;
            Ok(())
        })
        .await
    }

    async fn delete_withdrawn(&self, before: Timestamp, limit: u32) -> StoreResult<u64> {
        self.write("forget what was withdrawn", move |db| {
            withdrawn::forget(db, before, limit)
        })
        .await
    }
}

fn notifications(
    db: &Db<'_>,
    person: PersonId,
    list: NotificationList,
    before: Option<NotificationId>,
    limit: u32,
) -> StoreResult<Vec<NotificationRecord>> {
    let read_to = db.number(READ_MARK, [person.as_i64()])?;
    let before = before.map_or(i64::MAX, NotificationId::as_i64);
    let above = match list {
        NotificationList::All => i64::MIN,
        NotificationList::Unread => read_to,
    };
    let characters = NotificationRecord::TEXT_CHARACTERS_MAX;
    let span = params![person.as_i64(), before, above, limit, characters];
    let mut rows = db.rows(NOTIFICATIONS, span, |row| {
        notification(row, NotificationId::from_i64(read_to))
    })?;
    for row in &mut rows {
        match (row.kind, row.story, row.comment) {
            (NotificationKind::Like, Some(story), _) => {
                let (of_story, story) = ((NEWEST_LIKERS, OTHER_LIKERS), story.id.as_i64());
                (row.actors, row.others) = likers(db, of_story, story, person)?;
            }
            (NotificationKind::CommentLike, _, Some(comment)) => {
                let of_comment = (NEWEST_COMMENT_LIKERS, OTHER_COMMENT_LIKERS);
                (row.actors, row.others) = likers(db, of_comment, comment.as_i64(), person)?;
            }
            _ => {}
        }
    }
    Ok(rows)
}

/// The newest likers of a story or comment except one person, and the number of the others beside the newest.
fn likers(
    db: &Db<'_>,
    (newest_sql, others_sql): (Sql, Sql),
    of: i64,
    but: PersonId,
) -> StoreResult<(Vec<PersonId>, u32)> {
    let but = but.as_i64();
    let newest = params![of, but, NotificationRecord::LIKERS_MAX];
    let newest = db.rows(newest_sql, newest, |row| {
        Ok(PersonId::from_i64(row.get(0)?))
    })?;
    let others = db.number(others_sql, [of, but])?;
    Ok((newest, u32::try_from(others).unwrap_or(0)))
}

fn notification(row: &Row<'_>, read_to: NotificationId) -> rusqlite::Result<NotificationRecord> {
    let id = NotificationId::from_i64(row.get(0)?);
    let story = row.get::<_, Option<i64>>(3)?.map(|id| {
        Ok::<_, rusqlite::Error>(NotifiedStory {
            id: StoryId::from_i64(id),
            author: PersonId::from_i64(row.get(4)?),
            audience: audience_of_number(row.get(5)?),
        })
    });
    Ok(NotificationRecord {
        id,
        kind: notification_kind_of_numbers(row.get(1)?, row.get(8)?),
        actors: vec![PersonId::from_i64(row.get(2)?)],
        others: 0,
        story: story.transpose()?,
        comment: row.get::<_, Option<i64>>(6)?.map(CommentId::from_i64),
        parent: row.get::<_, Option<i64>>(9)?.map(CommentId::from_i64),
        text: row.get(10)?,
        at: Timestamp::from_i64(row.get(7)?),
        read: id <= read_to,
    })
}
