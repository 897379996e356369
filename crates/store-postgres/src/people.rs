//! People: profiles, search and read positions.

use std::collections::{BTreeSet, HashMap};

use async_trait::async_trait;
use sosik_feed::people::Language;
use sosik_feed::{AllowedActors, AllowedAskers, Change, Own, PersonId, Privacy, StoryId};
use sosik_store::engine::avatar_of_json;
use sosik_store::{
    CommitPosition, Committed, FoundByTerm, HandleUse, People, PersonCounts, PersonRecord,
    ProfileChange, StoreResult, TermPlace,
};

use super::accounts::replace_terms;
use super::pool::Class;
use super::row::{Answer, Row};
use super::sql::{Query, bind, statements};
use super::tx::Tx;
use super::{PostgresStore, changes};

statements! {
    PERSON_BY_ID = "SELECT id, handle, display_name, bio, language, revision, mentions_by, comments_by, requests_by, avatar
        FROM people WHERE bucket = $1 AND id = $2 AND closed_at IS NULL";
    PEOPLE_BY_ID = "SELECT id, handle, display_name, bio, language, revision, mentions_by, comments_by, requests_by, avatar
        FROM people WHERE id = ANY($1) AND closed_at IS NULL";
    ID_BY_HANDLE = "SELECT person FROM handles WHERE handle = $1 AND NOT closed";
    IDS_BY_HANDLE = "SELECT handle, person FROM handles WHERE handle = ANY($1) AND NOT closed";
    HANDLE_TAKEN = "SELECT 1 FROM handles WHERE handle = $1";
    PEOPLE_EXISTING = "SELECT person FROM person_counts WHERE person = ANY($1)";
    PROFILE_UPDATE = "UPDATE people SET display_name = coalesce($3, display_name), bio = coalesce($4, bio),
        language = coalesce($5, language), mentions_by = coalesce($6, mentions_by),
        comments_by = coalesce($7, comments_by), requests_by = coalesce($8, requests_by), revision = revision + 1
        WHERE bucket = $1 AND id = $2 AND closed_at IS NULL
        RETURNING id, handle, display_name, bio, language, revision, mentions_by, comments_by, requests_by, avatar";
    PERSON_COUNTS = "SELECT friends, follows, followers, stories, public_stories FROM person_counts
        WHERE bucket = $1 AND person = $2";
    SKELETON_TAKEN = "SELECT person FROM skeletons WHERE skeleton = $1";
    TERMS_AFTER = "SELECT term, person FROM search_terms WHERE (term, person) > ($1, $2) AND term < $3
        ORDER BY term, person LIMIT $4";
    /// The empty text hides the term from the planner. Otherwise it may scan everybody whose term is in the range.
    WITH_TERM_AMONG = "SELECT person FROM search_terms
        WHERE person = ANY($1) AND term || '' >= $2 AND term || '' < $3";
    EVERYBODY = "SELECT id FROM people WHERE id > $1 AND closed_at IS NULL ORDER BY id LIMIT $2";
    READ_POSITION = "SELECT story FROM read_marks WHERE bucket = $1 AND person = $2";
    READ_POSITION_ADVANCE = "INSERT INTO read_marks (bucket, person, story) VALUES ($1, $2, $3)
        ON CONFLICT (person, bucket) DO UPDATE SET story = greatest(read_marks.story, excluded.story)
        RETURNING story";
}

#[async_trait]
impl People for PostgresStore {
    async fn people(
        &self,
        ids: &[PersonId],
        _at_least: CommitPosition,
    ) -> StoreResult<Vec<PersonRecord>> {
        let people = self.db.read(Class::Read, "read people", by_ids(ids));
        people.await?.rows(person)
    }

    async fn person_by_handle(&self, handle: &str) -> StoreResult<Option<PersonRecord>> {
        // The row of a handle and that of its person are inserted together and never removed, so two reads see them in
        // one state.
        let Some(id) = self.id_by_handle("look up a handle", handle).await? else {
            return Ok(None);
        };
        let by_id = bind!(PERSON_BY_ID, id.bucket(), id);
        let found = self.db.read(Class::Read, "look up a handle", by_id);
        found.await?.row(person)
    }

    async fn change_profile(
        &self,
        id: PersonId,
        change: ProfileChange,
    ) -> StoreResult<Committed<Option<PersonRecord>>> {
        let change = &change;
        self.db
            .commit(Class::Post, "change a profile", |tx| async move {
                let changed = tx.row(update(id, change), person).await?;
                if changed.is_some() {
                    let terms = change.search_terms.iter();
                    let mut writes: Vec<_> =
                        terms.flat_map(|terms| replace_terms(id, terms)).collect();
                    writes.push(changes::log(&[Change::Person(id)]));
                    tx.last_each(writes).await?;
                }
                Ok(changed)
            })
            .await
    }

    async fn person_counts(&self, person: PersonId) -> StoreResult<PersonCounts> {
        let counts = bind!(PERSON_COUNTS, person.bucket(), person);
        let counts = self.db.read(Class::Read, "count for a profile", counts);
        let counts = counts.await?.row(|row| {
            Ok(PersonCounts {
                friends: row.get(0)?,
                follows: row.get(1)?,
                followers: row.get(2)?,
                stories: row.get(3)?,
                public_stories: row.get(4)?,
            })
        });
        Ok(counts?.unwrap_or_default())
    }

