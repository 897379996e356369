//! Comments. A comment is in the bucket of its story.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use sosik_feed::{Audience, CommentId, PersonId, StoryId};

use super::PostgresStore;
use super::idempotency::{self, Request};
use super::notify;
use super::pool::Class;
use super::posts::kept_mentions;
use super::row::Row;
use super::sql::{Query, Value, bind, statements};
use super::story_counts::{self, Added, counts_or_none};
use super::tx::Tx;
use super::written;
use super::{changes, hidden, people, privacy, stories, threads};
use sosik_store::engine::{Earlier, MentionSource, Operation, Written, bytes_of};
use sosik_store::{
    CommentEdit, CommentRecord, Comments, Committed, DeletedComment, Edited, Idempotency, Mention,
    NewComment, NotificationKind, PersonLimits, Posted, StoreResult, StoryCounts,
};

statements! {
    COMMENT_INSERT = "INSERT INTO comments (bucket, id, story, author, text, created_at, parent)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    COMMENTS_IMPORT = "INSERT INTO comments (bucket, id, story, author, text, created_at, parent)
        SELECT bucket, id, story, author, text, created_at, nullif(parent, 0)
        FROM unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::bigint[], $7::bigint[])
            AS n (bucket, id, story, author, text, created_at, parent)
        ON CONFLICT (id, bucket) DO NOTHING RETURNING id";
    COMMENT = "SELECT c.id, c.story, c.author, c.text, c.created_at, c.edited_at, c.parent, c.replies, c.likes, c.deleted
        FROM comments c JOIN stories s ON s.bucket = c.bucket AND s.id = c.story
        WHERE c.bucket = $1 AND c.id = $2 AND NOT c.deleted AND s.deleted_at IS NULL";
    COMMENTS_OF = "SELECT id, story, author, text, created_at, edited_at, parent, replies, likes, deleted FROM comments
        WHERE bucket = $1 AND story = $2 AND parent IS NULL AND id > $3 AND (NOT deleted OR replies > 0)
          AND EXISTS (SELECT 1 FROM stories WHERE bucket = $1 AND id = $2 AND deleted_at IS NULL)
        ORDER BY id LIMIT $4";
    COMMENT_STORY = "SELECT story FROM comments WHERE bucket = $1 AND id = $2";
    /// The bytes of a comment that its author may edit.
    COMMENT_LOCK = "SELECT octet_length(text) FROM comments
        WHERE bucket = $1 AND id = $2 AND author = $3 AND NOT deleted FOR UPDATE";
    COMMENT_EDIT = "UPDATE comments SET text = $3, edited_at = $4 WHERE bucket = $1 AND id = $2
        RETURNING id, story, author, text, created_at, edited_at, parent, replies, likes, deleted";
    /// $3: a person who wrote the story may delete any comment on it.
    COMMENT_DELETABLE = "SELECT author, octet_length(text), parent FROM comments
        WHERE bucket = $1 AND id = $2 AND ($3 OR author = $4) AND NOT deleted FOR UPDATE";
}

#[async_trait]
impl Comments for PostgresStore {
    async fn comment(
        &self,
        comment: NewComment,
    ) -> StoreResult<Committed<(Posted<CommentId>, StoryCounts)>> {
        let (comment, limits) = (&comment, &self.person_limits);
        self.db
            .commit_new("comment", comment.id.raw(), |tx| async move {
                add(&tx, comment, limits).await
            })
            .await
    }

    async fn earlier_comment(
        &self,
        author: PersonId,
        asked: Idempotency,
    ) -> StoreResult<Option<Posted<CommentId>>> {
        let (task, asked) = ("look up an earlier comment", &asked);
        self.db
            .snapshot(Class::Read, task, |tx| async move {
                let earlier = idempotency::earlier(&tx, author, Operation::Comment, asked);
                Ok(earlier.await?.comment())
            })
            .await
    }

    async fn comment_by_id(&self, id: CommentId) -> StoreResult<Option<CommentRecord>> {
        let found = bind!(COMMENT, id.bucket(), id);
        let found = self.db.read(Class::Read, "look up a comment", found);
        found.await?.row(comment)
    }

