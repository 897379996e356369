//! Saved stories.

use async_trait::async_trait;
use rusqlite::params;
use sosik_feed::{PersonId, StoryId, Timestamp};

use super::db::Db;
use super::statement::statements;
use super::{SqliteStore, stories};
use sosik_store::{Position, SaveOutcome, Saved, SavedStory, StoreResult};

statements! {
    SAVE = "INSERT INTO saved (person, story, saved_at) VALUES (?1, ?2, ?3)";
    UNSAVE = "DELETE FROM saved WHERE person = ?1 AND story = ?2";
    IS_SAVED = "SELECT 1 FROM saved WHERE person = ?1 AND story = ?2";
    /// Stops counting at the limit.
    SAVED_COUNT = "SELECT count(*) FROM (SELECT 1 FROM saved WHERE person = ?1 LIMIT ?2)";
    SAVED_STORIES = "SELECT story, saved_at FROM saved
        WHERE person = ?1 AND (saved_at, story) < (?2, ?3) ORDER BY saved_at DESC, story DESC LIMIT ?4";
}

#[async_trait]
impl Saved for SqliteStore {
    async fn save_story(
        &self,
        person: PersonId,
        story: StoryId,
        saved_max: u32,
        now: Timestamp,
    ) -> StoreResult<SaveOutcome> {
        let saved = self.commit("save a story", move |db| {
            save(db, person, story, saved_max, now)
        });
        Ok(saved.await?.value)
    }

    async fn unsave_story(&self, person: PersonId, story: StoryId) -> StoreResult<bool> {
        let unsaved = self.commit("remove a saved story", move |db| {
            db.changes(UNSAVE, [person.as_i64(), story.as_i64()])
        });
        Ok(unsaved.await?.value)
    }

    async fn has_saved(&self, person: PersonId, story: StoryId) -> StoreResult<bool> {
        self.read("look up a saved story", move |db| {
            db.exists(IS_SAVED, [person.as_i64(), story.as_i64()])
        })
        .await
    }

    async fn saved_stories(
        &self,
        person: PersonId,
        before: Option<Position>,
        limit: u32,
    ) -> StoreResult<Vec<SavedStory>> {
        self.read("list saved stories", move |db| {
            let bound = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
            let (at, story) = before.map_or((i64::MAX, i64::MAX), |place| {
                (bound(place.key), bound(place.id))
            });
            db.rows(
                SAVED_STORIES,
                params![person.as_i64(), at, story, limit],
                |row| {
                    Ok(SavedStory {
                        story: StoryId::from_i64(row.get(0)?),
                        at: Timestamp::from_i64(row.get(1)?),
                    })
                },
            )
        })
        .await
    }
}

fn save(
    db: &Db<'_>,
    person: PersonId,
    story: StoryId,
    saved_max: u32,
    now: Timestamp,
) -> StoreResult<SaveOutcome> {
    if stories::head(db, story)?.is_none() {
        return Ok(SaveOutcome::NoSuchStory);
    }
    if db.exists(IS_SAVED, [person.as_i64(), story.as_i64()])? {
        return Ok(SaveOutcome::Saved);
    }
    let saved = db.number(SAVED_COUNT, params![person.as_i64(), saved_max])?;
    if saved >= i64::from(saved_max) {
        return Ok(SaveOutcome::LimitReached);
    }
    db.execute(SAVE, [person.as_i64(), story.as_i64(), now.as_i64()])?;
    Ok(SaveOutcome::Saved)
}
