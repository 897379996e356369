//! Repairs derived data: computes it again and compares it with the stored values.
//!
//! A repair locks the rows that concurrent writes lock, so it never compares half of a write.

use async_trait::async_trait;
use sosik_feed::people::{DisplayName, Handle};
use sosik_feed::search::{TERMS_VERSION, terms};
use sosik_feed::{CommentId, PersonId, StoryId};
use sosik_store::engine::{audience_of_number, tags_of_json};
use sosik_store::{
    LargeAuthorLimits, Maintenance, RepairedComments, RepairedPeople, RepairedStories, StoreResult,
};

use super::accounts::replace_terms;
use super::db::Db;
use super::pool::Class;
use super::row::{Answer, Row};
use super::sql::{Query, Value, bind, statements};
use super::tx::Tx;
use super::{PostgresStore, tags};

statements! {
    NEXT_PEOPLE = "SELECT id FROM people WHERE id > $1 ORDER BY id LIMIT $2";
    PERSON_NAMES = "SELECT handle, display_name FROM people WHERE bucket = $1 AND id = $2 AND closed_at IS NULL FOR UPDATE";
    PERSON_KEPT = "SELECT friends, follows, followers, stories, public_stories, comments, text_bytes, large
        FROM person_counts WHERE bucket = $1 AND person = $2 FOR UPDATE";
    PERSON_COUNTED = "SELECT (SELECT count(*) FROM friendships WHERE bucket = $1 AND person = $2),
        (SELECT count(*) FROM follows WHERE bucket = $1 AND follower = $2),
        (SELECT count(*) FROM followers WHERE bucket = $1 AND followee = $2),
        (SELECT count(*) FROM stories WHERE bucket = $1 AND author = $2 AND deleted_at IS NULL),
        (SELECT count(*) FROM stories WHERE bucket = $1 AND author = $2 AND deleted_at IS NULL AND audience = 1),
        (SELECT coalesce(sum(octet_length(text)), 0)::bigint FROM stories
            WHERE bucket = $1 AND author = $2 AND deleted_at IS NULL)";
    /// The comments of a person are in the buckets of many stories.
    COMMENTS_COUNTED = "SELECT count(*), coalesce(sum(octet_length(text)), 0)::bigint FROM comments
        WHERE author = $1 AND NOT deleted";
    PERSON_MEND = "INSERT INTO person_counts
        (bucket, person, friends, follows, followers, stories, public_stories, comments, text_bytes, large)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (person, bucket) DO UPDATE SET friends = excluded.friends, follows = excluded.follows,
            followers = excluded.followers, stories = excluded.stories, public_stories = excluded.public_stories,
            comments = excluded.comments, text_bytes = excluded.text_bytes, large = excluded.large";
    TERMS_KEPT = "SELECT term FROM search_terms WHERE bucket = $1 AND person = $2";
    TERMS_VERSION_KEPT = "SELECT version, filled FROM search_index WHERE id = 1";
    TERMS_VERSION_SET = "UPDATE search_index SET version = $1, filled = $2 WHERE id = 1";
    NEXT_STORIES = "SELECT id FROM stories WHERE id > $1 ORDER BY id LIMIT $2";
    STORY_TAGS = "SELECT author, audience, tags FROM stories
        WHERE bucket = $1 AND id = $2 AND deleted_at IS NULL FOR UPDATE";
    STORY_COUNTED = "SELECT (SELECT count(*) FROM likes WHERE bucket = $1 AND story = $2),
        (SELECT count(*) FROM comments WHERE bucket = $1 AND story = $2 AND NOT deleted)";
    STORY_KEPT = "SELECT likes, comments FROM story_counts WHERE bucket = $1 AND story = $2";
    STORY_MEND = "INSERT INTO story_counts (bucket, story, likes, comments, revision) VALUES ($1, $2, $3, $4, 1)
        ON CONFLICT (story, bucket) DO UPDATE
        SET likes = excluded.likes, comments = excluded.comments, revision = story_counts.revision + 1";
    NEXT_COMMENTS = "SELECT id FROM comments WHERE id > $1 ORDER BY id LIMIT $2";
    COMMENT_KEPT = "SELECT replies, likes FROM comments WHERE bucket = $1 AND id = $2 FOR UPDATE";
    COMMENT_COUNTED = "SELECT (SELECT count(*) FROM comments WHERE bucket = $1 AND parent = $2 AND NOT deleted),
        (SELECT count(*) FROM comment_likes WHERE bucket = $1 AND comment = $2)";
    COMMENT_MEND = "UPDATE comments SET replies = $3, likes = $4 WHERE bucket = $1 AND id = $2";
    PEOPLE_COUNT = "SELECT count(*) FROM people WHERE closed_at IS NULL";
    STORIES_COUNT = "SELECT count(*) FROM stories WHERE deleted_at IS NULL";
}

