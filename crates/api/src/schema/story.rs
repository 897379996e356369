//! Stories.

use serde::{Deserialize, Serialize};
use sosik_feed::{Audience, PersonId, StoryId};
use utoipa::ToSchema;

use super::{Attachment, Entity, LinkPreview, Person};

/// A story as one reader sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Story {
    /// Newer stories have larger ids.
    #[schema(value_type = String, example = "286429859020817061")]
    pub id: StoryId,
    /// The author of the story.
    pub author: Person,
    /// Plain text. It contains links, mentions and tags as they were typed.
    pub text: String,
    /// The links, mentions and tags of the text. Of the mentions, those of people who exist and let the author mention
    /// them.
    pub entities: Vec<Entity>,
    /// Audience of the story.
    #[schema(value_type = super::AudienceSchema)]
    pub audience: Audience,
    /// Photos and videos, at most 10. While one is being processed it has no sizes; the story changes when it is ready.
    pub attachments: Vec<Attachment>,
    /// The preview of the first link. Null while the page is fetched, and if it says nothing about itself; the story changes
    /// when the preview is ready.
    pub link: Option<LinkPreview>,
    /// When it was posted (RFC 3339, UTC, milliseconds).
    #[schema(example = "2026-03-01T09:30:00.000Z")]
    pub created_at: String,
    /// When its text or audience was last edited; null if never.
    pub edited_at: Option<String>,
    /// Mentioned people who exist and let the author mention them.
    pub mentions: Vec<Mention>,
    /// Hashtags in the text, normalised, without the `#`.
    pub tags: Vec<String>,
    /// Number of people who like it.
    pub likes: u32,
    /// Number of its comments.
    pub comments: u32,
    /// Grows with every change of `likes` and `comments`. Of two answers about a story, the counts with the larger one are
    /// newer.
    pub revision: u64,
    /// Whether you like it.
    pub liked: bool,
    /// On its own page: whether you saved it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saved: Option<bool>,
    /// On its own page: whether you may comment on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub can_comment: Option<bool>,
}

/// What you may see of a story now. It is the same for a deleted story, a story that you may not see, and an id without
/// a story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StoryState {
    /// The id.
    #[schema(value_type = String, example = "286429859020817061")]
    pub id: StoryId,
    /// Whether it belongs to your home feed. Stories of people whom you muted or do not follow do not.
    pub home: bool,
    /// The story; null if there is none that you may see.
    pub story: Option<Story>,
}

/// The states of several stories.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StoryStates {
    /// One for each id, in the order of the request.
    pub items: Vec<StoryState>,
}

/// A person mentioned in a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Mention {
    /// The person.
    #[schema(value_type = String)]
    pub id: PersonId,
    /// The handle as in the text, in lower case, without the `@`.
    pub handle: String,
}
