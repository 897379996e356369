//! Accounts and their credentials.

use std::collections::HashSet;

use async_trait::async_trait;
use sosik_feed::{PersonId, Timestamp};
use sosik_store::{
    Accounts, Committed, Credentials, NewPerson, PasswordChange, SignUp, StoreResult, TokenHash,
};

use super::pool::Class;
use super::row::Row;
use super::sql::{Query, bind, statements};
use super::tx::Tx;
use super::{PostgresStore, counts, devices, sessions};

statements! {
    HANDLES_INSERT = "INSERT INTO handles (handle, person) SELECT * FROM unnest($1::text[], $2::bigint[])
        ON CONFLICT (handle) DO NOTHING RETURNING person";
    SKELETONS_INSERT = "INSERT INTO skeletons (skeleton, person) SELECT * FROM unnest($1::text[], $2::bigint[])
        ON CONFLICT (skeleton) DO NOTHING RETURNING person";
    HANDLES_RELEASE = "DELETE FROM handles WHERE handle = ANY($1)";
    PEOPLE_INSERT = "INSERT INTO people (bucket, id, handle, skeleton, display_name, language, password_hash, created_at)
        SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
            $8::bigint[])";
    TERMS_INSERT = "INSERT INTO search_terms (bucket, person, term)
        SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::text[]) ON CONFLICT (term, person, bucket) DO NOTHING";
    TERMS_DELETE = "DELETE FROM search_terms WHERE bucket = $1 AND person = $2";
    CREDENTIALS = "SELECT id, password_hash FROM people WHERE bucket = $1 AND id = $2 AND closed_at IS NULL";
    PASSWORD_UPDATE = "UPDATE people SET password_hash = $3 WHERE bucket = $1 AND id = $2 AND password_hash = $4";
}

#[async_trait]
impl Accounts for PostgresStore {
    async fn sign_up(&self, person: NewPerson) -> StoreResult<Committed<SignUp>> {
        let person = &[person];
        self.db
            .commit(Class::Post, "sign up", |tx| async move {
                Ok(match import(&tx, person).await? {
                    0 => SignUp::HandleTaken,
                    _ => SignUp::Created,
                })
            })
            .await
    }

    async fn credentials(&self, handle: &str) -> StoreResult<Option<Credentials>> {
        match self.id_by_handle("look up credentials", handle).await? {
            Some(person) => self.credentials_of(person).await,
            None => Ok(None),
        }
    }

    async fn credentials_of(&self, person: PersonId) -> StoreResult<Option<Credentials>> {
        let by_id = bind!(CREDENTIALS, person.bucket(), person);
        let found = self.db.read(Class::Read, "look up credentials", by_id);
        found.await?.row(credentials)
    }

    async fn change_password(
        &self,
        change: PasswordChange,
    ) -> StoreResult<Committed<Option<Vec<TokenHash>>>> {
        let change = &change;
        self.db
            .commit(Class::Post, "change a password", |tx| async move {
                change_password(&tx, change).await
            })
            .await
    }

    async fn knows_device(&self, handle: &str, device: &TokenHash) -> StoreResult<bool> {
        let Some(person) = self.id_by_handle("look up a device", handle).await? else {
            return Ok(false);
        };
        let known = devices::known(person, device);
        let known = self.db.read(Class::Read, "look up a device", known);
        Ok(known.await?.exists())
    }

    async fn remember_device(
        &self,
        person: PersonId,
        device: TokenHash,
        now: Timestamp,
        devices_max: u32,
    ) -> StoreResult<()> {
        self.db
            .write(Class::Post, "remember a device", |tx| async move {
                tx.last(devices::remember(person, &device, now, devices_max))
                    .await?;
                Ok(())
            })
            .await
    }
}

fn credentials(row: &Row) -> StoreResult<Credentials> {
    Ok(Credentials {
        person: row.get(0)?,
        password_hash: row.get(1)?,
    })
}

