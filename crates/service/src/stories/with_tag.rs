//! The stories with a tag.
//!
//! The index of tags contains audiences: the scan returns public stories, and stories for friends by the viewer's
//! friends. Public stories of people severed from the viewer are filtered out here.

use std::sync::Arc;

use sosik_feed::text::hashtag;
use sosik_feed::{Cursor, PersonId, StoryId};

use super::StoryPage;
use crate::caches::StoryEntry;
use crate::pages::{Filled, fill, page_limit};
use crate::{Service, ServiceResult};

/// A story that the index contains; `None` if it has been deleted since.
type Tagged = (StoryId, Option<Arc<StoryEntry>>);

impl Service {
    /// Stories with this tag that the viewer may open, newest first. The tag is compared without regard to width and
    /// case, with or without its `#`. A text that is not a tag matches no story.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn stories_with_tag(
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
        let circle = self.circle(viewer).await?;
        let Filled { shown, next } = fill(
            page_limit(limit),
            before,
            |before, count| self.tagged(&tag, viewer, before, count),
            |(id, _)| *id,
            |(_, story)| {
                story.as_ref().is_some_and(|story| {
                    circle.may_open(viewer, story.record.author, story.record.audience)
                })
            },
        )
        .await?;
        let stories = shown.into_iter().filter_map(|(_, story)| story).collect();
        Ok(StoryPage {
            items: self.hydrate(viewer, &circle, stories).await?,
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
            .0
            .store
            .stories_with_tag(tag, viewer, before, count)
            .await?;
        let stories = self.stories(&ids).await?;
        Ok(ids.into_iter().zip(stories).collect())
    }
}
