//! Uploaded photos and videos, and the lists of them in stories. A medium is in the bucket of its owner, and so are the
//! stories that can have it.
//!
//! A transaction that locks a story and its media locks the story first.

use async_trait::async_trait;
use sosik_feed::{Change, MediaId, PersonId, StoryId, Timestamp};

use super::pool::Class;
use super::row::{Answer, Row};
use super::sql::{Query, Value, bind, statements};
use super::tx::Tx;
use super::{PostgresStore, avatars, changes, counts, uploads};
use sosik_store::engine::{
    KnownMedia, MEDIA_DELETED, attach, attachments_json, attachments_of_json, avatar_mark,
    facts_of_json, media_files, media_kind_number, media_kind_of_columns, media_state_of_number,
    processed, result_columns,
};
use sosik_store::{
    Attachment, Committed, Finished, Media, MediaAdded, MediaDeletion, MediaFiles, MediaKind,
    MediaQueue, MediaQuota, MediaRecord, MediaStats, MediaTask, MediaWork, NewAttachment, NewMedia,
    Processed, StoreError, StoreResult,
};

statements! {
    MEDIA_INSERT = "INSERT INTO media (bucket, id, owner, kind, state, upload, bytes, created_at, due_at, avatar)
        VALUES ($1, $2, $3, $4, 1, $5, $6, $7, $7, $8)";
    MEDIA_OWNED = "SELECT count(*), coalesce(sum(bytes), 0)::bigint FROM media WHERE bucket = $1 AND owner = $2";
    VIDEOS_WAITING = "SELECT count(*) FROM media WHERE bucket = $1 AND owner = $2 AND state = 1 AND kind = 2";
    MEDIA = "SELECT id, story, kind, state, facts, avatar, owner, problem FROM media
        WHERE bucket = $1 AND id = $2 AND state < 4";
    MEDIA_DELETE_LOCK = "SELECT story IS NOT NULL OR (avatar = 1 AND state = 2) FROM media
        WHERE bucket = $1 AND id = $2 AND owner = $3 AND state < 4 FOR UPDATE";
    /// In one order, so that two stories that take the same media wait for each other.
    MEDIA_LOCK = "SELECT id, story, kind, state, facts, avatar FROM media
        WHERE bucket = $1 AND id = ANY ($2) AND owner = $3 AND state < 4 ORDER BY id FOR UPDATE";
    MEDIA_OF_STORY = "SELECT id FROM media WHERE bucket = $1 AND story = $2";
    MEDIA_DELETE = "UPDATE media SET state = 4, story = NULL, due_at = $3, attempts = 0
        WHERE bucket = $1 AND id = ANY ($2)";
    MEDIA_DELETE_OF_STORY = "UPDATE media SET state = 4, story = NULL, due_at = $3, attempts = 0
        WHERE bucket = $1 AND story = $2";
    MEDIA_ATTACH = "UPDATE media SET story = $3 WHERE bucket = $1 AND id = ANY ($2)";
    MEDIA_UNUSED = "SELECT id FROM media WHERE story IS NULL AND state < 4 AND avatar = 0 AND created_at < $1
        ORDER BY created_at LIMIT $2";
    MEDIA_DELETE_UNUSED = "UPDATE media SET state = 4, due_at = $3, attempts = 0
        WHERE bucket = $1 AND id = $2 AND story IS NULL AND state < 4 AND avatar = 0";
    MEDIA_DUE_SHORT = "SELECT id, due_at FROM media
        WHERE (state = 4 OR (state = 1 AND kind <> 2)) AND due_at <= $1 ORDER BY due_at LIMIT 1";
    MEDIA_DUE_VIDEOS = "SELECT id, due_at FROM media WHERE state = 1 AND kind = 2 AND due_at <= $1 ORDER BY due_at LIMIT 1";
    /// A claim changes `due_at`, so work that another worker claimed since it was read does not match.
    MEDIA_CLAIM = "UPDATE media SET due_at = $4, attempts = attempts + 1, faults = faults + 1
        WHERE bucket = $1 AND id = $2 AND due_at = $3 AND state IN (1, 4)
        RETURNING id, kind, state, upload, attempts, avatar, faults - 1";
    MEDIA_RENEW = "UPDATE media SET due_at = $4 WHERE bucket = $1 AND id = $2 AND state = 1 AND attempts = $3";
    /// A claim counts as a fault unless it ends with a result or a release. Raising the number of the claim fences the
    /// released one.
    MEDIA_RELEASE = "UPDATE media SET due_at = $4, attempts = attempts + 1, faults = greatest(faults - 1, 0)
        WHERE bucket = $1 AND id = $2 AND state = 1 AND attempts = $3";
    MEDIA_STORY = "SELECT story FROM media WHERE bucket = $1 AND id = $2 AND state = 1 AND attempts = $3";
    STORY_ATTACHMENTS_LOCK = "SELECT attachments FROM stories
        WHERE bucket = $1 AND id = $2 AND deleted_at IS NULL FOR UPDATE";
    STORY_BARE_LOCK = "SELECT created_at FROM stories
        WHERE bucket = $1 AND id = $2 AND author = $3 AND deleted_at IS NULL AND attachments = '' FOR UPDATE";
    STORY_ATTACHMENTS_UPDATE = "UPDATE stories SET attachments = $3 WHERE bucket = $1 AND id = $2";
    MEDIA_RESULT = "UPDATE media SET state = $5, facts = $6, problem = $7, bytes = $8, upload = ''
        WHERE bucket = $1 AND id = $2 AND state = 1 AND attempts = $3 AND story IS NOT DISTINCT FROM $4";
    MEDIA_FORGET = "DELETE FROM media WHERE bucket = $1 AND id = $2 AND state = 4";
    MEDIA_FILES = "SELECT id, story, state, upload, facts FROM media WHERE bucket = ANY ($1) AND id = ANY ($2)";
    MEDIA_FILES_AFTER = "SELECT id, story, state, upload, facts FROM media WHERE id > $1 ORDER BY id LIMIT $2";
    MEDIA_KNOWN = "SELECT id FROM media WHERE bucket = ANY ($1) AND id = ANY ($2)
        UNION ALL SELECT id FROM uploads WHERE bucket = ANY ($1) AND id = ANY ($2) AND received < length";
    MEDIA_FIGURES = "SELECT count(*) FILTER (WHERE state = 1), count(*) FILTER (WHERE state = 4) FROM media
        WHERE state IN (1, 4)";
}