    async fn handle_use(&self, handle: &str, skeleton: &str) -> StoreResult<HandleUse> {
        let context = "check a handle";
        let taken = self
            .db
            .read(Class::Read, context, bind!(HANDLE_TAKEN, handle));
        if taken.await?.exists() {
            return Ok(HandleUse::Taken);
        }
        let taken = bind!(SKELETON_TAKEN, skeleton);
        let taken: Option<PersonId> = self.db.read(Class::Read, context, taken).await?.first()?;
        Ok(taken.map_or(HandleUse::Free, |_| HandleUse::Confusable))
    }

    async fn people_by_term(
        &self,
        after: &TermPlace,
        to: &str,
        limit: u32,
    ) -> StoreResult<Vec<FoundByTerm>> {
        let terms = &bind!(TERMS_AFTER, after.term.as_str(), after.person, to, limit);
        self.db
            .snapshot(Class::Read, "search people", |tx| async move {
                let found = tx.rows(terms.clone(), |row| Ok((row.get(0)?, row.get(1)?)));
                in_order(&tx, found.await?).await
            })
            .await
    }

    async fn with_term_among(
        &self,
        people: &[PersonId],
        from: &str,
        to: &str,
    ) -> StoreResult<Vec<PersonId>> {
        let among = bind!(WITH_TERM_AMONG, people, from, to);
        let found = self.db.read(Class::Read, "search some people", among);
        let mut found: Vec<PersonId> = found.await?.column()?;
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    async fn people_after(&self, after: PersonId, limit: u32) -> StoreResult<Vec<PersonId>> {
        let everybody = bind!(EVERYBODY, after, limit);
        let class = Class::Administration;
        self.db
            .read(class, "list everybody", everybody)
            .await?
            .column()
    }

    async fn read_position(
        &self,
        person: PersonId,
        _at_least: CommitPosition,
    ) -> StoreResult<StoryId> {
        let position = bind!(READ_POSITION, person.bucket(), person);
        let position = self.db.read(Class::Read, "read a read position", position);
        Ok(position.await?.first()?.unwrap_or_default())
    }

    async fn advance_read_position(
        &self,
        person: PersonId,
        story: StoryId,
    ) -> StoreResult<Committed<StoryId>> {
        let context = "advance a read position";
        self.db
            .commit(Class::Post, context, |tx| async move {
                let advance = bind!(READ_POSITION_ADVANCE, person.bucket(), person, story);
                let log = changes::log(&[Change::Own(person, Own::ReadPosition(story))]);
                let [position, _] = tx.last([advance, log]).await?;
                Ok(position.first()?.unwrap_or_default())
            })
            .await
    }
}

impl PostgresStore {
    /// The person with this handle.
    pub(crate) async fn id_by_handle(
        &self,
        context: &'static str,
        handle: &str,
    ) -> StoreResult<Option<PersonId>> {
        let by_handle = bind!(ID_BY_HANDLE, handle);
        self.db.read(Class::Read, context, by_handle).await?.first()
    }
}

/// Looks up people by their handles. [`by_handle`] reads the answer.
pub(crate) fn ids_by_handles(handles: &[String]) -> Query {
    bind!(IDS_BY_HANDLE, handles)
}

/// The answer to [`ids_by_handles`].
pub(crate) fn by_handle(answer: &Answer) -> StoreResult<HashMap<String, PersonId>> {
    let people = answer.rows(|row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(people.into_iter().collect())
}

/// Those of these people who exist.
pub(crate) async fn existing(
    tx: &Tx,
    people: BTreeSet<PersonId>,
) -> StoreResult<BTreeSet<PersonId>> {
    let people: Vec<_> = people.into_iter().collect();
    let existing: Vec<_> = tx.column(bind!(PEOPLE_EXISTING, people)).await?;
    Ok(existing.into_iter().collect())
}

/// One person by their bucket, several without it: the keys of many buckets are looked up faster by the id alone.
fn by_ids(ids: &[PersonId]) -> Query {
    match ids {
        [id] => bind!(PERSON_BY_ID, id.bucket(), *id),
        ids => bind!(PEOPLE_BY_ID, ids),
    }
}

fn update(id: PersonId, change: &ProfileChange) -> Query {
    bind!(
        PROFILE_UPDATE,
        id.bucket(),
        id,
        change.display_name.as_deref(),
        change.bio.as_deref(),
        change.language.map(Language::as_str),
        change.privacy.mentions.map(|to| i64::from(to.number())),
        change.privacy.comments.map(|to| i64::from(to.number())),
        change.privacy.requests.map(|to| i64::from(to.number()))
    )
}

/// The people of rows of the index, in the order of the rows.
async fn in_order(tx: &Tx, rows: Vec<(String, PersonId)>) -> StoreResult<Vec<FoundByTerm>> {
    let ids: Vec<_> = rows.iter().map(|(_, person)| *person).collect();
    let people = tx.rows(bind!(PEOPLE_BY_ID, &ids), person).await?;
    let people: HashMap<_, _> = people
        .into_iter()
        .map(|person| (person.id, person))
        .collect();
    let found = rows.into_iter().filter_map(|(term, person)| {
        let person = people.get(&person)?.clone();
        Some(FoundByTerm { term, person })
    });
    Ok(found.collect())
}

fn person(row: &Row) -> StoreResult<PersonRecord> {
    Ok(PersonRecord {
        id: row.get(0)?,
        handle: row.get(1)?,
        display_name: row.get(2)?,
        bio: row.get(3)?,
        language: Language::from_stored(&row.get::<String>(4)?),
        revision: row.get(5)?,
        privacy: Privacy {
            mentions: AllowedActors::from_number(row.get(6)?),
            comments: AllowedActors::from_number(row.get(7)?),
            requests: AllowedAskers::from_number(row.get(8)?),
        },
        avatar: avatar_of_json(&row.get::<String>(9)?)?,
    })
}
