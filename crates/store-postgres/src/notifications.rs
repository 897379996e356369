//! Reads of notifications. They say nothing of what a person may see: the caller filters the rows.
//!
//! The likers of a story and their number are computed from the likes, so a like that was taken back leaves no trace.
//!
//! Stories and comments are in other buckets than the notifications about them. So a page is read in steps: the
//! notifications, then the stories and comments that still exist, and again if too few of them do.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use sosik_feed::{CommentId, NotificationId, PersonId, StoryId, Timestamp};

use super::pool::Class;
use super::row::{Answer, Row};
use super::sql::{Query, Value, bind, statements};
use super::tx::Tx;
use super::{PostgresStore, withdrawn};
use sosik_store::engine::{audience_of_number, notification_kind_of_numbers};
use sosik_store::{
    Committed, NotificationKind, NotificationList, NotificationRecord, Notifications,
    NotifiedStory, StoreError, StoreResult,
};

statements! {
    NOTIFICATIONS = "SELECT id, kind, actor, story, comment, at, comment_act FROM notifications
        WHERE bucket = $1 AND person = $2 AND id < $3 AND id > $4 ORDER BY id DESC LIMIT $5";
    NOTIFIED_STORIES = "SELECT s.id, s.author, s.audience FROM unnest($1::smallint[], $2::bigint[]) AS asked (bucket, id)
        JOIN stories s ON s.bucket = asked.bucket AND s.id = asked.id
        WHERE s.bucket = ANY($1) AND s.deleted_at IS NULL";
    /// $3: characters of the text.
    NOTIFIED_COMMENTS = "SELECT c.id, c.parent, left(c.text, $3::bigint::integer) FROM unnest($1::smallint[], $2::bigint[]) AS asked (bucket, id)
        JOIN comments c ON c.bucket = asked.bucket AND c.id = asked.id WHERE c.bucket = ANY($1) AND NOT c.deleted";
    NEWEST_LIKERS = "SELECT person FROM likes WHERE bucket = $1 AND story = $2 AND person <> $3
        ORDER BY liked_at DESC, person DESC LIMIT $4";
    OTHER_LIKERS = "SELECT likes - 1 - (EXISTS (SELECT 1 FROM likes
            WHERE bucket = $1 AND story = $2 AND person = $3))::int FROM story_counts WHERE bucket = $1 AND story = $2";
    NEWEST_COMMENT_LIKERS = "SELECT person FROM comment_likes WHERE bucket = $1 AND comment = $2 AND person <> $3
        ORDER BY liked_at DESC, person DESC LIMIT $4";
    OTHER_COMMENT_LIKERS = "SELECT likes - 1 - (EXISTS (SELECT 1 FROM comment_likes
            WHERE bucket = $1 AND comment = $2 AND person = $3))::int FROM comments WHERE bucket = $1 AND id = $2";
    READ_MARK = "SELECT notification FROM read_marks WHERE bucket = $1 AND person = $2";
    READ_MARK_ADVANCE = "INSERT INTO read_marks AS m (bucket, person, notification) VALUES ($1, $2, $3)
        ON CONFLICT (person, bucket) DO UPDATE SET notification = greatest(m.notification, excluded.notification)";
}

/// How often a page is filled up with older notifications. Notifications of deleted stories exist only until their
/// purge, so one more read is nearly always enough.
const READS_MAX: u32 = 100;

#[async_trait]
impl Notifications for PostgresStore {
    async fn notifications(
        &self,
        person: PersonId,
        list: NotificationList,
        before: Option<NotificationId>,
        limit: u32,
    ) -> StoreResult<Vec<NotificationRecord>> {
        self.db
            .snapshot(Class::Read, "list notifications", |tx| async move {
                notifications(&tx, person, list, before, limit).await
            })
            .await
    }

    async fn mark_notifications_read(
        &self,
        person: PersonId,
        up_to: NotificationId,
    ) -> StoreResult<Committed<()>> {
        self.db
            .commit(Class::Post, "mark notifications read", |tx| async move {
                let advance = bind!(READ_MARK_ADVANCE, person.bucket(), person, up_to);
                tx.last([advance]).await?;
                Ok(())
            })
            .await
    }

    async fn delete_withdrawn(&self, before: Timestamp, limit: u32) -> StoreResult<u64> {
        self.db
            .write(
                Class::Background,
                "forget what was withdrawn",
                |tx| async move { withdrawn::forget(&tx, before, limit).await },
            )
            .await
    }
}

/// A row of the table.
struct Stored {
    id: NotificationId,
    kind: NotificationKind,
    actor: PersonId,
    story: Option<StoryId>,
    comment: Option<CommentId>,
    at: Timestamp,
}

fn stored(row: &Row) -> StoreResult<Stored> {
    Ok(Stored {
        id: row.get(0)?,
        kind: notification_kind_of_numbers(row.get(1)?, row.get(6)?),
        actor: row.get(2)?,
        story: row.get(3)?,
        comment: row.get(4)?,
        at: row.get(5)?,
    })
}

