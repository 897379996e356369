//! Invitations, and suggestions of people.

use sosik_feed::{InvitationId, PersonId, Timestamp};

use crate::TokenHash;

/// A new invitation.
#[derive(Debug, Clone, Copy)]
pub struct NewInvitation {
    /// In the bucket of the inviter.
    pub id: InvitationId,
    /// The person who invites.
    pub inviter: PersonId,
    /// SHA-256 of the secret. The secret itself is nowhere in the store.
    pub secret: TokenHash,
    /// People who can sign up with it.
    pub uses_max: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// Nobody can use it from then on.
    pub expires_at: Timestamp,
}

/// An invitation as its inviter sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvitationRecord {
    /// For revoking it.
    pub id: InvitationId,
    /// The person who invites.
    pub inviter: PersonId,
    /// People who can sign up with it.
    pub uses_max: u32,
    /// People who signed up with it.
    pub uses: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// Nobody can use it from then on.
    pub expires_at: Timestamp,
}

/// An invitation as the invited person knows it.
#[derive(Debug, Clone, Copy)]
pub struct InvitationKey {
    /// The invitation.
    pub id: InvitationId,
    /// SHA-256 of the secret.
    pub secret: TokenHash,
    /// The time of the use.
    pub now: Timestamp,
}

/// A person whom many follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FollowedPerson {
    /// The person.
    pub person: PersonId,
    /// Public stories that are not deleted.
    pub public_stories: u32,
}
