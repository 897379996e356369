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
    /// The comment that this one replies to; null if it is no reply.
    #[schema(value_type = Option<String>)]
    pub parent: Option<CommentId>,
    /// The author of the comment. Null if it was deleted or you cannot see it: it is listed only as long as you can see a
    /// reply to it, and has no text.
    pub author: Option<Person>,
    /// Plain text.
    pub text: String,
    /// The links, mentions and tags of the text.
    pub entities: Vec<Entity>,
    /// When it was written (RFC 3339).
    pub created_at: String,
    /// When it was last edited (RFC 3339); null if never.
    pub edited_at: Option<String>,
    /// The number of replies to it. Those that you cannot see are included.
    pub replies: u32,
    /// The number of people who like it.
    pub likes: u32,
    /// Whether you like it.
    pub liked: bool,
}

impl Comment {
    /// The comment as JSON for clients.
    #[must_use]
    pub fn of(item: &CommentItem) -> Self {
        let comment = &item.comment;
        Self {
            id: comment.id,
            story: comment.story,
            parent: comment.parent,
            author: item.author.as_deref().map(Person::of),
            entities: Entity::of_text(&comment.text),
            text: comment.text.clone(),
            created_at: comment.created_at.to_string(),
            edited_at: comment.edited_at.map(|at| at.to_string()),
            replies: comment.replies,
            likes: comment.likes,
            liked: item.liked,
        }
    }
}
