//! Uploaded photos and videos, and the lists of them in stories.

use async_trait::async_trait;
use rusqlite::types::Type;
use rusqlite::{Row, params};
use sosik_feed::{MediaId, PersonId, StoryId, Timestamp};

use super::SqliteStore;
use super::avatars;
use super::db::Db;
use super::statement::statements;
use super::uploads;
use sosik_store::engine::{
    KnownMedia, MEDIA_DELETED, attach, attachments_json, attachments_of_json, avatar_mark,
    facts_of_json, media_files, media_kind_number, media_kind_of_columns, media_state_of_number,
    processed, result_columns,
};
use sosik_store::{
    Attachment, Committed, Finished, Media, MediaAdded, MediaDeletion, MediaFiles, MediaKind,
    MediaQueue, MediaQuota, MediaRecord, MediaStats, MediaTask, MediaWork, NewAttachment, NewMedia,
    Processed, StoreResult,
};

statements! {
    MEDIA_INSERT = "INSERT INTO media (id, owner, kind, state, upload, bytes, created_at, due_at, avatar)
        VALUES (?1, ?2, ?3, 1, ?4, ?5, ?6, ?6, ?7)";
    MEDIA_OWNED = "SELECT count(*), coalesce(sum(bytes), 0) FROM media WHERE owner = ?1";
    VIDEOS_WAITING = "SELECT count(*) FROM media INDEXED BY media_videos_waiting
        WHERE owner = ?1 AND state = 1 AND kind = 2";
    MEDIA_OWNER = "SELECT 1 FROM people WHERE id = ?1";
    MEDIA = "SELECT id, story, kind, state, facts, avatar, owner, problem FROM media
        WHERE id = ?1 AND state < 4";
    MEDIA_OF_STORY = "SELECT id, story, kind, state, facts FROM media WHERE story = ?1";
    MEDIA_DELETE = "UPDATE media SET state = 4, story = NULL, due_at = ?2, attempts = 0 WHERE id = ?1";
    MEDIA_ATTACH = "UPDATE media SET story = ?2 WHERE id = ?1";
    MEDIA_UNUSED = "SELECT id FROM media INDEXED BY media_unused
        WHERE story IS NULL AND state < 4 AND avatar = 0 AND created_at < ?1 ORDER BY created_at LIMIT ?2";
    MEDIA_DUE_SHORT = "SELECT id, kind, state, upload, attempts + 1, avatar, faults FROM media INDEXED BY media_due_short
        WHERE (state = 4 OR (state = 1 AND kind <> 2)) AND due_at <= ?1 ORDER BY due_at LIMIT 1";
    MEDIA_DUE_VIDEOS = "SELECT id, kind, state, upload, attempts + 1, avatar, faults FROM media INDEXED BY media_due_videos
        WHERE state = 1 AND kind = 2 AND due_at <= ?1 ORDER BY due_at LIMIT 1";
    MEDIA_CLAIM = "UPDATE media SET due_at = ?2, attempts = attempts + 1, faults = faults + 1 WHERE id = ?1";
    MEDIA_RENEW = "UPDATE media SET due_at = ?3 WHERE id = ?1 AND state = 1 AND attempts = ?2";
    /// A claim counts as a fault unless it ends with a result or a release. Raising the number of the claim fences the
    /// released one.
    MEDIA_RELEASE = "UPDATE media SET due_at = ?3, attempts = attempts + 1, faults = max(faults - 1, 0)
        WHERE id = ?1 AND state = 1 AND attempts = ?2";
    MEDIA_RESULT = "UPDATE media SET state = ?3, facts = ?4, problem = ?5, bytes = ?6, upload = ''
        WHERE id = ?1 AND state = 1 AND attempts = ?2";
    MEDIA_FORGET = "DELETE FROM media WHERE id = ?1 AND state = 4";
    MEDIA_FILES = "SELECT id, story, state, upload, facts FROM media WHERE id = ?1";
    MEDIA_FILES_AFTER = "SELECT id, story, state, upload, facts FROM media WHERE id > ?1 ORDER BY id LIMIT ?2";
    MEDIA_KNOWN = "SELECT id FROM media WHERE id = ?1";
    MEDIA_FIGURES = "SELECT count(*) FILTER (WHERE state = 1), count(*) FILTER (WHERE state = 4) FROM media
        WHERE state IN (1, 4)";
    STORY_ATTACHMENTS = "SELECT attachments FROM stories WHERE id = ?1 AND deleted_at IS NULL";
    STORY_BARE = "SELECT 1 FROM stories WHERE id = ?1 AND author = ?2 AND deleted_at IS NULL AND attachments = ''";
    STORY_ATTACHMENTS_UPDATE = "UPDATE stories SET attachments = ?2 WHERE id = ?1";
}

