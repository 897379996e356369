//! Previews of links: the work of making them, and the links that were fetched.

use async_trait::async_trait;
use rusqlite::types::Type;
use rusqlite::{Row, params};
use sosik_feed::{MediaId, StoryId, Timestamp};

use super::SqliteStore;
use super::db::Db;
use super::media::of_column;
use super::statement::statements;
use sosik_store::engine::{
    PREVIEW_DELETED, PREVIEW_DUE, PREVIEW_SHOWN, card_json, card_of_json, preview_files,
    story_link_json, story_link_of_json,
};
use sosik_store::{
    Committed, ExpiredLink, LinkClaim, LinkResult, LinkState, MediaFiles, NewPreview, PreviewTask,
    PreviewWork, Previews, StoreResult, StoryLink,
};

statements! {
    PREVIEW_INSERT = "INSERT INTO previews (id, story, url, state, created_at, due_at) VALUES (?1, ?2, ?3, ?4, ?5, ?5)";
    PREVIEWS_DELETE = "UPDATE previews SET state = ?3, due_at = ?2, attempts = 0 WHERE story = ?1 AND state < 3";
    PREVIEW_CLAIMABLE = "SELECT id, state, attempts + 1, url, created_at FROM previews
        WHERE state IN (1, 3) AND due_at <= ?1 ORDER BY due_at LIMIT 1";
    PREVIEW_CLAIM = "UPDATE previews SET due_at = ?2, attempts = attempts + 1 WHERE id = ?1";
    PREVIEW_POSTPONE = "UPDATE previews SET due_at = ?3 WHERE id = ?1 AND attempts = ?2 AND state IN (1, 3)";
    PREVIEW_STORY = "SELECT story FROM previews WHERE id = ?1 AND attempts = ?2 AND state = 1";
    PREVIEW_SHOW = "UPDATE previews SET state = ?2, url = '' WHERE id = ?1";
    PREVIEW_FORGET = "DELETE FROM previews WHERE id = ?1 AND state = ?2";
    STORY_LINK_UPDATE = "UPDATE stories SET link = ?2 WHERE id = ?1 AND deleted_at IS NULL";
    FOLDER_KNOWN = "SELECT id FROM previews WHERE id = ?1 UNION ALL SELECT folder FROM links WHERE folder = ?1";
    PREVIEW_FILES = "SELECT p.id, p.story, p.state, s.link FROM previews p LEFT JOIN stories s ON s.id = p.story
        WHERE p.id = ?1";
    PREVIEW_FILES_AFTER = "SELECT p.id, p.story, p.state, s.link FROM previews p LEFT JOIN stories s ON s.id = p.story
        WHERE p.id > ?1 ORDER BY p.id LIMIT ?2";
    LINK = "SELECT folder, result, used_until FROM links WHERE key = ?1";
    LINK_CLAIM = "INSERT INTO links (key, folder, result, used_until) VALUES (?1, ?2, '', ?3)
        ON CONFLICT (key) DO UPDATE SET folder = excluded.folder, result = '', used_until = excluded.used_until";
    LINK_RESULT = "UPDATE links SET result = ?3, used_until = ?4 WHERE key = ?1 AND folder = ?2 AND result = ''";
    LINKS_EXPIRED = "SELECT key, folder FROM links WHERE used_until < ?1 ORDER BY used_until LIMIT ?2";
    LINK_FORGET = "DELETE FROM links WHERE key = ?1 AND folder = ?2";
}

#[async_trait]
impl Previews for SqliteStore {
    async fn claim_preview(
        &self,
        now: Timestamp,
        until: Timestamp,
    ) -> StoreResult<Option<PreviewTask>> {
        self.write("claim a preview", move |db| {
            let due = db.row(PREVIEW_CLAIMABLE, [now.as_i64()], task)?;
            if let Some(task) = &due {
                db.execute(PREVIEW_CLAIM, [task.preview.as_i64(), until.as_i64()])?;
            }
            Ok(due)
        })
        .await
    }

