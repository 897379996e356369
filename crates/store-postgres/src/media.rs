//! Uploaded photos and videos, and the lists of them in stories. A medium is in the bucket of its owner, and so are the
//! stories that can have it.
//!
//! A transaction that locks a story and its media locks the story first.

use async_trait::async_trait;
use sosik_feed::{Change, MediaId, PersonId, StoryId, Timestamp};

use super::pool::Class;
use super::row::Row;
use super::sql::{Query, Value, bind, statements};
use super::tx::Tx;
use super::{PostgresStore, changes, counts};
use sosik_store::engine::{
    KnownMedia, MEDIA_DELETED, attach, attachments_json, attachments_of_json, facts_of_json,
    media_kind_number, media_kind_of_number, media_state_of_number, processed, result_columns,
};
use sosik_store::{
    Attachment, Committed, Media, MediaDeletion, MediaQuota, MediaRecord, MediaStats, MediaTask,
    MediaWork, NewAttachment, NewMedia, Processed, StoreError, StoreResult,
};

statements! {
    MEDIA_INSERT = "INSERT INTO media (bucket, id, owner, kind, state, upload, bytes, created_at, due_at)
        VALUES ($1, $2, $3, $4, 1, $5, $6, $7, $7)";
    MEDIA_OWNED = "SELECT count(*), coalesce(sum(bytes), 0)::bigint FROM media WHERE bucket = $1 AND owner = $2";
    MEDIA = "SELECT id, story, kind, state, facts, owner, problem FROM media
        WHERE bucket = $1 AND id = $2 AND state < 4";
    MEDIA_DELETE_LOCK = "SELECT story FROM media WHERE bucket = $1 AND id = $2 AND owner = $3 AND state < 4 FOR UPDATE";
    /// In one order, so that two stories that take the same media wait for each other.
    MEDIA_LOCK = "SELECT id, story, kind, state, facts FROM media
        WHERE bucket = $1 AND id = ANY ($2) AND owner = $3 AND state < 4 ORDER BY id FOR UPDATE";
    MEDIA_OF_STORY = "SELECT id FROM media WHERE bucket = $1 AND story = $2";
    MEDIA_DELETE = "UPDATE media SET state = 4, story = NULL, due_at = $3, attempts = 0
        WHERE bucket = $1 AND id = ANY ($2)";
    MEDIA_DELETE_OF_STORY = "UPDATE media SET state = 4, story = NULL, due_at = $3, attempts = 0
        WHERE bucket = $1 AND story = $2";
    MEDIA_ATTACH = "UPDATE media SET story = $3 WHERE bucket = $1 AND id = ANY ($2)";
    MEDIA_UNUSED = "SELECT id FROM media WHERE story IS NULL AND state < 4 AND created_at < $1
        ORDER BY created_at LIMIT $2";
    MEDIA_DELETE_UNUSED = "UPDATE media SET state = 4, due_at = $3, attempts = 0
        WHERE bucket = $1 AND id = $2 AND story IS NULL AND state < 4";
    MEDIA_DUE = "SELECT id, due_at FROM media WHERE state IN (1, 4) AND due_at <= $1 ORDER BY due_at LIMIT 1";
    /// A claim changes `due_at`, so work that another worker claimed since it was read does not match.
    MEDIA_CLAIM = "UPDATE media SET due_at = $4, attempts = attempts + 1
        WHERE bucket = $1 AND id = $2 AND due_at = $3 AND state IN (1, 4)
        RETURNING id, kind, state, upload, attempts";
    MEDIA_STORY = "SELECT story FROM media WHERE bucket = $1 AND id = $2 AND state = 1 AND attempts = $3";
    STORY_ATTACHMENTS_LOCK = "SELECT attachments FROM stories
        WHERE bucket = $1 AND id = $2 AND deleted_at IS NULL FOR UPDATE";
    STORY_ATTACHMENTS_UPDATE = "UPDATE stories SET attachments = $3 WHERE bucket = $1 AND id = $2";
    MEDIA_RESULT = "UPDATE media SET state = $5, facts = $6, problem = $7, bytes = $8, upload = ''
        WHERE bucket = $1 AND id = $2 AND state = 1 AND attempts = $3 AND story IS NOT DISTINCT FROM $4";
    MEDIA_FORGET = "DELETE FROM media WHERE bucket = $1 AND id = $2 AND state = 4";
    MEDIA_KNOWN = "SELECT id FROM media WHERE bucket = ANY ($1) AND id = ANY ($2)";
    MEDIA_FIGURES = "SELECT count(*) FILTER (WHERE state = 1), count(*) FILTER (WHERE state = 4) FROM media
        WHERE state IN (1, 4)";
}

