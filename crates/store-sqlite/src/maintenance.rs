//! Repairs derived data: computes it again and compares it with the stored values.

use async_trait::async_trait;
use rusqlite::{Connection, Row, params};
use sosik_feed::people::{DisplayName, Handle};
use sosik_feed::search::{TERMS_VERSION, terms};
use sosik_feed::{CommentId, PersonId, StoryId};

use super::SqliteStore;
use super::accounts::insert_terms;
use super::db::Db;
use super::failure::of_engine;
use super::posts::tags_in;
use super::statement::statements;
use super::stories::story_id;
use super::tags;
use sosik_store::{
    LargeAuthorLimits, Maintenance, RepairedComments, RepairedPeople, RepairedStories, StoreResult,
};

statements! {
    NEXT_PEOPLE = "SELECT id, handle, display_name, closed_at IS NULL FROM people WHERE id > ?1 ORDER BY id LIMIT ?2";
    PERSON_COUNTED = "SELECT (SELECT count(*) FROM friendships WHERE person = ?1),
        (SELECT count(*) FROM follows WHERE follower = ?1), (SELECT count(*) FROM follows WHERE followee = ?1),
        (SELECT count(*) FROM stories WHERE author = ?1 AND deleted_at IS NULL),
        (SELECT count(*) FROM stories WHERE author = ?1 AND deleted_at IS NULL AND audience = 1),
        (SELECT count(*) FROM comments WHERE author = ?1 AND deleted = 0),
        (SELECT coalesce(sum(octet_length(text)), 0) FROM stories WHERE author = ?1 AND deleted_at IS NULL)
            + (SELECT coalesce(sum(octet_length(text)), 0) FROM comments WHERE author = ?1)";
    PERSON_KEPT = "SELECT friends, follows, followers, stories, public_stories, comments, text_bytes, large
        FROM person_counts WHERE person = ?1";
    PERSON_MEND = "INSERT OR REPLACE INTO person_counts
        (person, friends, follows, followers, stories, public_stories, comments, text_bytes, large)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    TERMS_KEPT = "SELECT term FROM search_terms WHERE person = ?1 ORDER BY term";
    TERMS_FORGET = "DELETE FROM search_terms WHERE person = ?1";
    TERMS_VERSION_KEPT = "SELECT version, filled FROM search_index WHERE id = 1";
    TERMS_VERSION_SET = "UPDATE search_index SET version = ?1, filled = ?2 WHERE id = 1";
    NEXT_STORIES = "SELECT id, deleted_at IS NULL, tags FROM stories WHERE id > ?1 ORDER BY id LIMIT ?2";
    STORY_COUNTED = "SELECT (SELECT count(*) FROM likes WHERE story = ?1), (SELECT count(*) FROM comments WHERE story = ?1 AND deleted = 0)";
    STORY_KEPT = "SELECT likes, comments FROM story_counts WHERE story = ?1";
    STORY_MEND = "INSERT INTO story_counts (story, likes, comments, revision) VALUES (?1, ?2, ?3, 1)
        ON CONFLICT (story) DO UPDATE SET likes = excluded.likes, comments = excluded.comments, revision = revision + 1";
    /// The counts of the next comments, as they are and as they should be.
    NEXT_COMMENTS = "SELECT c.id, c.replies, c.likes,
            (SELECT count(*) FROM comments r WHERE r.parent = c.id AND r.deleted = 0),
            (SELECT count(*) FROM comment_likes l WHERE l.comment = c.id)
        FROM comments c WHERE c.id > ?1 ORDER BY c.id LIMIT ?2";
    COMMENT_MEND = "UPDATE comments SET replies = ?2, likes = ?3 WHERE id = ?1";
    PEOPLE_COUNT = "SELECT count(*) FROM people WHERE closed_at IS NULL";
    STORIES_COUNT = "SELECT count(*) FROM stories WHERE deleted_at IS NULL";
}

/// People whose search terms one transaction replaces: some milliseconds.
const TERMS_STEP: u32 = 500;

