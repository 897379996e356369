//! Accounts and their credentials.

use async_trait::async_trait;
use rusqlite::{Row, params};
use sosik_feed::{PersonId, Timestamp};

use super::db::Db;
use super::statement::statements;
use super::{SqliteStore, counts, devices, sessions};
use sosik_store::{
    Accounts, Committed, Credentials, NewPerson, PasswordChange, SignUp, StoreResult, TokenHash,
};

statements! {
    PERSON_INSERT = "INSERT INTO people (id, handle, skeleton, display_name, language, password_hash, created_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING";
    TERM_INSERT = "INSERT INTO search_terms (term, person) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    CREDENTIALS_BY_HANDLE = "SELECT id, password_hash FROM people WHERE handle = ?1 AND closed_at IS NULL";
    CREDENTIALS_BY_ID = "SELECT id, password_hash FROM people WHERE id = ?1 AND closed_at IS NULL";
    PASSWORD_UPDATE = "UPDATE people SET password_hash = ?2 WHERE id = ?1 AND password_hash = ?3
        AND EXISTS (SELECT 1 FROM sessions WHERE id = ?4 AND person = ?1)";
}

#[async_trait]
impl Accounts for SqliteStore {
    async fn sign_up(&self, person: NewPerson) -> StoreResult<Committed<SignUp>> {
        self.commit("sign up", move |db| {
            Ok(match insert(db, &person)? {
                true => SignUp::Created,
                false => SignUp::HandleTaken,
            })
        })
        .await
    }

    async fn credentials(&self, handle: &str) -> StoreResult<Option<Credentials>> {
        let handle = handle.to_owned();
        self.read("look up credentials", move |db| {
            db.row(CREDENTIALS_BY_HANDLE, [handle], credentials)
        })
        .await
    }

    async fn credentials_of(&self, person: PersonId) -> StoreResult<Option<Credentials>> {
        self.read("look up credentials", move |db| {
            db.row(CREDENTIALS_BY_ID, [person.as_i64()], credentials)
        })
        .await
    }

    async fn change_password(
        &self,
        change: PasswordChange,
    ) -> StoreResult<Committed<Option<Vec<TokenHash>>>> {
        self.commit("change a password", move |db| {
            let PasswordChange {
                person,
                checked,
                hash,
                session,
            } = change;
            let update = params![person.as_i64(), hash, checked, session.as_i64()];
            if !db.changes(PASSWORD_UPDATE, update)? {
                return Ok(None);
            }
            sessions::end_others(db, person, session).map(Some)
        })
        .await
    }

    async fn knows_device(&self, handle: &str, device: &TokenHash) -> StoreResult<bool> {
        let (handle, device) = (handle.to_owned(), *device);
        self.read("look up a device", move |db| {
            devices::is_known(db, &handle, &device)
        })
        .await
    }

    async fn remember_device(
        &self,
        person: PersonId,
        device: TokenHash,
        now: Timestamp,
        devices_max: u32,
    ) -> StoreResult<()> {
        self.write("remember a device", move |db| {
            devices::remember(db, person, &device, now, devices_max)
        })
        .await
    }
}

fn credentials(row: &Row<'_>) -> rusqlite::Result<Credentials> {
    Ok(Credentials {
        person: PersonId::from_i64(row.get(0)?),
        password_hash: row.get(1)?,
    })
}

/// Inserts people, except those whose handle is taken. Returns the number inserted.
pub(super) fn import(db: &Db<'_>, people: &[NewPerson]) -> StoreResult<u64> {
    let mut made = 0;
    for person in people {
        made += u64::from(insert(db, person)?);
    }
    Ok(made)
}

fn insert(db: &Db<'_>, person: &NewPerson) -> StoreResult<bool> {
    let id = person.id.as_i64();
    let language = person.language.as_str();
    let row = params![
        id,
        person.handle,
        person.skeleton,
        person.display_name,
        language,
        person.password_hash,
        person.created_at.as_i64()
    ];
    if !db.changes(PERSON_INSERT, row)? {
        return Ok(false);
    }
    counts::start(db, person.id)?;
    insert_terms(db, person.id, &person.search_terms)?;
    Ok(true)
}

/// Adds the search terms of a person.
pub(super) fn insert_terms(db: &Db<'_>, person: PersonId, terms: &[String]) -> StoreResult<()> {
    for term in terms {
        db.execute(TERM_INSERT, params![term, person.as_i64()])?;
    }
    Ok(())
}