    async fn postpone_preview(
        &self,
        preview: MediaId,
        attempt: u32,
        due_at: Timestamp,
    ) -> StoreResult<()> {
        self.write("postpone a preview", move |db| {
            let values = params![preview.as_i64(), attempt, due_at.as_i64()];
            db.execute(PREVIEW_POSTPONE, values)?;
            Ok(())
        })
        .await
    }

    async fn finish_preview(
        &self,
        preview: MediaId,
        attempt: u32,
        result: Option<StoryLink>,
    ) -> StoreResult<Committed<Option<StoryId>>> {
        self.commit("finish a preview", move |db| {
            finish(db, preview, attempt, result.as_ref())
        })
        .await
    }

    async fn forget_preview(&self, preview: MediaId) -> StoreResult<()> {
        self.write("forget a preview", move |db| {
            db.execute(PREVIEW_FORGET, [preview.as_i64(), PREVIEW_DELETED])?;
            Ok(())
        })
        .await
    }

    async fn known_folders(&self, folders: &[MediaId]) -> StoreResult<Vec<MediaId>> {
        let folders = folders.to_vec();
        self.read("look up folders", move |db| {
            let mut known = Vec::new();
            for folder in folders {
                known.extend(db.row(FOLDER_KNOWN, [folder.as_i64()], |row| folder_in(row, 0))?);
            }
            Ok(known)
        })
        .await
    }

    async fn preview_files(&self, previews: &[MediaId]) -> StoreResult<Vec<MediaFiles>> {
        let previews = previews.to_vec();
        self.read("look up files of previews", move |db| {
            let mut found = Vec::new();
            for preview in previews {
                found.extend(db.row(PREVIEW_FILES, [preview.as_i64()], files)?);
            }
            Ok(found)
        })
        .await
    }

    async fn preview_files_after(
        &self,
        after: MediaId,
        limit: u32,
    ) -> StoreResult<Vec<MediaFiles>> {
        self.read("list files of previews", move |db| {
            db.rows(PREVIEW_FILES_AFTER, params![after.as_i64(), limit], files)
        })
        .await
    }

    async fn claim_link(&self, claim: LinkClaim) -> StoreResult<LinkState> {
        self.write("claim a link", move |db| claim_link(db, &claim))
            .await
    }

    async fn finish_link(&self, result: LinkResult) -> StoreResult<bool> {
        self.write("record a link", move |db| {
            let LinkResult {
                key, folder, until, ..
            } = result;
            let card = card_json(result.card.as_ref())?;
            db.changes(
                LINK_RESULT,
                params![key, folder.as_i64(), card, until.as_i64()],
            )
        })
        .await
    }

    async fn expired_links(&self, before: Timestamp, limit: u32) -> StoreResult<Vec<ExpiredLink>> {
        self.read("list expired links", move |db| {
            db.rows(LINKS_EXPIRED, params![before.as_i64(), limit], |row| {
                let (key, folder) = (row.get(0)?, folder_in(row, 1)?);
                Ok(ExpiredLink { key, folder })
            })
        })
        .await
    }

    async fn forget_link(&self, link: ExpiredLink) -> StoreResult<()> {
        self.write("forget a link", move |db| {
            db.execute(LINK_FORGET, params![link.key, link.folder.as_i64()])?;
            Ok(())
        })
        .await
    }
}

fn finish(
    db: &Db<'_>,
    preview: MediaId,
    attempt: u32,
    result: Option<&StoryLink>,
) -> StoreResult<Option<StoryId>> {
    let values = params![preview.as_i64(), attempt];
    let story = db.row(PREVIEW_STORY, values, |row| row.get::<_, i64>(0))?;
    let Some(story) = story else {
        return Ok(None);
    };
    match result {
        Some(link) if link.card.picture.is_some() => {
            db.execute(PREVIEW_SHOW, [preview.as_i64(), PREVIEW_SHOWN])?
        }
        Some(_) | None => db.execute(PREVIEW_FORGET, [preview.as_i64(), PREVIEW_DUE])?,
    };
    let Some(link) = result else {
        return Ok(None);
    };
    let shown = params![story, story_link_json(Some(link))?];
    let changed = db.changes(STORY_LINK_UPDATE, shown)?;
    Ok(changed.then_some(StoryId::from_i64(story)))
}

