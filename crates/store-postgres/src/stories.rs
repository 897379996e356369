//! Stories: the contract, and reading, editing and deleting them. New stories are in `posts`.

use std::collections::BTreeSet;

use async_trait::async_trait;
use sosik_feed::{Audience, Change, PersonId, StoryId, Timestamp, Visibility};

use super::PostgresStore;
use super::notify;
use super::pool::Class;
use super::posts::{self, kept_mentions};
use super::row::{Answer, Row};
use super::sql::{Query, Sql, Value, bind, statements};
use super::tx::Tx;
use super::written;
use super::{
    changes, idempotency, late, media, orders, people, previews, privacy, purge, story_counts, tags,
};
use sosik_store::engine::{
    MentionSource, Written, attachments_json, audience_number, audience_of_number, bytes_of,
    mentions_json, mentions_of_json, tags_json, tags_of_json,
};
use sosik_store::{
    CommitPosition, Committed, Edited, EditedText, Mention, NewStory, PersonLimits, Posted,
    StoreResult, Stories, StoryEdit, StoryLink, StoryRecord,
};

statements! {
    /// Joined by pairs: two lists against one index would try every combination of their values. The condition on the
    /// buckets is for an engine that distributes: it skips the shards without them.
    STORIES = "SELECT s.id, s.author, s.audience, s.text, s.mentions, s.tags, s.created_at, s.edited_at,
            coalesce(c.likes, 0), coalesce(c.comments, 0), coalesce(c.revision, 0), s.attachments, s.link
        FROM unnest($1::smallint[], $2::bigint[]) AS asked (bucket, id)
        JOIN stories s ON s.bucket = asked.bucket AND s.id = asked.id
        LEFT JOIN story_counts c ON c.bucket = s.bucket AND c.story = s.id
        WHERE s.bucket = ANY($1) AND s.deleted_at IS NULL";
    /// The story can be neither edited nor deleted until the commit.
    STORY_HEAD_HELD = "SELECT author, audience FROM stories
        WHERE bucket = $1 AND id = $2 AND deleted_at IS NULL FOR SHARE";
    STORY_LOCK = "SELECT audience, octet_length(text), mentions, link FROM stories
        WHERE bucket = $1 AND id = $2 AND author = $3 AND deleted_at IS NULL FOR UPDATE";
    STORY_EDIT = "UPDATE stories SET audience = $3, edited_at = $4, text = coalesce($5, text),
        mentions = coalesce($6, mentions), tags = coalesce($7, tags),
        attachments = coalesce($8, attachments), link = coalesce($9, link) WHERE bucket = $1 AND id = $2";
    STORIES_DELETED = "SELECT id FROM stories
        WHERE bucket = ANY ($1) AND id = ANY ($2) AND deleted_at IS NOT NULL";
    /// The text is removed immediately; the row stays, so that the id is not reused.
    STORY_DELETE = "UPDATE stories SET text = '', mentions = '', tags = '', attachments = '', link = '', edited_at = NULL, deleted_at = $3
        WHERE bucket = $1 AND id = $2";
    STORIES_OF = "SELECT id FROM stories
        WHERE bucket = $1 AND author = $2 AND deleted_at IS NULL AND id < $3 ORDER BY id DESC LIMIT $4";
    STORIES_OF_PUBLIC = "SELECT id FROM stories
        WHERE bucket = $1 AND author = $2 AND deleted_at IS NULL AND audience = 1 AND id < $3
        ORDER BY id DESC LIMIT $4";
    STORIES_PUBLIC = "SELECT id FROM stories
        WHERE deleted_at IS NULL AND audience = 1 AND id < $1 ORDER BY id DESC LIMIT $2";
}

#[async_trait]
impl Stories for PostgresStore {
    async fn post(&self, story: NewStory) -> StoreResult<Committed<Posted<StoryId>>> {
        let (story, limits) = (&story, &self.person_limits);
        self.db
            .commit_new("post a story", story.id.raw(), |tx| async move {
                posts::post(&tx, story, limits).await
            })
            .await
    }

