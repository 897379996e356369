//! Previews of links: the work of making them, and the links that were fetched. A preview is in the bucket of the author
//! of its story.
//!
//! A transaction that locks a story and its previews locks the story first.

use async_trait::async_trait;
use sosik_feed::{Change, MediaId, StoryId, Timestamp};

use super::pool::Class;
use super::row::{Row, bytes};
use super::sql::{Query, Value, bind, statements};
use super::tx::Tx;
use super::{PostgresStore, changes};
use sosik_store::engine::{
    PREVIEW_DELETED, PREVIEW_DUE, PREVIEW_SHOWN, card_json, card_of_json, preview_files,
    story_link_json, story_link_of_json,
};
use sosik_store::{
    Committed, ExpiredLink, LinkClaim, LinkResult, LinkState, MediaFiles, NewPreview, PreviewTask,
    PreviewWork, Previews, StoreResult, StoryLink,
};

statements! {
    PREVIEW_INSERT = "INSERT INTO previews (bucket, id, story, url, state, created_at, due_at)
        VALUES ($1, $2, $3, $4, $5, $6, $6)";
    PREVIEWS_DELETE = "UPDATE previews SET state = $4, due_at = $3, attempts = 0
        WHERE bucket = $1 AND story = $2 AND state < 3";
    PREVIEW_DUE_NEXT = "SELECT id, due_at FROM previews WHERE state IN (1, 3) AND due_at <= $1 ORDER BY due_at LIMIT 1";
    /// A claim changes `due_at`, so work that another worker claimed since it was read does not match.
    PREVIEW_CLAIM = "UPDATE previews SET due_at = $4, attempts = attempts + 1
        WHERE bucket = $1 AND id = $2 AND due_at = $3 AND state IN (1, 3)
        RETURNING id, state, attempts, url, created_at";
    PREVIEW_POSTPONE = "UPDATE previews SET due_at = $4
        WHERE bucket = $1 AND id = $2 AND attempts = $3 AND state IN (1, 3)";
    PREVIEW_STORY = "SELECT story FROM previews WHERE bucket = $1 AND id = $2 AND attempts = $3 AND state = 1";
    STORY_LINK_LOCK = "SELECT 1 FROM stories WHERE bucket = $1 AND id = $2 AND deleted_at IS NULL FOR UPDATE";
    PREVIEW_SHOW = "UPDATE previews SET state = $4, url = ''
        WHERE bucket = $1 AND id = $2 AND attempts = $3 AND state = 1";
    PREVIEW_DONE = "DELETE FROM previews WHERE bucket = $1 AND id = $2 AND attempts = $3 AND state = 1";
    STORY_LINK_UPDATE = "UPDATE stories SET link = $3 WHERE bucket = $1 AND id = $2";
    PREVIEW_FORGET = "DELETE FROM previews WHERE bucket = $1 AND id = $2 AND state = 3";
    PREVIEWS_KNOWN = "SELECT id FROM previews WHERE bucket = ANY ($1) AND id = ANY ($2)";
    PREVIEW_FILES = "SELECT p.id, p.story, p.state, s.link FROM previews p
        LEFT JOIN stories s ON s.bucket = p.bucket AND s.id = p.story
        WHERE p.bucket = ANY ($1) AND p.id = ANY ($2)";
    PREVIEW_FILES_AFTER = "SELECT p.id, p.story, p.state, s.link FROM previews p
        LEFT JOIN stories s ON s.bucket = p.bucket AND s.id = p.story
        WHERE p.id > $1 ORDER BY p.id LIMIT $2";
    LINKS_KNOWN = "SELECT folder FROM links WHERE folder = ANY ($1)";
    LINK = "SELECT folder, result, used_until FROM links WHERE key = $1";
    /// Waits for a concurrent claim, and then finds it in use.
    LINK_CLAIM = "INSERT INTO links (key, folder, result, used_until) VALUES ($1, $2, '', $3)
        ON CONFLICT (key) DO UPDATE SET folder = excluded.folder, result = '', used_until = excluded.used_until
        WHERE links.used_until <= $4";
    LINK_RESULT = "UPDATE links SET result = $3, used_until = $4 WHERE key = $1 AND folder = $2 AND result = ''";
    LINKS_EXPIRED = "SELECT key, folder FROM links WHERE used_until < $1 ORDER BY used_until LIMIT $2";
    LINK_FORGET = "DELETE FROM links WHERE key = $1 AND folder = $2";
}

/// Maximum attempts to claim work that other workers claim at the same time. Afterwards the worker waits for its next
/// poll.
const CLAIMS_MAX: u32 = 4;

