//! Invitations to sign up.

use async_trait::async_trait;
use sosik_feed::{InvitationId, NotificationId, PersonId, Timestamp};

use crate::{
    Committed, InvitationKey, InvitationRecord, NewInvitation, NewPerson, RelationChange,
    RelationLimits, SignUp, StoreResult,
};

/// Invitations. One is open until it expires, is revoked, or was used by as many people as it is for.
#[async_trait]
pub trait Invitations {
    /// Adds an invitation and removes the expired ones of the inviter. Returns `false`, and adds nothing, if the inviter
    /// does not exist or has `invitations_max` others, also for concurrent requests.
    async fn add_invitation(
        &self,
        invitation: NewInvitation,
        invitations_max: u32,
    ) -> StoreResult<bool>;

    /// The invitations of a person that have not expired, newest first.
    async fn invitations_of(
        &self,
        inviter: PersonId,
        now: Timestamp,
    ) -> StoreResult<Vec<InvitationRecord>>;

    /// The invitation, if it is open.
    async fn open_invitation(&self, key: InvitationKey) -> StoreResult<Option<InvitationRecord>>;

    /// Removes an invitation of a person. Returns whether the person had it.
    async fn revoke_invitation(
        &self,
        inviter: PersonId,
        invitation: InvitationId,
    ) -> StoreResult<bool>;

    /// Creates an account and counts the use of the invitation, in one transaction. No invitation is used more often than
    /// it allows, also for concurrent sign-ups.
    async fn sign_up_invited(
        &self,
        person: NewPerson,
        key: InvitationKey,
    ) -> StoreResult<Committed<SignUp>>;

    /// Makes an invited person and the inviter friends without a request, and notifies the inviter. Only the limits of
    /// friends apply.
    async fn befriend_invited(
        &self,
        invited: PersonId,
        inviter: PersonId,
        limits: RelationLimits,
        notification: NotificationId,
        now: Timestamp,
    ) -> StoreResult<Committed<RelationChange>>;
}