#[async_trait]
impl Media for SqliteStore {
    async fn add_media(&self, media: NewMedia, quota: MediaQuota) -> StoreResult<MediaAdded> {
        self.write("add an upload", move |db| add(db, &media, quota))
            .await
    }

    async fn media(&self, media: MediaId) -> StoreResult<Option<MediaRecord>> {
        self.read("look up a medium", move |db| record(db, media))
            .await
    }

    async fn delete_media(
        &self,
        media: MediaId,
        owner: PersonId,
        now: Timestamp,
    ) -> StoreResult<MediaDeletion> {
        self.write("delete a medium", move |db| delete(db, media, owner, now))
            .await
    }

    async fn delete_unused_media(
        &self,
        uploaded_before: Timestamp,
        now: Timestamp,
        limit: u32,
    ) -> StoreResult<u64> {
        self.write("delete unused media", move |db| {
            let unused = db.rows(
                MEDIA_UNUSED,
                params![uploaded_before.as_i64(), limit],
                media_id,
            )?;
            for media in &unused {
                db.execute(MEDIA_DELETE, [media.as_i64(), now.as_i64()])?;
            }
            Ok(unused.len() as u64)
        })
        .await
    }

    async fn claim_media(
        &self,
        queue: MediaQueue,
        now: Timestamp,
        until: Timestamp,
    ) -> StoreResult<Option<MediaTask>> {
        let due = match queue {
            MediaQueue::Short => MEDIA_DUE_SHORT,
            MediaQueue::Videos => MEDIA_DUE_VIDEOS,
        };
        self.write("claim a medium", move |db| {
            let due = db.row(due, [now.as_i64()], task)?;
            if let Some(task) = &due {
                db.execute(MEDIA_CLAIM, [task.media.as_i64(), until.as_i64()])?;
            }
            Ok(due)
        })
        .await
    }

    async fn renew_media_claim(
        &self,
        media: MediaId,
        attempt: u32,
        until: Timestamp,
    ) -> StoreResult<bool> {
        self.write("renew the claim of a medium", move |db| {
            db.changes(
                MEDIA_RENEW,
                params![media.as_i64(), attempt, until.as_i64()],
            )
        })
        .await
    }

    async fn release_media(
        &self,
        media: MediaId,
        attempt: u32,
        due_at: Timestamp,
    ) -> StoreResult<bool> {
        self.write("release a medium", move |db| {
            let values = params![media.as_i64(), attempt, due_at.as_i64()];
            db.changes(MEDIA_RELEASE, values)
        })
        .await
    }

    async fn finish_media(
        &self,
        media: MediaId,
        attempt: u32,
        result: Processed,
    ) -> StoreResult<Committed<Finished<StoryId>>> {
        self.commit("record a processed medium", move |db| {
            finish(db, media, attempt, &result)
        })
        .await
    }

