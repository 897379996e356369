//! Media in the tables: which of them can be attached to a story, and how they are stored in its row.

use sosik_feed::{MediaId, StoryId};

use super::lists::{json, of_json};
use crate::{
    Attachment, MediaFacts, MediaFiles, MediaKind, MediaRefused, MediaState, NewAttachment,
    Processed, StoreError, StoreResult,
};

/// The number of deleted media in the tables, whose files are to be removed.
pub const MEDIA_DELETED: i64 = 4;

/// The number of a state in the tables.
#[must_use]
pub const fn media_state_number(state: MediaState) -> i64 {
    match state {
        MediaState::Processing => 1,
        MediaState::Ready => 2,
        MediaState::Failed => 3,
    }
}

/// The state for a number of the tables.
#[must_use]
pub const fn media_state_of_number(number: i64) -> MediaState {
    match number {
        1 => MediaState::Processing,
        2 => MediaState::Ready,
        _ => MediaState::Failed,
    }
}

/// The number of a kind in the tables.
#[must_use]
pub const fn media_kind_number(kind: MediaKind) -> i64 {
    match kind {
        // A separate column marks an avatar.
        MediaKind::Photo | MediaKind::Avatar => 1,
        MediaKind::Video => 2,
    }
}

/// The kind for a number of the tables.
#[must_use]
pub const fn media_kind_of_number(number: i64) -> MediaKind {
    if number == media_kind_number(MediaKind::Video) {
        MediaKind::Video
    } else {
        MediaKind::Photo
    }
}

/// A medium of the author, read for a story.
#[derive(Debug, Clone)]
pub struct KnownMedia {
    /// The medium.
    pub id: MediaId,
    /// The story that has it.
    pub story: Option<StoryId>,
    /// The kind.
    pub kind: MediaKind,
    /// How far it is.
    pub state: MediaState,
    /// Its sizes and files.
    pub facts: MediaFacts,
}

/// The attachments of a story, in the order of the list.
///
/// # Errors
/// `MediaRefused` if the author has no such medium, also if it is for an avatar, or if another story has it.
pub fn attach(
    story: StoryId,
    wanted: &[NewAttachment],
    known: &[KnownMedia],
) -> StoreResult<Vec<Attachment>> {
    let refused = |reason| StoreError::MediaRefused(reason);
    let attachment = |wanted: &NewAttachment| {
        let found = known.iter().find(|known| known.id == wanted.media);
        let found = found.filter(|found| found.kind != MediaKind::Avatar);
        let found = found.ok_or(refused(MediaRefused::Unknown))?;
        if found.story.is_some_and(|other| other != story) {
            return Err(refused(MediaRefused::Used));
        }
        Ok(Attachment {
            media: found.id,
            alt: wanted.alt.clone(),
            kind: found.kind,
            state: found.state,
            facts: found.facts.clone(),
        })
    };
    wanted.iter().map(attachment).collect()
}

/// The files of a medium, by the columns of its row.
#[must_use]
pub fn media_files(
    media: MediaId,
    story: Option<StoryId>,
    state: i64,
    upload: &str,
    facts: &MediaFacts,
) -> MediaFiles {
    let is_processing = state == media_state_number(MediaState::Processing);
    let names: Vec<String> = match state {
        MEDIA_DELETED => Vec::new(),
        _ if is_processing => upload.split(' ').map(str::to_owned).collect(),
        _ => facts.files().map(str::to_owned).collect(),
    };
    MediaFiles {
        media,
        story,
        names,
        is_settled: !is_processing && state != MEDIA_DELETED,
    }
}

/// The attachments after a medium was processed.
#[must_use]
pub fn processed(
    mut attachments: Vec<Attachment>,
    media: MediaId,
    result: &Processed,
) -> Vec<Attachment> {
    for attachment in attachments.iter_mut().filter(|it| it.media == media) {
        match result {
            Processed::Ready { facts, .. } => {
                attachment.state = MediaState::Ready;
                attachment.facts = facts.clone();
            }
            Processed::Failed(_) => attachment.state = MediaState::Failed,
        }
    }
    attachments
}

/// Attachments as stored in the column of their story.
///
/// # Errors
/// When they cannot be written as JSON, which is a bug.
pub fn attachments_json(attachments: &[Attachment]) -> StoreResult<String> {
    json(attachments)
}

/// Parses attachments.
///
/// # Errors
/// When the column contains something else.
pub fn attachments_of_json(text: &str) -> StoreResult<Vec<Attachment>> {
    of_json(text)
}

/// Facts as stored in the column of their medium.
///
/// # Errors
/// When they cannot be written as JSON, which is a bug.
fn facts_json(facts: &MediaFacts) -> StoreResult<String> {
    serde_json::to_string(facts).map_err(|error| StoreError::failed("write facts", error))
}

/// Parses facts. An empty text is that of a medium that was not processed.
///
/// # Errors
/// When the column contains something else.
pub fn facts_of_json(text: &str) -> StoreResult<MediaFacts> {
    if text.is_empty() {
        return Ok(MediaFacts::default());
    }
    serde_json::from_str(text).map_err(|error| StoreError::failed("read facts", error))
}

/// State, facts, problem and bytes after processing. Without bytes, those of the upload stay counted.
///
/// # Errors
/// When the facts cannot be written as JSON, which is a bug.
pub fn result_columns(result: &Processed) -> StoreResult<(i64, String, &str, i64)> {
    Ok(match result {
        Processed::Ready { facts, bytes } => {
            let bytes = i64::try_from(*bytes).unwrap_or(i64::MAX);
            let state = media_state_number(MediaState::Ready);
            (state, facts_json(facts)?, "", bytes)
        }
        Processed::Failed(problem) => {
            let state = media_state_number(MediaState::Failed);
            (state, String::new(), problem, 0)
        }
    })
}
