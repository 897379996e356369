//! Invitations and suggestions.

use serde::{Deserialize, Serialize};
use sosik_feed::InvitationId;
use sosik_store::InvitationRecord;
use utoipa::ToSchema;

use super::Person;

/// `POST /v1/invitations`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MakeInvitation {
    /// The number of people who can sign up with it: 1 to 100. Default: 10.
    pub people: Option<u32>,
    /// The number of days until it expires: 1 to 30. Default: 7.
    pub days: Option<u32>,
}

/// One of your invitations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Invitation {
    /// For revoking it. It is not secret and invites nobody.
    #[schema(value_type = String)]
    pub id: InvitationId,
    /// The secret part of the link: `/invite#` and this token. Only in the answer that made the invitation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The number of people who can sign up with it.
    pub people: u32,
    /// The number of people who signed up with it.
    pub used: u32,
    /// When you made it (RFC 3339).
    pub created_at: String,
    /// When it expires.
    pub expires_at: String,
}

impl Invitation {
    /// The invitation as JSON for its inviter.
    #[must_use]
    pub fn of(invitation: &InvitationRecord) -> Self {
        Self {
            id: invitation.id,
            token: None,
            people: invitation.uses_max,
            used: invitation.uses,
            created_at: invitation.created_at.to_string(),
            expires_at: invitation.expires_at.to_string(),
        }
    }
}

/// Your invitations that have not expired. There are at most 20, so this is the complete list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InvitationPage {
    /// Newest first.
    pub items: Vec<Invitation>,
    /// Always null.
    pub before: Option<String>,
    /// Always null.
    pub after: Option<String>,
    /// Always true.
    pub end: bool,
}

/// `POST /v1/invitations/open`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenInvitation {
    /// The token of the link.
    pub token: String,
}

/// An invitation as the invited person sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenedInvitation {
    /// The person who invites.
    pub inviter: Person,
    /// When it expires (RFC 3339).
    pub expires_at: String,
}

/// Who may create an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegistrationInfo {
    /// Who may create an account.
    pub mode: RegistrationMode,
}

/// Who may create an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RegistrationMode {
    /// Everybody.
    Open,
    /// People with an invitation.
    Invitation,
    /// Nobody: the operator creates accounts.
    Closed,
}

/// A person whom you may know, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Suggestion {
    /// The person.
    pub person: Person,
    /// Friends in common, counted among at most 100 of your friends. Who they are is not shown.
    pub common_friends: u32,
    /// Tags under which they write publicly, and people in your feed or you, too. At most 3.
    pub tags: Vec<String>,
}

/// People whom you may know. This is the complete list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SuggestionPage {
    /// Best first: friends in common, then shared tags, then people whom many follow.
    pub items: Vec<Suggestion>,
    /// Always null.
    pub before: Option<String>,
    /// Always null.
    pub after: Option<String>,
    /// Always true.
    pub end: bool,
}
