//! The JSON of photos and previews of links.

use sosik_feed::StoryId;
use sosik_store::{self as store, LinkCard, MediaFacts, MediaRecord, StoryLink};

use crate::schema::{
    Attachment, AttachmentSize, LinkPicture, LinkPreview, Media, MediaKind, MediaProblem,
    MediaState,
};

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
    let facts = &attachment.facts;
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
        sizes: sizes(story, facts),
        video: facts.video.as_ref().map(|name| path(story, name)),
    }
}

/// The preview of the first link of a story, with the paths of its files.
pub(super) fn link(story: StoryId, link: &StoryLink) -> LinkPreview {
    let LinkCard {
        title,
        description,
        site,
        picture,
    } = link.card.clone();
    LinkPreview {
        url: link.url.clone(),
        title,
        description,
        site,
        picture: picture.map(|facts| LinkPicture {
            width: facts.width,
            height: facts.height,
            sizes: sizes(story, &facts),
            thumbhash: facts.thumbhash,
        }),
    }
}

fn sizes(story: StoryId, facts: &MediaFacts) -> Vec<AttachmentSize> {
    let size = |size: &store::MediaSize| AttachmentSize {
        width: size.width,
        height: size.height,
        webp: path(story, &size.webp),
        jpeg: size.jpeg.as_ref().map(|name| path(story, name)),
    };
    facts.sizes.iter().map(size).collect()
}

fn path(story: StoryId, name: &str) -> String {
    format!("/media/{story}/{name}")
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
        store::MediaKind::Avatar => MediaKind::Avatar,
    }
}

const fn state(state: store::MediaState) -> MediaState {
    match state {
        store::MediaState::Processing => MediaState::Processing,
        store::MediaState::Ready => MediaState::Ready,
        store::MediaState::Failed => MediaState::Failed,
    }
}