const CLASS: Class = Class::Administration;

/// People whose search terms one transaction replaces: a fraction of a second.
const TERMS_STEP: u32 = 500;

#[async_trait]
impl Maintenance for PostgresStore {
    async fn repair_people(
        &self,
        after: PersonId,
        limit: u32,
        large: LargeAuthorLimits,
    ) -> StoreResult<RepairedPeople> {
        self.db
            .write(CLASS, "mend people", |tx| async move {
                repair_people(&tx, after, limit, large).await
            })
            .await
    }

    async fn repair_stories(&self, after: StoryId, limit: u32) -> StoreResult<RepairedStories> {
        self.db
            .write(CLASS, "mend stories", |tx| async move {
                repair_stories(&tx, after, limit).await
            })
            .await
    }

    async fn repair_comments(&self, after: CommentId, limit: u32) -> StoreResult<RepairedComments> {
        self.db
            .write(CLASS, "mend comments", |tx| async move {
                repair_comments(&tx, after, limit).await
            })
            .await
    }

    async fn people_count(&self) -> StoreResult<u64> {
        let count = self.db.read(CLASS, "count people", bind!(PEOPLE_COUNT));
        Ok(count.await?.number()?.unsigned_abs())
    }

    async fn stories_count(&self) -> StoreResult<u64> {
        let count = self.db.read(CLASS, "count stories", bind!(STORIES_COUNT));
        Ok(count.await?.number()?.unsigned_abs())
    }
}

/// Friends, follows, followers, stories, public stories, comments, bytes of texts.
type Counts = [i64; 7];

/// The answers of one person or story, in the order of the statements.
fn chunks<const N: usize>(answers: &[Answer]) -> impl Iterator<Item = &[Answer; N]> {
    answers.as_chunks().0.iter()
}

async fn repair_people(
    tx: &Tx,
    after: PersonId,
    limit: u32,
    large: LargeAuthorLimits,
) -> StoreResult<RepairedPeople> {
    let people: Vec<PersonId> = tx.column(bind!(NEXT_PEOPLE, after, limit)).await?;
    let mut repaired = RepairedPeople {
        last: people.last().copied(),
        checked: people.len() as u64,
        ..RepairedPeople::default()
    };
    // Ascending, as every transaction that locks several people.
    let reads = people.iter().flat_map(|person| person_reads(*person));
    let answers = tx.each(reads.collect()).await?;
    let mut writes = Vec::new();
    for (person, answers) in people.iter().zip(chunks(&answers)) {
        let [names, kept, counted, comments, terms] = answers;
        let counted = counted_of(counted, comments)?;
        writes.extend(repair_counts(*person, kept, counted, large, &mut repaired)?);
        if let Some(right) = wrong_terms(names, terms)? {
            writes.extend(replace_terms(*person, &right));
            repaired.terms += 1;
        }
    }
    tx.last_each(writes).await?;
    Ok(repaired)
}

fn person_reads(person: PersonId) -> [Query; 5] {
    let bucket = person.bucket();
    [
        bind!(PERSON_NAMES, bucket, person),
        bind!(PERSON_KEPT, bucket, person),
        bind!(PERSON_COUNTED, bucket, person),
        bind!(COMMENTS_COUNTED, person),
        bind!(TERMS_KEPT, bucket, person),
    ]
}

