//! Stories: the contract, and reading, editing and deleting them. New stories are in `posts`.

use async_trait::async_trait;
use rusqlite::{OptionalExtension, Row, params};
use sosik_feed::{Audience, PersonId, StoryId, Timestamp, Visibility};

use super::counts;
use super::db::Db;
use super::failure::of_engine;
use super::posts::{self, kept_mentions, mentions_in, tags_in};
use super::statement::{Sql, statements};
use super::{SqliteStore, idempotency, media, notify, orders, previews, purge, tags};
use sosik_store::engine::{
    MentionSource, Written, audience_number, audience_of_number, bytes_of, mentions_json, tags_json,
};
use sosik_store::{
    CommitPosition, Committed, Edited, Mention, NewStory, PersonLimits, Posted, StoreResult,
    Stories, StoryCounts, StoryEdit, StoryRecord,
};

statements! {
    STORY = "SELECT s.id, s.author, s.audience, s.text, s.mentions, s.tags, s.created_at, s.edited_at,
            coalesce(c.likes, 0), coalesce(c.comments, 0), coalesce(c.revision, 0), s.attachments, s.link
        FROM stories s LEFT JOIN story_counts c ON c.story = s.id WHERE s.id = ?1 AND s.deleted_at IS NULL";
    STORY_DELETED = "SELECT id FROM stories WHERE id = ?1 AND deleted_at IS NOT NULL";
    STORY_HEAD = "SELECT author, audience FROM stories WHERE id = ?1 AND deleted_at IS NULL";
    STORY_WRITTEN = "SELECT audience, octet_length(text) FROM stories
        WHERE id = ?1 AND author = ?2 AND deleted_at IS NULL";
    STORY_TEXT_UPDATE = "UPDATE stories SET text = ?2, mentions = ?3, tags = ?4 WHERE id = ?1";
    STORY_EDITED = "UPDATE stories SET audience = ?2, edited_at = ?3 WHERE id = ?1";
    /// The text is removed immediately; the row stays, so that the id is not reused.
    STORY_DELETE = "UPDATE stories SET text = '', mentions = '', tags = '', attachments = '', link = '', edited_at = NULL, deleted_at = ?3
        WHERE id = ?1 AND author = ?2 AND deleted_at IS NULL";
    STORIES_OF = "SELECT id FROM stories WHERE author = ?1 AND deleted_at IS NULL AND id < ?2 ORDER BY id DESC LIMIT ?3";
    STORIES_OF_PUBLIC = "SELECT id FROM stories
        WHERE author = ?1 AND deleted_at IS NULL AND audience = 1 AND id < ?2 ORDER BY id DESC LIMIT ?3";
    /// Without the hint the engine walks the stories themselves, with all those for friends.
    STORIES_PUBLIC = "SELECT id FROM stories INDEXED BY stories_newest_public
        WHERE deleted_at IS NULL AND audience = 1 AND id < ?1 ORDER BY id DESC LIMIT ?2";
}

#[async_trait]
impl Stories for SqliteStore {
    async fn post(&self, story: NewStory) -> StoreResult<Committed<Posted<StoryId>>> {
        let limits = self.person_limits;
        self.commit("post a story", move |db| posts::post(db, &story, &limits))
            .await
    }

    async fn stories(
        &self,
        ids: &[StoryId],
        _at_least: CommitPosition,
    ) -> StoreResult<Vec<StoryRecord>> {
        let ids = ids.to_vec();
        self.read("read stories", move |db| {
            let mut statement = db.prepared(STORY)?;
            let mut found = Vec::with_capacity(ids.len());
            for id in ids {
                found.extend(
                    statement
                        .query_row([id.as_i64()], record)
                        .optional()
                        .map_err(of_engine)?,
                );
            }
            Ok(found)
        })
        .await
    }

    async fn deleted_stories(
        &self,
        ids: &[StoryId],
        _at_least: CommitPosition,
    ) -> StoreResult<Vec<StoryId>> {
        let ids = ids.to_vec();
        self.read("find deleted stories", move |db| {
            let mut deleted = Vec::new();
            for id in ids {
                deleted.extend(db.row(STORY_DELETED, [id.as_i64()], story_id)?);
            }
            Ok(deleted)
        })
        .await
    }

