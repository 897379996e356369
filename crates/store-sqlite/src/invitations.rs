//! Invitations to sign up.

use async_trait::async_trait;
use rusqlite::{Row, params};
use sosik_feed::{InvitationId, NotificationId, PersonId, Timestamp};

use super::db::Db;
use super::statement::statements;
use super::{SqliteStore, accounts, friends, people};
use sosik_store::{
    Committed, InvitationKey, InvitationRecord, Invitations, NewInvitation, NewPerson,
    RelationChange, RelationLimits, SignUp, StoreResult,
};

statements! {
    INVITATION_INSERT = "INSERT INTO invitations (id, inviter, secret, uses_max, created_at, expires_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    INVITATIONS_EXPIRE = "DELETE FROM invitations WHERE inviter = ?1 AND expires_at <= ?2";
    /// Stops counting at the limit.
    INVITATIONS_COUNT = "SELECT count(*) FROM (SELECT 1 FROM invitations WHERE inviter = ?1 LIMIT ?2)";
    INVITATIONS_OF = "SELECT id, inviter, uses_max, uses, created_at, expires_at FROM invitations
        WHERE inviter = ?1 AND expires_at > ?2 ORDER BY id DESC";
    INVITATION_OPEN = "SELECT id, inviter, uses_max, uses, created_at, expires_at FROM invitations
        WHERE id = ?1 AND secret = ?2 AND expires_at > ?3 AND uses < uses_max";
    INVITATION_USE = "UPDATE invitations SET uses = uses + 1 WHERE id = ?1";
    INVITATION_REVOKE = "DELETE FROM invitations WHERE id = ?2 AND inviter = ?1";
}

#[async_trait]
impl Invitations for SqliteStore {
    async fn add_invitation(
        &self,
        invitation: NewInvitation,
        invitations_max: u32,
    ) -> StoreResult<bool> {
        self.write("add an invitation", move |db| {
            add(db, &invitation, invitations_max)
        })
        .await
    }

    async fn invitations_of(
        &self,
        inviter: PersonId,
        now: Timestamp,
    ) -> StoreResult<Vec<InvitationRecord>> {
        self.read("list invitations", move |db| {
            db.rows(
                INVITATIONS_OF,
                [inviter.as_i64(), now.as_i64()],
                invitation_in,
            )
        })
        .await
    }

    async fn open_invitation(&self, key: InvitationKey) -> StoreResult<Option<InvitationRecord>> {
        self.read("look up an invitation", move |db| open(db, &key))
            .await
    }

    async fn revoke_invitation(
        &self,
        inviter: PersonId,
        invitation: InvitationId,
    ) -> StoreResult<bool> {
        self.write("revoke an invitation", move |db| {
            db.changes(INVITATION_REVOKE, [inviter.as_i64(), invitation.as_i64()])
        })
        .await
    }

    async fn sign_up_invited(
        &self,
        person: NewPerson,
        key: InvitationKey,
    ) -> StoreResult<Committed<SignUp>> {
        self.commit("sign up with an invitation", move |db| {
            if open(db, &key)?.is_none() {
                return Ok(SignUp::InvitationInvalid);
            }
            if accounts::import(db, std::slice::from_ref(&person))? == 0 {
                return Ok(SignUp::HandleTaken);
            }
            db.execute(INVITATION_USE, [key.id.as_i64()])?;
            Ok(SignUp::Created)
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
        self.commit("befriend an invited person", move |db| {
            friends::befriend_invited(db, invited, inviter, limits, notification, now)
        })
        .await
    }
}

fn add(db: &Db<'_>, invitation: &NewInvitation, invitations_max: u32) -> StoreResult<bool> {
    let (inviter, now) = (invitation.inviter.as_i64(), invitation.created_at.as_i64());
    if !people::exists(db, invitation.inviter)? {
        return Ok(false);
    }
    db.execute(INVITATIONS_EXPIRE, [inviter, now])?;
    let others = db.number(INVITATIONS_COUNT, params![inviter, invitations_max])?;
    if others >= i64::from(invitations_max) {
        return Ok(false);
    }
    let row = params![
        invitation.id.as_i64(),
        inviter,
        invitation.secret,
        invitation.uses_max,
        now,
        invitation.expires_at.as_i64()
    ];
    db.changes(INVITATION_INSERT, row)
}

fn open(db: &Db<'_>, key: &InvitationKey) -> StoreResult<Option<InvitationRecord>> {
    let values = params![key.id.as_i64(), key.secret, key.now.as_i64()];
    db.row(INVITATION_OPEN, values, invitation_in)
}

fn invitation_in(row: &Row<'_>) -> rusqlite::Result<InvitationRecord> {
    Ok(InvitationRecord {
        id: InvitationId::from_i64(row.get(0)?),
        inviter: PersonId::from_i64(row.get(1)?),
        uses_max: row.get(2)?,
        uses: row.get(3)?,
        created_at: Timestamp::from_i64(row.get(4)?),
        expires_at: Timestamp::from_i64(row.get(5)?),
    })
}