fn counted_of(counted: &Answer, comments: &Answer) -> StoreResult<Counts> {
    let counted: [i64; 6] = counted.row(integers)?.unwrap_or_default();
    let [comments, comment_bytes]: [i64; 2] = comments.row(integers)?.unwrap_or_default();
    let [friends, follows, followers, stories, public, story_bytes] = counted;
    let text_bytes = story_bytes + comment_bytes;
    Ok([
        friends, follows, followers, stories, public, comments, text_bytes,
    ])
}

/// The first columns of a row.
fn integers<const N: usize>(row: &Row) -> StoreResult<[i64; N]> {
    let mut integers = [0; N];
    for (column, integer) in integers.iter_mut().enumerate() {
        *integer = row.get(column)?;
    }
    Ok(integers)
}

/// The write that corrects the counts of a person, if they are wrong.
fn repair_counts(
    person: PersonId,
    kept: &Answer,
    counted: Counts,
    limits: LargeAuthorLimits,
    repaired: &mut RepairedPeople,
) -> StoreResult<Option<Query>> {
    let kept = kept.row(|row| Ok((integers::<7>(row)?, row.get::<bool>(7)?)))?;
    let was_large = kept.is_some_and(|(_, large)| large);
    let readers = u32::try_from(counted[0] + counted[2]).unwrap_or(u32::MAX);
    let large = limits.is_large(readers, was_large);
    if kept == Some((counted, large)) {
        return Ok(None);
    }
    repaired.counts += u64::from(kept.is_none_or(|(kept, _)| kept != counted));
    repaired.large += u64::from(was_large != large);
    let mut mend = bind!(PERSON_MEND, person.bucket(), person);
    mend.values.extend(counted.map(Value::from));
    mend.values.push(Value::from(large));
    Ok(Some(mend))
}

/// Replaces the search terms of everybody, in steps, if they are of another version. Runs when a node starts. Nodes that
/// start together repeat each other's steps, which changes nothing.
pub(crate) async fn update_terms(db: &Db) -> StoreResult<()> {
    let mut updated = 0;
    let step = || {
        db.write(CLASS, "replace search terms", |tx| async move {
            update_some_terms(&tx).await
        })
    };
    while let Some(step) = step().await? {
        updated += step;
    }
    if updated > 0 {
        tracing::info!(people = updated, "search terms were replaced");
    }
    Ok(())
}

/// One step. Returns the number of people with wrong terms; `None` if everybody has terms of this version or a newer node
/// replaces them.
async fn update_some_terms(tx: &Tx) -> StoreResult<Option<u64>> {
    let place = tx.row(bind!(TERMS_VERSION_KEPT), |row| {
        Ok((row.get(0)?, row.get(1)?))
    });
    let (version, filled): (i64, i64) = place.await?.unwrap_or_default();
    let current = i64::from(TERMS_VERSION);
    let filled = if version == current { filled } else { 0 };
    if version > current || filled == i64::MAX {
        return Ok(None);
    }
    let people: Vec<PersonId> = tx.column(bind!(NEXT_PEOPLE, filled, TERMS_STEP)).await?;
    let reads = people.iter().flat_map(|person| {
        let bucket = person.bucket();
        [
            bind!(PERSON_NAMES, bucket, *person),
            bind!(TERMS_KEPT, bucket, *person),
        ]
    });
    let answers = tx.each(reads.collect()).await?;
    let (mut writes, mut updated) = (Vec::new(), 0);
    for (person, [names, kept]) in people.iter().zip(chunks(&answers)) {
        if let Some(right) = wrong_terms(names, kept)? {
            writes.extend(replace_terms(*person, &right));
            updated += 1;
        }
    }
    let filled = people.last().map_or(i64::MAX, |person| person.as_i64());
    writes.push(bind!(TERMS_VERSION_SET, current, filled));
    tx.last_each(writes).await?;
    Ok(Some(updated))
}

