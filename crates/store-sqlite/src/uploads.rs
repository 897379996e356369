//! Uploads that arrive in several requests.

use async_trait::async_trait;
use rusqlite::{Row, params};
use sosik_feed::{MediaId, PersonId, Timestamp};

use super::SqliteStore;
use super::db::Db;
use super::media;
use super::statement::statements;
use sosik_store::engine::{media_kind_number, media_kind_of_number};
use sosik_store::{
    MediaQuota, NewMedia, NewUpload, StoreResult, UploadAdded, UploadCompleted, UploadHold,
    UploadProgress, UploadRecord, Uploads,
};

statements! {
    UPLOAD_INSERT = "INSERT INTO uploads (id, owner, length, expires_at) VALUES (?1, ?2, ?3, ?4)";
    UPLOADS_OWNED = "SELECT count(*), coalesce(sum(length), 0) FROM uploads
        WHERE owner = ?1 AND id <> ?2 AND received < length";
    UPLOAD = "SELECT id, owner, kind, length, received, parts, expires_at, holder FROM uploads WHERE id = ?1";
    UPLOAD_HOLD = "UPDATE uploads SET holder = holder + 1, held_until = ?4
        WHERE id = ?1 AND owner = ?2 AND held_until <= ?3 AND expires_at > ?3 AND received < length";
    UPLOAD_KEEP = "UPDATE uploads SET kind = ?3, received = ?4, parts = ?5, expires_at = ?6, held_until = ?7
        WHERE id = ?1 AND holder = ?2 AND held_until > 0 AND received < length";
    UPLOAD_COMPLETE = "UPDATE uploads SET received = length, parts = '', held_until = 0
        WHERE id = ?1 AND holder = ?2 AND held_until > 0 AND received < length";
    UPLOAD_DELETE = "DELETE FROM uploads WHERE id = ?1";
    UPLOADS_EXPIRED = "SELECT id, owner, kind, length, received, parts, expires_at, holder FROM uploads
        WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2";
    UPLOAD_IS_INCOMPLETE = "SELECT 1 FROM uploads WHERE id = ?1 AND received < length";
    UPLOADS_AFTER = "SELECT id, owner, kind, length, received, parts, expires_at, holder FROM uploads
        WHERE id > ?1 ORDER BY id LIMIT ?2";
}

#[async_trait]
impl Uploads for SqliteStore {
    async fn add_upload(
        &self,
        upload: NewUpload,
        quota: MediaQuota,
        incomplete_max: u32,
    ) -> StoreResult<UploadAdded> {
        self.write("add an incomplete upload", move |db| {
            add(db, upload, quota, incomplete_max)
        })
        .await
    }

    async fn upload(&self, upload: MediaId) -> StoreResult<Option<UploadRecord>> {
        self.read("look up an upload", move |db| find(db, upload))
            .await
    }

    async fn hold_upload(
        &self,
        upload: MediaId,
        owner: PersonId,
        now: Timestamp,
        until: Timestamp,
    ) -> StoreResult<UploadHold> {
        self.write("hold an upload", move |db| {
            hold(db, upload, owner, now, until)
        })
        .await
    }

    async fn keep_upload(&self, progress: UploadProgress) -> StoreResult<bool> {
        self.write("record a part of an upload", move |db| keep(db, &progress))
            .await
    }

    async fn complete_upload(
        &self,
        holder: u32,
        media: NewMedia,
        quota: MediaQuota,
    ) -> StoreResult<UploadCompleted> {
        self.write("complete an upload", move |db| {
            complete(db, holder, &media, quota)
        })
        .await
    }

    async fn delete_upload(
        &self,
        upload: MediaId,
        owner: PersonId,
    ) -> StoreResult<Option<UploadRecord>> {
        self.write("delete an upload", move |db| {
            let found = find(db, upload)?.filter(|found| found.owner == owner);
            if found.is_some() {
                db.execute(UPLOAD_DELETE, [upload.as_i64()])?;
            }
            Ok(found)
        })
        .await
    }

    async fn expire_uploads(&self, now: Timestamp, limit: u32) -> StoreResult<Vec<UploadRecord>> {
        self.write("delete expired uploads", move |db| {
            let expired = db.rows(UPLOADS_EXPIRED, params![now.as_i64(), limit], record)?;
            for upload in &expired {
                db.execute(UPLOAD_DELETE, [upload.id.as_i64()])?;
            }
            Ok(expired)
        })
        .await
    }

