//! Invitations: links with which other people sign up.
//!
//! Whoever signs up with an invitation becomes a friend of its inviter at once. The inviter has asked by handing the link
//! on, and the invited person accepts by signing up with it. If one of them cannot have more friends, or the friendship
//! cannot be stored, the account still exists, and the answer says that they are not friends.

mod token;

use std::sync::Arc;
use std::time::Duration;

use sosik_feed::limits::INVITATIONS_MAX;
use sosik_feed::rules::invitation_terms;
use sosik_feed::{InvitationId, PersonId, RuleBroken};
use sosik_store::{InvitationKey, InvitationRecord, NewInvitation};

use crate::accounts::{LoggedIn, SignUpRequest};
use crate::caches::PersonEntry;
use crate::core::Core;
use crate::people::PersonWithRelation;
use crate::{Accounts, Relations, ServiceError, ServiceResult};

pub use token::InvitationToken;

const DAY: Duration = Duration::from_hours(24);

/// The error for an invitation that does not exist, is not open, or that the viewer may not see.
const NO_SUCH_INVITATION: ServiceError = ServiceError::NotFound("invitation");

/// Invitations. Cheap to clone.
#[derive(Clone)]
pub struct Invitations {
    core: Core,
    accounts: Accounts,
    relations: Relations,
}

/// An invitation that somebody can sign up with.
#[derive(Debug, Clone)]
pub struct OpenInvitation {
    /// The invitation.
    pub invitation: InvitationRecord,
    /// The person who invites.
    pub inviter: Arc<PersonEntry>,
    /// The inviter as the viewer knows them; `None` for somebody without an account.
    pub known: Option<PersonWithRelation>,
}

/// The result of a sign-up with an invitation.
#[derive(Debug, Clone)]
pub struct Joined {
    /// The new account.
    pub logged_in: LoggedIn,
    /// The person who invited.
    pub inviter: Arc<PersonEntry>,
    /// Whether the two are friends now.
    pub friends: bool,
}

impl Invitations {
    pub(crate) const fn new(core: Core, accounts: Accounts, relations: Relations) -> Self {
        Self {
            core,
            accounts,
            relations,
        }
    }

    /// Makes an invitation for this number of people and days. The token exists nowhere else: the store keeps its hash.
    ///
    /// # Errors
    /// `RuleBroken` if a number is out of range or at the limit of invitations.
    pub async fn make(
        &self,
        viewer: PersonId,
        people: Option<u32>,
        days: Option<u32>,
    ) -> ServiceResult<(InvitationRecord, InvitationToken)> {
        let (uses_max, days) = invitation_terms(people, days)?;
        let id = InvitationId::of_inviter(viewer, self.core.next_id().await?);
        let (token, secret) = InvitationToken::random(id)?;
        let created_at = self.core.now();
        let invitation = NewInvitation {
            id,
            inviter: viewer,
            secret,
            uses_max,
            created_at,
            expires_at: created_at.plus(DAY * days),
        };
        let store = &self.core.store;
        if !store.add_invitation(invitation, INVITATIONS_MAX).await? {
            return Err(RuleBroken::InvitationLimit.into());
        }
        metrics::counter!("sosik_invitations_total").increment(1);
        let record = InvitationRecord {
            id,
            inviter: viewer,
            uses_max,
            uses: 0,
            created_at,
            expires_at: invitation.expires_at,
        };
        Ok((record, token))
    }

    /// The viewer's invitations that have not expired, newest first. At most [`INVITATIONS_MAX`].
    ///
    /// # Errors
    /// When the store fails.
    pub async fn list(&self, viewer: PersonId) -> ServiceResult<Vec<InvitationRecord>> {
        Ok(self
            .core
            .store
            .invitations_of(viewer, self.core.now())
            .await?)
    }

    /// Revokes one of the viewer's invitations.
    ///
    /// # Errors
    /// `NotFound` if the viewer has no such invitation.
    pub async fn revoke(&self, viewer: PersonId, id: InvitationId) -> ServiceResult<()> {
        match self.core.store.revoke_invitation(viewer, id).await? {
            true => Ok(()),
            false => Err(NO_SUCH_INVITATION),
        }
    }

    /// The invitation of a token, and the person who invites. `viewer` is `None` for somebody without an account.
    ///
    /// # Errors
    /// `NotFound` if the invitation is not open, or if the viewer and the inviter are severed.
    pub async fn open(
        &self,
        viewer: Option<PersonId>,
        token: &str,
    ) -> ServiceResult<OpenInvitation> {
        let key = token::key_of(token, self.core.now()).ok_or(NO_SUCH_INVITATION)?;
        let (invitation, inviter) = self.open_key(key).await?.ok_or(NO_SUCH_INVITATION)?;
        let known = match viewer {
            Some(viewer) => Some(self.relation(viewer, inviter.clone()).await?),
            None => None,
        };
        Ok(OpenInvitation {
            invitation,
            inviter,
            known,
        })
    }

    /// The inviter as the viewer knows them.
    async fn relation(
        &self,
        viewer: PersonId,
        inviter: Arc<PersonEntry>,
    ) -> ServiceResult<PersonWithRelation> {
        let circle = self.core.circle(viewer).await?;
        let id = inviter.record.id;
        let decided = self.core.decide(viewer, &circle, [id]).await?;
        if decided.is_severed_from(id) {
            return Err(NO_SUCH_INVITATION);
        }
        let people = self.core.with_relations(viewer, &circle, vec![inviter]);
        people.await?.pop().ok_or(NO_SUCH_INVITATION)
    }

    /// Creates an account with an invitation, logs its owner in, and makes the two friends.
    ///
    /// # Errors
    /// `RuleBroken` if the invitation is not open, and like [`Accounts::sign_up`].
    pub async fn sign_up(&self, request: SignUpRequest, token: &str) -> ServiceResult<Joined> {
        let invalid = RuleBroken::InvitationInvalid;
        let key = token::key_of(token, self.core.now()).ok_or(invalid)?;
        // Before the hash of the password, which costs more than a look-up.
        let (_, inviter) = self.open_key(key).await?.ok_or(invalid)?;
        let this = self.clone();
        self.core
            .run_to_completion(async move {
                let client = request.client.clone();
                let person = this.accounts.create(request, Some(key)).await?;
                // Before the session, which can fail: a second sign-up would be refused.
                let friends = this.befriend(person, inviter.record.id).await;
                Ok(Joined {
                    logged_in: this.accounts.first_session(person, &client).await?,
                    inviter,
                    friends,
                })
            })
            .await
    }

    async fn open_key(
        &self,
        key: InvitationKey,
    ) -> ServiceResult<Option<(InvitationRecord, Arc<PersonEntry>)>> {
        let Some(invitation) = self.core.store.open_invitation(key).await? else {
            return Ok(None);
        };
        let inviter = self.core.person(invitation.inviter).await?;
        Ok(inviter.map(|inviter| (invitation, inviter)))
    }

    /// Makes the two friends, if the limits allow it. Losing the friendship is safe: the account exists, its owner sees
    /// who invited them, and can send a request.
    async fn befriend(&self, invited: PersonId, inviter: PersonId) -> bool {
        match self.relations.befriend_invited(invited, inviter).await {
            Ok(()) => true,
            Err(ServiceError::RuleBroken(_) | ServiceError::NotFound(_)) => false,
            Err(error) => {
                tracing::warn!(%error, "an invited person did not become a friend of the inviter");
                false
            }
        }
    }
}
