//! Opens one story, and lists stories: those of one author, and those with a tag.
//!
//! The index of tags contains audiences: the scan returns public stories, and stories for friends by the viewer's
//! friends. Public stories of people severed from the viewer are filtered out here.

use std::sync::Arc;

use sosik_feed::text::hashtag;
use sosik_feed::{Cursor, PersonId, StoryId, Visibility};

use super::{OpenedStory, Stories, StoryItem, StoryPage, StoryState};
use crate::caches::StoryEntry;
use crate::pages::{Filled, Judged, fill, page_limit};
use crate::{ServiceError, ServiceResult};

/// A story that the index contains; `None` if it has been deleted since.
type Tagged = (StoryId, Option<Arc<StoryEntry>>);

impl Stories {
    /// One story, if the viewer may see it.
    ///
    /// # Errors
    /// `NotFound` if the story does not exist or the viewer may not see it.
    pub async fn open(&self, viewer: PersonId, id: StoryId) -> ServiceResult<StoryItem> {
        let story = self.core.require_visible(viewer, id).await?;
        let circle = self.core.circle(viewer).await?;
        self.core
            .hydrate(viewer, &circle, vec![story])
            .await?
            .pop()
            .ok_or(ServiceError::NotFound("story"))
    }

    /// One story with everything that its page shows, if the viewer may see it.
    ///
    /// # Errors
    /// `NotFound` if the story does not exist or the viewer may not see it.
    pub async fn show(&self, viewer: PersonId, id: StoryId) -> ServiceResult<OpenedStory> {
        let item = self.open(viewer, id).await?;
        Ok(OpenedStory {
            saved: self.core.store.has_saved(viewer, id).await?,
            can_comment: self.core.may_comment(viewer, &item.story.record).await?,
            item,
        })
    }

    /// What the viewer may see now of the stories with these ids, in their order.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn states(
        &self,
        viewer: PersonId,
        ids: &[StoryId],
    ) -> ServiceResult<Vec<StoryState>> {
        self.core.story_states(viewer, ids).await
    }

    /// Stories with this tag that the viewer may open, newest first. The tag is compared without regard to width and
    /// case, with or without its `#`. A text that is not a tag matches no story.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn with_tag(
        &self,
        viewer: PersonId,
        tag: &str,
        before: Option<StoryId>,
        limit: u32,
    ) -> ServiceResult<StoryPage> {
        let Some(tag) = hashtag(tag) else {
            return Ok(StoryPage {
                end: true,
                ..StoryPage::default()
            });
        };
        let circle = self.core.circle(viewer).await?;
        let Filled { shown, next } = fill(
            page_limit(limit),
            before,
            async |before, count| {
                let rows = self.tagged(&tag, viewer, before, count).await?;
                self.core
                    .judge(viewer, &circle, rows, author_of, |circle, (_, story)| {
                        let story = story.as_ref().map(|story| &story.record);
                        story.is_some_and(|it| circle.may_open(viewer, it.author, it.audience))
                    })
                    .await
            },
            |(id, _)| *id,
        )
        .await?;
        let stories = shown.into_iter().filter_map(|(_, story)| story).collect();
        Ok(StoryPage {
            items: self.core.hydrate(viewer, &circle, stories).await?,
            before: next.map(|last| Cursor::Below(last.raw())),
            end: next.is_none(),
        })
    }

    async fn tagged(
        &self,
        tag: &str,
        viewer: PersonId,
        before: Option<StoryId>,
        count: u32,
    ) -> ServiceResult<Vec<Tagged>> {
        let ids = self
            .core
            .store
            .stories_with_tag(tag, viewer, before, count)
            .await?;
        let stories = self.core.stories(&ids).await?;
        Ok(ids.into_iter().zip(stories).collect())
    }

    /// The stories of a person that the viewer may see, newest first. Mutes are ignored: the viewer may still open the
    /// profile of a muted person.
    ///
    /// # Errors
    /// `NotFound` if the handle does not exist, or if either person has blocked the other.
    pub async fn of_author(
        &self,
        viewer: PersonId,
        handle: &str,
        before: Option<StoryId>,
        limit: u32,
    ) -> ServiceResult<StoryPage> {
        let author = self.core.visible_person(viewer, handle).await?.record.id;
        let circle = self.core.circle(viewer).await?;
        let circle = self.core.decide(viewer, &circle, [author]).await?;
        let everything = author == viewer || circle.is_friend(author);
        let visibility = if everything {
            Visibility::Everything
        } else {
            Visibility::Public
        };
        let store = &self.core.store;
        let Filled { shown: ids, next } = fill(
            page_limit(limit),
            before,
            async |before, count| {
                let ids = store.stories_of(author, visibility, before, count).await?;
                // The index by audience omits stories that may not be shown.
                let judged = ids.into_iter().map(Judged::shown);
                Ok::<Vec<_>, ServiceError>(judged.collect())
            },
            |id| *id,
        )
        .await?;
        let mut stories: Vec<_> = self
            .core
            .stories(&ids)
            .await?
            .into_iter()
            .flatten()
            .collect();
        // A story may have changed since the list was read.
        stories.retain(|story| circle.may_open(viewer, story.record.author, story.record.audience));
        Ok(StoryPage {
            items: self.core.hydrate(viewer, &circle, stories).await?,
            before: next.map(|last| Cursor::Below(last.raw())),
            end: next.is_none(),
        })
    }
}

/// The author of a story that the index contains.
fn author_of((_, story): &Tagged) -> Option<PersonId> {
    story.as_ref().map(|story| story.record.author)
}
