//! Data for suggestions of people.

use std::collections::BTreeSet;

use async_trait::async_trait;
use sosik_feed::{PersonId, Timestamp};
use sosik_store::{FollowedPerson, StoreResult, Suggestions};

use super::pool::Class;
use super::sql::{bind, statements};
use super::{PostgresStore, people};

statements! {
    PUT_ASIDE = "INSERT INTO put_aside (bucket, person, other, since) VALUES ($1, $2, $3, $4)
        ON CONFLICT (person, other, bucket) DO UPDATE SET since = greatest(put_aside.since, excluded.since)";
    PUT_ASIDE_FORGET = "DELETE FROM put_aside WHERE bucket = $1 AND person = $2 AND other IN
        (SELECT other FROM put_aside WHERE bucket = $1 AND person = $2 ORDER BY since DESC OFFSET $3)";
    TAKE_UP_AGAIN = "DELETE FROM put_aside WHERE bucket = $1 AND person = $2 AND other = $3";
    PEOPLE_PUT_ASIDE = "SELECT other FROM put_aside WHERE bucket = $1 AND person = $2 ORDER BY other";
    MOST_FOLLOWED = "SELECT person, public_stories FROM person_counts WHERE followers > 0
        ORDER BY followers DESC, person DESC LIMIT $1";
}

#[async_trait]
impl Suggestions for PostgresStore {
    async fn put_aside(
        &self,
        person: PersonId,
        other: PersonId,
        now: Timestamp,
        put_aside_max: u32,
    ) -> StoreResult<()> {
        let bucket = person.bucket();
        self.db
            .write(Class::Post, "put a suggestion aside", |tx| async move {
                let both = BTreeSet::from([person, other]);
                if people::existing(&tx, both.clone()).await? != both {
                    return Ok(());
                }
                let put_aside = bind!(PUT_ASIDE, bucket, person, other, now);
                let forget = bind!(PUT_ASIDE_FORGET, bucket, person, put_aside_max);
                tx.last([put_aside, forget]).await?;
                Ok(())
            })
            .await
    }

    async fn take_up_again(&self, person: PersonId, other: PersonId) -> StoreResult<()> {
        let again = bind!(TAKE_UP_AGAIN, person.bucket(), person, other);
        let context = "take up a suggestion again";
        self.db.execute(Class::Post, context, again).await?;
        Ok(())
    }

    async fn people_put_aside(&self, person: PersonId) -> StoreResult<Vec<PersonId>> {
        let people = bind!(PEOPLE_PUT_ASIDE, person.bucket(), person);
        let context = "list suggestions put aside";
        self.db.read(Class::Read, context, people).await?.column()
    }

    async fn most_followed(&self, limit: u32) -> StoreResult<Vec<FollowedPerson>> {
        let most = bind!(MOST_FOLLOWED, limit);
        let context = "find people whom many follow";
        self.db.read(Class::Read, context, most).await?.rows(|row| {
            Ok(FollowedPerson {
                person: row.get(0)?,
                public_stories: row.get(1)?,
            })
        })
    }
}