/// How often a worker tries to claim work that others claim at the same time, before it waits for its next turn.
const CLAIMS_MAX: u32 = 4;

/// How often a result is written anew because the medium was attached to a story meanwhile. It is attached once.
const RESULT_WRITES_MAX: u32 = 3;

#[async_trait]
impl Media for PostgresStore {
    async fn add_media(&self, media: NewMedia, quota: MediaQuota) -> StoreResult<bool> {
        let media = &media;
        self.db
            .write(Class::Post, "add an upload", |tx| async move {
                add(&tx, media, quota).await
            })
            .await
    }

    async fn media(&self, media: MediaId) -> StoreResult<Option<MediaRecord>> {
        let look_up = bind!(MEDIA, media.bucket(), media);
        let found = self.db.read(Class::Read, "look up a medium", look_up);
        found.await?.row(record)
    }

    async fn delete_media(
        &self,
        media: MediaId,
        owner: PersonId,
        now: Timestamp,
    ) -> StoreResult<MediaDeletion> {
        self.db
            .write(Class::Post, "delete a medium", |tx| async move {
                delete(&tx, media, owner, now).await
            })
            .await
    }

    async fn delete_unused_media(
        &self,
        uploaded_before: Timestamp,
        now: Timestamp,
        limit: u32,
    ) -> StoreResult<u64> {
        self.db
            .write(Class::Background, "delete unused media", |tx| async move {
                delete_unused(&tx, uploaded_before, now, limit).await
            })
            .await
    }

    async fn claim_media(
        &self,
        now: Timestamp,
        until: Timestamp,
    ) -> StoreResult<Option<MediaTask>> {
        self.db
            .write(Class::Background, "claim a medium", |tx| async move {
                claim(&tx, now, until).await
            })
            .await
    }

    async fn finish_media(
        &self,
        media: MediaId,
        attempt: u32,
        result: Processed,
    ) -> StoreResult<Committed<Option<StoryId>>> {
        let result = &result;
        self.db
            .commit(
                Class::Background,
                "record a processed medium",
                |tx| async move { finish(&tx, media, attempt, result).await },
            )
            .await
    }

    async fn forget_media(&self, media: MediaId) -> StoreResult<()> {
        let forget = bind!(MEDIA_FORGET, media.bucket(), media);
        let task = "forget a medium";
        self.db.execute(Class::Background, task, forget).await?;
        Ok(())
    }

    async fn known_media(&self, media: &[MediaId]) -> StoreResult<Vec<MediaId>> {
        let buckets = Value::buckets(media.iter().map(|media| media.bucket()));
        let known = bind!(MEDIA_KNOWN, buckets, numbers(media));
        let known = self.db.read(Class::Background, "look up media", known);
        known.await?.column()
    }

    async fn media_stats(&self) -> StoreResult<MediaStats> {
        let figures = bind!(MEDIA_FIGURES);
        let figures = self.db.read(Class::Background, "count media", figures);
        let stats = figures.await?.row(|row| {
            Ok(MediaStats {
                processing: row.get(0)?,
                removing: row.get(1)?,
            })
        })?;
        Ok(stats.unwrap_or_default())
    }
}

