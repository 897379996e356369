//! Saved stories. A row is in the bucket of the person who saved the story.

use async_trait::async_trait;
use sosik_feed::{PersonId, StoryId, Timestamp};

use super::pool::Class;
use super::sql::{bind, statements};
use super::tx::Tx;
use super::{PostgresStore, counts, relations, stories};
use sosik_store::{Position, SaveOutcome, Saved, SavedStory, StoreResult};

statements! {
    SAVE = "INSERT INTO saved (bucket, person, story, saved_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    UNSAVE = "DELETE FROM saved WHERE bucket = $1 AND person = $2 AND story = $3";
    IS_SAVED = "SELECT 1 FROM saved WHERE bucket = $1 AND person = $2 AND story = $3";
    /// Stops counting at the limit.
    SAVED_COUNT = "SELECT count(*) FROM (SELECT 1 FROM saved WHERE bucket = $1 AND person = $2 LIMIT $3) saved";
    SAVED_STORIES = "SELECT story, saved_at FROM saved
        WHERE bucket = $1 AND person = $2 AND (saved_at, story) < ($3, $4)
        ORDER BY saved_at DESC, story DESC LIMIT $5";
}

#[async_trait]
impl Saved for PostgresStore {
    async fn save_story(
        &self,
        person: PersonId,
        story: StoryId,
        saved_max: u32,
        now: Timestamp,
    ) -> StoreResult<SaveOutcome> {
        let saved = self
            .db
            .commit(Class::Post, "save a story", |tx| async move {
                save(&tx, person, story, saved_max, now).await
            });
        Ok(saved.await?.value)
    }

    async fn unsave_story(&self, person: PersonId, story: StoryId) -> StoreResult<bool> {
        let unsaved = self
            .db
            .commit(Class::Post, "remove a saved story", |tx| async move {
                let [removed] = tx
                    .last([bind!(UNSAVE, person.bucket(), person, story)])
                    .await?;
                Ok(removed.changed())
            });
        Ok(unsaved.await?.value)
    }

    async fn has_saved(&self, person: PersonId, story: StoryId) -> StoreResult<bool> {
        let saved = bind!(IS_SAVED, person.bucket(), person, story);
        let saved = self.db.read(Class::Read, "look up a saved story", saved);
        Ok(saved.await?.exists())
    }

    async fn saved_stories(
        &self,
        person: PersonId,
        before: Option<Position>,
        limit: u32,
    ) -> StoreResult<Vec<SavedStory>> {
        let saved = relations::page(
            SAVED_STORIES,
            person.bucket(),
            person.as_i64(),
            before,
            limit,
        );
        let saved = self.db.read(Class::Read, "list saved stories", saved);
        saved.await?.rows(|row| {
            Ok(SavedStory {
                story: row.get(0)?,
                at: row.get(1)?,
            })
        })
    }
}

/// The lock on the person's counts makes counting and inserting one step. The story is locked first, as everywhere.
async fn save(
    tx: &Tx,
    person: PersonId,
    story: StoryId,
    saved_max: u32,
    now: Timestamp,
) -> StoreResult<SaveOutcome> {
    let [head, _] = tx
        .batch([stories::head_held(story), counts::lock(person)])
        .await?;
    if stories::head_of(&head)?.is_none() {
        return Ok(SaveOutcome::NoSuchStory);
    }
    // After the lock, so that it counts what the previous holder inserted.
    let [known, saved] = tx
        .batch([
            bind!(IS_SAVED, person.bucket(), person, story),
            bind!(SAVED_COUNT, person.bucket(), person, saved_max),
        ])
        .await?;
    if known.exists() {
        return Ok(SaveOutcome::Saved);
    }
    if saved.number()? >= i64::from(saved_max) {
        return Ok(SaveOutcome::LimitReached);
    }
    tx.last([bind!(SAVE, person.bucket(), person, story, now)])
        .await?;
    Ok(SaveOutcome::Saved)
}