fn claim_link(db: &Db<'_>, claim: &LinkClaim) -> StoreResult<LinkState> {
    let found = db.row(LINK, [claim.key], |row| {
        let until = Timestamp::from_i64(row.get(2)?);
        Ok((folder_in(row, 0)?, row.get::<_, String>(1)?, until))
    })?;
    match found {
        Some((_, result, until)) if until > claim.now && result.is_empty() => {
            Ok(LinkState::Fetching)
        }
        Some((folder, result, until)) if until > claim.now => Ok(LinkState::Fetched {
            folder,
            card: card_of_json(&result)?,
        }),
        expired => {
            let values = params![claim.key, claim.folder.as_i64(), claim.until.as_i64()];
            db.execute(LINK_CLAIM, values)?;
            let replaced = expired.map(|(folder, ..)| folder);
            Ok(LinkState::Claimed { replaced })
        }
    }
}

/// Inserts the preview to make for a story.
pub(super) fn insert(
    db: &Db<'_>,
    story: StoryId,
    preview: Option<&NewPreview>,
    now: Timestamp,
) -> StoreResult<()> {
    if let Some(preview) = preview {
        let (id, story, now) = (preview.id.as_i64(), story.as_i64(), now.as_i64());
        let values = params![id, story, preview.url, PREVIEW_DUE, now];
        db.execute(PREVIEW_INSERT, values)?;
    }
    Ok(())
}

/// Inserts the preview to make for an edited text. If the story shows a preview of the same link, that one stays.
pub(super) fn replace(
    db: &Db<'_>,
    story: StoryId,
    shown: Option<&StoryLink>,
    wanted: Option<&NewPreview>,
    now: Timestamp,
) -> StoreResult<()> {
    if let (Some(shown), Some(wanted)) = (shown, wanted)
        && shown.url == wanted.url
    {
        return Ok(());
    }
    delete_of_story(db, story, now)?;
    db.execute(STORY_LINK_UPDATE, params![story.as_i64(), ""])?;
    insert(db, story, wanted, now)
}

/// Deletes the previews of a story.
pub(super) fn delete_of_story(db: &Db<'_>, story: StoryId, now: Timestamp) -> StoreResult<()> {
    let values = [story.as_i64(), now.as_i64(), PREVIEW_DELETED];
    db.execute(PREVIEWS_DELETE, values)?;
    Ok(())
}

/// Reads the preview of a story from its column.
pub(super) fn link_in(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<StoryLink>> {
    story_link_of_json(row.get_ref(column)?.as_str()?).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
    })
}

fn task(row: &Row<'_>) -> rusqlite::Result<PreviewTask> {
    let work = match row.get::<_, i64>(1)? {
        PREVIEW_DELETED => PreviewWork::Remove,
        _ => PreviewWork::Make {
            url: row.get(3)?,
            created_at: Timestamp::from_i64(row.get(4)?),
        },
    };
    Ok(PreviewTask {
        preview: folder_in(row, 0)?,
        work,
        attempt: row.get(2)?,
    })
}

fn folder_in(row: &Row<'_>, column: usize) -> rusqlite::Result<MediaId> {
    Ok(MediaId::from_i64(row.get(column)?))
}

fn files(row: &Row<'_>) -> rusqlite::Result<MediaFiles> {
    let story = StoryId::from_i64(row.get(1)?);
    let link = row.get_ref(3)?.as_str_or_null()?.unwrap_or_default();
    of_column(
        3,
        preview_files(folder_in(row, 0)?, story, row.get(2)?, link),
    )
}