    async fn uploads_after(&self, after: MediaId, limit: u32) -> StoreResult<Vec<UploadRecord>> {
        self.read("list uploads", move |db| {
            db.rows(UPLOADS_AFTER, params![after.as_i64(), limit], record)
        })
        .await
    }
}

fn add(
    db: &Db<'_>,
    upload: NewUpload,
    quota: MediaQuota,
    incomplete_max: u32,
) -> StoreResult<UploadAdded> {
    let owner = upload.owner;
    let [incomplete, _] = owned(db, owner, upload.id)?;
    if incomplete >= u64::from(incomplete_max) {
        return Ok(UploadAdded::TooMany);
    }
    if !media::has_room(db, (owner, upload.id), upload.reserved, quota)? {
        return Ok(UploadAdded::Quota);
    }
    let length = i64::try_from(upload.length).unwrap_or(i64::MAX);
    let values = params![
        upload.id.as_i64(),
        owner.as_i64(),
        length,
        upload.expires_at.as_i64()
    ];
    db.execute(UPLOAD_INSERT, values)?;
    Ok(UploadAdded::Added)
}

/// The number of other incomplete uploads of a person, and their bytes.
pub(super) fn owned(db: &Db<'_>, owner: PersonId, except: MediaId) -> StoreResult<[u64; 2]> {
    let values = [owner.as_i64(), except.as_i64()];
    let owned = db.row(UPLOADS_OWNED, values, |row| {
        Ok([row.get::<_, i64>(0)?, row.get(1)?].map(i64::unsigned_abs))
    })?;
    Ok(owned.unwrap_or_default())
}

/// True if there is an incomplete upload with this id.
pub(super) fn is_incomplete(db: &Db<'_>, upload: MediaId) -> StoreResult<bool> {
    db.exists(UPLOAD_IS_INCOMPLETE, [upload.as_i64()])
}

fn complete(
    db: &Db<'_>,
    holder: u32,
    media: &NewMedia,
    quota: MediaQuota,
) -> StoreResult<UploadCompleted> {
    if !media::may_wait(db, media, quota)? {
        return Ok(UploadCompleted::VideosWait);
    }
    if !media::has_room(db, (media.owner, media.id), media.bytes, quota)? {
        return Ok(UploadCompleted::Quota);
    }
    if !db.changes(UPLOAD_COMPLETE, params![media.id.as_i64(), holder])? {
        return Ok(UploadCompleted::Lost);
    }
    media::insert(db, media)?;
    Ok(UploadCompleted::Completed)
}

fn hold(
    db: &Db<'_>,
    upload: MediaId,
    owner: PersonId,
    now: Timestamp,
    until: Timestamp,
) -> StoreResult<UploadHold> {
    let values = [
        upload.as_i64(),
        owner.as_i64(),
        now.as_i64(),
        until.as_i64(),
    ];
    let is_held = db.changes(UPLOAD_HOLD, values)?;
    let found = find(db, upload)?.filter(|found| found.owner == owner);
    Ok(match found {
        Some(found) if is_held => UploadHold::Held(found),
        Some(found) if found.expires_at > now && !found.is_complete() => UploadHold::Busy,
        Some(_) | None => UploadHold::Unknown,
    })
}

fn keep(db: &Db<'_>, progress: &UploadProgress) -> StoreResult<bool> {
    let received = i64::try_from(progress.received).unwrap_or(i64::MAX);
    let values = params![
        progress.id.as_i64(),
        progress.holder,
        progress.kind.map(media_kind_number),
        received,
        progress.parts,
        progress.expires_at.as_i64(),
        progress.held_until.as_i64()
    ];
    db.changes(UPLOAD_KEEP, values)
}

fn find(db: &Db<'_>, upload: MediaId) -> StoreResult<Option<UploadRecord>> {
    db.row(UPLOAD, [upload.as_i64()], record)
}

fn record(row: &Row<'_>) -> rusqlite::Result<UploadRecord> {
    Ok(UploadRecord {
        id: MediaId::from_i64(row.get(0)?),
        owner: PersonId::from_i64(row.get(1)?),
        kind: row.get::<_, Option<i64>>(2)?.map(media_kind_of_number),
        length: row.get::<_, i64>(3)?.unsigned_abs(),
        received: row.get::<_, i64>(4)?.unsigned_abs(),
        parts: row.get(5)?,
        expires_at: Timestamp::from_i64(row.get(6)?),
        holder: row.get(7)?,
    })
}