    async fn edit_story(
        &self,
        edit: StoryEdit,
    ) -> StoreResult<Committed<Option<Edited<StoryRecord>>>> {
        let limits = self.person_limits;
        self.commit("edit a story", move |db| change(db, &edit, &limits))
            .await
    }

    async fn delete_story(
        &self,
        story: StoryId,
        author: PersonId,
        now: Timestamp,
    ) -> StoreResult<Committed<bool>> {
        self.commit("delete a story", move |db| delete(db, story, author, now))
            .await
    }

    async fn stories_of(
        &self,
        author: PersonId,
        visibility: Visibility,
        before: Option<StoryId>,
        limit: u32,
    ) -> StoreResult<Vec<StoryId>> {
        self.read("list an author's stories", move |db| {
            db.rows(
                of_author(visibility),
                params![author.as_i64(), below(before), limit],
                story_id,
            )
        })
        .await
    }

    async fn stories_with_tag(
        &self,
        tag: &str,
        viewer: PersonId,
        before: Option<StoryId>,
        limit: u32,
    ) -> StoreResult<Vec<StoryId>> {
        let tag = tag.to_owned();
        self.read("list stories with a tag", move |db| {
            tags::newest(db, &tag, viewer, before, limit)
        })
        .await
    }

    async fn public_stories(
        &self,
        before: Option<StoryId>,
        limit: u32,
    ) -> StoreResult<Vec<StoryId>> {
        self.read("list public stories", move |db| {
            db.rows(STORIES_PUBLIC, params![below(before), limit], story_id)
        })
        .await
    }

    async fn purge_story(&self, story: StoryId, rows_max: u32) -> StoreResult<bool> {
        self.write("purge a story", move |db| purge::purge(db, story, rows_max))
            .await
    }

    async fn delete_idempotency_keys(&self, before: Timestamp, limit: u32) -> StoreResult<u64> {
        self.write("forget idempotency keys", move |db| {
            idempotency::forget(db, before, limit)
        })
        .await
    }
}

/// Author and audience of a story that is not deleted.
pub(super) fn head(db: &Db<'_>, story: StoryId) -> StoreResult<Option<(PersonId, Audience)>> {
    db.row(STORY_HEAD, [story.as_i64()], |row| {
        Ok((
            PersonId::from_i64(row.get(0)?),
            audience_of_number(row.get(1)?),
        ))
    })
}

/// The statement that lists an author's stories. Parameters: author, upper bound of the id, limit.
pub(super) const fn of_author(visibility: Visibility) -> Sql {
    match visibility {
        Visibility::Everything => STORIES_OF,
        Visibility::Public => STORIES_OF_PUBLIC,
    }
}

/// The bound of a page.
pub(super) fn below(before: Option<StoryId>) -> i64 {
    before.map_or(i64::MAX, StoryId::as_i64)
}

/// Reads a row that is an id.
pub(super) fn story_id(row: &Row<'_>) -> rusqlite::Result<StoryId> {
    Ok(StoryId::from_i64(row.get(0)?))
}

fn record(row: &Row<'_>) -> rusqlite::Result<StoryRecord> {
    Ok(StoryRecord {
        id: story_id(row)?,
        author: PersonId::from_i64(row.get(1)?),
        audience: audience_of_number(row.get(2)?),
        text: row.get_ref(3)?.as_str()?.into(),
        mentions: mentions_in(row, 4)?,
        tags: tags_in(row, 5)?,
        attachments: media::attachments_in(row, 11)?,
        link: previews::link_in(row, 12)?,
        created_at: Timestamp::from_i64(row.get(6)?),
        edited_at: row.get::<_, Option<i64>>(7)?.map(Timestamp::from_i64),
        counts: counts(row, 8)?,
    })
}

/// Reads three adjacent columns: likes, comments, revision.
pub(super) fn counts(row: &Row<'_>, first: usize) -> rusqlite::Result<StoryCounts> {
    let revision = row.get::<_, i64>(first + 2)?.unsigned_abs();
    Ok(StoryCounts {
        likes: row.get(first)?,
        comments: row.get(first + 1)?,
        revision,
    })
}

