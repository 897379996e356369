//! Invitations to sign up.

use async_trait::async_trait;
use sosik_feed::{InvitationId, NotificationId, PersonId, Timestamp};
use sosik_store::{
    Committed, InvitationKey, InvitationRecord, Invitations, NewInvitation, NewPerson,
    RelationChange, RelationLimits, SignUp, StoreResult,
};

use super::pool::Class;
use super::row::Row;
use super::sql::{Query, bind, statements};
use super::tx::Tx;
use super::{PostgresStore, accounts, counts, friends};

statements! {
    INVITATION_INSERT = "INSERT INTO invitations (bucket, id, inviter, secret, uses_max, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    INVITATIONS_EXPIRE = "DELETE FROM invitations WHERE bucket = $1 AND inviter = $2 AND expires_at <= $3";
    /// Stops counting at the limit.
    INVITATIONS_COUNT = "SELECT count(*) FROM
        (SELECT 1 FROM invitations WHERE bucket = $1 AND inviter = $2 LIMIT $3) others";
    INVITATIONS_OF = "SELECT id, inviter, uses_max, uses, created_at, expires_at FROM invitations
        WHERE bucket = $1 AND inviter = $2 AND expires_at > $3 ORDER BY id DESC";
    INVITATION_OPEN = "SELECT id, inviter, uses_max, uses, created_at, expires_at FROM invitations
        WHERE bucket = $1 AND id = $2 AND secret = $3 AND expires_at > $4 AND uses < uses_max";
    INVITATION_USE = "UPDATE invitations SET uses = uses + 1
        WHERE bucket = $1 AND id = $2 AND secret = $3 AND expires_at > $4 AND uses < uses_max";
    INVITATION_GIVE_BACK = "UPDATE invitations SET uses = uses - 1 WHERE bucket = $1 AND id = $2";
    INVITATION_REVOKE = "DELETE FROM invitations WHERE bucket = $1 AND id = $2 AND inviter = $3";
}

#[async_trait]
impl Invitations for PostgresStore {
    async fn add_invitation(
        &self,
        invitation: NewInvitation,
        invitations_max: u32,
    ) -> StoreResult<bool> {
        let invitation = &invitation;
        self.db
            .write(Class::Post, "add an invitation", |tx| async move {
                add(&tx, invitation, invitations_max).await
            })
            .await
    }

    async fn invitations_of(
        &self,
        inviter: PersonId,
        now: Timestamp,
    ) -> StoreResult<Vec<InvitationRecord>> {
        let list = bind!(INVITATIONS_OF, inviter.bucket(), inviter, now);
        let list = self.db.read(Class::Read, "list invitations", list);
        list.await?.rows(invitation_in)
    }

    async fn open_invitation(&self, key: InvitationKey) -> StoreResult<Option<InvitationRecord>> {
        let open = with_key(INVITATION_OPEN, &key);
        let found = self.db.read(Class::Read, "look up an invitation", open);
        found.await?.row(invitation_in)
    }

    async fn revoke_invitation(
        &self,
        inviter: PersonId,
        invitation: InvitationId,
    ) -> StoreResult<bool> {
        let bucket = inviter.bucket();
        let revoke = bind!(INVITATION_REVOKE, bucket, invitation, inviter);
        let revoked = self
            .db
            .execute(Class::Post, "revoke an invitation", revoke)
            .await?;
        Ok(revoked.changed())
    }

    async fn sign_up_invited(
        &self,
        person: NewPerson,
        key: InvitationKey,
    ) -> StoreResult<Committed<SignUp>> {
        let (person, key) = (&[person], &key);
        self.db
            .commit(Class::Post, "sign up with an invitation", |tx| async move {
                sign_up(&tx, person, key).await
            })
            .await
    }

    async fn befriend_invited(
        &self,
        invited: PersonId,
        inviter: PersonId,
        limits: RelationLimits,
        notification: NotificationId,
        now: Timestamp,
    ) -> StoreResult<Committed<RelationChange>> {
        let task = "befriend an invited person";
        self.db
            .commit_new(task, notification.raw(), |tx| async move {
                friends::befriend_invited(&tx, invited, inviter, limits, notification, now).await
            })
            .await
    }
}

/// The counts of the inviter are locked, so that concurrent requests see each other's invitations.
async fn add(tx: &Tx, invitation: &NewInvitation, invitations_max: u32) -> StoreResult<bool> {
    let NewInvitation {
        id,
        inviter,
        secret,
        uses_max,
        created_at,
        expires_at,
    } = *invitation;
    let bucket = inviter.bucket();
    let [locked, _, others] = tx
        .batch([
            counts::lock(inviter),
            bind!(INVITATIONS_EXPIRE, bucket, inviter, created_at),
            bind!(INVITATIONS_COUNT, bucket, inviter, invitations_max),
        ])
        .await?;
    if !locked.exists() || others.number()? >= i64::from(invitations_max) {
        return Ok(false);
    }
    let insert = bind!(
        INVITATION_INSERT,
        bucket,
        id,
        inviter,
        secret,
        uses_max,
        created_at,
        expires_at
    );
    tx.last([insert]).await?;
    Ok(true)
}

/// The use is counted first: its lock makes concurrent sign-ups with one invitation take turns.
async fn sign_up(tx: &Tx, person: &[NewPerson], key: &InvitationKey) -> StoreResult<SignUp> {
    if !tx.changes(with_key(INVITATION_USE, key)).await? {
        return Ok(SignUp::InvitationInvalid);
    }
    if accounts::import(tx, person).await? == 0 {
        tx.run(bind!(INVITATION_GIVE_BACK, key.id.bucket(), key.id))
            .await?;
        return Ok(SignUp::HandleTaken);
    }
    Ok(SignUp::Created)
}

fn with_key(sql: super::sql::Sql, key: &InvitationKey) -> Query {
    bind!(sql, key.id.bucket(), key.id, key.secret, key.now)
}

fn invitation_in(row: &Row) -> StoreResult<InvitationRecord> {
    Ok(InvitationRecord {
        id: row.get(0)?,
        inviter: row.get(1)?,
        uses_max: row.get(2)?,
        uses: row.get(3)?,
        created_at: row.get(4)?,
        expires_at: row.get(5)?,
    })
}
