//! Pages of stories.

use sosik_feed::Cursor;
use sosik_service::feed::FeedPage;
use sosik_service::stories::{StoryItem, StoryPage};

use super::{put, put_number, story};

/// Room for what stands around the items: two cursors of at most 303 characters and the names.
const FRAME_BYTES: usize = 768;

/// `GET /v1/feed`.
pub(crate) fn feed_page(page: &FeedPage) -> Vec<u8> {
    let mut out = items(&page.items);
    ends(
        &mut out,
        page.before.as_ref(),
        page.after.as_ref(),
        page.end,
    );
    if let Some(unread) = page.unread {
        put(&mut out, ",\"unread\":");
        put_number(&mut out, unread);
    }
    put(&mut out, if page.reset { ",\"reset\":true}" } else { "}" });
    out
}

/// Every other list of stories.
pub(crate) fn story_page(page: &StoryPage) -> Vec<u8> {
    let mut out = items(&page.items);
    ends(&mut out, page.before.as_ref(), None, page.end);
    put(&mut out, "}");
    out
}

fn items(items: &[StoryItem]) -> Vec<u8> {
    let room: usize = items.iter().map(|item| story::bytes_max(item) + 1).sum();
    let mut out = Vec::with_capacity(room + FRAME_BYTES);
    put(&mut out, "{\"items\":[");
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            put(&mut out, ",");
        }
        story::story_into(item, &mut out);
    }
    put(&mut out, "]");
    out
}

fn ends(out: &mut Vec<u8>, before: Option<&Cursor>, after: Option<&Cursor>, end: bool) {
    cursor(out, ",\"before\":", before);
    cursor(out, ",\"after\":", after);
    put(
        out,
        if end {
            ",\"end\":true"
        } else {
            ",\"end\":false"
        },
    );
}

/// A cursor's text is base64url, so it needs no escaping.
fn cursor(out: &mut Vec<u8>, name: &str, cursor: Option<&Cursor>) {
    put(out, name);
    match cursor {
        Some(cursor) => {
            put(out, "\"");
            put(out, &cursor.encode());
            put(out, "\"");
        }
        None => put(out, "null"),
    }
}