/// How often a worker tries to claim work that others claim at the same time, before it waits for its next turn.
const CLAIMS_MAX: u32 = 4;

/// How often a result is written anew because the medium was attached to a story meanwhile. It is attached once.
const RESULT_WRITES_MAX: u32 = 3;

#[async_trait]
impl Media for PostgresStore {
    async fn add_media(&self, media: NewMedia, quota: MediaQuota) -> StoreResult<MediaAdded> {
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
        queue: MediaQueue,
        now: Timestamp,
        until: Timestamp,
    ) -> StoreResult<Option<MediaTask>> {
        self.db
            .write(Class::Background, "claim a medium", |tx| async move {
                claim(&tx, queue, now, until).await
            })
            .await
    }

    async fn renew_media_claim(
        &self,
        media: MediaId,
        attempt: u32,
        until: Timestamp,
    ) -> StoreResult<bool> {
        let renew = bind!(MEDIA_RENEW, media.bucket(), media, attempt, until);
        let task = "renew the claim of a medium";
        let answer = self.db.execute(Class::Background, task, renew).await?;
        Ok(answer.affected > 0)
    }

    async fn release_media(
        &self,
        media: MediaId,
        attempt: u32,
        due_at: Timestamp,
    ) -> StoreResult<bool> {
        let release = bind!(MEDIA_RELEASE, media.bucket(), media, attempt, due_at);
        let task = "release a medium";
        let answer = self.db.execute(Class::Background, task, release).await?;
        Ok(answer.affected > 0)
    }

