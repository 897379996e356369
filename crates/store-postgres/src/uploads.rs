//! Uploads that arrive in several requests. An upload is in the bucket of its owner, as the medium that it becomes.

use async_trait::async_trait;
use sosik_feed::{MediaId, PersonId, Timestamp};

use super::pool::Class;
use super::row::{Answer, Row};
use super::sql::{Query, bind, statements};
use super::tx::Tx;
use super::{PostgresStore, counts, media};
use sosik_store::engine::{media_kind_number, media_kind_of_number};
use sosik_store::{
    MediaQuota, NewMedia, NewUpload, StoreResult, UploadAdded, UploadCompleted, UploadHold,
    UploadProgress, UploadRecord, Uploads,
};

statements! {
    UPLOAD_INSERT = "INSERT INTO uploads (bucket, id, owner, length, expires_at) VALUES ($1, $2, $3, $4, $5)";
    UPLOADS_OWNED = "SELECT count(*), coalesce(sum(length), 0)::bigint FROM uploads
        WHERE bucket = $1 AND owner = $2 AND id <> $3 AND received < length";
    UPLOAD = "SELECT id, owner, kind, length, received, parts, expires_at, holder FROM uploads
        WHERE bucket = $1 AND id = $2";
    UPLOAD_HOLD = "UPDATE uploads SET holder = holder + 1, held_until = $5
        WHERE bucket = $1 AND id = $2 AND owner = $3 AND held_until <= $4 AND expires_at > $4 AND received < length
        RETURNING id, owner, kind, length, received, parts, expires_at, holder";
    UPLOAD_KEEP = "UPDATE uploads SET kind = $4, received = $5, parts = $6, expires_at = $7, held_until = $8
        WHERE bucket = $1 AND id = $2 AND holder = $3 AND held_until > 0 AND received < length";
    UPLOAD_COMPLETE = "UPDATE uploads SET received = length, parts = '', held_until = 0
        WHERE bucket = $1 AND id = $2 AND holder = $3 AND held_until > 0 AND received < length";
    UPLOAD_DELETE = "DELETE FROM uploads WHERE bucket = $1 AND id = $2 AND owner = $3
        RETURNING id, owner, kind, length, received, parts, expires_at, holder";
    UPLOADS_EXPIRED = "SELECT id FROM uploads WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2";
    /// A part may have arrived since the list was read.
    UPLOAD_EXPIRE = "DELETE FROM uploads WHERE bucket = $1 AND id = $2 AND expires_at <= $3
        RETURNING id, owner, kind, length, received, parts, expires_at, holder";
    UPLOADS_AFTER = "SELECT id, owner, kind, length, received, parts, expires_at, holder FROM uploads
        WHERE id > $1 ORDER BY id LIMIT $2";
}

#[async_trait]
impl Uploads for PostgresStore {
    async fn add_upload(
        &self,
        upload: NewUpload,
        quota: MediaQuota,
        incomplete_max: u32,
    ) -> StoreResult<UploadAdded> {
        let task = "add an incomplete upload";
        self.db
            .write(Class::Post, task, |tx| async move {
                add(&tx, upload, quota, incomplete_max).await
            })
            .await
    }

    async fn upload(&self, upload: MediaId) -> StoreResult<Option<UploadRecord>> {
        let found = self.db.read(Class::Read, "look up an upload", find(upload));
        found.await?.row(record)
    }

    async fn hold_upload(
        &self,
        upload: MediaId,
        owner: PersonId,
        now: Timestamp,
        until: Timestamp,
    ) -> StoreResult<UploadHold> {
        self.db
            .write(Class::Post, "hold an upload", |tx| async move {
                hold(&tx, upload, owner, now, until).await
            })
            .await
    }

    async fn keep_upload(&self, progress: UploadProgress) -> StoreResult<bool> {
        let keep = keep(&progress);
        self.db
            .write(Class::Post, "record a part of an upload", |tx| {
                let keep = keep.clone();
                async move { tx.changes(keep).await }
            })
            .await
    }

    async fn complete_upload(
        &self,
        holder: u32,
        media: NewMedia,
        quota: MediaQuota,
    ) -> StoreResult<UploadCompleted> {
        let media = &media;
        self.db
            .write(Class::Post, "complete an upload", |tx| async move {
                complete(&tx, holder, media, quota).await
            })
            .await
    }

    async fn delete_upload(
        &self,
        upload: MediaId,
        owner: PersonId,
    ) -> StoreResult<Option<UploadRecord>> {
        let delete = bind!(UPLOAD_DELETE, upload.bucket(), upload, owner);
        self.db
            .write(Class::Post, "delete an upload", |tx| {
                let delete = delete.clone();
                async move { tx.row(delete, record).await }
            })
            .await
    }

    async fn expire_uploads(&self, now: Timestamp, limit: u32) -> StoreResult<Vec<UploadRecord>> {
        self.db
            .write(
                Class::Background,
                "delete expired uploads",
                |tx| async move { expire(&tx, now, limit).await },
            )
            .await
    }

