//! Notifications.

use serde::{Deserialize, Serialize};
use sosik_feed::text::beginning;
use sosik_feed::{CommentId, NotificationId, StoryId};
use sosik_service::notifications::NotificationItem;
use utoipa::ToSchema;

use super::Person;

/// Characters of an excerpt, as people count them: the two lines of a row on a wide screen.
const EXCERPT_MAX: usize = 140;

/// A notification about an act of another person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Notification {
    /// Newer notifications have larger ids.
    #[schema(value_type = String)]
    pub id: NotificationId,
    /// The kind of act.
    pub kind: NotificationKind,
    /// The person who did it; for a group, the latest one.
    pub actor: Person,
    /// The number of other people in the group: likes of one story, and of one comment, are one notification.
    pub others: u32,
    /// The story concerned.
    #[schema(value_type = Option<String>)]
    pub story: Option<StoryId>,
    /// The comment concerned.
    #[schema(value_type = Option<String>)]
    pub comment: Option<CommentId>,
    /// The comment that it is a reply to: its list of replies has the comment concerned.
    #[schema(value_type = Option<String>)]
    pub parent: Option<CommentId>,
    /// The beginning of the comment concerned, on one line.
    pub excerpt: Option<String>,
    /// When it happened; for a group, the latest time (RFC 3339).
    pub created_at: String,
    /// Whether you have seen it.
    pub read: bool,
}

/// The kind of a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NotificationKind {
    /// A person sent you a friend request.
    FriendRequest,
    /// A person accepted your friend request.
    FriendAccepted,
    /// A person commented on your story.
    Comment,
    /// People like your story.
    Like,
    /// A person replied to your comment.
    Reply,
    /// People like your comment.
    CommentLike,
    /// A person mentioned you in a story or a comment.
    Mention,
}

impl Notification {
    /// The notification as JSON for clients.
    #[must_use]
    pub fn of(item: &NotificationItem) -> Self {
        let notification = &item.notification;
        let excerpt = notification.text.as_deref();
        Self {
            id: notification.id,
            kind: notification.kind.into(),
            actor: Person::of(&item.actor),
            others: notification.others,
            story: notification.story.map(|story| story.id),
            comment: notification.comment,
            parent: notification.parent,
            excerpt: excerpt.map(|text| beginning(text, EXCERPT_MAX)),
            created_at: notification.at.to_string(),
            read: notification.read,
        }
    }
}

impl From<sosik_store::NotificationKind> for NotificationKind {
    fn from(kind: sosik_store::NotificationKind) -> Self {
        use sosik_store::NotificationKind as Kept;
        match kind {
            Kept::FriendRequest => Self::FriendRequest,
            Kept::FriendAccepted => Self::FriendAccepted,
            Kept::Comment => Self::Comment,
            Kept::Like => Self::Like,
            Kept::Reply => Self::Reply,
            Kept::CommentLike => Self::CommentLike,
            Kept::Mention => Self::Mention,
        }
    }
}
