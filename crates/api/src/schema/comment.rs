//! Comments.

use serde::{Deserialize, Serialize};
use sosik_feed::{CommentId, StoryId};
use sosik_service::comments::CommentItem;
use utoipa::ToSchema;

use super::{Entity, Person};

/// A comment on a story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Comment {
    /// Newer comments have larger ids.
    #[schema(value_type = String)]
    pub id: CommentId,
    /// The story that it belongs to.
    #[schema(value_type = String)]
    pub story: StoryId,
    /// The author of the comment.
    pub author: Person,
    /// Plain text.
    pub text: String,
    /// The links, mentions and tags of the text.
    pub entities: Vec<Entity>,
    /// When it was written (RFC 3339).
    pub created_at: String,
    /// When it was last edited (RFC 3339); null if never.
    pub edited_at: Option<String>,
}

impl Comment {
    /// The comment as JSON for clients.
    #[must_use]
    pub fn of(item: &CommentItem) -> Self {
        let comment = &item.comment;
        Self {
            id: comment.id,
            story: comment.story,
            author: Person::of(&item.author),
            entities: Entity::of_text(&comment.text),
            text: comment.text.clone(),
            created_at: comment.created_at.to_string(),
            edited_at: comment.edited_at.map(|at| at.to_string()),
        }
    }
}
