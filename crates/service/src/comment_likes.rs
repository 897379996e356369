//! Likes of comments.

use sosik_feed::limits::HIDDEN_EXAMINED_MAX;
use sosik_feed::{CommentId, Committed, NotificationId, PersonId, Position};
use sosik_store::LikedComment;

use crate::comments::{Comments, NO_SUCH_COMMENT};
use crate::likes::LikerPage;
use crate::pages::{fill, page_limit};
use crate::relations::{person_of, place_of};
use crate::{Changes, ServiceResult};

impl Comments {
    /// Likes a comment. Returns its number of likes. Idempotent.
    ///
    /// # Errors
    /// `NotFound` if the comment does not exist or the viewer may not see it.
    pub async fn like(&self, viewer: PersonId, comment: CommentId) -> ServiceResult<u32> {
        let known = self.core.require_visible_comment(viewer, comment).await?;
        let id = self.core.next_id().await?;
        let (id, now) = (
            NotificationId::for_reader(known.author, id),
            self.core.now(),
        );
        let this = self.clone();
        self.core
            .run_to_completion(async move {
                let store = &this.core.store;
                let liked = store.like_comment(viewer, comment, id, now).await?;
                this.tell_liked(viewer, liked).await.ok_or(NO_SUCH_COMMENT)
            })
            .await
    }

    /// Takes a like of a comment back. Idempotent.
    ///
    /// A person may take their own like back even from a comment that they may no longer see. So this checks the like and
    /// not the comment, and a comment that does not exist looks like one without the like.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn unlike(&self, viewer: PersonId, comment: CommentId) -> ServiceResult<()> {
        let this = self.clone();
        self.core
            .run_to_completion(async move {
                let liked = this.core.store.unlike_comment(viewer, comment).await?;
                this.tell_liked(viewer, liked).await;
                Ok(())
            })
            .await
    }

    /// People who like a comment, the latest like first. People severed from the viewer are omitted from the list and
    /// counted.
    ///
    /// # Errors
    /// `NotFound` if the comment does not exist or the viewer may not see it.
    pub async fn likers(
        &self,
        viewer: PersonId,
        comment: CommentId,
        before: Option<Position>,
        limit: u32,
    ) -> ServiceResult<LikerPage> {
        self.core.require_visible_comment(viewer, comment).await?;
        let circle = self.core.circle(viewer).await?;
        let store = &self.core.store;
        let likers = fill(
            page_limit(limit),
            before,
            async |before, count| {
                let rows = store.comment_likers(comment, before, count).await?;
                self.core
                    .judge(viewer, &circle, rows, person_of, |circle, liker| {
                        !circle.is_severed_from(liker.person)
                    })
                    .await
            },
            place_of,
        )
        .await?;
        let hidden = match circle.is_severed_from_anybody() {
            true => {
                let all = store.comment_likers(comment, None, HIDDEN_EXAMINED_MAX);
                let all = all.await?.into_iter().map(|liker| liker.person).collect();
                self.core.count_severed(viewer, &circle, all).await?
            }
            false => 0,
        };
        let page = self.core.person_page(viewer, &circle, likers).await?;
        Ok(LikerPage { page, hidden })
    }

    /// Wakes the author of the comment and those who have the story on the screen. No cache contains likes of comments.
    async fn tell_liked(
        &self,
        person: PersonId,
        liked: Committed<Option<LikedComment>>,
    ) -> Option<u32> {
        let at = liked.at;
        let liked = liked.value?;
        let changes = Changes::default().notify(liked.notified);
        let changes = match liked.changed {
            true => changes.comment(liked.story, person),
            false => changes,
        };
        self.core.invalidate(at, changes).await;
        Some(liked.likes)
    }
}
