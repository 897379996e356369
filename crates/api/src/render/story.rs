//! The JSON of a story.
//!
//! The cached bytes are `{"id":"…","author":`, directly followed by `,"text":…,"likes":`. The author is inserted at the
//! gap between the two, whose position follows from the length of the id. The counts are appended.

use serde::Serialize;
use sosik_feed::{Audience, PersonId, StoryId, Timestamp};
use sosik_service::caches::{Presentation, Rendered, StoryEntry};
use sosik_service::stories::{OpenedStory, StoryItem};
use sosik_store::StoryRecord;

use super::media::{attachments, link};
use super::{person, put, put_number};
use crate::schema::{Attachment, Entity, LinkPreview};

const BEFORE_ID: &str = "{\"id\":\"";
const BEFORE_AUTHOR: &str = "\",\"author\":";
const BEFORE_LIKES: &str = ",\"likes\":";
const BEFORE_COMMENTS: &str = ",\"comments\":";
const BEFORE_REVISION: &str = ",\"revision\":";
const LIKED: &str = ",\"liked\":true}";
const NOT_LIKED: &str = ",\"liked\":false}";
const SAVED: &str = ",\"saved\":true";
const NOT_SAVED: &str = ",\"saved\":false";
const CAN_COMMENT: &str = ",\"can_comment\":true}";
const CANNOT_COMMENT: &str = ",\"can_comment\":false}";

/// Maximum length of the counts and their revision with their names.
pub(super) const COUNTS_BYTES_MAX: usize = 96;

/// An odd number that spreads revisions over all bits of a tag.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// The part of [`schema::Story`](crate::schema::Story) between the author and the counts, in its order.
#[derive(Serialize)]
struct Middle<'a> {
    text: &'a str,
    entities: Vec<Entity>,
    audience: Audience,
    attachments: Vec<Attachment>,
    link: Option<LinkPreview>,
    created_at: Timestamp,
    edited_at: Option<Timestamp>,
    mentions: Vec<Mention<'a>>,
    tags: &'a [String],
}

#[derive(Serialize)]
struct Mention<'a> {
    id: PersonId,
    handle: &'a str,
}

/// The JSON of one story.
pub(crate) fn story(item: &StoryItem) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes_max(item));
    story_into(item, &mut out);
    out
}

/// The JSON of a story on its own page.
pub(crate) fn opened_story(opened: &OpenedStory) -> Vec<u8> {
    let mut out = story(&opened.item);
    // The closing brace moves behind the further fields.
    out.pop();
    put(&mut out, if opened.saved { SAVED } else { NOT_SAVED });
    put(
        &mut out,
        if opened.can_comment {
            CAN_COMMENT
        } else {
            CANNOT_COMMENT
        },
    );
    out
}

/// Identifies the version of a story: changes with everything that a reader would see.
pub(super) type Tag = [u64; 3];

/// Appends the JSON of a story.
pub(super) fn story_into(item: &StoryItem, out: &mut Vec<u8>) -> Tag {
    let entry = &*item.story;
    let (kept, author) = (cached_json(entry), person(&item.author));
    let (head, tail) = kept.bytes.split_at(author_offset(entry.record.id));
    let counts = entry.counts();
    out.extend_from_slice(head);
    out.extend_from_slice(&author.bytes);
    out.extend_from_slice(tail);
    put_number(out, counts.likes);
    put(out, BEFORE_COMMENTS);
    put_number(out, counts.comments);
    put(out, BEFORE_REVISION);
    put_revision(out, counts.revision);
    put(out, if item.liked { LIKED } else { NOT_LIKED });
    let numbers = u64::from(counts.likes) << 32 | u64::from(counts.comments);
    let numbers = numbers.wrapping_add(counts.revision.wrapping_mul(SPREAD));
    [
        kept.tag.wrapping_add(u64::from(item.liked)),
        author.tag,
        numbers,
    ]
}

/// Most revisions are as short as counts.
fn put_revision(out: &mut Vec<u8>, revision: u64) {
    match u32::try_from(revision) {
        Ok(revision) => put_number(out, revision),
        Err(_) => put(out, itoa::Buffer::new().format(revision)),
    }
}

/// Maximum length of a story's JSON.
pub(super) fn bytes_max(item: &StoryItem) -> usize {
    cached_json(&item.story).bytes.len() + person(&item.author).bytes.len() + COUNTS_BYTES_MAX
}

fn cached_json(entry: &StoryEntry) -> &Rendered {
    entry
        .renderings
        .get(Presentation::V1, || render(&entry.record))
}

fn render(record: &StoryRecord) -> Vec<u8> {
    let middle = Middle {
        text: &record.text,
        entities: Entity::of_story(&record.text, &record.mentions),
        audience: record.audience,
        attachments: attachments(record.id, &record.attachments),
        link: record.link.as_ref().map(|it| link(record.id, it)),
        created_at: record.created_at,
        edited_at: record.edited_at,
        mentions: record
            .mentions
            .iter()
            .map(|mention| Mention {
                id: mention.person,
                handle: &mention.handle,
            })
            .collect(),
        tags: &record.tags,
    };
    // Strings and numbers only, so this cannot fail.
    let middle = serde_json::to_vec(&middle).unwrap_or_default();
    let id = record.id.to_string();
    let mut out = Vec::with_capacity(middle.len() + COUNTS_BYTES_MAX);
    put(&mut out, BEFORE_ID);
    put(&mut out, &id);
    put(&mut out, BEFORE_AUTHOR);
    // Without its braces; a comma replaces the first one.
    put(&mut out, ",");
    out.extend_from_slice(
        middle
            .get(1..middle.len().saturating_sub(1))
            .unwrap_or_default(),
    );
    put(&mut out, BEFORE_LIKES);
    out
}

/// The position of the author.
fn author_offset(id: StoryId) -> usize {
    let digits = id.as_u64().checked_ilog10().unwrap_or(0) as usize + 1;
    BEFORE_ID.len() + digits + BEFORE_AUTHOR.len()
}