    async fn finish_avatar(
        &self,
        media: MediaId,
        attempt: u32,
        result: Processed,
        now: Timestamp,
    ) -> StoreResult<Committed<Finished<PersonId>>> {
        self.commit("record a processed avatar", move |db| {
            avatars::finish(db, media, attempt, &result, now)
        })
        .await
    }

    async fn remove_avatar(
        &self,
        person: PersonId,
        now: Timestamp,
    ) -> StoreResult<Committed<bool>> {
        self.commit("remove an avatar", move |db| {
            avatars::replace(db, person, None, now)
        })
        .await
    }

    async fn attach_media(
        &self,
        author: PersonId,
        story: StoryId,
        attachments: Vec<NewAttachment>,
    ) -> StoreResult<Committed<bool>> {
        self.commit("attach media", move |db| {
            let is_bare = db.exists(STORY_BARE, [story.as_i64(), author.as_i64()])?;
            if is_bare {
                attach_new(db, author, story, &attachments)?;
            }
            Ok(is_bare)
        })
        .await
    }

    async fn forget_media(&self, media: MediaId) -> StoreResult<()> {
        self.write("forget a medium", move |db| {
            db.execute(MEDIA_FORGET, [media.as_i64()])?;
            Ok(())
        })
        .await
    }

    async fn known_media(&self, media: &[MediaId]) -> StoreResult<Vec<MediaId>> {
        let media = media.to_vec();
        self.read("look up media", move |db| {
            let mut known = Vec::new();
            for media in media {
                let row = db.row(MEDIA_KNOWN, [media.as_i64()], media_id)?;
                let incomplete = row.is_none() && uploads::is_incomplete(db, media)?;
                known.extend(row.or(incomplete.then_some(media)));
            }
            Ok(known)
        })
        .await
    }

    async fn media_files(&self, media: &[MediaId]) -> StoreResult<Vec<MediaFiles>> {
        let media = media.to_vec();
        self.read("look up files of media", move |db| {
            let mut found = Vec::new();
            for media in media {
                found.extend(db.row(MEDIA_FILES, [media.as_i64()], files)?);
            }
            Ok(found)
        })
        .await
    }

    async fn media_files_after(&self, after: MediaId, limit: u32) -> StoreResult<Vec<MediaFiles>> {
        self.read("list files of media", move |db| {
            db.rows(MEDIA_FILES_AFTER, params![after.as_i64(), limit], files)
        })
        .await
    }

    async fn media_stats(&self) -> StoreResult<MediaStats> {
        self.read("count media", |db| {
            let stats = db.row(MEDIA_FIGURES, [], |row| {
                Ok(MediaStats {
                    processing: row.get::<_, i64>(0)?.unsigned_abs(),
                    removing: row.get::<_, i64>(1)?.unsigned_abs(),
                })
            })?;
            Ok(stats.unwrap_or_default())
        })
        .await
    }
}

fn add(db: &Db<'_>, media: &NewMedia, quota: MediaQuota) -> StoreResult<MediaAdded> {
    if !has_room(db, (media.owner, media.id), media.bytes, quota)? {
        return Ok(MediaAdded::Quota);
    }
    if !may_wait(db, media, quota)? {
        return Ok(MediaAdded::VideosWait);
    }
    insert(db, media)?;
    Ok(MediaAdded::Added)
}

/// True if the medium is not a video, or if the owner has fewer waiting videos than the maximum.
pub(super) fn may_wait(db: &Db<'_>, media: &NewMedia, quota: MediaQuota) -> StoreResult<bool> {
    if media.kind != MediaKind::Video {
        return Ok(true);
    }
    let waiting = db.row(VIDEOS_WAITING, [media.owner.as_i64()], |row| {
        row.get::<_, i64>(0)
    })?;
    Ok(waiting.unwrap_or_default() < i64::from(quota.videos_waiting_max))
}

