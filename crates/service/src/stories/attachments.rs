//! The media that a story is to have.

use sosik_feed::limits::ATTACHMENTS_MAX;
use sosik_feed::text::AltText;
use sosik_feed::{MediaId, RuleBroken};
use sosik_store::{Attachment, NewAttachment};

use crate::ServiceResult;
use crate::media::MediaError;

/// A medium to attach to a story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachRequest {
    /// The medium.
    pub media: MediaId,
    /// Its description as typed. May be empty.
    pub alt: String,
}

/// Checks the number, that no medium occurs twice, and the descriptions.
pub(super) fn checked(attachments: &[AttachRequest]) -> ServiceResult<Vec<NewAttachment>> {
    if attachments.len() > ATTACHMENTS_MAX {
        return Err(RuleBroken::AttachmentsTooMany.into());
    }
    let mut checked: Vec<NewAttachment> = Vec::with_capacity(attachments.len());
    for AttachRequest { media, alt } in attachments {
        if checked.iter().any(|earlier| earlier.media == *media) {
            return Err(MediaError::Used.into());
        }
        checked.push(NewAttachment {
            media: *media,
            alt: AltText::parse(alt)?.into_string(),
        });
    }
    Ok(checked)
}

/// The parts of a request that identify a repeat of it.
pub(super) fn fingerprint(attachments: &[NewAttachment]) -> Vec<String> {
    let parts = attachments.iter();
    let parts = parts.flat_map(|it| [it.media.to_string(), it.alt.clone()]);
    parts.collect()
}

/// Whether a story has these attachments already.
pub(super) fn are_equal(had: &[Attachment], wanted: &[NewAttachment]) -> bool {
    let had = had.iter().map(|it| (it.media, &it.alt));
    had.eq(wanted.iter().map(|it| (it.media, &it.alt)))
}