    async fn comments_of(
        &self,
        story: StoryId,
        after: CommentId,
        limit: u32,
    ) -> StoreResult<Vec<CommentRecord>> {
        let comments = bind!(COMMENTS_OF, story.bucket(), story, after, limit);
        let comments = self.db.read(Class::Read, "list comments", comments);
        comments.await?.rows(comment)
    }

    async fn replies_of(
        &self,
        parent: CommentId,
        after: CommentId,
        limit: u32,
    ) -> StoreResult<Vec<CommentRecord>> {
        let replies = threads::replies(parent, after, limit);
        let replies = self.db.read(Class::Read, "list replies", replies);
        replies.await?.rows(threads::reply)
    }

    async fn reply_authors(
        &self,
        parents: &[CommentId],
        each: u32,
    ) -> StoreResult<Vec<(CommentId, PersonId)>> {
        let task = "look up authors of replies";
        self.db
            .snapshot(Class::Read, task, |tx| async move {
                threads::authors(&tx, parents, each).await
            })
            .await
    }

    async fn comments_hidden_from(&self, viewer: PersonId, story: StoryId) -> StoreResult<u32> {
        self.db
            .snapshot(Class::Read, "count hidden comments", |tx| async move {
                hidden::comments(&tx, viewer, story).await
            })
            .await
    }

    async fn edit_comment(
        &self,
        edit: CommentEdit,
    ) -> StoreResult<Committed<Option<Edited<CommentRecord>>>> {
        let (edit, limits) = (&edit, &self.person_limits);
        self.db
            .commit_new("edit a comment", edit.cause, |tx| async move {
                change(&tx, edit, limits).await
            })
            .await
    }

    async fn delete_comment(
        &self,
        comment: CommentId,
        person: PersonId,
    ) -> StoreResult<Committed<Option<DeletedComment>>> {
        self.db
            .commit(Class::Post, "delete a comment", |tx| async move {
                delete(&tx, comment, person).await
            })
            .await
    }
}

/// Reads the columns of a comment.
pub(crate) fn comment(row: &Row) -> StoreResult<CommentRecord> {
    Ok(CommentRecord {
        id: row.get(0)?,
        story: row.get(1)?,
        author: row.get(2)?,
        text: row.get(3)?,
        created_at: row.get(4)?,
        edited_at: row.get(5)?,
        parent: row.get(6)?,
        replies: row.get(7)?,
        likes: row.get(8)?,
        deleted: row.get(9)?,
    })
}

/// Inserts comments on stories that exist, without notifications. Returns the number inserted.
pub(crate) async fn import(tx: &Tx, comments: &[NewComment]) -> StoreResult<u64> {
    let of_people = comments.iter().map(|comment| comment.author).collect();
    let of_stories = comments.iter().map(|comment| comment.story).collect();
    let people = people::existing(tx, of_people).await?;
    let stories = stories::live_held(tx, of_stories).await?;
    let exists = |comment: &&NewComment| {
        people.contains(&comment.author) && stories.contains(&comment.story)
    };
    let comments = comments.iter().filter(exists).collect();
    let comments = threads::with_parents(tx, comments).await?;
    let inserted: Vec<CommentId> = tx.column(insert_many(&comments)).await?;
    let mut inserted: BTreeSet<_> = inserted.into_iter().collect();
    let (mut sums, mut added, mut made) = (BTreeMap::new(), BTreeMap::new(), 0);
    let mut replies = BTreeMap::<CommentId, i64>::new();
    for comment in comments {
        // If an id occurs twice, only the first comment was inserted.
        if inserted.remove(&comment.id) {
            made += 1;
            if let Some(parent) = comment.reply_to {
                *replies.entry(parent).or_default() += 1;
            }
            written::sum(&mut sums, comment.author, written(comment));
            added
                .entry(comment.story)
                .or_insert(Added::default())
                .comments += 1;
        }
    }
    threads::count_many(tx, &replies).await?;
    written::add_many(tx, &sums).await?;
    story_counts::add_many(tx, &added).await?;
    Ok(made)
}

