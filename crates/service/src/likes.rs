//! Likes.

use sosik_feed::{Circle, Committed, NotificationId, PersonId, Position, StoryId};
use sosik_store::{Liked, StoreResult, StoryCounts};

use crate::core::Core;
use crate::pages::{fill, page_limit};
use crate::relations::{PersonPage, person_of, place_of};
use crate::{Change, Changes, Own, ServiceError, ServiceResult};

/// One page of the people who like a story.
#[derive(Debug, Clone, Default)]
pub struct LikerPage {
    /// The people.
    pub page: PersonPage,
    /// Likes that no page shows to the viewer. The story's total includes them.
    pub hidden: u32,
}

/// Likes. Cheap to clone.
#[derive(Clone)]
pub struct Likes {
    core: Core,
}

impl Likes {
    pub(crate) const fn new(core: Core) -> Self {
        Self { core }
    }

    /// Likes a story. Returns the story's counts after it. Idempotent.
    ///
    /// # Errors
    /// `NotFound` if the story does not exist or the viewer may not see it.
    pub async fn add(&self, viewer: PersonId, story: StoryId) -> ServiceResult<StoryCounts> {
        let author = self
            .core
            .require_visible(viewer, story)
            .await?
            .record
            .author;
        let notification = NotificationId::for_reader(author, self.core.next_id().await?);
        let this = self.clone();
        self.core
            .run_to_completion(async move {
                let answer = this
                    .core
                    .store
                    .like(viewer, story, notification, this.core.now())
                    .await;
                this.invalidate_liked(viewer, story, answer).await
            })
            .await
    }

    /// Removes a like. Idempotent.
    ///
    /// A person may remove their own like even from a story that they may no longer open. So this checks the like and
    /// not the story, and a story that does not exist looks like one without the like.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn remove(&self, viewer: PersonId, story: StoryId) -> ServiceResult<()> {
        let this = self.clone();
        self.core
            .run_to_completion(async move {
                let answer = this.core.store.unlike(viewer, story).await;
                match this.invalidate_liked(viewer, story, answer).await {
                    Ok(_) | Err(ServiceError::NotFound(_)) => Ok(()),
                    Err(failure) => Err(failure),
                }
            })
            .await
    }

    /// People who like a story, the latest like first. People severed from the viewer are omitted from the list and
    /// counted.
    ///
    /// # Errors
    /// `NotFound` if the story does not exist or the viewer may not see it.
    pub async fn list(
        &self,
        viewer: PersonId,
        story: StoryId,
        before: Option<Position>,
        limit: u32,
    ) -> ServiceResult<LikerPage> {
        self.core.require_visible(viewer, story).await?;
        let circle = self.core.circle(viewer).await?;
        let limit = page_limit(limit);
        let store = &self.core.store;
        let likers = fill(
            limit,
            before,
            async |before, count| {
                let rows = store.likers(story, before, count).await?;
                self.core
                    .judge(viewer, &circle, rows, person_of, |circle, liker| {
                        !circle.is_severed_from(liker.person)
                    })
                    .await
            },
            place_of,
        )
        .await?;
        let page = self.core.person_page(viewer, &circle, likers).await?;
        Ok(LikerPage {
            page,
            hidden: self.likes_hidden(viewer, &circle, story).await?,
        })
    }

    async fn likes_hidden(
        &self,
        viewer: PersonId,
        circle: &Circle,
        story: StoryId,
    ) -> ServiceResult<u32> {
        match circle.is_severed_from_anybody() {
            true => Ok(self.core.store.likes_hidden_from(viewer, story).await?),
            false => Ok(0),
        }
    }

    async fn invalidate_liked(
        &self,
        viewer: PersonId,
        story: StoryId,
        answer: StoreResult<Committed<Option<Liked>>>,
    ) -> ServiceResult<StoryCounts> {
        let liked = self
            .core
            .invalidate_on_error(
                answer,
                [Change::Story(story), Change::Own(viewer, Own::Likes)],
            )
            .await?;
        let at = liked.at;
        let Some(liked) = liked.value else {
            return Err(ServiceError::NotFound("story"));
        };
        let changes = Changes::from([Change::Own(viewer, Own::Likes)])
            .counts(story, liked.counts)
            .notify(liked.notified);
        self.core.invalidate(at, changes).await;
        Ok(liked.counts)
    }
}