    async fn stories(
        &self,
        ids: &[StoryId],
        _at_least: CommitPosition,
    ) -> StoreResult<Vec<StoryRecord>> {
        let stories = self.db.read(Class::Read, "read stories", by_ids(ids));
        stories.await?.rows(record)
    }

    async fn deleted_stories(
        &self,
        ids: &[StoryId],
        _at_least: CommitPosition,
    ) -> StoreResult<Vec<StoryId>> {
        let buckets = Value::buckets(ids.iter().map(|id| id.bucket()));
        let ids = bind!(STORIES_DELETED, buckets, ids);
        let deleted = self.db.read(Class::Read, "find deleted stories", ids);
        deleted.await?.column()
    }

    async fn edit_story(
        &self,
        edit: StoryEdit,
    ) -> StoreResult<Committed<Option<Edited<StoryRecord>>>> {
        let (edit, limits) = (&edit, &self.person_limits);
        let cause = edit.text.as_ref().map(|text| text.cause);
        self.db
            .commit_new("edit a story", cause, |tx| async move {
                change(&tx, edit, limits).await
            })
            .await
    }

    async fn delete_story(
        &self,
        story: StoryId,
        author: PersonId,
        now: Timestamp,
    ) -> StoreResult<Committed<bool>> {
        self.db
            .commit(Class::Post, "delete a story", |tx| async move {
                delete(&tx, story, author, now).await
            })
            .await
    }

    async fn stories_of(
        &self,
        author: PersonId,
        visibility: Visibility,
        before: Option<StoryId>,
        limit: u32,
    ) -> StoreResult<Vec<StoryId>> {
        let sql = of_author(visibility);
        let stories = bind!(sql, author.bucket(), author, below(before), limit);
        let stories = self
            .db
            .read(Class::Read, "list an author's stories", stories);
        stories.await?.column()
    }

    async fn stories_with_tag(
        &self,
        tag: &str,
        viewer: PersonId,
        before: Option<StoryId>,
        limit: u32,
    ) -> StoreResult<Vec<StoryId>> {
        self.db
            .snapshot(Class::Read, "list stories with a tag", |tx| async move {
                tags::newest(&tx, tag, viewer, before, limit).await
            })
            .await
    }

    async fn public_stories(
        &self,
        before: Option<StoryId>,
        limit: u32,
    ) -> StoreResult<Vec<StoryId>> {
        let stories = bind!(STORIES_PUBLIC, below(before), limit);
        let stories = self.db.read(Class::Read, "list public stories", stories);
        stories.await?.column()
    }

    async fn purge_story(&self, story: StoryId, rows_max: u32) -> StoreResult<bool> {
        self.db
            .write(Class::Background, "purge a story", |tx| async move {
                purge::purge(&tx, story, rows_max).await
            })
            .await
    }

    async fn delete_idempotency_keys(&self, before: Timestamp, limit: u32) -> StoreResult<u64> {
        self.db
            .write(
                Class::Background,
                "forget idempotency keys",
                |tx| async move { idempotency::forget(&tx, before, limit).await },
            )
            .await
    }
}

/// Reads stories that are not deleted. [`record`] reads the rows.
fn by_ids(ids: &[StoryId]) -> Query {
    let buckets = Value::buckets(ids.iter().map(|id| id.bucket()));
    bind!(STORIES, buckets, ids)
}

/// Reads author and audience of a story that is not deleted, and holds it as it is until the commit. So no row about a
/// story is inserted after its purge.
pub(crate) fn head_held(story: StoryId) -> Query {
    bind!(STORY_HEAD_HELD, story.bucket(), story)
}

/// Reads an answer of [`head_held`].
pub(crate) fn head_of(answer: &Answer) -> StoreResult<Option<(PersonId, Audience)>> {
    answer.row(|row| Ok((row.get(0)?, audience_of_number(row.get(1)?))))
}

