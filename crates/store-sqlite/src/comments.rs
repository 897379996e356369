//! Comments.

use async_trait::async_trait;
use rusqlite::{Row, params};
use sosik_feed::{CommentId, PersonId, StoryId, Timestamp};

use super::SqliteStore;
use super::counts;
use super::db::Db;
use super::hidden;
use super::idempotency;
use super::notify;
use super::posts::kept_mentions;
use super::statement::statements;
use super::stories;
use super::threads;
use sosik_store::engine::{Earlier, MentionSource, Operation, Written, bytes_of};
use sosik_store::{
    CommentEdit, CommentRecord, Comments, Committed, DeletedComment, Edited, Idempotency, Mention,
    NewComment, NotificationKind, PersonLimits, Posted, StoreResult, StoryCounts,
};

statements! {
    COMMENT_INSERT = "INSERT INTO comments (id, story, author, text, created_at, parent) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    COMMENT_IMPORT = "INSERT INTO comments (id, story, author, text, created_at, parent) SELECT ?1, ?2, ?3, ?4, ?5, ?6
        WHERE EXISTS (SELECT 1 FROM stories WHERE id = ?2 AND deleted_at IS NULL)
          AND EXISTS (SELECT 1 FROM people WHERE id = ?3) ON CONFLICT (id) DO NOTHING";
    COMMENT = "SELECT c.id, c.story, c.author, c.text, c.created_at, c.edited_at, c.parent, c.replies, c.likes, c.deleted FROM comments c JOIN stories s ON s.id = c.story
        WHERE c.id = ?1 AND c.deleted = 0 AND s.deleted_at IS NULL";
    COMMENTS_OF = "SELECT c.id, c.story, c.author, c.text, c.created_at, c.edited_at, c.parent, c.replies, c.likes, c.deleted FROM comments c
        WHERE c.story = ?1 AND c.parent IS NULL AND c.id > ?2 AND (c.deleted = 0 OR c.replies > 0)
          AND EXISTS (SELECT 1 FROM stories WHERE id = ?1 AND deleted_at IS NULL) ORDER BY c.id LIMIT ?3";
    /// The bytes of a comment that its author may edit.
    COMMENT_BYTES = "SELECT octet_length(c.text) FROM comments c JOIN stories s ON s.id = c.story
        WHERE c.id = ?1 AND c.author = ?2 AND c.deleted = 0 AND s.deleted_at IS NULL";
    COMMENT_EDIT = "UPDATE comments SET text = ?2, edited_at = ?3 WHERE id = ?1
        RETURNING id, story, author, text, created_at, edited_at, parent, replies, likes, deleted";
    /// A comment that the person may delete.
    COMMENT_DELETABLE = "SELECT c.story, c.author, octet_length(c.text), c.parent FROM comments c
        JOIN stories s ON s.id = c.story
        WHERE c.id = ?1 AND c.deleted = 0 AND s.deleted_at IS NULL AND ?2 IN (s.author, c.author)";
}

#[async_trait]
impl Comments for SqliteStore {
    async fn comment(
        &self,
        comment: NewComment,
    ) -> StoreResult<Committed<(Posted<CommentId>, StoryCounts)>> {
        let limits = self.person_limits;
        self.commit("comment", move |db| add(db, &comment, &limits))
            .await
    }

    async fn earlier_comment(
        &self,
        author: PersonId,
        asked: Idempotency,
    ) -> StoreResult<Option<Posted<CommentId>>> {
        self.read("look up an earlier comment", move |db| {
            let earlier = idempotency::earlier(db, author, Operation::Comment, Some(&asked))?;
            Ok(earlier.comment())
        })
        .await
    }

    async fn comment_by_id(&self, id: CommentId) -> StoreResult<Option<CommentRecord>> {
        self.read("look up a comment", move |db| {
            db.row(COMMENT, [id.as_i64()], comment)
        })
        .await
    }

    async fn comments_of(
        &self,
        story: StoryId,
        after: CommentId,
        limit: u32,
    ) -> StoreResult<Vec<CommentRecord>> {
        self.read("list comments", move |db| {
            db.rows(
                COMMENTS_OF,
                params![story.as_i64(), after.as_i64(), limit],
                comment,
            )
        })
        .await
    }

