//! Pages of stories.

use sosik_feed::Cursor;
use sosik_feed::cursor::seal::{self, Scope, Seals};
use sosik_service::feeds::FeedPage;
use sosik_service::stories::{StoryItem, StoryPage};
use xxhash_rust::xxh3::xxh3_64;

use super::{put, put_number, story};

/// Bytes of a page in addition to its items: two cursors and the names.
const FRAME_BYTES: usize = 2 * seal::TEXT_MAX + 160;

/// The key that seals the cursors of a page, with the list and the reader they are bound to.
#[derive(Clone, Copy)]
pub(crate) struct Sealing<'a> {
    /// The keys.
    pub(crate) seals: &'a Seals,
    /// The list and the reader.
    pub(crate) scope: Scope,
}

/// JSON with its tag.
pub(crate) struct Tagged {
    /// The JSON.
    pub(crate) json: Vec<u8>,
    /// Changes with everything that a reader would see.
    pub(crate) tag: u64,
}

/// `GET /v1/feed`.
///
/// The tag does not cover the cursor `after`. That cursor advances as deliveries complete, even without new stories,
/// and the cursor that the client already has is as good as the new one.
pub(crate) fn feed_page(page: &FeedPage, sealing: Sealing<'_>) -> Tagged {
    let (mut out, mut recognised_by) = items(&page.items);
    let items_end = out.len();
    cursor(&mut out, ",\"before\":", page.before.as_ref(), sealing);
    let after_begins = out.len();
    cursor(&mut out, ",\"after\":", page.after.as_ref(), sealing);
    let after_ends = out.len();
    ending(&mut out, page.end);
    if let Some(unread) = page.unread {
        put(&mut out, ",\"unread\":");
        put_number(&mut out, unread);
    }
    put(&mut out, if page.reset { ",\"reset\":true}" } else { "}" });
    recognised_by.extend_from_slice(&out[items_end..after_begins]);
    recognised_by.extend_from_slice(&out[after_ends..]);
    Tagged {
        tag: xxh3_64(&recognised_by),
        json: out,
    }
}

/// Every other list of stories.
pub(crate) fn story_page(page: &StoryPage, sealing: Sealing<'_>) -> Vec<u8> {
    let (mut out, _) = items(&page.items);
    cursor(&mut out, ",\"before\":", page.before.as_ref(), sealing);
    cursor(&mut out, ",\"after\":", None, sealing);
    ending(&mut out, page.end);
    put(&mut out, "}");
    out
}

/// The maximum length of a page with these items. Its buffer is allocated once, with this capacity.
pub(super) fn bytes_max(items: &[StoryItem]) -> usize {
    let items: usize = items.iter().map(|item| story::bytes_max(item) + 1).sum();
    items + FRAME_BYTES
}

/// The items as JSON, and a few bytes for each that identify its version.
fn items(items: &[StoryItem]) -> (Vec<u8>, Vec<u8>) {
    let mut out = Vec::with_capacity(bytes_max(items));
    let mut recognised_by = Vec::with_capacity(size_of::<story::Tag>() * items.len() + FRAME_BYTES);
    put(&mut out, "{\"items\":[");
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            put(&mut out, ",");
        }
        let tag = story::story_into(item, &mut out);
        recognised_by.extend_from_slice(tag.map(u64::to_le_bytes).as_flattened());
    }
    put(&mut out, "]");
    (out, recognised_by)
}

fn ending(out: &mut Vec<u8>, end: bool) {
    put(
        out,
        if end {
            ",\"end\":true"
        } else {
            ",\"end\":false"
        },
    );
}

/// The text of a cursor is base64url, so it needs no escaping.
fn cursor(out: &mut Vec<u8>, name: &str, cursor: Option<&Cursor>, sealing: Sealing<'_>) {
    put(out, name);
    match cursor {
        Some(cursor) => {
            put(out, "\"");
            sealing.seals.seal_into(cursor, sealing.scope, out);
            put(out, "\"");
        }
        None => put(out, "null"),
    }
}