#[async_trait]
impl Previews for PostgresStore {
    async fn claim_preview(
        &self,
        now: Timestamp,
        until: Timestamp,
    ) -> StoreResult<Option<PreviewTask>> {
        self.db
            .write(Class::Background, "claim a preview", |tx| async move {
                claim(&tx, now, until).await
            })
            .await
    }

    async fn postpone_preview(
        &self,
        preview: MediaId,
        attempt: u32,
        due_at: Timestamp,
    ) -> StoreResult<()> {
        let postpone = bind!(PREVIEW_POSTPONE, preview.bucket(), preview, attempt, due_at);
        let task = "postpone a preview";
        self.db.execute(Class::Background, task, postpone).await?;
        Ok(())
    }

    async fn finish_preview(
        &self,
        preview: MediaId,
        attempt: u32,
        result: Option<StoryLink>,
    ) -> StoreResult<Committed<Option<StoryId>>> {
        let result = result.as_ref();
        self.db
            .commit(Class::Background, "finish a preview", |tx| async move {
                finish(&tx, preview, attempt, result).await
            })
            .await
    }

    async fn forget_preview(&self, preview: MediaId) -> StoreResult<()> {
        let forget = bind!(PREVIEW_FORGET, preview.bucket(), preview);
        let task = "forget a preview";
        self.db.execute(Class::Background, task, forget).await?;
        Ok(())
    }

    async fn known_folders(&self, folders: &[MediaId]) -> StoreResult<Vec<MediaId>> {
        let buckets = Value::buckets(folders.iter().map(|folder| folder.bucket()));
        let numbers: Vec<_> = folders.iter().map(|folder| folder.as_i64()).collect();
        let previews = bind!(PREVIEWS_KNOWN, buckets, numbers.clone());
        let links = bind!(LINKS_KNOWN, numbers);
        let task = "look up folders";
        let previews = self.db.read(Class::Background, task, previews).await?;
        let links = self.db.read(Class::Background, task, links).await?;
        let mut known = previews.column()?;
        known.extend(links.column::<MediaId>()?);
        Ok(known)
    }

    async fn preview_files(&self, previews: &[MediaId]) -> StoreResult<Vec<MediaFiles>> {
        let buckets = Value::buckets(previews.iter().map(|preview| preview.bucket()));
        let numbers: Vec<_> = previews.iter().map(|preview| preview.as_i64()).collect();
        let look_up = bind!(PREVIEW_FILES, buckets, numbers);
        let task = "look up files of previews";
        self.db
            .read(Class::Background, task, look_up)
            .await?
            .rows(files)
    }

    async fn preview_files_after(
        &self,
        after: MediaId,
        limit: u32,
    ) -> StoreResult<Vec<MediaFiles>> {
        let list = bind!(PREVIEW_FILES_AFTER, after, limit);
        let task = "list files of previews";
        self.db
            .read(Class::Background, task, list)
            .await?
            .rows(files)
    }

    async fn claim_link(&self, claim: LinkClaim) -> StoreResult<LinkState> {
        let claim = &claim;
        self.db
            .write(Class::Background, "claim a link", |tx| async move {
                claim_link(&tx, claim).await
            })
            .await
    }

    async fn finish_link(&self, result: LinkResult) -> StoreResult<bool> {
        let card = card_json(result.card.as_ref())?;
        let record = bind!(LINK_RESULT, result.key, result.folder, card, result.until);
        let task = "record a link";
        let recorded = self.db.execute(Class::Background, task, record).await?;
        Ok(recorded.changed())
    }

    async fn expired_links(&self, before: Timestamp, limit: u32) -> StoreResult<Vec<ExpiredLink>> {
        let list = bind!(LINKS_EXPIRED, before, limit);
        let list = self.db.read(Class::Background, "list expired links", list);
        list.await?.rows(|row| {
            let (key, folder) = (bytes(row, 0)?, row.get(1)?);
            Ok(ExpiredLink { key, folder })
        })
    }

    async fn forget_link(&self, link: ExpiredLink) -> StoreResult<()> {
        let forget = bind!(LINK_FORGET, link.key, link.folder);
        let task = "forget a link";
        self.db.execute(Class::Background, task, forget).await?;
        Ok(())
    }
}

async fn claim(tx: &Tx, now: Timestamp, until: Timestamp) -> StoreResult<Option<PreviewTask>> {
    for _ in 0..CLAIMS_MAX {
        let due = tx.row(bind!(PREVIEW_DUE_NEXT, now), |row| {
            Ok((row.get::<MediaId>(0)?, row.get::<Timestamp>(1)?))
        });
        let Some((preview, due_at)) = due.await? else {
            return Ok(None);
        };
        let claim = bind!(PREVIEW_CLAIM, preview.bucket(), preview, due_at, until);
        let claimed = tx.row(claim, task).await?;
        if claimed.is_some() {
            return Ok(claimed);
        }
    }
    Ok(None)
}

