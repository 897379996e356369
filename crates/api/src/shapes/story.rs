//! Stories.

use serde::{Deserialize, Serialize};
use sosik_feed::{Audience, PersonId, StoryId};
use utoipa::ToSchema;

use super::Person;

/// A story as one reader gets it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Story {
    /// Newer stories have larger ids.
    #[schema(value_type = String, example = "181193933824000002")]
    pub id: StoryId,
    /// Who posted it.
    pub author: Person,
    /// Plain text; mentions and tags are in it as they were typed.
    pub text: String,
    /// Who it is for.
    #[schema(value_type = super::AudienceWord)]
    pub audience: Audience,
    /// Photos, videos and link previews, at most 10. Always empty as long as there are no uploads.
    pub attachments: Vec<Attachment>,
    /// When it was posted (RFC 3339, UTC, milliseconds).
    #[schema(example = "2026-03-01T09:30:00.000Z")]
    pub created_at: String,
    /// When its text or audience was last changed; null when never.
    pub edited_at: Option<String>,
    /// People in the text who exist.
    pub mentions: Vec<Mention>,
    /// Hashtags in the text, normalised, without the `#`.
    pub tags: Vec<String>,
    /// How many people like it.
    pub likes: u32,
    /// How many comments it has.
    pub comments: u32,
    /// You like it.
    pub liked: bool,
}

/// What is shown beside the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Attachment {
    /// Which.
    pub media: String,
    /// For those who cannot see it.
    pub alt: String,
}

/// A person named in a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Mention {
    /// Who.
    #[schema(value_type = String)]
    pub id: PersonId,
    /// As it stands in the text, lower case, without the `@`.
    pub handle: String,
}
