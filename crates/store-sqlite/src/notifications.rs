//! Reads of notifications. They filter out what may no longer be shown, whatever was written.
//!
//! The person shown for a group of likes and the number of others are computed from the likes, so a like that was taken
//! back leaves no trace.

use async_trait::async_trait;
use rusqlite::{Row, params};
use sosik_feed::{CommentId, NotificationId, PersonId, StoryId, Timestamp};

use super::SqliteStore;
use super::notify::kind_of_number;
use super::statement::statements;
use super::withdrawn;
use sosik_store::{Committed, NotificationRecord, Notifications, StoreResult};

/// The notifications of ?1 below ?2 that may be shown, newest first. The columns `actor` and `others` are current. For
/// likes, the actor is the latest person who is neither severed from the reader nor muted.
macro_rules! shown {
    () => {
        "SELECT n.id, n.kind,
            CASE n.kind WHEN 4 THEN
                (SELECT l.person FROM likes l WHERE l.story = n.story AND l.person <> ?1
                    AND NOT EXISTS (SELECT 1 FROM blocks WHERE blocker = ?1 AND blocked = l.person)
                    AND NOT EXISTS (SELECT 1 FROM blocks WHERE blocker = l.person AND blocked = ?1)
                    AND NOT EXISTS (SELECT 1 FROM mutes WHERE muter = ?1 AND muted = l.person)
                    ORDER BY l.liked_at DESC, l.person DESC LIMIT 1)
            ELSE n.actor END AS shown_actor,
            CASE n.kind WHEN 4 THEN
                (SELECT likes - 1 FROM story_counts WHERE story = n.story)
                - EXISTS (SELECT 1 FROM likes WHERE person = ?1 AND story = n.story)
            ELSE 0 END AS others,
            n.story, n.comment, n.at
        FROM notifications n LEFT JOIN stories s ON s.id = n.story LEFT JOIN comments c ON c.id = n.comment
        WHERE n.person = ?1 AND n.id < ?2
          AND (n.comment IS NULL OR c.id IS NOT NULL)
          AND (n.story IS NULL OR (s.deleted_at IS NULL AND (s.author = ?1
            OR EXISTS (SELECT 1 FROM friendships WHERE person = ?1 AND friend = s.author)
            OR (s.audience = 1
                AND NOT EXISTS (SELECT 1 FROM blocks WHERE blocker = ?1 AND blocked = s.author)
                AND NOT EXISTS (SELECT 1 FROM blocks WHERE blocker = s.author AND blocked = ?1)))))
          AND shown_actor IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM blocks WHERE blocker = ?1 AND blocked = shown_actor)
          AND NOT EXISTS (SELECT 1 FROM blocks WHERE blocker = shown_actor AND blocked = ?1)"
    };
}

statements! {
    NOTIFICATIONS = concat!(shown!(), " ORDER BY n.id DESC LIMIT ?3");
    UNREAD_COUNT = concat!("SELECT count(*) FROM (", shown!(), " AND n.id > ?3 LIMIT ?4)");
    READ_MARK = "SELECT notification FROM read_marks WHERE person = ?1";
    READ_MARK_ADVANCE = "INSERT INTO read_marks (person, notification) VALUES (?1, ?2)
        ON CONFLICT (person) DO UPDATE SET notification = max(notification, excluded.notification)";
}

#[async_trait]
impl Notifications for SqliteStore {
    async fn notifications(
        &self,
        person: PersonId,
        before: Option<NotificationId>,
        limit: u32,
    ) -> StoreResult<Vec<NotificationRecord>> {
        self.read("list notifications", move |db| {
            let read_to = NotificationId::from_i64(db.number(READ_MARK, [person.as_i64()])?);
            let before = before.map_or(i64::MAX, NotificationId::as_i64);
            db.rows(
                NOTIFICATIONS,
                params![person.as_i64(), before, limit],
                |row| notification(row, read_to),
            )
        })
        .await
    }

    async fn unread_notifications(&self, person: PersonId, at_most: u32) -> StoreResult<u32> {
        self.read("count unread notifications", move |db| {
            let read_to = db.number(READ_MARK, [person.as_i64()])?;
            let count = db.number(
                UNREAD_COUNT,
                params![person.as_i64(), i64::MAX, read_to, at_most],
            )?;
            Ok(u32::try_from(count).unwrap_or(at_most))
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

fn notification(row: &Row<'_>, read_to: NotificationId) -> rusqlite::Result<NotificationRecord> {
    let id = NotificationId::from_i64(row.get(0)?);
    Ok(NotificationRecord {
        id,
        kind: kind_of_number(row.get(1)?),
        actor: PersonId::from_i64(row.get(2)?),
        others: u32::try_from(row.get::<_, i64>(3)?).unwrap_or(0),
        story: row.get::<_, Option<i64>>(4)?.map(StoryId::from_i64),
        comment: row.get::<_, Option<i64>>(5)?.map(CommentId::from_i64),
        at: Timestamp::from_i64(row.get(6)?),
        read: id <= read_to,
    })
}