    async fn replies_of(
        &self,
        parent: CommentId,
        after: CommentId,
        limit: u32,
    ) -> StoreResult<Vec<CommentRecord>> {
        self.read("list replies", move |db| {
            threads::replies(db, parent, after, limit)
        })
        .await
    }

    async fn reply_authors(
        &self,
        parents: &[CommentId],
        each: u32,
    ) -> StoreResult<Vec<(CommentId, PersonId)>> {
        let parents = parents.to_vec();
        self.read("look up authors of replies", move |db| {
            threads::authors(db, &parents, each)
        })
        .await
    }

    async fn comments_hidden_from(&self, viewer: PersonId, story: StoryId) -> StoreResult<u32> {
        self.read("count hidden comments", move |db| {
            hidden::comments(db, viewer, story)
        })
        .await
    }

    async fn edit_comment(
        &self,
        edit: CommentEdit,
    ) -> StoreResult<Committed<Option<Edited<CommentRecord>>>> {
        let limits = self.person_limits;
        self.commit("edit a comment", move |db| change(db, &edit, &limits))
            .await
    }

    async fn delete_comment(
        &self,
        comment: CommentId,
        person: PersonId,
    ) -> StoreResult<Committed<Option<DeletedComment>>> {
        self.commit("delete a comment", move |db| delete(db, comment, person))
            .await
    }
}

/// Reads the columns of a comment.
pub(super) fn comment(row: &Row<'_>) -> rusqlite::Result<CommentRecord> {
    Ok(CommentRecord {
        id: CommentId::from_i64(row.get(0)?),
        story: StoryId::from_i64(row.get(1)?),
        author: PersonId::from_i64(row.get(2)?),
        text: row.get(3)?,
        created_at: Timestamp::from_i64(row.get(4)?),
        edited_at: row.get::<_, Option<i64>>(5)?.map(Timestamp::from_i64),
        parent: row.get::<_, Option<i64>>(6)?.map(CommentId::from_i64),
        replies: row.get(7)?,
        likes: row.get(8)?,
        deleted: row.get(9)?,
    })
}

/// Inserts comments on stories that exist, without notifications. Returns the number inserted.
pub(super) fn import(db: &Db<'_>, comments: &[NewComment]) -> StoreResult<u64> {
    let mut made = 0;
    for comment in comments {
        if let Some(parent) = comment.reply_to
            && !threads::join_imported(db, comment.story, parent)?
        {
            continue;
        }
        let row = params![
            comment.id.as_i64(),
            comment.story.as_i64(),
            comment.author.as_i64(),
            comment.text,
            comment.now.as_i64(),
            comment.reply_to.map(CommentId::as_i64)
        ];
        if db.changes(COMMENT_IMPORT, row)? {
            if let Some(parent) = comment.reply_to {
                threads::count(db, parent, 1)?;
            }
            let written = Written::comment(bytes_of(&comment.text));
            counts::written(db, comment.author, written)?;
            counts::comments(db, comment.story, 1)?;
            made += 1;
        }
    }
    Ok(made)
}

fn delete(
    db: &Db<'_>,
    comment: CommentId,
    person: PersonId,
) -> StoreResult<Option<DeletedComment>> {
    let key = [comment.as_i64(), person.as_i64()];
    let Some((story, author, bytes, parent)) = db.row(COMMENT_DELETABLE, key, found)? else {
        return Ok(None);
    };
    threads::remove(db, comment, parent)?;
    counts::written(db, author, Written::comment(bytes).removed())?;
    Ok(Some(DeletedComment {
        story,
        counts: counts::comments(db, story, -1)?,
        notified: notify::remove_comment(db, story, comment, author)?,
    }))
}

type Found = (StoryId, PersonId, i64, Option<CommentId>);

fn found(row: &Row<'_>) -> rusqlite::Result<Found> {
    let author = PersonId::from_i64(row.get(1)?);
    let parent = row.get::<_, Option<i64>>(3)?.map(CommentId::from_i64);
    Ok((stories::story_id(row)?, author, row.get(2)?, parent))
}