/// The counts of the owner are locked, so that concurrent uploads see each other.
async fn add(tx: &Tx, media: &NewMedia, quota: MediaQuota) -> StoreResult<bool> {
    let bucket = media.owner.bucket();
    let [locked, owned] = tx
        .batch([
            counts::lock(media.owner),
            bind!(MEDIA_OWNED, bucket, media.owner),
        ])
        .await?;
    let owned = owned.row(|row| Ok((row.get::<u64>(0)?, row.get::<u64>(1)?)))?;
    let (count, stored) = owned.unwrap_or_default();
    let is_full = count >= u64::from(quota.count_max) || stored + media.bytes > quota.bytes_max;
    if !locked.exists() || is_full {
        return Ok(false);
    }
    let insert = bind!(
        MEDIA_INSERT,
        bucket,
        media.id,
        media.owner,
        media_kind_number(media.kind),
        &media.upload,
        media.bytes,
        media.now
    );
    tx.last([insert]).await?;
    Ok(true)
}

async fn delete(
    tx: &Tx,
    media: MediaId,
    owner: PersonId,
    now: Timestamp,
) -> StoreResult<MediaDeletion> {
    let lock = bind!(MEDIA_DELETE_LOCK, media.bucket(), media, owner);
    let found: Option<Option<StoryId>> = tx.row(lock, |row| row.get(0)).await?;
    Ok(match found {
        None => MediaDeletion::Unknown,
        Some(Some(_story)) => MediaDeletion::Used,
        Some(None) => {
            tx.last([delete_all(&[media], media.bucket(), now)]).await?;
            MediaDeletion::Deleted
        }
    })
}

async fn delete_unused(
    tx: &Tx,
    uploaded_before: Timestamp,
    now: Timestamp,
    limit: u32,
) -> StoreResult<u64> {
    let unused: Vec<MediaId> = tx
        .column(bind!(MEDIA_UNUSED, uploaded_before, limit))
        .await?;
    let deletions = unused
        .iter()
        .map(|media| bind!(MEDIA_DELETE_UNUSED, media.bucket(), *media, now));
    let answers = tx.each(deletions.collect()).await?;
    Ok(answers.iter().map(|answer| answer.affected).sum())
}

async fn claim(tx: &Tx, now: Timestamp, until: Timestamp) -> StoreResult<Option<MediaTask>> {
    for _ in 0..CLAIMS_MAX {
        let due = tx.row(bind!(MEDIA_DUE, now), |row| {
            Ok((row.get::<MediaId>(0)?, row.get::<Timestamp>(1)?))
        });
        let Some((media, due_at)) = due.await? else {
            return Ok(None);
        };
        let claim = bind!(MEDIA_CLAIM, media.bucket(), media, due_at, until);
        let claimed = tx.row(claim, task).await?;
        if claimed.is_some() {
            return Ok(claimed);
        }
    }
    Ok(None)
}

async fn finish(
    tx: &Tx,
    media: MediaId,
    attempt: u32,
    result: &Processed,
) -> StoreResult<Option<StoryId>> {
    for _ in 0..RESULT_WRITES_MAX {
        let story = bind!(MEDIA_STORY, media.bucket(), media, attempt);
        let found: Option<Option<StoryId>> = tx.row(story, |row| row.get(0)).await?;
        let Some(story) = found else {
            return Ok(None);
        };
        let attachments = match story {
            Some(story) => lock_attachments(tx, story).await?,
            None => Vec::new(),
        };
        if tx
            .changes(write_result(media, attempt, story, result)?)
            .await?
        {
            if let Some(story) = story {
                let attachments = processed(attachments, media, result);
                tx.last([
                    keep(story, &attachments)?,
                    changes::log(&[Change::Story(story)]),
                ])
                .await?;
            }
            return Ok(story);
        }
    }
    Err(StoreError::Busy)
}

