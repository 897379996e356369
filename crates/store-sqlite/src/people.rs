//! People as others see them: profiles, search, read positions.

use async_trait::async_trait;
use rusqlite::{OptionalExtension, Row, params};
use sosik_feed::people::Language;
use sosik_feed::{AllowedActors, AllowedAskers, PersonId, Privacy, StoryId};

use super::SqliteStore;
use super::accounts::insert_terms;
use super::db::Db;
use super::failure::of_engine;
use super::media;
use super::statement::statements;
use sosik_store::engine::avatar_of_json;
use sosik_store::{
    CommitPosition, Committed, FoundByTerm, HandleUse, People, PersonCounts, PersonRecord,
    ProfileChange, StoreResult, TermPlace,
};

statements! {
    PERSON_BY_ID = "SELECT id, handle, display_name, bio, language, revision, mentions_by, comments_by, requests_by, avatar
        FROM people WHERE id = ?1 AND closed_at IS NULL";
    PERSON_BY_HANDLE = "SELECT id, handle, display_name, bio, language, revision, mentions_by, comments_by, requests_by, avatar
        FROM people WHERE handle = ?1 AND closed_at IS NULL";
    PERSON_EXISTS = "SELECT 1 FROM people WHERE id = ?1";
    ID_BY_HANDLE = "SELECT id FROM people WHERE handle = ?1 AND closed_at IS NULL";
    HANDLE_TAKEN = "SELECT 1 FROM people WHERE handle = ?1";
    PROFILE_UPDATE = "UPDATE people SET display_name = coalesce(?2, display_name), bio = coalesce(?3, bio),
        language = coalesce(?4, language), mentions_by = coalesce(?5, mentions_by),
        comments_by = coalesce(?6, comments_by), requests_by = coalesce(?7, requests_by), revision = revision + 1
        WHERE id = ?1 AND closed_at IS NULL
        RETURNING id, handle, display_name, bio, language, revision, mentions_by, comments_by, requests_by, avatar";
    TERMS_DELETE = "DELETE FROM search_terms WHERE person = ?1";
    PERSON_COUNTS = "SELECT friends, follows, followers, stories, public_stories FROM person_counts WHERE person = ?1";
    SKELETON_TAKEN = "SELECT 1 FROM people WHERE skeleton = ?1";
    PEOPLE_BY_TERM = "SELECT p.id, p.handle, p.display_name, p.bio, p.language, p.revision,
            p.mentions_by, p.comments_by, p.requests_by, p.avatar, t.term
        FROM search_terms t CROSS JOIN people p ON p.id = t.person
        WHERE (t.term, t.person) > (?1, ?2) AND t.term < ?3 ORDER BY t.term, t.person LIMIT ?4";
    HAS_TERM = "SELECT 1 FROM search_terms INDEXED BY search_terms_of
        WHERE person = ?1 AND term >= ?2 AND term < ?3 LIMIT 1";
    EVERYBODY = "SELECT id FROM people WHERE id > ?1 AND closed_at IS NULL ORDER BY id LIMIT ?2";
    ANYBODY = "SELECT 1 FROM people LIMIT 1";
    READ_POSITION = "SELECT story FROM read_marks WHERE person = ?1";
    READ_POSITION_ADVANCE = "INSERT INTO read_marks (person, story) VALUES (?1, ?2)
        ON CONFLICT (person) DO UPDATE SET story = max(story, excluded.story) RETURNING story";
}

#[async_trait]
impl People for SqliteStore {
    async fn people(
        &self,
        ids: &[PersonId],
        _at_least: CommitPosition,
    ) -> StoreResult<Vec<PersonRecord>> {
        let ids = ids.to_vec();
        self.read("read people", move |db| people(db, ids)).await
    }

    async fn person_by_handle(&self, handle: &str) -> StoreResult<Option<PersonRecord>> {
        let handle = handle.to_owned();
        self.read("look up a handle", move |db| {
            db.row(PERSON_BY_HANDLE, [handle], person)
        })
        .await
    }

    async fn change_profile(
        &self,
        id: PersonId,
        change: ProfileChange,
    ) -> StoreResult<Committed<Option<PersonRecord>>> {
        self.commit("change a profile", move |db| {
            let language = change.language.map(Language::as_str);
            let values = params![
                id.as_i64(),
                change.display_name,
                change.bio,
                language,
                change.privacy.mentions.map(AllowedActors::number),
                change.privacy.comments.map(AllowedActors::number),
                change.privacy.requests.map(AllowedAskers::number)
            ];
            let changed = db.row(PROFILE_UPDATE, values, person)?;
            if let (Some(_), Some(terms)) = (&changed, &change.search_terms) {
                remove_terms(db, id)?;
                insert_terms(db, id, terms)?;
            }
            Ok(changed)
        })
        .await
    }

    async fn person_counts(&self, person: PersonId) -> StoreResult<PersonCounts> {
        let counts = self.read("count for a profile", move |db| {
            db.row(PERSON_COUNTS, [person.as_i64()], |row| {
                Ok(PersonCounts {
                    friends: row.get(0)?,
                    follows: row.get(1)?,
                    followers: row.get(2)?,
                    stories: row.get(3)?,
                    public_stories: row.get(4)?,
                })
            })
        });
        Ok(counts.await?.unwrap_or_default())
    }

