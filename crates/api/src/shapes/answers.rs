//! Small answers.

use serde::{Deserialize, Serialize};
use sosik_feed::{SessionId, StoryId};
use sosik_store::SessionRecord;
use utoipa::ToSchema;

use super::Person;

/// The answer to signing up and logging in. Keep the token secret: it opens the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignedIn {
    /// You.
    pub person: Person,
    /// Send it as `Authorization: Bearer …`; browsers got it as a cookie too.
    pub token: String,
}

/// A device on which you are signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// For ending it. It is no secret and opens nothing.
    #[schema(value_type = String)]
    pub id: SessionId,
    /// What the client calls itself.
    pub client: String,
    /// When you logged in (RFC 3339).
    pub created_at: String,
    /// When it was last used, to some minutes.
    pub used_at: String,
    /// When it ends at the latest.
    pub expires_at: String,
    /// This request came with it.
    pub current: bool,
}

impl Session {
    /// As clients get it.
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

/// What a like or its withdrawal left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reaction {
    /// How many people like the story now.
    pub likes: u32,
    /// How many comments it has.
    pub comments: u32,
    /// You like it.
    pub liked: bool,
}

/// Up to which story you have read; null when nothing yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadPosition {
    /// The newest story seen.
    #[schema(value_type = Option<String>)]
    pub story: Option<StoryId>,
}

/// How many notifications you have not seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnreadNotifications {
    /// Counted up to a maximum.
    pub unread: u32,
}