async fn change_password(tx: &Tx, change: &PasswordChange) -> StoreResult<Option<Vec<TokenHash>>> {
    let person = change.person;
    // The sessions are locked first, so that this one cannot end in between.
    let listed = sessions::listed(person, change.session);
    let [_, listed] = tx.batch([sessions::lock(person), listed]).await?;
    if !listed.exists() {
        return Ok(None);
    }
    let update = bind!(
        PASSWORD_UPDATE,
        person.bucket(),
        person,
        &change.hash,
        &change.checked
    );
    if !tx.changes(update).await? {
        return Ok(None);
    }
    let ended = sessions::end_others(tx, person, change.session).await?;
    Ok(Some(ended))
}

/// Inserts people, except those whose handle or a look-alike of it is taken. Returns the number inserted.
pub(crate) async fn import(tx: &Tx, people: &[NewPerson]) -> StoreResult<u64> {
    let people = take_handles(tx, people).await?;
    if !people.is_empty() {
        let ids = column(&people, |person| person.id);
        let terms = people.iter().flat_map(|person| {
            let terms = person.search_terms.iter();
            terms.map(|term| (person.id, term.clone()))
        });
        tx.last([insert(&people), counts::start(&ids), insert_terms(terms)])
            .await?;
    }
    Ok(people.len() as u64)
}

/// Takes the handles and skeletons of new people. Returns the people who got both. Rows are inserted in order of their
/// keys, so that concurrent imports wait for each other in one order.
async fn take_handles<'p>(tx: &Tx, people: &'p [NewPerson]) -> StoreResult<Vec<&'p NewPerson>> {
    let mut people: Vec<_> = people.iter().collect();
    people.sort_by(|one, other| one.handle.cmp(&other.handle));
    let people = take(tx, HANDLES_INSERT, people, |person| &person.handle).await?;
    let mut by_skeleton = people.clone();
    by_skeleton.sort_by(|one, other| one.skeleton.cmp(&other.skeleton));
    let taken = take(tx, SKELETONS_INSERT, by_skeleton, |person| &person.skeleton).await?;
    let ids: HashSet<_> = taken.iter().map(|person| person.id).collect();
    let refused = people.iter().filter(|person| !ids.contains(&person.id));
    let refused: Vec<_> = refused.map(|person| person.handle.clone()).collect();
    if !refused.is_empty() {
        tx.run(bind!(HANDLES_RELEASE, refused)).await?;
    }
    Ok(taken)
}

/// Inserts the keys of people, and returns those whose key was free.
async fn take<'p>(
    tx: &Tx,
    sql: super::sql::Sql,
    mut people: Vec<&'p NewPerson>,
    key: impl Fn(&NewPerson) -> &String,
) -> StoreResult<Vec<&'p NewPerson>> {
    let keys = column(&people, |person| key(person).clone());
    let ids = column(&people, |person| person.id);
    let taken: Vec<PersonId> = tx.column(bind!(sql, keys, ids)).await?;
    let taken: HashSet<_> = taken.into_iter().collect();
    people.retain(|person| taken.contains(&person.id));
    Ok(people)
}

fn insert(people: &[&NewPerson]) -> Query {
    let ids = column(people, |person| person.id);
    bind!(
        PEOPLE_INSERT,
        counts::buckets(&ids),
        ids,
        column(people, |person| person.handle.clone()),
        column(people, |person| person.skeleton.clone()),
        column(people, |person| person.display_name.clone()),
        column(people, |person| person.language.as_str().to_owned()),
        column(people, |person| person.password_hash.clone()),
        column(people, |person| person.created_at.as_i64())
    )
}

fn column<T>(people: &[&NewPerson], value: impl Fn(&NewPerson) -> T) -> Vec<T> {
    people.iter().map(|person| value(person)).collect()
}

/// Adds search terms of people.
pub(crate) fn insert_terms(terms: impl IntoIterator<Item = (PersonId, String)>) -> Query {
    let (people, terms): (Vec<_>, Vec<_>) = terms.into_iter().unzip();
    bind!(TERMS_INSERT, counts::buckets(&people), people, terms)
}

/// Replaces the search terms of a person.
pub(crate) fn replace_terms(person: PersonId, terms: &[String]) -> Vec<Query> {
    let terms = terms.iter().map(|term| (person, term.clone()));
    vec![remove_terms(person), insert_terms(terms)]
}

/// Removes the search terms of a person.
pub(crate) fn remove_terms(person: PersonId) -> Query {
    bind!(TERMS_DELETE, person.bucket(), person)
}
