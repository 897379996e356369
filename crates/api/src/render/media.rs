//! The JSON of photos.

use sosik_feed::StoryId;
use sosik_store::{self as store, MediaFacts, MediaRecord};

use crate::schema::{Attachment, AttachmentSize, Media, MediaKind, MediaProblem, MediaState};

/// The code of every fault that processing finds.
const BROKEN: &str = "media_broken";

/// The JSON of an upload.
pub(crate) fn media(record: &MediaRecord) -> Vec<u8> {
    let MediaFacts {
        width,
        height,
        thumbhash,
        duration_ms,
        animated,
        ..
    } = record.facts.clone();
    let media = Media {
        id: record.id.to_string(),
        kind: kind(record.kind),
        state: state(record.state),
        problem: problem(&record.problem),
        width,
        height,
        thumbhash,
        duration_ms,
        animated,
    };
    // Strings and numbers only, so this cannot fail.
    serde_json::to_vec(&media).unwrap_or_default()
}

/// The attachments of a story, with the paths of their files.
pub(super) fn attachments(story: StoryId, attachments: &[store::Attachment]) -> Vec<Attachment> {
    let attachments = attachments.iter();
    attachments.map(|it| attachment(story, it)).collect()
}

fn attachment(story: StoryId, attachment: &store::Attachment) -> Attachment {
    let path = |name: &String| format!("/media/{story}/{name}");
    let facts = &attachment.facts;
    let size = |size: &store::MediaSize| AttachmentSize {
        width: size.width,
        height: size.height,
        webp: path(&size.webp),
        jpeg: size.jpeg.as_ref().map(path),
    };
    Attachment {
        media: attachment.media.to_string(),
        kind: kind(attachment.kind),
        state: state(attachment.state),
        alt: attachment.alt.clone(),
        width: facts.width,
        height: facts.height,
        thumbhash: facts.thumbhash.clone(),
        duration_ms: facts.duration_ms,
        animated: facts.animated,
        sizes: facts.sizes.iter().map(size).collect(),
        video: facts.video.as_ref().map(path),
    }
}

fn problem(detail: &str) -> Option<MediaProblem> {
    (!detail.is_empty()).then(|| MediaProblem {
        code: BROKEN.to_owned(),
        detail: detail.to_owned(),
    })
}

const fn kind(kind: store::MediaKind) -> MediaKind {
    match kind {
        store::MediaKind::Photo => MediaKind::Photo,
        store::MediaKind::Video => MediaKind::Video,
    }
}

const fn state(state: store::MediaState) -> MediaState {
    match state {
        store::MediaState::Processing => MediaState::Processing,
        store::MediaState::Ready => MediaState::Ready,
        store::MediaState::Failed => MediaState::Failed,
    }
}