fn insert_many(comments: &[&NewComment]) -> Query {
    let numbers = |number: fn(&NewComment) -> i64| {
        let numbers = comments.iter().map(|comment| number(comment));
        numbers.collect::<Vec<_>>()
    };
    let texts = comments.iter().map(|comment| comment.text.clone());
    bind!(
        COMMENTS_IMPORT,
        Value::buckets(comments.iter().map(|comment| comment.id.bucket())),
        numbers(|comment| comment.id.as_i64()),
        numbers(|comment| comment.story.as_i64()),
        numbers(|comment| comment.author.as_i64()),
        texts.collect::<Vec<_>>(),
        numbers(|comment| comment.now.as_i64()),
        numbers(|comment| comment.reply_to.map_or(0, CommentId::as_i64))
    )
}

fn written(comment: &NewComment) -> Written {
    Written::comment(bytes_of(&comment.text))
}

async fn add(
    tx: &Tx,
    comment: &NewComment,
    limits: &PersonLimits,
) -> StoreResult<(Posted<CommentId>, StoryCounts)> {
    // This check comes first: a repeated request gets the same result even if the story has been deleted since.
    match earlier(tx, comment).await? {
        Earlier::New => {}
        Earlier::Repeated(id) => {
            let counts = tx.run(story_counts::of_story(comment.story)).await?;
            return Ok((
                Posted::Repeated(CommentId::new(id)),
                counts_or_none(&counts)?,
            ));
        }
        Earlier::Reused => {
            let counts = tx.run(story_counts::of_story(comment.story)).await?;
            return Ok((Posted::KeyReused, counts_or_none(&counts)?));
        }
    }
    let head = tx.run(stories::head_held(comment.story)).await?;
    let Some(head) = stories::head_of(&head)? else {
        return nothing_to_answer(tx, comment, Posted::NoSuchStory).await;
    };
    let thread = match comment.reply_to {
        None => None,
        Some(to) => match threads::join(tx, comment.story, to).await? {
            Some(thread) => Some(thread),
            None => return nothing_to_answer(tx, comment, Posted::NoSuchComment).await,
        },
    };
    let parent = thread.as_ref().map(|thread| thread.parent);
    let written = written(comment);
    let [counts, known] = tx
        .batch([
            written::add(comment.author, written),
            people::ids_by_handles(&comment.mentions),
        ])
        .await?;
    written::check_quotas(counts.row(written::counts)?, written, limits)?;
    let mentions = kept_mentions(&comment.mentions, &people::by_handle(&known)?);
    let mentions = privacy::permitted_mentions(tx, comment.author, mentions).await?;
    let [_, counts] = tx
        .batch([
            insert(comment, parent),
            story_counts::comments(comment.story, 1),
        ])
        .await?;
    let act = MentionSource::comment(comment, head);
    let answered = thread.map_or([None; 2], |thread| thread.authors);
    let notified = tell(tx, &act, answered, &mentions, limits).await?;
    let counts = counts_or_none(&counts)?;
    tx.last([changes::log_counts(comment.story, counts, &[])])
        .await?;
    let posted = Posted::New {
        notified,
        mentions,
        attachments: Vec::new(),
    };
    Ok((posted, counts))
}

async fn earlier(tx: &Tx, comment: &NewComment) -> StoreResult<Earlier> {
    match request(comment) {
        Some(request) => idempotency::take(tx, &request).await,
        None => Ok(Earlier::New),
    }
}

fn request(comment: &NewComment) -> Option<Request<'_>> {
    Some(Request {
        person: comment.author,
        operation: Operation::Comment,
        idempotency: comment.idempotency.as_ref()?,
        answer: comment.id.raw(),
        now: comment.now,
    })
}

/// Gives the key back: a request that did nothing has no result.
async fn nothing_to_answer(
    tx: &Tx,
    comment: &NewComment,
    posted: Posted<CommentId>,
) -> StoreResult<(Posted<CommentId>, StoryCounts)> {
    if let Some(request) = request(comment) {
        tx.run(idempotency::release(&request)).await?;
    }
    Ok((posted, StoryCounts::default()))
}