fn change(
    db: &Db<'_>,
    edit: &CommentEdit,
    limits: &PersonLimits,
) -> StoreResult<Option<Edited<CommentRecord>>> {
    let key = [edit.id.as_i64(), edit.author.as_i64()];
    let Some(before) = db.row(COMMENT_BYTES, key, |row| row.get(0))? else {
        return Ok(None);
    };
    let change = Written::comment(before).to(Written::comment(bytes_of(&edit.text)));
    counts::written_within(db, edit.author, change, limits)?;
    let values = params![edit.id.as_i64(), edit.text, edit.now.as_i64()];
    let Some(record) = db.row(COMMENT_EDIT, values, comment)? else {
        return Ok(None);
    };
    let notified = notify_added(db, edit, record.story, limits)?;
    Ok(Some(Edited { record, notified }))
}

fn notify_added(
    db: &Db<'_>,
    edit: &CommentEdit,
    story: StoryId,
    limits: &PersonLimits,
) -> StoreResult<Vec<PersonId>> {
    let Some((story_author, audience)) = stories::head(db, story)? else {
        return Ok(Vec::new());
    };
    let act = MentionSource {
        id: edit.cause,
        actor: edit.author,
        story,
        story_author,
        audience,
        comment: Some(edit.id),
        at: edit.now,
    };
    let mentions = kept_mentions(db, edit.author, &edit.mentions)?;
    notify::notify_newly_mentioned(db, &act, mentions, limits)
}

fn add(
    db: &Db<'_>,
    comment: &NewComment,
    limits: &PersonLimits,
) -> StoreResult<(Posted<CommentId>, StoryCounts)> {
    let asked = comment.idempotency.as_ref();
    // This check comes first: a repeated request gets the same result even if the story has been deleted since.
    match idempotency::earlier(db, comment.author, Operation::Comment, asked)? {
        Earlier::New => {}
        Earlier::Repeated(id) => {
            return Ok((
                Posted::Repeated(CommentId::new(id)),
                counts::of_story(db, comment.story)?,
            ));
        }
        Earlier::Reused => return Ok((Posted::KeyReused, counts::of_story(db, comment.story)?)),
    }
    let Some((story_author, audience)) = stories::head(db, comment.story)? else {
        return Ok((Posted::NoSuchStory, StoryCounts::default()));
    };
    let thread = match comment.reply_to {
        None => None,
        Some(to) => match threads::join(db, comment.story, to)? {
            Some(thread) => Some(thread),
            None => return Ok((Posted::NoSuchComment, StoryCounts::default())),
        },
    };
    let row = params![
        comment.id.as_i64(),
        comment.story.as_i64(),
        comment.author.as_i64(),
        comment.text,
        comment.now.as_i64(),
        thread.as_ref().map(|thread| thread.parent.as_i64())
    ];
    let written = Written::comment(bytes_of(&comment.text));
    counts::written_within(db, comment.author, written, limits)?;
    db.execute(COMMENT_INSERT, row)?;
    idempotency::remember(
        db,
        comment.author,
        Operation::Comment,
        asked,
        comment.id.raw(),
        comment.now,
    )?;
    let counts = counts::comments(db, comment.story, 1)?;
    let act = MentionSource::comment(comment, (story_author, audience));
    let mentions = kept_mentions(db, comment.author, &comment.mentions)?;
    let answered = thread.map_or([None; 2], |thread| thread.authors);
    let notified = notify_people(db, &act, answered, &mentions, limits)?;
    let posted = Posted::New {
        notified,
        mentions,
        attachments: Vec::new(),
    };
    Ok((posted, counts))
}

/// Notifies the authors of the comments that it answers, the story's author of the comment, and mentioned people of the
/// mention. Everybody gets one notification.
fn notify_people(
    db: &Db<'_>,
    act: &MentionSource,
    answered: [Option<PersonId>; 2],
    mentions: &[Mention],
    limits: &PersonLimits,
) -> StoreResult<Vec<PersonId>> {
    let note = act.notification(act.story_author, NotificationKind::Comment);
    let mut told = notify::notify_answered(db, act, answered)?;
    if !told.contains(&act.story_author) && notify::notify(db, &note)? {
        told.push(act.story_author);
    }
    let mut mentions = mentions.to_vec();
    mentions.retain(|mention| !told.contains(&mention.person));
    told.extend(notify::notify_mentioned(db, act, &mentions, limits)?);
    Ok(told)
}
