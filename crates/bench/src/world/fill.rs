//! Fills a store with a world, by the bulk methods that imports use.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};
use sosik_feed::people::Language;
use sosik_feed::{PersonId, SessionId, Timestamp, UnownedId};
use sosik_store::{Imports, NewPerson, NewStory, SessionRecord, Sessions, Store};
use sosik_store_sqlite::{SqliteOptions, SqliteStore};

use super::shape::{AUDIENCE, Shape, person};
use super::token_bytes;

/// Rows of one transaction: enough that the fsync does not matter, and few enough to keep the log of the database
/// short.
const BATCH: usize = 10_000;

/// Sessions end this long after the world was made.
const SESSION: Duration = Duration::from_secs(86_400);

pub(super) async fn fill(file: &Path, shape: &Shape, made: Timestamp) -> anyhow::Result<()> {
    let store = SqliteStore::open(&SqliteOptions::at(file, made))?;
    people(&store, shape, made).await?;
    relations(&store, shape, made).await?;
    stories(&store, shape, made).await?;
    sessions(&store, shape, made).await?;
    store.close().await;
    Ok(())
}

async fn people(store: &Arc<SqliteStore>, shape: &Shape, made: Timestamp) -> anyhow::Result<()> {
    for first in (0..shape.people).step_by(BATCH) {
        let batch = first..(first + BATCH as u64).min(shape.people);
        let people = batch.map(|number| NewPerson {
            id: person(number, made),
            handle: format!("person{number}"),
            skeleton: format!("person {number}"),
            display_name: format!("Person {number}"),
            language: Language::Ko,
            password_hash: String::new(),
            search_terms: Vec::new(),
            created_at: made,
        });
        store.sign_up_many(people.collect()).await?;
    }
    Ok(())
}

async fn relations(store: &Arc<SqliteStore>, shape: &Shape, made: Timestamp) -> anyhow::Result<()> {
    let ids = |(one, other)| (person(one, made), person(other, made));
    let mut friendships = shape.friendships().map(ids);
    while let Some(batch) = batch(&mut friendships) {
        store.befriend_many(batch, made).await?;
    }
    let mut follows = shape.follows().map(ids);
    while let Some(batch) = batch(&mut follows) {
        store.follow_many(batch, made).await?;
    }
    Ok(())
}

fn batch(
    pairs: &mut impl Iterator<Item = (PersonId, PersonId)>,
) -> Option<Vec<(PersonId, PersonId)>> {
    let batch: Vec<_> = pairs.take(BATCH).collect();
    (!batch.is_empty()).then_some(batch)
}

async fn stories(store: &Arc<SqliteStore>, shape: &Shape, made: Timestamp) -> anyhow::Result<()> {
    for first in (0..shape.stories()).step_by(BATCH) {
        let batch = first..(first + BATCH as u64).min(shape.stories());
        let stories = batch.map(|place| {
            let written = shape.story(place, made);
            NewStory {
                id: written.id,
                author: written.author,
                text: written.text,
                audience: AUDIENCE,
                mentions: Vec::new(),
                attachments: Vec::new(),
                link: None,
                tags: Vec::new(),
                idempotency: None,
                now: made,
                claim: None,
            }
        });
        store.post_many(stories.collect()).await?;
    }
    Ok(())
}

async fn sessions(store: &Arc<SqliteStore>, shape: &Shape, made: Timestamp) -> anyhow::Result<()> {
    for number in shape.with_sessions() {
        let person = person(number, made);
        let session = SessionRecord {
            id: SessionId::of_person(person, UnownedId::from_fields(number + 1, 0, 0)),
            person,
            token: Sha256::digest(token_bytes(number)).into(),
            created_at: made,
            used_at: made,
            expires_at: made.plus(SESSION),
            client: "bench".to_owned(),
        };
        store.add_session(session, 1).await?;
    }
    Ok(())
}
