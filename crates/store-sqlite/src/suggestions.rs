//! Data for suggestions of people.

use async_trait::async_trait;
use rusqlite::params;
use sosik_feed::{PersonId, Timestamp};

use super::db::Db;
use super::statement::statements;
use super::{SqliteStore, people};
use sosik_store::{FollowedPerson, StoreResult, Suggestions};

statements! {
    PUT_ASIDE = "INSERT INTO put_aside (person, other, since) VALUES (?1, ?2, ?3)
        ON CONFLICT (person, other) DO UPDATE SET since = max(since, excluded.since)";
    PUT_ASIDE_FORGET = "DELETE FROM put_aside WHERE person = ?1 AND other IN
        (SELECT other FROM put_aside WHERE person = ?1 ORDER BY since DESC LIMIT -1 OFFSET ?2)";
    TAKE_UP_AGAIN = "DELETE FROM put_aside WHERE person = ?1 AND other = ?2";
    PEOPLE_PUT_ASIDE = "SELECT other FROM put_aside WHERE person = ?1 ORDER BY other";
    MOST_FOLLOWED = "SELECT person, public_stories FROM person_counts WHERE followers > 0
        ORDER BY followers DESC, person DESC LIMIT ?1";
}

#[async_trait]
impl Suggestions for SqliteStore {
    async fn put_aside(
        &self,
        person: PersonId,
        other: PersonId,
        now: Timestamp,
        put_aside_max: u32,
    ) -> StoreResult<()> {
        self.write("put a suggestion aside", move |db| {
            put_aside(db, person, other, now, put_aside_max)
        })
        .await
    }

    async fn take_up_again(&self, person: PersonId, other: PersonId) -> StoreResult<()> {
        self.write("take up a suggestion again", move |db| {
            db.execute(TAKE_UP_AGAIN, [person.as_i64(), other.as_i64()])?;
            Ok(())
        })
        .await
    }

    async fn people_put_aside(&self, person: PersonId) -> StoreResult<Vec<PersonId>> {
        self.read("list suggestions put aside", move |db| {
            db.rows(PEOPLE_PUT_ASIDE, [person.as_i64()], |row| {
                Ok(PersonId::from_i64(row.get(0)?))
            })
        })
        .await
    }

    async fn most_followed(&self, limit: u32) -> StoreResult<Vec<FollowedPerson>> {
        self.read("find people whom many follow", move |db| {
            db.rows(MOST_FOLLOWED, [limit], |row| {
                Ok(FollowedPerson {
                    person: PersonId::from_i64(row.get(0)?),
                    public_stories: row.get(1)?,
                })
            })
        })
        .await
    }
}

fn put_aside(
    db: &Db<'_>,
    person: PersonId,
    other: PersonId,
    now: Timestamp,
    put_aside_max: u32,
) -> StoreResult<()> {
    if !people::exists(db, person)? || !people::exists(db, other)? {
        return Ok(());
    }
    let row = [person.as_i64(), other.as_i64(), now.as_i64()];
    db.execute(PUT_ASIDE, row)?;
    db.execute(PUT_ASIDE_FORGET, params![person.as_i64(), put_aside_max])?;
    Ok(())
}