/// True if a person exists and may store this medium with this number of bytes.
pub(super) fn has_room(
    db: &Db<'_>,
    (owner, media): (PersonId, MediaId),
    bytes: u64,
    quota: MediaQuota,
) -> StoreResult<bool> {
    if !db.exists(MEDIA_OWNER, [owner.as_i64()])? {
        return Ok(false);
    }
    let stored = db.row(MEDIA_OWNED, [owner.as_i64()], |row| {
        Ok([row.get::<_, i64>(0)?, row.get(1)?].map(i64::unsigned_abs))
    })?;
    Ok(quota.admits(
        [
            stored.unwrap_or_default(),
            uploads::owned(db, owner, media)?,
        ],
        bytes,
    ))
}

/// Inserts a medium, to be processed now.
pub(super) fn insert(db: &Db<'_>, media: &NewMedia) -> StoreResult<()> {
    if media.kind == MediaKind::Avatar {
        avatars::delete_unshown(db, media.owner, media.now)?;
    }
    let bytes = i64::try_from(media.bytes).unwrap_or(i64::MAX);
    db.execute(
        MEDIA_INSERT,
        params![
            media.id.as_i64(),
            media.owner.as_i64(),
            media_kind_number(media.kind),
            media.upload,
            bytes,
            media.now.as_i64(),
            avatar_mark(media.kind)
        ],
    )?;
    Ok(())
}

fn record(db: &Db<'_>, media: MediaId) -> StoreResult<Option<MediaRecord>> {
    db.row(MEDIA, [media.as_i64()], |row| {
        let KnownMedia {
            id,
            story,
            kind,
            state,
            facts,
        } = known(row)?;
        Ok(MediaRecord {
            id,
            owner: PersonId::from_i64(row.get(6)?),
            story,
            kind,
            state,
            facts,
            problem: row.get(7)?,
        })
    })
}

fn delete(
    db: &Db<'_>,
    media: MediaId,
    owner: PersonId,
    now: Timestamp,
) -> StoreResult<MediaDeletion> {
    let found = record(db, media)?.filter(|found| found.owner == owner);
    Ok(match found {
        None => MediaDeletion::Unknown,
        Some(found) if found.is_shown() => MediaDeletion::Used,
        Some(_) => {
            db.execute(MEDIA_DELETE, [media.as_i64(), now.as_i64()])?;
            MediaDeletion::Deleted
        }
    })
}

fn finish(
    db: &Db<'_>,
    media: MediaId,
    attempt: u32,
    result: &Processed,
) -> StoreResult<Finished<StoryId>> {
    let Some(found) = record_result(db, media, attempt, result)? else {
        return Ok(Finished::Lost);
    };
    if let Some(story) = found.story {
        let attachments = processed(of_story(db, story)?, media, result);
        keep(db, story, &attachments)?;
    }
    Ok(Finished::Recorded(found.story))
}

/// Writes the result of a claim that is not lost. Returns the medium.
pub(super) fn record_result(
    db: &Db<'_>,
    media: MediaId,
    attempt: u32,
    result: &Processed,
) -> StoreResult<Option<MediaRecord>> {
    let (state, facts, problem, bytes) = result_columns(result)?;
    let values = params![media.as_i64(), attempt, state, facts, problem, bytes];
    match db.changes(MEDIA_RESULT, values)? {
        true => record(db, media),
        false => Ok(None),
    }
}

/// Attaches media of the author to a new story. Call it after the row of the story exists.
pub(super) fn attach_new(
    db: &Db<'_>,
    author: PersonId,
    story: StoryId,
    wanted: &[NewAttachment],
) -> StoreResult<Vec<Attachment>> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let mut known = Vec::with_capacity(wanted.len());
    for wanted in wanted {
        let found = record(db, wanted.media)?.filter(|found| found.owner == author);
        known.extend(found.map(|found| KnownMedia {
            id: found.id,
            story: found.story,
            kind: found.kind,
            state: found.state,
            facts: found.facts,
        }));
    }
    let attachments = attach(story, wanted, &known)?;
    for attachment in &attachments {
        let values = [attachment.media.as_i64(), story.as_i64()];
        db.execute(MEDIA_ATTACH, values)?;
    }
    keep(db, story, &attachments)?;
    Ok(attachments)
}