#[async_trait]
impl Maintenance for SqliteStore {
    async fn repair_people(
        &self,
        after: PersonId,
        limit: u32,
        large: LargeAuthorLimits,
    ) -> StoreResult<RepairedPeople> {
        self.write("mend people", move |db| {
            repair_people(db, after, limit, large)
        })
        .await
    }

    async fn repair_stories(&self, after: StoryId, limit: u32) -> StoreResult<RepairedStories> {
        self.write("mend stories", move |db| repair_stories(db, after, limit))
            .await
    }

    async fn repair_comments(&self, after: CommentId, limit: u32) -> StoreResult<RepairedComments> {
        self.write("mend comments", move |db| repair_comments(db, after, limit))
            .await
    }

    async fn people_count(&self) -> StoreResult<u64> {
        self.read("count people", |db| {
            Ok(db.number(PEOPLE_COUNT, [])?.unsigned_abs())
        })
        .await
    }

    async fn stories_count(&self) -> StoreResult<u64> {
        self.read("count stories", |db| {
            Ok(db.number(STORIES_COUNT, [])?.unsigned_abs())
        })
        .await
    }
}

/// Friends, follows, followers, stories, public stories, comments, bytes of texts.
type Counts = [i64; 7];

fn repair_people(
    db: &Db<'_>,
    after: PersonId,
    limit: u32,
    large: LargeAuthorLimits,
) -> StoreResult<RepairedPeople> {
    let people = db.rows(NEXT_PEOPLE, params![after.as_i64(), limit], names)?;
    let mut repaired = RepairedPeople {
        last: people.last().map(|named| named.person),
        ..RepairedPeople::default()
    };
    for named in people {
        repaired.checked += 1;
        repair_counts(db, named.person, large, &mut repaired)?;
        repaired.terms += u64::from(repair_terms(db, named)?);
    }
    Ok(repaired)
}

/// Replaces the search terms of a person if they are wrong. Returns whether they were. A closed account has none.
fn repair_terms(db: &Db<'_>, named: Named) -> StoreResult<bool> {
    let Named {
        person,
        handle,
        name,
        is_open,
    } = named;
    if !is_open {
        return Ok(false);
    }
    let mut right = terms(
        &Handle::from_stored(handle),
        &DisplayName::from_stored(name),
    );
    right.sort_unstable();
    let kept = db.rows(TERMS_KEPT, [person.as_i64()], |row| row.get::<_, String>(0))?;
    if kept == right {
        return Ok(false);
    }
    db.execute(TERMS_FORGET, [person.as_i64()])?;
    insert_terms(db, person, &right)?;
    Ok(true)
}

/// Replaces the search terms of everybody, in steps, if they are of another version. Runs before the first read.
pub(super) fn update_terms(connection: &Connection) -> StoreResult<()> {
    let mut updated = 0;
    loop {
        let transaction = connection.unchecked_transaction().map_err(of_engine)?;
        let step = update_some_terms(&Db::new(&transaction))?;
        transaction.commit().map_err(of_engine)?;
        let Some(step) = step else { break };
        updated += step;
    }
    if updated > 0 {
        tracing::info!(people = updated, "search terms were replaced");
    }
    Ok(())
}