    async fn finish_media(
        &self,
        media: MediaId,
        attempt: u32,
        result: Processed,
    ) -> StoreResult<Committed<Finished<StoryId>>> {
        let result = &result;
        self.db
            .commit(
                Class::Background,
                "record a processed medium",
                |tx| async move { finish(&tx, media, attempt, result).await },
            )
            .await
    }

    async fn finish_avatar(
        &self,
        media: MediaId,
        attempt: u32,
        result: Processed,
        now: Timestamp,
    ) -> StoreResult<Committed<Finished<PersonId>>> {
        let result = &result;
        self.db
            .commit(
                Class::Background,
                "record a processed avatar",
                |tx| async move { avatars::finish(&tx, media, attempt, result, now).await },
            )
            .await
    }

    async fn remove_avatar(
        &self,
        person: PersonId,
        now: Timestamp,
    ) -> StoreResult<Committed<bool>> {
        self.db
            .commit(Class::Post, "remove an avatar", |tx| async move {
                avatars::remove(&tx, person, now).await
            })
            .await
    }

    async fn attach_media(
        &self,
        author: PersonId,
        story: StoryId,
        attachments: Vec<NewAttachment>,
    ) -> StoreResult<Committed<bool>> {
        let attachments = &attachments;
        self.db
            .commit(Class::Background, "attach media", |tx| async move {
                attach_to_bare(&tx, author, story, attachments).await
            })
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

    async fn media_files(&self, media: &[MediaId]) -> StoreResult<Vec<MediaFiles>> {
        let buckets = Value::buckets(media.iter().map(|media| media.bucket()));
        let look_up = bind!(MEDIA_FILES, buckets, numbers(media));
        let task = "look up files of media";
        let found = self.db.read(Class::Background, task, look_up);
        found.await?.rows(files)
    }

    async fn media_files_after(&self, after: MediaId, limit: u32) -> StoreResult<Vec<MediaFiles>> {
        let list = bind!(MEDIA_FILES_AFTER, after, limit);
        let listed = self.db.read(Class::Background, "list files of media", list);
        listed.await?.rows(files)
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
async fn add(tx: &Tx, media: &NewMedia, quota: MediaQuota) -> StoreResult<MediaAdded> {
    let owner = media.owner;
    let [locked, stored, incomplete] = tx
        .batch([
            counts::lock(owner),
            owned(owner),
            uploads::owned(owner, media.id),
        ])
        .await?;
    if !locked.exists() || !has_room([&stored, &incomplete], media.bytes, quota)? {
        return Ok(MediaAdded::Quota);
    }
    if !may_wait(tx, media, quota).await? {
        return Ok(MediaAdded::VideosWait);
    }
    insert(tx, media).await?;
    Ok(MediaAdded::Added)
}

/// True if the medium is not a video, or if the owner has fewer waiting videos than the maximum. The counts of the
/// owner are locked.
pub(crate) async fn may_wait(tx: &Tx, media: &NewMedia, quota: MediaQuota) -> StoreResult<bool> {
    if media.kind != MediaKind::Video {
        return Ok(true);
    }
    let waiting = bind!(VIDEOS_WAITING, media.owner.bucket(), media.owner);
    let waiting = tx.first::<u64>(waiting).await?;
    Ok(waiting.unwrap_or_default() < u64::from(quota.videos_waiting_max))
}

/// Counts the media of a person, and their bytes.
pub(crate) fn owned(owner: PersonId) -> Query {
    bind!(MEDIA_OWNED, owner.bucket(), owner)
}

/// True if a person with these media and incomplete uploads may store one more medium with this number of bytes.
pub(crate) fn has_room(owned: [&Answer; 2], bytes: u64, quota: MediaQuota) -> StoreResult<bool> {
    let [stored, incomplete] = owned;
    let owned = [uploads::sums(stored)?, uploads::sums(incomplete)?];
    Ok(quota.admits(owned, bytes))
}

/// Inserts a medium, to be processed now, at the end of a transaction.
pub(crate) async fn insert(tx: &Tx, media: &NewMedia) -> StoreResult<()> {
    let insert = bind!(
        MEDIA_INSERT,
        media.owner.bucket(),
        media.id,
        media.owner,
        media_kind_number(media.kind),
        &media.upload,
        media.bytes,
        media.now,
        avatar_mark(media.kind)
    );
    let mut writes = Vec::new();
    if media.kind == MediaKind::Avatar {
        writes.push(avatars::delete_unshown(media.owner, media.now));
    }
    writes.push(insert);
    tx.last_each(writes).await?;
    Ok(())
}

async fn delete(
    tx: &Tx,
    media: MediaId,
    owner: PersonId,
    now: Timestamp,
) -> StoreResult<MediaDeletion> {
    let lock = bind!(MEDIA_DELETE_LOCK, media.bucket(), media, owner);
    let is_shown: Option<bool> = tx.first(lock).await?;
    Ok(match is_shown {
        None => MediaDeletion::Unknown,
        Some(true) => MediaDeletion::Used,
        Some(false) => {
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

async fn claim(
    tx: &Tx,
    queue: MediaQueue,
    now: Timestamp,
    until: Timestamp,
) -> StoreResult<Option<MediaTask>> {
    for _ in 0..CLAIMS_MAX {
        let due = match queue {
            MediaQueue::Short => bind!(MEDIA_DUE_SHORT, now),
            MediaQueue::Videos => bind!(MEDIA_DUE_VIDEOS, now),
        };
        let due = tx.row(due, |row| {
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
) -> StoreResult<Finished<StoryId>> {
    for _ in 0..RESULT_WRITES_MAX {
        let story = bind!(MEDIA_STORY, media.bucket(), media, attempt);
        let found: Option<Option<StoryId>> = tx.row(story, |row| row.get(0)).await?;
        let Some(story) = found else {
            return Ok(Finished::Lost);
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
            return Ok(Finished::Recorded(story));
        }
    }
    Err(StoreError::Busy)
}

async fn lock_attachments(tx: &Tx, story: StoryId) -> StoreResult<Vec<Attachment>> {
    let lock = bind!(STORY_ATTACHMENTS_LOCK, story.bucket(), story);
    let attachments = tx.row(lock, |row| attachments_in(row, 0)).await?;
    Ok(attachments.unwrap_or_default())
}

/// Writes the result of a claim that is not lost, if the medium still has this story.
pub(crate) fn write_result(
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

async fn attach_to_bare(
    tx: &Tx,
    author: PersonId,
    story: StoryId,
    wanted: &[NewAttachment],
) -> StoreResult<bool> {
    let lock = bind!(STORY_BARE_LOCK, story.bucket(), story, author);
    let Some(created_at) = tx.first::<Timestamp>(lock).await? else {
        return Ok(false);
    };
    let (attachments, mut writes) = attach_to(tx, author, story, wanted, created_at).await?;
    writes.push(keep(story, &attachments)?);
    writes.push(changes::log(&[Change::Story(story)]));
    tx.last_each(writes).await?;
    Ok(true)
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
        kind: media_kind_of_columns(row.get(2)?, row.get(5)?),
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
        owner: row.get(6)?,
        story,
        kind,
        state,
        facts,
        problem: row.get(7)?,
    })
}

fn files(row: &Row) -> StoreResult<MediaFiles> {
    let facts = facts_of_json(&row.get::<String>(4)?)?;
    let upload: String = row.get(3)?;
    Ok(media_files(
        row.get(0)?,
        row.get(1)?,
        row.get(2)?,
        &upload,
        &facts,
    ))
}

fn task(row: &Row) -> StoreResult<MediaTask> {
    let work = match row.get::<i64>(2)? {
        MEDIA_DELETED => MediaWork::Remove,
        _ => MediaWork::Process {
            kind: media_kind_of_columns(row.get(1)?, row.get(5)?),
            upload: row.get(3)?,
        },
    };
    Ok(MediaTask {
        media: row.get(0)?,
        work,
        attempt: row.get(4)?,
        faults: row.get(6)?,
    })
}
