//! Home feeds from the truth: by a merge of the authors' newest stories, and by the definition.
//!
//! The merge takes the newest few ids of every author from the index (author, id) and then always the largest one; an
//! author who runs out is asked again. How many are taken first follows from how many authors share the page: with
//! 5,000 authors and 20 stories one each, not 20 each.

use std::collections::BinaryHeap;

use async_trait::async_trait;
use rusqlite::{CachedStatement, params};
use sosik_feed::{Circle, PersonId, Sees, StoryId};

use super::SqliteStore;
use super::db::Db;
use super::statement::statements;
use super::stories::{below, of_author, story_id};
use crate::{Feeds, StoreResult};

statements! {
    /// The definition of the home feed, word for word: not the code of the merge, nor of `Circle`.
    FEED_BY_DEFINITION = "WITH authors (author, least_audience) AS (
            SELECT ?1, 0
            UNION ALL SELECT friend, 0 FROM friendships WHERE person = ?1
            UNION ALL SELECT followee, 1 FROM follows WHERE follower = ?1)
        SELECT DISTINCT s.id FROM authors a CROSS JOIN stories s ON s.author = a.author
        WHERE s.deleted_at IS NULL AND s.id < ?2 AND s.audience >= a.least_audience
          AND NOT EXISTS (SELECT 1 FROM blocks WHERE blocker = ?1 AND blocked = a.author)
          AND NOT EXISTS (SELECT 1 FROM blocks WHERE blocker = a.author AND blocked = ?1)
          AND NOT EXISTS (SELECT 1 FROM mutes WHERE muter = ?1 AND muted = a.author)
        ORDER BY s.id DESC LIMIT ?3";
}

/// An author asked again is asked for at least so many: one who wrote one of the newest stories has often written more.
const REFILL_MIN: u32 = 4;

#[async_trait]
impl Feeds for SqliteStore {
    async fn newest(
        &self,
        reader: PersonId,
        circle: &Circle,
        before: Option<StoryId>,
        limit: u32,
    ) -> StoreResult<Vec<StoryId>> {
        let mut authors = vec![(reader, Sees::Everything)];
        authors.extend(circle.authors());
        self.read("merge a feed", move |db| merge(db, authors, before, limit))
            .await
    }

    async fn feed_by_definition(
        &self,
        reader: PersonId,
        before: Option<StoryId>,
        limit: u32,
    ) -> StoreResult<Vec<StoryId>> {
        self.read("compute a feed by definition", move |db| {
            db.rows(
                FEED_BY_DEFINITION,
                params![reader.as_i64(), below(before), limit],
                story_id,
            )
        })
        .await
    }
}

/// The stories of one author that have been fetched and not taken.
struct Source {
    author: PersonId,
    sees: Sees,
    /// Ascending: the next one is the last.
    fetched: Vec<StoryId>,
    /// How many to ask for next; 0 when the author has no more.
    ask: u32,
}

fn merge(
    db: &Db<'_>,
    authors: Vec<(PersonId, Sees)>,
    before: Option<StoryId>,
    limit: u32,
) -> StoreResult<Vec<StoryId>> {
    let mut fetch = Fetch::new(db)?;
    let share = limit.div_ceil(u32::try_from(authors.len()).unwrap_or(u32::MAX));
    let mut sources = Vec::with_capacity(authors.len());
    let mut heap = BinaryHeap::with_capacity(authors.len());
    for (author, sees) in authors {
        let mut source = Source {
            author,
            sees,
            fetched: Vec::new(),
            ask: share,
        };
        fetch.more(&mut source, below(before))?;
        if let Some(newest) = source.fetched.pop() {
            heap.push((newest, sources.len()));
            sources.push(source);
        }
    }
    let mut page = Vec::with_capacity(limit as usize);
    while page.len() < limit as usize
        && let Some((story, place)) = heap.pop()
    {
        page.push(story);
        let source = &mut sources[place];
        if source.fetched.is_empty() && page.len() < limit as usize {
            fetch.more(source, story.as_i64())?;
        }
        if let Some(next) = source.fetched.pop() {
            heap.push((next, place));
        }
    }
    Ok(page)
}

/// The two statements of the walk, prepared once.
struct Fetch<'c> {
    everything: CachedStatement<'c>,
    public: CachedStatement<'c>,
}

impl<'c> Fetch<'c> {
    fn new(db: &Db<'c>) -> StoreResult<Self> {
        Ok(Self {
            everything: db.prepared(of_author(Sees::Everything))?,
            public: db.prepared(of_author(Sees::Public))?,
        })
    }

    /// Fetches what a source asks for, below an id.
    fn more(&mut self, source: &mut Source, below: i64) -> StoreResult<()> {
        if source.ask == 0 {
            return Ok(());
        }
        let statement = match source.sees {
            Sees::Everything => &mut self.everything,
            Sees::Public => &mut self.public,
        };
        let mut rows = statement.query(params![source.author.as_i64(), below, source.ask])?;
        while let Some(row) = rows.next()? {
            source.fetched.push(story_id(row)?);
        }
        source.ask = match u32::try_from(source.fetched.len()) {
            Ok(count) if count == source.ask => (source.ask * 2).max(REFILL_MIN),
            _ => 0,
        };
        source.fetched.reverse();
        Ok(())
    }
}