    async fn uploads_after(&self, after: MediaId, limit: u32) -> StoreResult<Vec<UploadRecord>> {
        let list = bind!(UPLOADS_AFTER, after, limit);
        let listed = self.db.read(Class::Background, "list uploads", list);
        listed.await?.rows(record)
    }
}

/// The counts of the owner are locked, so that concurrent uploads see each other.
async fn add(
    tx: &Tx,
    upload: NewUpload,
    quota: MediaQuota,
    incomplete_max: u32,
) -> StoreResult<UploadAdded> {
    let owner = upload.owner;
    let bucket = owner.bucket();
    let [locked, stored, incomplete] = tx
        .batch([
            counts::lock(owner),
            media::owned(owner),
            owned(owner, upload.id),
        ])
        .await?;
    let [number, _] = sums(&incomplete)?;
    if number >= u64::from(incomplete_max) {
        return Ok(UploadAdded::TooMany);
    }
    let has_room = media::has_room([&stored, &incomplete], upload.reserved, quota)?;
    if !locked.exists() || !has_room {
        return Ok(UploadAdded::Quota);
    }
    let insert = bind!(
        UPLOAD_INSERT,
        bucket,
        upload.id,
        owner,
        upload.length,
        upload.expires_at
    );
    tx.last([insert]).await?;
    Ok(UploadAdded::Added)
}

/// Counts the other incomplete uploads of a person, and their bytes.
pub(crate) fn owned(owner: PersonId, except: MediaId) -> Query {
    bind!(UPLOADS_OWNED, owner.bucket(), owner, except)
}

/// The answer to [`owned`].
pub(crate) fn sums(owned: &Answer) -> StoreResult<[u64; 2]> {
    let sums = owned.row(|row| Ok([row.get(0)?, row.get(1)?]))?;
    Ok(sums.unwrap_or_default())
}

async fn hold(
    tx: &Tx,
    upload: MediaId,
    owner: PersonId,
    now: Timestamp,
    until: Timestamp,
) -> StoreResult<UploadHold> {
    let hold = bind!(UPLOAD_HOLD, upload.bucket(), upload, owner, now, until);
    if let Some(held) = tx.row(hold, record).await? {
        return Ok(UploadHold::Held(held));
    }
    let found = tx.row(find(upload), record).await?;
    let is_open = |found: &UploadRecord| {
        found.owner == owner && found.expires_at > now && !found.is_complete()
    };
    Ok(match found.filter(is_open) {
        Some(_) => UploadHold::Busy,
        None => UploadHold::Unknown,
    })
}

fn keep(progress: &UploadProgress) -> Query {
    bind!(
        UPLOAD_KEEP,
        progress.id.bucket(),
        progress.id,
        progress.holder,
        progress.kind.map(media_kind_number),
        progress.received,
        &progress.parts,
        progress.expires_at,
        progress.held_until
    )
}

/// The counts of the owner are locked, so that concurrent uploads see each other.
async fn complete(
    tx: &Tx,
    holder: u32,
    media: &NewMedia,
    quota: MediaQuota,
) -> StoreResult<UploadCompleted> {
    let owner = media.owner;
    let owned = [
        counts::lock(owner),
        media::owned(owner),
        owned(owner, media.id),
    ];
    let [locked, stored, incomplete] = tx.batch(owned).await?;
    if !media::may_wait(tx, media, quota).await? {
        return Ok(UploadCompleted::VideosWait);
    }
    let has_room = media::has_room([&stored, &incomplete], media.bytes, quota)?;
    if !locked.exists() || !has_room {
        return Ok(UploadCompleted::Quota);
    }
    let complete = bind!(UPLOAD_COMPLETE, media.id.bucket(), media.id, holder);
    if !tx.changes(complete).await? {
        return Ok(UploadCompleted::Lost);
    }
    media::insert(tx, media).await?;
    Ok(UploadCompleted::Completed)
}

async fn expire(tx: &Tx, now: Timestamp, limit: u32) -> StoreResult<Vec<UploadRecord>> {
    let expired: Vec<MediaId> = tx.column(bind!(UPLOADS_EXPIRED, now, limit)).await?;
    let deletions = expired
        .iter()
        .map(|upload| bind!(UPLOAD_EXPIRE, upload.bucket(), *upload, now));
    let answers = tx.each(deletions.collect()).await?;
    let mut deleted = Vec::with_capacity(answers.len());
    for answer in &answers {
        deleted.extend(answer.row(record)?);
    }
    Ok(deleted)
}

fn find(upload: MediaId) -> Query {
    bind!(UPLOAD, upload.bucket(), upload)
}

fn record(row: &Row) -> StoreResult<UploadRecord> {
    Ok(UploadRecord {
        id: row.get(0)?,
        owner: row.get(1)?,
        kind: row.get::<Option<i64>>(2)?.map(media_kind_of_number),
        length: row.get(3)?,
        received: row.get(4)?,
        parts: row.get(5)?,
        expires_at: row.get(6)?,
        holder: row.get(7)?,
    })
}