/// Replaces the attachments of a story, and deletes the media that it has no longer.
pub(super) fn replace(
    db: &Db<'_>,
    author: PersonId,
    story: StoryId,
    wanted: &[NewAttachment],
    now: Timestamp,
) -> StoreResult<()> {
    let had = db.rows(MEDIA_OF_STORY, [story.as_i64()], media_id)?;
    if wanted.is_empty() {
        keep(db, story, &[])?;
    }
    attach_new(db, author, story, wanted)?;
    for media in had {
        if wanted.iter().all(|wanted| wanted.media != media) {
            db.execute(MEDIA_DELETE, [media.as_i64(), now.as_i64()])?;
        }
    }
    Ok(())
}

/// Deletes the media of a deleted story.
pub(super) fn delete_of_story(db: &Db<'_>, story: StoryId, now: Timestamp) -> StoreResult<()> {
    for media in db.rows(MEDIA_OF_STORY, [story.as_i64()], media_id)? {
        db.execute(MEDIA_DELETE, [media.as_i64(), now.as_i64()])?;
    }
    Ok(())
}

/// Reads attachments from a column.
pub(super) fn attachments_in(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<Attachment>> {
    of_column(column, attachments_of_json(row.get_ref(column)?.as_str()?))
}

fn of_story(db: &Db<'_>, story: StoryId) -> StoreResult<Vec<Attachment>> {
    let attachments = db.row(STORY_ATTACHMENTS, [story.as_i64()], |row| {
        attachments_in(row, 0)
    })?;
    Ok(attachments.unwrap_or_default())
}

fn keep(db: &Db<'_>, story: StoryId, attachments: &[Attachment]) -> StoreResult<()> {
    let values = params![story.as_i64(), attachments_json(attachments)?];
    db.execute(STORY_ATTACHMENTS_UPDATE, values)?;
    Ok(())
}

fn known(row: &Row<'_>) -> rusqlite::Result<KnownMedia> {
    Ok(KnownMedia {
        id: media_id(row)?,
        story: row.get::<_, Option<i64>>(1)?.map(StoryId::from_i64),
        kind: media_kind_of_columns(row.get(2)?, row.get(5)?),
        state: media_state_of_number(row.get(3)?),
        facts: of_column(4, facts_of_json(row.get_ref(4)?.as_str()?))?,
    })
}

fn task(row: &Row<'_>) -> rusqlite::Result<MediaTask> {
    let work = match row.get::<_, i64>(2)? {
        MEDIA_DELETED => MediaWork::Remove,
        _ => MediaWork::Process {
            kind: media_kind_of_columns(row.get(1)?, row.get(5)?),
            upload: row.get(3)?,
        },
    };
    Ok(MediaTask {
        media: media_id(row)?,
        work,
        attempt: row.get(4)?,
        faults: row.get(6)?,
    })
}

fn files(row: &Row<'_>) -> rusqlite::Result<MediaFiles> {
    let facts = of_column(4, facts_of_json(row.get_ref(4)?.as_str()?))?;
    let story = row.get::<_, Option<i64>>(1)?.map(StoryId::from_i64);
    let upload: String = row.get(3)?;
    Ok(media_files(
        media_id(row)?,
        story,
        row.get(2)?,
        &upload,
        &facts,
    ))
}

fn media_id(row: &Row<'_>) -> rusqlite::Result<MediaId> {
    Ok(MediaId::from_i64(row.get(0)?))
}

/// Reports a value that a column cannot have.
pub(super) fn of_column<T>(column: usize, value: StoreResult<T>) -> rusqlite::Result<T> {
    value.map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
    })
}