fn insert(comment: &NewComment, parent: Option<CommentId>) -> Query {
    bind!(
        COMMENT_INSERT,
        comment.id.bucket(),
        comment.id,
        comment.story,
        comment.author,
        &comment.text,
        comment.now,
        parent
    )
}

/// Notifies the authors of the comments that it answers, the story's author of the comment, and mentioned people of the
/// mention. Everybody gets one notification.
async fn tell(
    tx: &Tx,
    act: &MentionSource,
    answered: [Option<PersonId>; 2],
    mentions: &[Mention],
    limits: &PersonLimits,
) -> StoreResult<Vec<PersonId>> {
    let note = act.notification(act.story_author, NotificationKind::Comment);
    let mut told = notify::notify_answered(tx, act, answered).await?;
    if !told.contains(&act.story_author) && notify::notify(tx, &note).await? {
        told.push(act.story_author);
    }
    let mut mentions = mentions.to_vec();
    mentions.retain(|mention| !told.contains(&mention.person));
    told.extend(notify::notify_mentioned(tx, act, &mentions, limits).await?);
    Ok(told)
}

async fn change(
    tx: &Tx,
    edit: &CommentEdit,
    limits: &PersonLimits,
) -> StoreResult<Option<Edited<CommentRecord>>> {
    let Some((story, head)) = hold_story(tx, edit.id).await? else {
        return Ok(None);
    };
    let lock = bind!(COMMENT_LOCK, edit.id.bucket(), edit.id, edit.author);
    let Some(before) = tx.first(lock).await? else {
        return Ok(None);
    };
    let change = Written::comment(before).to(Written::comment(bytes_of(&edit.text)));
    let [counts, edited, known] = tx
        .batch([
            written::add(edit.author, change),
            bind!(
                COMMENT_EDIT,
                edit.id.bucket(),
                edit.id,
                &edit.text,
                edit.now
            ),
            people::ids_by_handles(&edit.mentions),
        ])
        .await?;
    written::check_quotas(counts.row(written::counts)?, change, limits)?;
    let Some(record) = edited.row(comment)? else {
        return Ok(None);
    };
    let (story_author, audience) = head;
    let act = MentionSource {
        id: edit.cause,
        actor: edit.author,
        story,
        story_author,
        audience,
        comment: Some(edit.id),
        at: edit.now,
    };
    let mentions = kept_mentions(&edit.mentions, &people::by_handle(&known)?);
    let mentions = privacy::permitted_mentions(tx, edit.author, mentions).await?;
    let notified = notify::notify_newly_mentioned(tx, &act, mentions, limits).await?;
    Ok(Some(Edited { record, notified }))
}

/// The story of a comment, with its author and audience. Holds it as it is until the commit. `None` if it is deleted.
pub(crate) async fn hold_story(
    tx: &Tx,
    comment: CommentId,
) -> StoreResult<Option<(StoryId, (PersonId, Audience))>> {
    let story = bind!(COMMENT_STORY, comment.bucket(), comment);
    let Some(story) = tx.first::<StoryId>(story).await? else {
        return Ok(None);
    };
    let head = tx.run(stories::head_held(story)).await?;
    Ok(stories::head_of(&head)?.map(|head| (story, head)))
}

async fn delete(
    tx: &Tx,
    comment: CommentId,
    person: PersonId,
) -> StoreResult<Option<DeletedComment>> {
    let Some((story, (story_author, _))) = hold_story(tx, comment).await? else {
        return Ok(None);
    };
    let any = person == story_author;
    let found = bind!(COMMENT_DELETABLE, comment.bucket(), comment, any, person);
    let found = tx.row(found, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
    let Some((author, bytes, parent)) = found.await? else {
        return Ok(None);
    };
    threads::remove(tx, comment, parent).await?;
    let [_, counts, had] = tx
        .batch([
            written::add(author, Written::comment(bytes).removed()),
            story_counts::comments(story, -1),
            notify::remove_comment(story, comment),
        ])
        .await?;
    let counts = counts_or_none(&counts)?;
    let notified = notify::without_severed(tx, had.column()?, author).await?;
    tx.last([changes::log_counts(story, counts, &[])]).await?;
    Ok(Some(DeletedComment {
        story,
        counts,
        notified,
    }))
}
