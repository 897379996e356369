//! Notifications.

use serde::{Deserialize, Serialize};
use sosik_feed::{CommentId, NotificationId, StoryId};
use sosik_service::notifications::NotificationItem;
use utoipa::ToSchema;

use super::Person;

/// Something that happened to you.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Notification {
    /// Newer notifications have larger ids.
    #[schema(value_type = String)]
    pub id: NotificationId,
    /// What happened.
    pub kind: NotificationKind,
    /// Who did it; the latest of a group.
    pub actor: Person,
    /// How many others did the same: likes of one story are one notification.
    pub others: u32,
    /// About which story.
    #[schema(value_type = Option<String>)]
    pub story: Option<StoryId>,
    /// About which comment.
    #[schema(value_type = Option<String>)]
    pub comment: Option<CommentId>,
    /// When; of a group, the latest (RFC 3339).
    pub created_at: String,
    /// You have seen it.
    pub read: bool,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NotificationKind {
    /// Somebody asks to be friends.
    FriendRequest,
    /// Somebody accepted.
    FriendAccepted,
    /// Somebody commented on your story.
    Comment,
    /// People like your story.
    Like,
    /// Somebody mentioned you in a story or a comment.
    Mention,
}

impl Notification {
    /// As clients get it.
    #[must_use]
    pub fn of(item: &NotificationItem) -> Self {
        let notification = &item.notification;
        Self {
            id: notification.id,
            kind: notification.kind.into(),
            actor: Person::of(&item.actor),
            others: notification.others,
            story: notification.story,
            comment: notification.comment,
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
            Kept::Mention => Self::Mention,
        }
    }
}