/// Audience and bytes of a story of the author that is not deleted.
fn story_written(
    db: &Db<'_>,
    story: StoryId,
    author: PersonId,
) -> StoreResult<Option<(Audience, i64)>> {
    db.row(STORY_WRITTEN, [story.as_i64(), author.as_i64()], |row| {
        Ok((audience_of_number(row.get(0)?), row.get(1)?))
    })
}

fn change(
    db: &Db<'_>,
    edit: &StoryEdit,
    limits: &PersonLimits,
) -> StoreResult<Option<Edited<StoryRecord>>> {
    let before = match db.row(STORY, [edit.id.as_i64()], record)? {
        Some(before) if before.author == edit.author => before,
        _ => return Ok(None),
    };
    let audience = edit.audience.unwrap_or(before.audience);
    let text = (edit.text.as_ref()).map_or(&*before.text, |edited| &edited.text);
    let change = Written::story(before.audience, bytes_of(&before.text))
        .to(Written::story(audience, bytes_of(text)));
    counts::written_within(db, edit.author, change, limits)?;
    if let Some(edited) = &edit.text {
        let mentions = kept_mentions(db, edit.author, &edited.mentions)?;
        tags::remove(db, edit.id)?;
        let (mentions, tags) = (mentions_json(&mentions)?, tags_json(&edited.tags)?);
        db.execute(
            STORY_TEXT_UPDATE,
            params![edit.id.as_i64(), edited.text, mentions, tags],
        )?;
        let (shown, wanted) = (before.link.as_ref(), edited.link.as_ref());
        previews::replace(db, edit.id, shown, wanted, edit.now)?;
    }
    if let Some(wanted) = &edit.attachments {
        media::replace(db, edit.author, edit.id, wanted, edit.now)?;
    }
    db.execute(
        STORY_EDITED,
        [
            edit.id.as_i64(),
            audience_number(audience),
            edit.now.as_i64(),
        ],
    )?;
    tags::keep(db, edit.id, &tags::of_story(db, edit.id)?)?;
    if before.audience == Audience::Friends && audience == Audience::Public {
        orders::insert_redelivery_order(db, edit.id, edit.author, edit.now)?;
    }
    let Some(record) = db.row(STORY, [edit.id.as_i64()], record)? else {
        return Ok(None);
    };
    let notified = notify_added(db, edit, &before, &record, limits)?;
    Ok(Some(Edited { record, notified }))
}

/// Notifies the people whom the story mentions after the edit and not before.
fn notify_added(
    db: &Db<'_>,
    edit: &StoryEdit,
    before: &StoryRecord,
    after: &StoryRecord,
    limits: &PersonLimits,
) -> StoreResult<Vec<PersonId>> {
    let Some(edited) = &edit.text else {
        return Ok(Vec::new());
    };
    let is_new = |mention: &&Mention| {
        before
            .mentions
            .iter()
            .all(|known| known.person != mention.person)
    };
    let act = MentionSource {
        id: edited.cause,
        actor: edit.author,
        story: edit.id,
        story_author: edit.author,
        audience: after.audience,
        comment: None,
        at: edit.now,
    };
    let added = after.mentions.iter().filter(is_new).cloned().collect();
    notify::notify_newly_mentioned(db, &act, added, limits)
}

fn delete(db: &Db<'_>, story: StoryId, author: PersonId, now: Timestamp) -> StoreResult<bool> {
    let Some((audience, bytes)) = story_written(db, story, author)? else {
        return Ok(false);
    };
    tags::remove(db, story)?;
    media::delete_of_story(db, story, now)?;
    previews::delete_of_story(db, story, now)?;
    db.execute(
        STORY_DELETE,
        [story.as_i64(), author.as_i64(), now.as_i64()],
    )?;
    counts::written(db, author, Written::story(audience, bytes).removed())?;
    orders::replace_by_purge(db, story, author, now)?;
    Ok(true)
}
