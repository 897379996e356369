//! The index from tags to stories, by audience.
//!
//! The page of a tag is a merge: public stories, the viewer's own, and those for friends of each friend. An index
//! serves each of them, so stories that the viewer may not open cost nothing and leave no trace in a page.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rusqlite::params;
use sosik_feed::{PersonId, StoryId};

use super::db::Db;
use super::failure::of_engine;
use super::posts::tags_in;
use super::statement::statements;
use super::stories::{below, story_id};
use sosik_store::StoreResult;

statements! {
    /// Author and audience are the current ones of the story. Correct rows are not written.
    TAG_KEEP = "INSERT INTO story_tags (tag, story, author, audience)
        SELECT ?1, id, author, audience FROM stories WHERE id = ?2
        ON CONFLICT (tag, story) DO UPDATE SET author = excluded.author, audience = excluded.audience
        WHERE author <> excluded.author OR audience <> excluded.audience";
    TAG_DELETE = "DELETE FROM story_tags WHERE tag = ?1 AND story = ?2";
    STORY_TAGS = "SELECT tags FROM stories WHERE id = ?1";
    TAGGED_PUBLIC = "SELECT story FROM story_tags
        WHERE tag = ?1 AND audience = 1 AND story < ?2 ORDER BY story DESC LIMIT ?3";
    TAGGED_FOR_FRIENDS_OF = "SELECT story FROM story_tags
        WHERE tag = ?1 AND author = ?2 AND audience = 0 AND story < ?3 AND story > ?4 ORDER BY story DESC LIMIT ?5";
    FRIENDS = "SELECT friend FROM friendships WHERE person = ?1";
}

/// Inserts the missing index entries of the tags of a story, and corrects those with another author or audience.
/// Returns the number of entries written.
pub(super) fn keep(db: &Db<'_>, story: StoryId, tags: &[String]) -> StoreResult<u64> {
    let mut kept = 0;
    for tag in tags {
        kept += u64::from(db.changes(TAG_KEEP, params![tag, story.as_i64()])?);
    }
    Ok(kept)
}

/// The tags in a story's text.
pub(super) fn of_story(db: &Db<'_>, story: StoryId) -> StoreResult<Vec<String>> {
    let tags = db.row(STORY_TAGS, [story.as_i64()], |row| tags_in(row, 0))?;
    Ok(tags.unwrap_or_default())
}

/// A story has few tags. They are removed together with the text and not by the purge, so a tag page contains no
/// deleted stories.
pub(super) fn remove(db: &Db<'_>, story: StoryId) -> StoreResult<()> {
    for tag in of_story(db, story)? {
        db.execute(TAG_DELETE, params![tag, story.as_i64()])?;
    }
    Ok(())
}

/// The newest stories with a tag for a viewer, newest first.
pub(super) fn newest(
    db: &Db<'_>,
    tag: &str,
    viewer: PersonId,
    before: Option<StoryId>,
    limit: u32,
) -> StoreResult<Vec<StoryId>> {
    let mut newest = Newest::new(limit as usize);
    newest.extend(db.rows(TAGGED_PUBLIC, params![tag, below(before), limit], story_id)?);
    let mut authors = vec![viewer.as_i64()];
    authors.extend(db.rows(FRIENDS, [viewer.as_i64()], |row| row.get::<_, i64>(0))?);
    let mut of_author = db.prepared(TAGGED_FOR_FRIENDS_OF)?;
    for author in authors {
        let place = params![tag, author, below(before), newest.floor(), limit];
        let found = of_author.query_map(place, story_id).map_err(of_engine)?;
        newest.extend(
            found
                .collect::<rusqlite::Result<Vec<_>>>()
                .map_err(of_engine)?,
        );
    }
    Ok(newest.into_vec())
}

/// The largest ids so far, up to a maximum number.
struct Newest {
    heap: BinaryHeap<Reverse<StoryId>>,
    limit: usize,
}

impl Newest {
    fn new(limit: usize) -> Self {
        Self {
            heap: BinaryHeap::with_capacity(limit + 1),
            limit,
        }
    }

    fn extend(&mut self, ids: Vec<StoryId>) {
        for id in ids {
            self.heap.push(Reverse(id));
            if self.heap.len() > self.limit {
                self.heap.pop();
            }
        }
    }

    /// Smaller ids are no longer needed. Most friends have no larger one, which costs one look-up in the index.
    fn floor(&self) -> i64 {
        let smallest = self.heap.peek().filter(|_| self.heap.len() == self.limit);
        smallest.map_or(i64::MIN, |Reverse(id)| id.as_i64())
    }

    fn into_vec(self) -> Vec<StoryId> {
        let descending = self.heap.into_sorted_vec();
        descending.into_iter().map(|Reverse(id)| id).collect()
    }
}