/// The story is locked first. Its deletion, or an edit, may have deleted the preview meanwhile.
async fn finish(
    tx: &Tx,
    preview: MediaId,
    attempt: u32,
    result: Option<&StoryLink>,
) -> StoreResult<Option<StoryId>> {
    let bucket = preview.bucket();
    let story = tx.first::<StoryId>(bind!(PREVIEW_STORY, bucket, preview, attempt));
    let Some(story) = story.await? else {
        return Ok(None);
    };
    let has_files = result.is_some_and(|link| link.card.picture.is_some());
    let end = if has_files {
        bind!(PREVIEW_SHOW, bucket, preview, attempt, PREVIEW_SHOWN)
    } else {
        bind!(PREVIEW_DONE, bucket, preview, attempt)
    };
    let lock = bind!(STORY_LINK_LOCK, bucket, story);
    let [locked, ended] = tx.batch([lock, end]).await?;
    match result {
        Some(link) if locked.exists() && ended.changed() => {
            let link = story_link_json(Some(link))?;
            tx.last([
                bind!(STORY_LINK_UPDATE, bucket, story, link),
                changes::log(&[Change::Story(story)]),
            ])
            .await?;
            Ok(Some(story))
        }
        Some(_) | None => Ok(None),
    }
}

async fn claim_link(tx: &Tx, claim: &LinkClaim) -> StoreResult<LinkState> {
    let found = tx.row(bind!(LINK, claim.key), |row| {
        let (folder, result): (MediaId, String) = (row.get(0)?, row.get(1)?);
        Ok((folder, result, row.get::<Timestamp>(2)?))
    });
    match found.await? {
        Some((_, result, until)) if until > claim.now && result.is_empty() => {
            Ok(LinkState::Fetching)
        }
        Some((folder, result, until)) if until > claim.now => Ok(LinkState::Fetched {
            folder,
            card: card_of_json(&result)?,
        }),
        expired => {
            let claimed = bind!(LINK_CLAIM, claim.key, claim.folder, claim.until, claim.now);
            if !tx.changes(claimed).await? {
                return Ok(LinkState::Fetching);
            }
            let replaced = expired.map(|(folder, ..)| folder);
            Ok(LinkState::Claimed { replaced })
        }
    }
}

/// Inserts the preview to make for a story.
pub(crate) fn insert(
    story: StoryId,
    preview: Option<&NewPreview>,
    now: Timestamp,
) -> Option<Query> {
    let NewPreview { id, url } = preview?;
    let bucket = story.bucket();
    Some(bind!(
        PREVIEW_INSERT,
        bucket,
        *id,
        story,
        url,
        PREVIEW_DUE,
        now
    ))
}

/// Inserts the preview to make for an edited text. Until it is made, the story shows none. `None`: the story shows a
/// preview of the same link, which stays.
pub(crate) fn replace(
    story: StoryId,
    shown: Option<&StoryLink>,
    wanted: Option<&NewPreview>,
    now: Timestamp,
) -> Option<Vec<Query>> {
    if let (Some(shown), Some(wanted)) = (shown, wanted)
        && shown.url == wanted.url
    {
        return None;
    }
    let mut writes = vec![delete_of_story(story, now)];
    writes.extend(insert(story, wanted, now));
    Some(writes)
}

/// Deletes the previews of a story.
pub(crate) fn delete_of_story(story: StoryId, now: Timestamp) -> Query {
    bind!(PREVIEWS_DELETE, story.bucket(), story, now, PREVIEW_DELETED)
}

/// Reads the preview of a story from its column.
pub(crate) fn link_in(row: &Row, column: usize) -> StoreResult<Option<StoryLink>> {
    story_link_of_json(&row.get::<String>(column)?)
}

fn task(row: &Row) -> StoreResult<PreviewTask> {
    let work = match row.get::<i64>(1)? {
        PREVIEW_DELETED => PreviewWork::Remove,
        _ => PreviewWork::Make {
            url: row.get(3)?,
            created_at: row.get(4)?,
        },
    };
    Ok(PreviewTask {
        preview: row.get(0)?,
        work,
        attempt: row.get(2)?,
    })
}

fn files(row: &Row) -> StoreResult<MediaFiles> {
    let link: Option<String> = row.get(3)?;
    let link = link.unwrap_or_default();
    preview_files(row.get(0)?, row.get(1)?, row.get(2)?, &link)
}