/// The stories among these that are not deleted, each held as [`head_held`] does, in ascending order.
pub(crate) async fn live_held(
    tx: &Tx,
    stories: BTreeSet<StoryId>,
) -> StoreResult<BTreeSet<StoryId>> {
    let heads = stories.iter().map(|story| head_held(*story)).collect();
    let heads = tx.each(heads).await?;
    let found = stories.into_iter().zip(heads);
    let live = found.filter(|(_, head)| head.exists());
    Ok(live.map(|(story, _)| story).collect())
}

/// The statement that lists an author's stories. Parameters: bucket, author, upper bound of the id, limit.
const fn of_author(visibility: Visibility) -> Sql {
    match visibility {
        Visibility::Everything => STORIES_OF,
        Visibility::Public => STORIES_OF_PUBLIC,
    }
}

/// The bound of a page.
pub(crate) fn below(before: Option<StoryId>) -> i64 {
    before.map_or(i64::MAX, StoryId::as_i64)
}

fn record(row: &Row) -> StoreResult<StoryRecord> {
    Ok(StoryRecord {
        id: row.get(0)?,
        author: row.get(1)?,
        audience: audience_of_number(row.get(2)?),
        text: row.get::<String>(3)?.into(),
        mentions: mentions_of_json(&row.get::<String>(4)?)?,
        tags: tags_of_json(&row.get::<String>(5)?)?,
        attachments: media::attachments_in(row, 11)?,
        link: previews::link_in(row, 12)?,
        created_at: row.get(6)?,
        edited_at: row.get(7)?,
        counts: story_counts::counts(row, 8)?,
    })
}

/// A story of an author, locked until the commit.
struct Before {
    audience: Audience,
    bytes: i64,
    mentions: Vec<Mention>,
    link: Option<StoryLink>,
}

async fn lock(tx: &Tx, story: StoryId, author: PersonId) -> StoreResult<Option<Before>> {
    let lock = bind!(STORY_LOCK, story.bucket(), story, author);
    tx.row(lock, |row| {
        Ok(Before {
            audience: audience_of_number(row.get(0)?),
            bytes: row.get(1)?,
            mentions: mentions_of_json(&row.get::<String>(2)?)?,
            link: previews::link_in(row, 3)?,
        })
    })
    .await
}

async fn change(
    tx: &Tx,
    edit: &StoryEdit,
    limits: &PersonLimits,
) -> StoreResult<Option<Edited<StoryRecord>>> {
    let Some(before) = lock(tx, edit.id, edit.author).await? else {
        return Ok(None);
    };
    let audience = edit.audience.unwrap_or(before.audience);
    let bytes = (edit.text.as_ref()).map_or(before.bytes, |edited| bytes_of(&edited.text));
    let change = Written::story(before.audience, before.bytes).to(Written::story(audience, bytes));
    let mentions = mentions(tx, edit).await?;
    let (attachments, media) = attachments(tx, edit).await?;
    let mut writes = vec![written::add(edit.author, change)];
    let previews = previews_of(edit, &before);
    let link = previews.is_some().then(String::new);
    writes.extend(edits(edit, audience, &mentions, attachments, link)?);
    writes.extend(media);
    writes.extend(previews.unwrap_or_default());
    let own = writes.len();
    if before.audience == Audience::Friends && audience == Audience::Public {
        writes.extend(late::take(edit.id));
    }
    let mut answers = tx.each(writes).await?;
    let late = answers.split_off(own);
    written::check_quotas(answers[0].row(written::counts)?, change, limits)?;
    let mut last = late::redelivery(&late, edit.id, edit.author, edit.now)?;
    last.push(by_ids(&[edit.id]));
    finish(tx, edit, &before, last, limits).await
}

/// Sends the last statements, the last of which reads the story, and notifies the people whom only the new text
/// mentions.
async fn finish(
    tx: &Tx,
    edit: &StoryEdit,
    before: &Before,
    last: Vec<Query>,
    limits: &PersonLimits,
) -> StoreResult<Option<Edited<StoryRecord>>> {
    let answers = match edit.text {
        Some(_) => tx.each(last).await?,
        None => tx.last_each(last).await?,
    };
    let Some(record) = answers[answers.len() - 1].row(record)? else {
        return Ok(None);
    };
    let notified = match &edit.text {
        Some(edited) => notify_added(tx, edit, edited, before, &record, limits).await?,
        None => Vec::new(),
    };
    Ok(Some(Edited { record, notified }))
}

