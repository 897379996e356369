//! Previews of links.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::AttachmentSize;

/// The preview of the first link of a story. All texts are plain text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkPreview {
    /// The link. It is that of an entity of the text.
    pub url: String,
    /// The title of the page.
    pub title: String,
    /// The description of the page.
    pub description: Option<String>,
    /// The name of the site, or its host. The site itself says it, so also show the host of the link.
    pub site: String,
    /// The picture of the page.
    pub picture: Option<LinkPicture>,
}

/// The picture of a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkPicture {
    /// Pixels in a row of the largest size.
    pub width: u32,
    /// Rows of the largest size.
    pub height: u32,
    /// A blurred picture in a few bytes (ThumbHash, as base64).
    pub thumbhash: Option<String>,
    /// The sizes, smallest first.
    pub sizes: Vec<AttachmentSize>,
}
