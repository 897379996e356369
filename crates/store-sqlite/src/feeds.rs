//! Home feeds from the rows: by a merge of the authors' newest stories, and by the definition.
//!
//! The merge reads a few of the newest ids of every author from the index (author, id) and repeatedly takes the largest
//! one. An author whose ids run out is read again. The number of ids in the first read depends on the number of authors
//! that share the page: with 5,000 authors and 20 stories it is one for each, not 20.

use std::collections::BinaryHeap;

use async_trait::async_trait;
use rusqlite::{CachedStatement, params};
use sosik_feed::{Circle, PersonId, StoryId, Visibility};

use super::SqliteStore;
use super::db::Db;
use super::failure::of_engine;
use super::statement::statements;
use super::stories::{below, of_author, story_id};
use sosik_store::{CommitPosition, Feeds, StoreResult, StorySpan};

statements! {
    /// The definition of the home feed, independent of the code of the merge and of `Circle`. The first part covers the
    /// reader and their friends, the second one the people followed. Each author contributes at most a page of the
    /// span, so the cost does not depend on the number of stories below it. The `+` excludes the index of public
    /// stories: the merge uses it, and an error in the index must not affect both sides.
    FEED_BY_DEFINITION = "SELECT s.id FROM (SELECT ?1 AS author
            UNION ALL SELECT friend FROM friendships WHERE person = ?1) a
        CROSS JOIN stories s ON s.id IN (
            SELECT n.id FROM stories n WHERE n.author = a.author AND n.deleted_at IS NULL
              AND n.id > ?2 AND n.id < ?3 ORDER BY n.id DESC LIMIT ?4)
        WHERE EXISTS (SELECT 1 FROM people WHERE id = a.author AND closed_at IS NULL)
          AND NOT EXISTS (SELECT 1 FROM blocks WHERE blocker = ?1 AND blocked = a.author)
          AND NOT EXISTS (SELECT 1 FROM blocks WHERE blocker = a.author AND blocked = ?1)
          AND NOT EXISTS (SELECT 1 FROM mutes WHERE muter = ?1 AND muted = a.author)
        UNION
        SELECT s.id FROM follows f
        CROSS JOIN stories s ON s.id IN (
            SELECT n.id FROM stories n WHERE n.author = f.followee AND n.deleted_at IS NULL AND +n.audience = 1
              AND n.id > ?2 AND n.id < ?3 ORDER BY n.id DESC LIMIT ?4)
        WHERE f.follower = ?1
          AND EXISTS (SELECT 1 FROM people WHERE id = f.followee AND closed_at IS NULL)
          AND NOT EXISTS (SELECT 1 FROM blocks WHERE blocker = ?1 AND blocked = f.followee)
          AND NOT EXISTS (SELECT 1 FROM blocks WHERE blocker = f.followee AND blocked = ?1)
          AND NOT EXISTS (SELECT 1 FROM mutes WHERE muter = ?1 AND muted = f.followee)
        ORDER BY id DESC LIMIT ?4";
}

/// Minimum number of ids in a further read of an author: an author of one of the newest stories often has more.
const REFILL_MIN: u32 = 4;

#[async_trait]
impl Feeds for SqliteStore {
    async fn newest(
        &self,
        reader: PersonId,
        circle: &Circle,
        before: Option<StoryId>,
        limit: u32,
        _at_least: CommitPosition,
    ) -> StoreResult<Vec<StoryId>> {
        let mut authors = vec![(reader, Visibility::Everything)];
        authors.extend(circle.authors());
        self.read("merge a feed", move |db| merge(db, authors, before, limit))
            .await
    }

    async fn feed_by_definition(
        &self,
        reader: PersonId,
        span: StorySpan,
        limit: u32,
    ) -> StoreResult<Vec<StoryId>> {
        let StorySpan { above, below } = span;
        let work = move |db: &Db<'_>| {
            let asked = params![reader.as_i64(), above.as_i64(), below.as_i64(), limit];
            db.rows(FEED_BY_DEFINITION, asked, story_id)
        };
        let feed = (self.checker)
            .read("compute a feed by definition", work)
            .await;
        feed.map_err(|error| self.name_file(error))
    }
}

/// Stories of one author that were fetched and not taken yet.
struct Source {
    author: PersonId,
    visibility: Visibility,
    /// Ascending, so the next one is last.
    fetched: Vec<StoryId>,
    /// Maximum number of ids in the next read. 0 if the author has no older stories.
    ask: u32,
}

fn merge(
    db: &Db<'_>,
    authors: Vec<(PersonId, Visibility)>,
    before: Option<StoryId>,
    limit: u32,
) -> StoreResult<Vec<StoryId>> {
    let mut fetch = Fetch::new(db)?;
    let share = limit.div_ceil(u32::try_from(authors.len()).unwrap_or(u32::MAX));
    let mut sources = Vec::with_capacity(authors.len());
    let mut heap = BinaryHeap::with_capacity(authors.len());
    for (author, visibility) in authors {
        let mut source = Source {
            author,
            visibility,
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

/// The two statements of the merge, prepared once.
struct Fetch<'c> {
    everything: CachedStatement<'c>,
    public: CachedStatement<'c>,
}

impl<'c> Fetch<'c> {
    fn new(db: &Db<'c>) -> StoreResult<Self> {
        Ok(Self {
            everything: db.prepared(of_author(Visibility::Everything))?,
            public: db.prepared(of_author(Visibility::Public))?,
        })
    }

    /// Fetches the next ids of a source, below an id.
    fn more(&mut self, source: &mut Source, below: i64) -> StoreResult<()> {
        if source.ask == 0 {
            return Ok(());
        }
        let statement = match source.visibility {
            Visibility::Everything => &mut self.everything,
            Visibility::Public => &mut self.public,
        };
        let mut rows = statement
            .query(params![source.author.as_i64(), below, source.ask])
            .map_err(of_engine)?;
        while let Some(row) = rows.next().map_err(of_engine)? {
            source.fetched.push(story_id(row).map_err(of_engine)?);
        }
        source.ask = match u32::try_from(source.fetched.len()) {
            Ok(count) if count == source.ask => (source.ask * 2).max(REFILL_MIN),
            _ => 0,
        };
        source.fetched.reverse();
        Ok(())
    }
}

#[cfg(test)]
mod tests;