async fn notifications(
    tx: &Tx,
    person: PersonId,
    list: NotificationList,
    before: Option<NotificationId>,
    limit: u32,
) -> StoreResult<Vec<NotificationRecord>> {
    let read_to = tx.number(bind!(READ_MARK, person.bucket(), person)).await?;
    let above = match list {
        NotificationList::All => -1,
        NotificationList::Unread => read_to,
    };
    let mut below = before.map_or(i64::MAX, NotificationId::as_i64);
    let (mut page, limit) = (Vec::new(), limit as usize);
    for _ in 0..READS_MAX {
        let wanted = (limit - page.len()) as u64;
        let rows = bind!(NOTIFICATIONS, person.bucket(), person, below, above, wanted);
        let rows = tx.rows(rows, stored).await?;
        let ends = rows.len() < limit - page.len();
        below = rows.last().map_or(below, |row| row.id.as_i64());
        let subjects = Subjects::of(tx, &rows).await?;
        page.extend(rows.iter().filter_map(|row| subjects.record(row, read_to)));
        if ends || page.len() >= limit {
            add_likers(tx, person, &mut page).await?;
            return Ok(page);
        }
    }
    let many = "too many of a person's notifications are about deleted stories that are not purged";
    Err(StoreError::failed("list notifications", many))
}

/// The stories and comments of some notifications, as far as they are not deleted.
struct Subjects {
    stories: BTreeMap<StoryId, NotifiedStory>,
    /// With their parent and the beginning of their text.
    comments: BTreeMap<CommentId, (Option<CommentId>, String)>,
}

impl Subjects {
    async fn of(tx: &Tx, rows: &[Stored]) -> StoreResult<Self> {
        let stories: BTreeSet<_> = rows.iter().filter_map(|row| row.story).collect();
        let comments: BTreeSet<_> = rows.iter().filter_map(|row| row.comment).collect();
        let of_stories = bind!(
            NOTIFIED_STORIES,
            Value::buckets(stories.iter().map(|story| story.bucket())),
            stories.into_iter().collect::<Vec<_>>()
        );
        let ids: Vec<i64> = comments.iter().map(|comment| comment.as_i64()).collect();
        let buckets = Value::buckets(comments.iter().map(|comment| comment.bucket()));
        let characters = i64::from(NotificationRecord::TEXT_CHARACTERS_MAX);
        let of_comments = bind!(NOTIFIED_COMMENTS, buckets, ids, characters);
        let [stories, comments] = tx.batch([of_stories, of_comments]).await?;
        let stories = stories.rows(notified_story)?;
        Ok(Self {
            stories: stories.into_iter().map(|story| (story.id, story)).collect(),
            comments: comments.rows(notified_comment)?.into_iter().collect(),
        })
    }

    /// `None` if the story or comment is deleted.
    fn record(&self, row: &Stored, read_to: i64) -> Option<NotificationRecord> {
        let story = match row.story {
            Some(story) => Some(*self.stories.get(&story)?),
            None => None,
        };
        let (parent, text) = match row.comment {
            Some(comment) => {
                let (parent, text) = self.comments.get(&comment)?;
                (*parent, Some(text.clone()))
            }
            None => (None, None),
        };
        Some(NotificationRecord {
            id: row.id,
            kind: row.kind,
            actors: vec![row.actor],
            others: 0,
            story,
            comment: row.comment,
            parent,
            text,
            at: row.at,
            read: row.id.as_i64() <= read_to,
        })
    }
}

fn notified_comment(row: &Row) -> StoreResult<(CommentId, (Option<CommentId>, String))> {
    Ok((row.get(0)?, (row.get(1)?, row.get(2)?)))
}

fn notified_story(row: &Row) -> StoreResult<NotifiedStory> {
    Ok(NotifiedStory {
        id: row.get(0)?,
        author: row.get(1)?,
        audience: audience_of_number(row.get(2)?),
    })
}

/// Adds the newest likers to the notifications of likes, and the number of the others.
async fn add_likers(tx: &Tx, person: PersonId, page: &mut [NotificationRecord]) -> StoreResult<()> {
    let mut likes = Vec::new();
    let mut queries = Vec::new();
    for row in page {
        match (row.kind, row.story, row.comment) {
            (NotificationKind::Like, Some(story), _) => queries.extend(likers(story.id, person)),
            (NotificationKind::CommentLike, _, Some(comment)) => {
                queries.extend(comment_likers(comment, person));
            }
            _ => continue,
        }
        likes.push(row);
    }
    let answers = tx.each(queries).await?;
    for (row, answers) in likes.iter_mut().zip(answers.chunks_exact(2)) {
        row.actors = answers[0].column()?;
        row.others = others(&answers[1])?;
    }
    Ok(())
}

/// The newest likers of a story except one person, and the number of the others beside the newest.
fn likers(story: StoryId, but: PersonId) -> [Query; 2] {
    let newest_max = NotificationRecord::LIKERS_MAX as u64;
    [
        bind!(NEWEST_LIKERS, story.bucket(), story, but, newest_max),
        bind!(OTHER_LIKERS, story.bucket(), story, but),
    ]
}

/// As [`likers`], of a comment.
fn comment_likers(comment: CommentId, but: PersonId) -> [Query; 2] {
    let newest_max = NotificationRecord::LIKERS_MAX as u64;
    let bucket = comment.bucket();
    [
        bind!(NEWEST_COMMENT_LIKERS, bucket, comment, but, newest_max),
        bind!(OTHER_COMMENT_LIKERS, bucket, comment, but),
    ]
}

fn others(answer: &Answer) -> StoreResult<u32> {
    Ok(u32::try_from(answer.number()?).unwrap_or(0))
}
