//! Small responses.

use serde::{Deserialize, Serialize};
use sosik_feed::{RuleBroken, SessionId, StoryId};
use sosik_store::SessionRecord;
use utoipa::ToSchema;

use super::Person;

/// The response to a sign-up or log-in. Keep the token secret: it grants access to the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignedIn {
    /// Your profile.
    pub person: Person,
    /// Send it as `Authorization: Bearer …`. Browsers also get it as a cookie.
    pub token: String,
    /// After a sign-up with an invitation: the person who invited you. Their relation is `friend`, or `none` if one of you
    /// cannot have more friends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invited_by: Option<Person>,
}

/// Whether a handle can be taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HandleCheck {
    /// The answer.
    pub availability: Availability,
    /// Unless it is available: the code of the rule, as sign-up would return it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Unless it is available: the rule, in English, with what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// Whether something can be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Availability {
    /// It is free.
    Available,
    /// Another person has it.
    Taken,
    /// A rule forbids it.
    NotAllowed,
}

impl HandleCheck {
    /// A handle that is free.
    pub(crate) const fn available() -> Self {
        Self {
            availability: Availability::Available,
            code: None,
            message: None,
        }
    }

    /// A handle that this rule refuses.
    pub(crate) fn refused(rule: RuleBroken) -> Self {
        let availability = match rule {
            RuleBroken::HandleTaken => Availability::Taken,
            _ => Availability::NotAllowed,
        };
        Self {
            availability,
            code: Some(rule.code().to_owned()),
            message: Some(rule.to_string()),
        }
    }
}

/// A device on which you are signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// For ending it. It is not secret and grants no access.
    #[schema(value_type = String)]
    pub id: SessionId,
    /// The client's name for itself.
    pub client: String,
    /// When you logged in (RFC 3339).
    pub created_at: String,
    /// When it was last used, to within some minutes.
    pub used_at: String,
    /// When it ends at the latest, even if it is in use.
    pub expires_at: String,
    /// Whether it is the session of this request.
    pub current: bool,
}

impl Session {
    /// The session as JSON for clients.
    #[must_use]
    pub fn of(session: &SessionRecord, current: SessionId) -> Self {
        Self {
            id: session.id,
            client: session.client.clone(),
            created_at: session.created_at.to_string(),
            used_at: session.used_at.to_string(),
            expires_at: session.expires_at.to_string(),
            current: session.id == current,
        }
    }
}

/// The likes of a comment after a like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CommentReaction {
    /// Number of people who like the comment.
    pub likes: u32,
    /// Whether you like it.
    pub liked: bool,
}

/// The story's counts after a like or unlike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reaction {
    /// Number of people who like the story.
    pub likes: u32,
    /// Number of its comments.
    pub comments: u32,
    /// See `revision` of the story.
    pub revision: u64,
    /// Whether you like it.
    pub liked: bool,
}

/// The newest story that you have read; null if none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadPosition {
    /// The newest story seen.
    #[schema(value_type = Option<String>)]
    pub story: Option<StoryId>,
}

/// The number of unread notifications.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnreadNotifications {
    /// Counted up to a maximum.
    pub unread: u32,
}