    async fn handle_use(&self, handle: &str, skeleton: &str) -> StoreResult<HandleUse> {
        let (handle, skeleton) = (handle.to_owned(), skeleton.to_owned());
        self.read("check a handle", move |db| {
            Ok(if db.exists(HANDLE_TAKEN, [handle])? {
                HandleUse::Taken
            } else if db.exists(SKELETON_TAKEN, [skeleton])? {
                HandleUse::Confusable
            } else {
                HandleUse::Free
            })
        })
        .await
    }

    async fn people_by_term(
        &self,
        after: &TermPlace,
        to: &str,
        limit: u32,
    ) -> StoreResult<Vec<FoundByTerm>> {
        let (after, to) = (after.clone(), to.to_owned());
        self.read("search people", move |db| {
            let range = params![after.term, after.person.as_i64(), to, limit];
            db.rows(PEOPLE_BY_TERM, range, |row| {
                Ok(FoundByTerm {
                    term: row.get(10)?,
                    person: person(row)?,
                })
            })
        })
        .await
    }

    async fn with_term_among(
        &self,
        people: &[PersonId],
        from: &str,
        to: &str,
    ) -> StoreResult<Vec<PersonId>> {
        let (people, from, to) = (people.to_vec(), from.to_owned(), to.to_owned());
        self.read("search some people", move |db| {
            let mut statement = db.prepared(HAS_TERM)?;
            let mut found = Vec::new();
            for person in people {
                let has_term = statement.exists(params![person.as_i64(), from, to]);
                if has_term.map_err(of_engine)? {
                    found.push(person);
                }
            }
            Ok(found)
        })
        .await
    }

    async fn people_after(&self, after: PersonId, limit: u32) -> StoreResult<Vec<PersonId>> {
        self.read("list everybody", move |db| {
            db.rows(EVERYBODY, params![after.as_i64(), limit], |row| {
                Ok(PersonId::from_i64(row.get(0)?))
            })
        })
        .await
    }

    async fn read_position(
        &self,
        person: PersonId,
        _at_least: CommitPosition,
    ) -> StoreResult<StoryId> {
        let read = self.read("read a read position", move |db| {
            db.number(READ_POSITION, [person.as_i64()])
        });
        Ok(StoryId::from_i64(read.await?))
    }

    async fn advance_read_position(
        &self,
        person: PersonId,
        story: StoryId,
    ) -> StoreResult<Committed<StoryId>> {
        self.commit("advance a read position", move |db| {
            let values = params![person.as_i64(), story.as_i64()];
            let position = db.number(READ_POSITION_ADVANCE, values)?;
            Ok(StoryId::from_i64(position))
        })
        .await
    }
}

/// Succeeds if a read succeeds.
pub(super) fn check(db: &Db<'_>) -> StoreResult<()> {
    db.exists(ANYBODY, []).map(|_there_is| ())
}

/// Removes the search terms of a person.
pub(super) fn remove_terms(db: &Db<'_>, person: PersonId) -> StoreResult<()> {
    db.execute(TERMS_DELETE, [person.as_i64()])?;
    Ok(())
}

/// Whether the person exists, also with a closed account.
pub(super) fn exists(db: &Db<'_>, person: PersonId) -> StoreResult<bool> {
    db.exists(PERSON_EXISTS, [person.as_i64()])
}

/// The person with this handle.
pub(super) fn id_by_handle(db: &Db<'_>, handle: &str) -> StoreResult<Option<PersonId>> {
    db.row(ID_BY_HANDLE, [handle], |row| {
        Ok(PersonId::from_i64(row.get(0)?))
    })
}

/// The numbers of friends and follows, from the counts.
pub(super) fn relation_counts(db: &Db<'_>, person: PersonId) -> StoreResult<(u32, u32)> {
    let counts = db.row(PERSON_COUNTS, [person.as_i64()], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    Ok(counts.unwrap_or_default())
}

fn people(db: &Db<'_>, ids: Vec<PersonId>) -> StoreResult<Vec<PersonRecord>> {
    let mut statement = db.prepared(PERSON_BY_ID)?;
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        found.extend(
            statement
                .query_row([id.as_i64()], person)
                .optional()
                .map_err(of_engine)?,
        );
    }
    Ok(found)
}

fn person(row: &Row<'_>) -> rusqlite::Result<PersonRecord> {
    Ok(PersonRecord {
        id: PersonId::from_i64(row.get(0)?),
        handle: row.get(1)?,
        display_name: row.get(2)?,
        bio: row.get(3)?,
        language: Language::from_stored(row.get_ref(4)?.as_str()?),
        revision: row.get::<_, i64>(5)?.unsigned_abs(),
        privacy: Privacy {
            mentions: AllowedActors::from_number(row.get(6)?),
            comments: AllowedActors::from_number(row.get(7)?),
            requests: AllowedAskers::from_number(row.get(8)?),
        },
        avatar: media::of_column(9, avatar_of_json(row.get_ref(9)?.as_str()?))?,
    })
}