/// One step. Returns the number of people with wrong terms; `None` if everybody has terms of this version or a newer one.
fn update_some_terms(db: &Db<'_>) -> StoreResult<Option<u64>> {
    let place = db.row(TERMS_VERSION_KEPT, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let (version, filled) = place.unwrap_or((0, 0));
    let filled = if version == TERMS_VERSION { filled } else { 0 };
    if version > TERMS_VERSION || filled == i64::MAX {
        return Ok(None);
    }
    let people = db.rows(NEXT_PEOPLE, params![filled, TERMS_STEP], names)?;
    let filled = people
        .last()
        .map_or(i64::MAX, |named| named.person.as_i64());
    let mut updated = 0;
    for named in people {
        updated += u64::from(repair_terms(db, named)?);
    }
    db.execute(TERMS_VERSION_SET, params![TERMS_VERSION, filled])?;
    Ok(Some(updated))
}

/// A row of `NEXT_PEOPLE`.
struct Named {
    person: PersonId,
    handle: String,
    name: String,
    is_open: bool,
}

fn names(row: &Row<'_>) -> rusqlite::Result<Named> {
    Ok(Named {
        person: PersonId::from_i64(row.get(0)?),
        handle: row.get(1)?,
        name: row.get(2)?,
        is_open: row.get(3)?,
    })
}

fn repair_counts(
    db: &Db<'_>,
    person: PersonId,
    limits: LargeAuthorLimits,
    repaired: &mut RepairedPeople,
) -> StoreResult<()> {
    let counted = db
        .row(PERSON_COUNTED, [person.as_i64()], counts)?
        .unwrap_or_default();
    let kept = db.row(PERSON_KEPT, [person.as_i64()], |row| {
        Ok((counts(row)?, row.get::<_, bool>(7)?))
    })?;
    let was_large = kept.is_some_and(|(_, large)| large);
    let readers = counted[0] + counted[2];
    let is_large = limits.is_large(u32::try_from(readers).unwrap_or(u32::MAX), was_large);
    if kept != Some((counted, is_large)) {
        let [
            friends,
            follows,
            followers,
            stories,
            public,
            comments,
            bytes,
        ] = counted;
        let (person, large) = (person.as_i64(), i64::from(is_large));
        db.execute(
            PERSON_MEND,
            [
                person, friends, follows, followers, stories, public, comments, bytes, large,
            ],
        )?;
        repaired.counts += u64::from(kept.is_none_or(|(kept, _)| kept != counted));
        repaired.large += u64::from(was_large != is_large);
    }
    Ok(())
}

fn counts(row: &Row<'_>) -> rusqlite::Result<Counts> {
    let mut counts = Counts::default();
    for (column, count) in counts.iter_mut().enumerate() {
        *count = row.get(column)?;
    }
    Ok(counts)
}

fn repair_stories(db: &Db<'_>, after: StoryId, limit: u32) -> StoreResult<RepairedStories> {
    let stories = db.rows(NEXT_STORIES, params![after.as_i64(), limit], |row| {
        Ok((story_id(row)?, row.get::<_, bool>(1)?, tags_in(row, 2)?))
    })?;
    let mut repaired = RepairedStories {
        last: stories.last().map(|(id, ..)| *id),
        ..RepairedStories::default()
    };
    // The purge order removes the remaining rows of a deleted story.
    for (story, _, tags) in stories.into_iter().filter(|(_, lives, _)| *lives) {
        repaired.checked += 1;
        let two = |row: &Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?));
        let counted = db
            .row(STORY_COUNTED, [story.as_i64()], two)?
            .unwrap_or_default();
        if counted
            != db
                .row(STORY_KEPT, [story.as_i64()], two)?
                .unwrap_or_default()
        {
            db.execute(STORY_MEND, params![story.as_i64(), counted.0, counted.1])?;
            repaired.counts += 1;
        }
        repaired.tags += tags::keep(db, story, &tags)?;
    }
    Ok(repaired)
}

fn repair_comments(db: &Db<'_>, after: CommentId, limit: u32) -> StoreResult<RepairedComments> {
    let comments = db.rows(NEXT_COMMENTS, params![after.as_i64(), limit], |row| {
        let id = CommentId::from_i64(row.get(0)?);
        let kept = [row.get::<_, i64>(1)?, row.get(2)?];
        Ok((id, kept, [row.get::<_, i64>(3)?, row.get(4)?]))
    })?;
    let mut repaired = RepairedComments {
        last: comments.last().map(|(id, ..)| *id),
        checked: comments.len() as u64,
        counts: 0,
    };
    for (comment, kept, counted) in comments {
        if kept != counted {
            let [replies, likes] = counted;
            db.execute(COMMENT_MEND, [comment.as_i64(), replies, likes])?;
            repaired.counts += 1;
        }
    }
    Ok(repaired)
}

#[cfg(test)]
mod tests;
