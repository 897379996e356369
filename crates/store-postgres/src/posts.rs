//! New stories: the row, its delivery order, mentions, tags, notifications and key, all in one transaction.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sosik_feed::{PersonId, StoryId};

use super::idempotency::{self, Request};
use super::notify;
use super::sql::{Query, Value, bind, statements};
use super::tx::Tx;
use super::written;
use super::{media, orders, people, previews, privacy, tags};
use sosik_store::engine::{
    Earlier, MentionSource, Operation, Written, attachments_json, audience_number, bytes_of,
    mentions_json, tags_json,
};
use sosik_store::{Attachment, Mention, NewStory, PersonLimits, Posted, StoreResult};

statements! {
    STORY_INSERT = "INSERT INTO stories (bucket, id, author, audience, text, mentions, tags, created_at, attachments)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    /// Returns the ids that were free.
    STORIES_IMPORT = "INSERT INTO stories (bucket, id, author, audience, text, mentions, tags, created_at)
        SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::text[],
            $7::text[], $8::bigint[])
        ON CONFLICT (id, bucket) DO NOTHING RETURNING id";
}

/// Inserts a story and everything that belongs to it.
pub(crate) async fn post(
    tx: &Tx,
    story: &NewStory,
    limits: &PersonLimits,
) -> StoreResult<Posted<StoryId>> {
    match earlier(tx, story).await? {
        Earlier::New => {}
        Earlier::Repeated(id) => {
            let first = StoryId::new(id);
            tx.run(orders::make_delivery_due(first, story.now)).await?;
            return Ok(Posted::Repeated(first));
        }
        Earlier::Reused => return Ok(Posted::KeyReused),
    }
    let written = written(story);
    let mentions = people::ids_by_handles(&story.mentions);
    let [counts, mentions] = tx
        .batch([written::add(story.author, written), mentions])
        .await?;
    written::check_quotas(counts.row(written::counts)?, written, limits)?;
    let mentions = kept_mentions(&story.mentions, &people::by_handle(&mentions)?);
    let mentions = privacy::permitted_mentions(tx, story.author, mentions).await?;
    let (attachments, media) = attachments(tx, story).await?;
    let mut rows = rows(story, &mentions, &attachments)?;
    rows.extend(media);
    rows.extend(previews::insert(story.id, story.link.as_ref(), story.now));
    let notified = if mentions.is_empty() {
        tx.last_each(rows).await?;
        Vec::new()
    } else {
        tx.each(rows).await?;
        notify::notify_mentioned(tx, &MentionSource::story(story), &mentions, limits).await?
    };
    Ok(Posted::New {
        notified,
        mentions,
        attachments,
    })
}

/// The attachments, and the writes of their media.
async fn attachments(tx: &Tx, story: &NewStory) -> StoreResult<(Vec<Attachment>, Vec<Query>)> {
    if story.attachments.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    media::attach_to(tx, story.author, story.id, &story.attachments, story.now).await
}

async fn earlier(tx: &Tx, story: &NewStory) -> StoreResult<Earlier> {
    let Some(idempotency) = &story.idempotency else {
        return Ok(Earlier::New);
    };
    let request = Request {
        person: story.author,
        operation: Operation::Story,
        idempotency,
        answer: story.id.raw(),
        now: story.now,
    };
    idempotency::take(tx, &request).await
}

/// The rows of a new story in its own bucket.
fn rows(
    story: &NewStory,
    mentions: &[Mention],
    attachments: &[Attachment],
) -> StoreResult<Vec<Query>> {
    let row = bind!(
        STORY_INSERT,
        story.id.bucket(),
        story.id,
        story.author,
        audience_number(story.audience),
        &story.text,
        mentions_json(mentions)?,
        tags_json(&story.tags)?,
        story.now,
        attachments_json(attachments)?
    );
    let mut rows = vec![row, orders::insert_delivery_order(story)];
    rows.extend(tags::keep(
        story.id,
        story.author,
        story.audience,
        &story.tags,
    ));
    Ok(rows)
}

/// Inserts stories without orders, notifications or keys. Returns the number inserted.
pub(crate) async fn post_many(tx: &Tx, stories: &[NewStory]) -> StoreResult<u64> {
    let handles: BTreeSet<_> = stories.iter().flat_map(|story| &story.mentions).collect();
    let handles: Vec<_> = handles.into_iter().cloned().collect();
    let known = tx.run(people::ids_by_handles(&handles)).await?;
    let known = people::by_handle(&known)?;
    // Privacy settings limit new acts, and an import is none: existing people are mentioned.
    let inserted: Vec<StoryId> = tx.column(import(stories, &known)?).await?;
    let mut inserted: BTreeSet<_> = inserted.into_iter().collect();
    let (mut sums, mut entries, mut made) = (BTreeMap::new(), Vec::new(), 0);
    for story in stories {
        // If an id occurs twice, only the first story was inserted.
        if inserted.remove(&story.id) {
            made += 1;
            written::sum(&mut sums, story.author, written(story));
            entries.extend(tags::keep(
                story.id,
                story.author,
                story.audience,
                &story.tags,
            ));
        }
    }
    tx.each(entries).await?;
    written::add_many(tx, &sums).await?;
    Ok(made)
}

fn import(stories: &[NewStory], known: &HashMap<String, PersonId>) -> StoreResult<Query> {
    let (mut mentions, mut tags) = (Vec::new(), Vec::new());
    for story in stories {
        mentions.push(mentions_json(&kept_mentions(&story.mentions, known))?);
        tags.push(tags_json(&story.tags)?);
    }
    let numbers = |number: fn(&NewStory) -> i64| stories.iter().map(number).collect::<Vec<_>>();
    Ok(bind!(
        STORIES_IMPORT,
        Value::buckets(stories.iter().map(|story| story.id.bucket())),
        numbers(|story| story.id.as_i64()),
        numbers(|story| story.author.as_i64()),
        numbers(|story| audience_number(story.audience)),
        stories
            .iter()
            .map(|story| story.text.clone())
            .collect::<Vec<_>>(),
        mentions,
        tags,
        numbers(|story| story.now.as_i64())
    ))
}

fn written(story: &NewStory) -> Written {
    Written::story(story.audience, bytes_of(&story.text))
}

/// The handles among these that exist.
pub(crate) fn kept_mentions(handles: &[String], known: &HashMap<String, PersonId>) -> Vec<Mention> {
    let kept = handles.iter().filter_map(|handle| {
        let person = *known.get(handle)?;
        let handle = handle.clone();
        Some(Mention { person, handle })
    });
    kept.collect()
}