/// The people whom the new text mentions.
async fn mentions(tx: &Tx, edit: &StoryEdit) -> StoreResult<Vec<Mention>> {
    let handles = (edit.text.as_ref()).map_or(&[][..], |edited| &edited.mentions);
    if handles.is_empty() {
        return Ok(Vec::new());
    }
    let known = tx.run(people::ids_by_handles(handles)).await?;
    let mentions = kept_mentions(handles, &people::by_handle(&known)?);
    privacy::permitted_mentions(tx, edit.author, mentions).await
}

/// The new attachments, if they change, and the writes of their media.
async fn attachments(tx: &Tx, edit: &StoryEdit) -> StoreResult<(Option<String>, Vec<Query>)> {
    let Some(wanted) = &edit.attachments else {
        return Ok((None, Vec::new()));
    };
    let attached = media::attach_to(tx, edit.author, edit.id, wanted, edit.now);
    let (attachments, writes) = attached.await?;
    Ok((Some(attachments_json(&attachments)?), writes))
}

/// The writes of the previews, if the first link changes.
fn previews_of(edit: &StoryEdit, before: &Before) -> Option<Vec<Query>> {
    let wanted = edit.text.as_ref()?.link.as_ref();
    previews::replace(edit.id, before.link.as_ref(), wanted, edit.now)
}

/// The changes of a story and of the index of its tags.
fn edits(
    edit: &StoryEdit,
    audience: Audience,
    mentions: &[Mention],
    attachments: Option<String>,
    link: Option<String>,
) -> StoreResult<Vec<Query>> {
    let mut values: [Option<String>; 3] = [None, None, None];
    let mut entries = Vec::new();
    match &edit.text {
        Some(edited) => {
            let (mentions, tags) = (mentions_json(mentions)?, tags_json(&edited.tags)?);
            values = [Some(edited.text.clone()), Some(mentions), Some(tags)];
            entries.push(tags::remove(edit.id));
            entries.extend(tags::keep(edit.id, edit.author, audience, &edited.tags));
        }
        None => entries.push(tags::change_audience(edit.id, audience)),
    }
    let [text, mentions, tags] = values;
    entries.push(changes::log(&[Change::Story(edit.id)]));
    entries.push(bind!(
        STORY_EDIT,
        edit.id.bucket(),
        edit.id,
        audience_number(audience),
        edit.now,
        text,
        mentions,
        tags,
        attachments,
        link
    ));
    Ok(entries)
}

/// Notifies the people whom the story mentions after the edit and not before.
async fn notify_added(
    tx: &Tx,
    edit: &StoryEdit,
    edited: &EditedText,
    before: &Before,
    after: &StoryRecord,
    limits: &PersonLimits,
) -> StoreResult<Vec<PersonId>> {
    let is_new = |mention: &&Mention| {
        let mut known = before.mentions.iter();
        known.all(|known| known.person != mention.person)
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
    notify::notify_newly_mentioned(tx, &act, added, limits).await
}

async fn delete(tx: &Tx, story: StoryId, author: PersonId, now: Timestamp) -> StoreResult<bool> {
    let Some(before) = lock(tx, story, author).await? else {
        return Ok(false);
    };
    let written = Written::story(before.audience, before.bytes).removed();
    let [drop_delivery, insert_purge] = orders::replace_by_purge(story, author, now);
    tx.last([
        written::add(author, written),
        tags::remove(story),
        media::delete_of_story(story, now),
        previews::delete_of_story(story, now),
        bind!(STORY_DELETE, story.bucket(), story, now),
        drop_delivery,
        insert_purge,
        changes::log(&[Change::Story(story)]),
    ])
    .await?;
    Ok(true)
}
