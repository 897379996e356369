//! Stories that a person saved for themselves.
//!
//! Nobody else sees that a story was saved. The list shows the stories that the person may open now. The others keep
//! their place and come back if the person may open them again.

use std::sync::Arc;

use sosik_feed::limits::SAVED_STORIES_MAX;
use sosik_feed::{Cursor, PersonId, Position, RuleBroken, StoryId};
use sosik_store::{SaveOutcome, SavedStory};

use crate::caches::StoryEntry;
use crate::core::Core;
use crate::pages::{Filled, fill, page_limit};
use crate::stories::StoryPage;
use crate::{ServiceError, ServiceResult};

/// A row of the list, and its story; `None` if it has been deleted since.
type Row = (SavedStory, Option<Arc<StoryEntry>>);

/// Saved stories. Cheap to clone.
#[derive(Clone)]
pub struct Saves {
    core: Core,
}

impl Saves {
    pub(crate) const fn new(core: Core) -> Self {
        Self { core }
    }

    /// Saves a story. Idempotent: a story that is saved already keeps its place.
    ///
    /// # Errors
    /// `NotFound` if the story does not exist or the viewer may not see it; `RuleBroken` at the limit.
    pub async fn add(&self, viewer: PersonId, story: StoryId) -> ServiceResult<()> {
        self.core.require_visible(viewer, story).await?;
        let core = self.core.clone();
        // No cache has anything about saved stories.
        let outcome = self
            .core
            .run_to_completion(async move {
                let now = core.now();
                let saved = core.store.save_story(viewer, story, SAVED_STORIES_MAX, now);
                Ok::<_, ServiceError>(saved.await?)
            })
            .await?;
        match outcome {
            SaveOutcome::Saved => Ok(()),
            SaveOutcome::NoSuchStory => Err(ServiceError::NotFound("story")),
            SaveOutcome::LimitReached => Err(RuleBroken::SavedLimit.into()),
        }
    }

    /// Removes a story from the saved ones. Idempotent. A story that the viewer may no longer see is removed, too, and
    /// one that does not exist looks the same.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn remove(&self, viewer: PersonId, story: StoryId) -> ServiceResult<()> {
        let core = self.core.clone();
        self.core
            .run_to_completion(async move {
                core.store.unsave_story(viewer, story).await?;
                Ok(())
            })
            .await
    }

    /// The saved stories that the viewer may open now, the latest saved first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn list(
        &self,
        viewer: PersonId,
        before: Option<Position>,
        limit: u32,
    ) -> ServiceResult<StoryPage> {
        let circle = self.core.circle(viewer).await?;
        let Filled { shown, next } = fill(
            page_limit(limit),
            before,
            async |before, count| {
                let rows = self.rows(viewer, before, count).await?;
                self.core
                    .judge(viewer, &circle, rows, author_of, |circle, (_, story)| {
                        let story = story.as_ref().map(|story| &story.record);
                        story.is_some_and(|it| circle.may_open(viewer, it.author, it.audience))
                    })
                    .await
            },
            |(saved, _)| Position {
                key: saved.at.as_millis(),
                id: saved.story.as_u64(),
            },
        )
        .await?;
        let stories = shown.into_iter().filter_map(|(_, story)| story).collect();
        Ok(StoryPage {
            items: self.core.hydrate(viewer, &circle, stories).await?,
            before: next.map(Cursor::Behind),
            end: next.is_none(),
        })
    }

    async fn rows(
        &self,
        viewer: PersonId,
        before: Option<Position>,
        count: u32,
    ) -> ServiceResult<Vec<Row>> {
        let saved = self.core.store.saved_stories(viewer, before, count).await?;
        let ids: Vec<_> = saved.iter().map(|saved| saved.story).collect();
        let stories = self.core.stories(&ids).await?;
        Ok(saved.into_iter().zip(stories).collect())
    }
}

fn author_of((_, story): &Row) -> Option<PersonId> {
    story.as_ref().map(|story| story.record.author)
}