async fn lock_attachments(tx: &Tx, story: StoryId) -> StoreResult<Vec<Attachment>> {
    let lock = bind!(STORY_ATTACHMENTS_LOCK, story.bucket(), story);
    let attachments = tx.row(lock, |row| attachments_in(row, 0)).await?;
    Ok(attachments.unwrap_or_default())
}

fn write_result(
    media: MediaId,
    attempt: u32,
    story: Option<StoryId>,
    result: &Processed,
) -> StoreResult<Query> {
    let (state, facts, problem, bytes) = result_columns(result)?;
    Ok(bind!(
        MEDIA_RESULT,
        media.bucket(),
        media,
        attempt,
        story,
        state,
        facts,
        problem,
        bytes
    ))
}

/// The attachments of a story that is new or locked. Locks their media.
pub(crate) async fn attach_to(
    tx: &Tx,
    author: PersonId,
    story: StoryId,
    wanted: &[NewAttachment],
    now: Timestamp,
) -> StoreResult<(Vec<Attachment>, Vec<Query>)> {
    let bucket = author.bucket();
    let ids: Vec<_> = wanted.iter().map(|wanted| wanted.media).collect();
    let [locked, had] = tx
        .batch([
            bind!(MEDIA_LOCK, bucket, numbers(&ids), author),
            bind!(MEDIA_OF_STORY, bucket, story),
        ])
        .await?;
    let attachments = attach(story, wanted, &locked.rows(known)?)?;
    let mut left_out: Vec<MediaId> = had.column()?;
    left_out.retain(|id| !ids.contains(id));
    let mut writes = vec![bind!(MEDIA_ATTACH, bucket, numbers(&ids), story)];
    if !left_out.is_empty() {
        writes.push(delete_all(&left_out, bucket, now));
    }
    Ok((attachments, writes))
}

/// Deletes the media of a story.
pub(crate) fn delete_of_story(story: StoryId, now: Timestamp) -> Query {
    bind!(MEDIA_DELETE_OF_STORY, story.bucket(), story, now)
}

fn delete_all(media: &[MediaId], bucket: sosik_feed::bucket::Bucket, now: Timestamp) -> Query {
    bind!(MEDIA_DELETE, bucket, numbers(media), now)
}

fn keep(story: StoryId, attachments: &[Attachment]) -> StoreResult<Query> {
    let attachments = attachments_json(attachments)?;
    Ok(bind!(
        STORY_ATTACHMENTS_UPDATE,
        story.bucket(),
        story,
        attachments
    ))
}

fn numbers(media: &[MediaId]) -> Vec<i64> {
    media.iter().map(|media| media.as_i64()).collect()
}

/// Reads attachments from a column.
pub(crate) fn attachments_in(row: &Row, column: usize) -> StoreResult<Vec<Attachment>> {
    attachments_of_json(&row.get::<String>(column)?)
}

fn known(row: &Row) -> StoreResult<KnownMedia> {
    Ok(KnownMedia {
        id: row.get(0)?,
        story: row.get(1)?,
        kind: media_kind_of_number(row.get(2)?),
        state: media_state_of_number(row.get(3)?),
        facts: facts_of_json(&row.get::<String>(4)?)?,
    })
}

fn record(row: &Row) -> StoreResult<MediaRecord> {
    let KnownMedia {
        id,
        story,
        kind,
        state,
        facts,
    } = known(row)?;
    Ok(MediaRecord {
        id,
        owner: row.get(5)?,
        story,
        kind,
        state,
        facts,
        problem: row.get(6)?,
    })
}

fn task(row: &Row) -> StoreResult<MediaTask> {
    let work = match row.get::<i64>(2)? {
        MEDIA_DELETED => MediaWork::Remove,
        _ => MediaWork::Process {
            kind: media_kind_of_number(row.get(1)?),
            upload: row.get(3)?,
        },
    };
    Ok(MediaTask {
        media: row.get(0)?,
        work,
        attempt: row.get(4)?,
    })
}
