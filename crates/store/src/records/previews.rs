//! Previews of links in stories.

use serde::{Deserialize, Serialize};
use sosik_feed::{MediaId, Timestamp};

use super::MediaFacts;

/// The texts and the picture of a page. All texts are plain text.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LinkCard {
    /// The title.
    pub title: String,
    /// The description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The name of the site, or its host.
    pub site: String,
    /// The sizes and files of the picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<MediaFacts>,
}

/// The preview of the first link of a story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoryLink {
    /// The link.
    pub url: String,
    /// The folder of the files.
    pub folder: MediaId,
    /// What the page says.
    pub card: LinkCard,
}

/// A preview to make for a story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPreview {
    /// Taken from the generator just now, in the bucket of the author. Also the folder of the files.
    pub id: MediaId,
    /// The link.
    pub url: String,
}

/// Work on a preview that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviewTask {
    /// The preview.
    pub preview: MediaId,
    /// What to do.
    pub work: PreviewWork,
    /// The number of this attempt, from 1. It also identifies the claim.
    pub attempt: u32,
}

/// What to do with a preview.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PreviewWork {
    /// Make the preview of this link.
    Make {
        /// The link.
        url: String,
        /// The time of the post or edit.
        created_at: Timestamp,
    },
    /// Remove all files: the story is deleted or has another link.
    Remove,
}

/// The normalised link, as SHA-256.
pub type LinkKey = [u8; 32];

/// A request to fetch a link for all stories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkClaim {
    /// The link.
    pub key: LinkKey,
    /// A new folder for the files of the picture. It also identifies the claim.
    pub folder: MediaId,
    /// The current time.
    pub now: Timestamp,
    /// When the claim ends.
    pub until: Timestamp,
}

/// The state of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkState {
    /// The caller fetches it now.
    Claimed {
        /// The folder of an earlier result that is not used any more.
        replaced: Option<MediaId>,
    },
    /// Another worker fetches it.
    Fetching,
    /// It was fetched a short time ago.
    Fetched {
        /// The folder of the files.
        folder: MediaId,
        /// `None`: there is nothing to show.
        card: Option<LinkCard>,
    },
}

/// The result of a fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkResult {
    /// The link.
    pub key: LinkKey,
    /// The folder of the claim.
    pub folder: MediaId,
    /// `None`: there is nothing to show.
    pub card: Option<LinkCard>,
    /// How long the result is used.
    pub until: Timestamp,
}

/// A link whose result is not used any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExpiredLink {
    /// The link.
    pub key: LinkKey,
    /// The folder of the files.
    pub folder: MediaId,
}
