//! Previews of links in the tables.

use sosik_feed::{MediaId, StoryId};

use crate::{LinkCard, MediaFacts, MediaFiles, StoreError, StoreResult, StoryLink};

/// The state of a preview in the tables: it is to be made.
pub const PREVIEW_DUE: i64 = 1;

/// The state of a preview in the tables: its story shows it, and it has files.
pub const PREVIEW_SHOWN: i64 = 2;

/// The state of a preview in the tables: its files are to be removed.
pub const PREVIEW_DELETED: i64 = 3;

/// A preview as stored in the column of its story. Without one, the text is empty.
///
/// # Errors
/// When it cannot be written as JSON, which is a bug.
pub fn story_link_json(link: Option<&StoryLink>) -> StoreResult<String> {
    let Some(link) = link else {
        return Ok(String::new());
    };
    serde_json::to_string(link).map_err(|error| StoreError::failed("write a preview", error))
}

/// Parses the preview of a story.
///
/// # Errors
/// When the column contains something else.
pub fn story_link_of_json(text: &str) -> StoreResult<Option<StoryLink>> {
    if text.is_empty() {
        return Ok(None);
    }
    let link = serde_json::from_str(text);
    link.map_err(|error| StoreError::failed("read a preview", error))
}

/// The files of a preview, from the columns of its row and of its story. There are none if the story does not show it.
///
/// # Errors
/// When the column of the story contains something else.
pub fn preview_files(
    preview: MediaId,
    story: StoryId,
    state: i64,
    link: &str,
) -> StoreResult<MediaFiles> {
    let link = story_link_of_json(link)?.filter(|link| link.folder == preview);
    let picture = link.and_then(|link| link.card.picture);
    let names = picture.iter().flat_map(MediaFacts::files);
    Ok(MediaFiles {
        media: preview,
        story: Some(story),
        names: names.map(str::to_owned).collect(),
        is_settled: state == PREVIEW_SHOWN,
    })
}

/// The result of a fetch as stored in its column. It is never empty, because an empty text marks a fetch in progress.
///
/// # Errors
/// When it cannot be written as JSON, which is a bug.
pub fn card_json(card: Option<&LinkCard>) -> StoreResult<String> {
    serde_json::to_string(&card).map_err(|error| StoreError::failed("write a card", error))
}

/// Parses the result of a fetch.
///
/// # Errors
/// When the column contains something else.
pub fn card_of_json(text: &str) -> StoreResult<Option<LinkCard>> {
    serde_json::from_str(text).map_err(|error| StoreError::failed("read a card", error))
}
