//! New stories: the row, its delivery order, mentions, tags, notifications and key, all in one transaction.

use rusqlite::types::Type;
use rusqlite::{Row, params};
use sosik_feed::{PersonId, StoryId};

use super::counts;
use super::db::Db;
use super::idempotency;
use super::notify;
use super::statement::statements;
use super::{media, orders, people, previews, privacy, tags};
use sosik_store::engine::{
    Earlier, MentionSource, Operation, Written, audience_number, bytes_of, mentions_json,
    mentions_of_json, tags_json, tags_of_json,
};
use sosik_store::{Mention, NewStory, PersonLimits, Posted, StoreResult};

statements! {
    STORY_INSERT = "INSERT INTO stories (id, author, audience, text, mentions, tags, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    STORY_IMPORT = "INSERT INTO stories (id, author, audience, text, mentions, tags, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
        ON CONFLICT (id) DO NOTHING";
}

/// Inserts a story and everything that belongs to it.
pub(super) fn post(
    db: &Db<'_>,
    story: &NewStory,
    limits: &PersonLimits,
) -> StoreResult<Posted<StoryId>> {
    let asked = story.idempotency.as_ref();
    match idempotency::earlier(db, story.author, Operation::Story, asked)? {
        Earlier::New => {}
        Earlier::Repeated(id) => {
            let first = StoryId::new(id);
            orders::make_delivery_due(db, first, story.now)?;
            return Ok(Posted::Repeated(first));
        }
        Earlier::Reused => return Ok(Posted::KeyReused),
    }
    let mentions = kept_mentions(db, story.author, &story.mentions)?;
    counts::written_within(db, story.author, written(story), limits)?;
    insert(db, STORY_INSERT, story, &mentions)?;
    let attachments = media::attach_new(db, story.author, story.id, &story.attachments)?;
    previews::insert(db, story.id, story.link.as_ref(), story.now)?;
    orders::insert_delivery_order(db, story)?;
    idempotency::remember(
        db,
        story.author,
        Operation::Story,
        asked,
        story.id.raw(),
        story.now,
    )?;
    let act = MentionSource::story(story);
    let notified = notify::notify_mentioned(db, &act, &mentions, limits)?;
    Ok(Posted::New {
        notified,
        mentions,
        attachments,
    })
}

/// Inserts stories without orders, notifications or keys. Returns the number inserted.
pub(super) fn post_many(db: &Db<'_>, stories: &[NewStory]) -> StoreResult<u64> {
    let mut made = 0;
    for story in stories {
        // Privacy settings limit new acts, and an import is none.
        let mentions = existing_mentions(db, &story.mentions)?;
        if insert(db, STORY_IMPORT, story, &mentions)? {
            counts::written(db, story.author, written(story))?;
            made += 1;
        }
    }
    Ok(made)
}

fn written(story: &NewStory) -> Written {
    Written::story(story.audience, bytes_of(&story.text))
}

fn insert(
    db: &Db<'_>,
    sql: super::statement::Sql,
    story: &NewStory,
    mentions: &[Mention],
) -> StoreResult<bool> {
    let (id, author, audience) = (
        story.id.as_i64(),
        story.author.as_i64(),
        audience_number(story.audience),
    );
    let (mentions, tags) = (mentions_json(mentions)?, tags_json(&story.tags)?);
    if !db.changes(
        sql,
        params![
            id,
            author,
            audience,
            story.text,
            mentions,
            tags,
            story.now.as_i64()
        ],
    )? {
        return Ok(false);
    }
    tags::keep(db, story.id, &story.tags)?;
    Ok(true)
}

/// The handles among these that exist, and whose people let `actor` mention them.
pub(super) fn kept_mentions(
    db: &Db<'_>,
    actor: PersonId,
    handles: &[String],
) -> StoreResult<Vec<Mention>> {
    privacy::permitted_mentions(db, actor, existing_mentions(db, handles)?)
}

fn existing_mentions(db: &Db<'_>, handles: &[String]) -> StoreResult<Vec<Mention>> {
    let mut mentions = Vec::with_capacity(handles.len());
    for handle in handles {
        if let Some(person) = people::id_by_handle(db, handle)? {
            mentions.push(Mention {
                person,
                handle: handle.clone(),
            });
        }
    }
    Ok(mentions)
}

/// Reads mentions from a column.
pub(super) fn mentions_in(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<Mention>> {
    list(column, mentions_of_json(row.get_ref(column)?.as_str()?))
}

/// Reads tags from a column.
pub(super) fn tags_in(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<String>> {
    list(column, tags_of_json(row.get_ref(column)?.as_str()?))
}

fn list<T>(column: usize, list: StoreResult<Vec<T>>) -> rusqlite::Result<Vec<T>> {
    list.map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
    })
}