/// The right terms of a person, if the stored ones differ.
fn wrong_terms(names: &Answer, kept: &Answer) -> StoreResult<Option<Vec<String>>> {
    let names = names.row(|row| Ok((row.get(0)?, row.get(1)?)))?;
    let Some((handle, name)) = names else {
        return Ok(None);
    };
    let (handle, name) = (Handle::from_stored(handle), DisplayName::from_stored(name));
    let mut right = terms(&handle, &name);
    right.sort_unstable();
    let mut kept: Vec<String> = kept.column()?;
    kept.sort_unstable();
    Ok(Some(right).filter(|right| *right != kept))
}

async fn repair_stories(tx: &Tx, after: StoryId, limit: u32) -> StoreResult<RepairedStories> {
    let stories: Vec<StoryId> = tx.column(bind!(NEXT_STORIES, after, limit)).await?;
    let mut repaired = RepairedStories {
        last: stories.last().copied(),
        ..RepairedStories::default()
    };
    let reads = stories.iter().flat_map(|story| story_reads(*story));
    let answers = tx.each(reads.collect()).await?;
    let (mut counts, mut entries) = (Vec::new(), Vec::new());
    for (story, answers) in stories.iter().zip(chunks(&answers)) {
        let [live, counted, kept] = answers;
        // The purge order removes the remaining rows of a deleted story.
        let Some((author, audience, tags)) = live.row(story_tags)? else {
            continue;
        };
        repaired.checked += 1;
        counts.extend(repair_story(*story, counted, kept)?);
        entries.extend(tags::keep(*story, author, audience, &tags));
    }
    repaired.counts = counts.len() as u64;
    tx.each(counts).await?;
    let entries = tx.last_each(entries).await?;
    repaired.tags = entries.iter().map(|answer| answer.affected).sum();
    Ok(repaired)
}

fn story_reads(story: StoryId) -> [Query; 3] {
    let bucket = story.bucket();
    [
        bind!(STORY_TAGS, bucket, story),
        bind!(STORY_COUNTED, bucket, story),
        bind!(STORY_KEPT, bucket, story),
    ]
}

fn story_tags(row: &Row) -> StoreResult<(PersonId, sosik_feed::Audience, Vec<String>)> {
    let tags: String = row.get(2)?;
    Ok((
        row.get(0)?,
        audience_of_number(row.get(1)?),
        tags_of_json(&tags)?,
    ))
}

/// The write that corrects the counts of a story, if they are wrong.
fn repair_story(story: StoryId, counted: &Answer, kept: &Answer) -> StoreResult<Option<Query>> {
    let counted: [i64; 2] = counted.row(integers)?.unwrap_or_default();
    let kept: [i64; 2] = kept.row(integers)?.unwrap_or_default();
    let [likes, comments] = counted;
    let mend = bind!(STORY_MEND, story.bucket(), story, likes, comments);
    Ok(Some(mend).filter(|_| counted != kept))
}

async fn repair_comments(tx: &Tx, after: CommentId, limit: u32) -> StoreResult<RepairedComments> {
    let comments: Vec<CommentId> = tx.column(bind!(NEXT_COMMENTS, after, limit)).await?;
    let mut repaired = RepairedComments {
        last: comments.last().copied(),
        checked: comments.len() as u64,
        counts: 0,
    };
    // Descending: a deletion locks a reply before its parent.
    let reads = comments.iter().rev().flat_map(|comment| {
        let bucket = comment.bucket();
        [
            bind!(COMMENT_KEPT, bucket, *comment),
            bind!(COMMENT_COUNTED, bucket, *comment),
        ]
    });
    let answers = tx.each(reads.collect()).await?;
    let mut writes = Vec::new();
    for (comment, answers) in comments.iter().rev().zip(chunks::<2>(&answers)) {
        let [kept, counted] = answers;
        let kept: Option<[i64; 2]> = kept.row(integers)?;
        let counted: [i64; 2] = counted.row(integers)?.unwrap_or_default();
        if kept.is_some_and(|kept| kept != counted) {
            let [replies, likes] = counted;
            let bucket = comment.bucket();
            writes.push(bind!(COMMENT_MEND, bucket, *comment, replies, likes));
        }
    }
    repaired.counts = writes.len() as u64;
    tx.last_each(writes).await?;
    Ok(repaired)
}
