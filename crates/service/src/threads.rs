//! Replies: one level below the comments of a story.
//!
//! A comment that was deleted, or whose author is severed from the viewer, keeps its place while the viewer may see a reply
//! to it. Both look the same: no author and no text. Without such a reply both are left out. So a viewer cannot tell a
//! hidden comment from a deleted one.

use std::collections::BTreeSet;

use sosik_feed::limits::HIDDEN_EXAMINED_MAX;
use sosik_feed::{Circle, CommentId, Cursor, PersonId, StoryId};
use sosik_store::CommentRecord;

use crate::comments::{CommentPage, Comments, NO_SUCH_COMMENT, author_of};
use crate::core::Core;
use crate::pages::{Filled, Judged, fill, page_limit};
use crate::{ServiceError, ServiceResult};

/// Replies that are examined for one that the viewer may see. If all of them are hidden, so is the rest of the replies to
/// a deleted or hidden comment. A page examines those of at most a thousand comments.
const REPLIES_EXAMINED_MAX: u32 = 50;

impl Comments {
    /// Replies to a comment, oldest first, behind `after`.
    ///
    /// # Errors
    /// `NotFound` if the comment does not exist, or the viewer may see neither it nor a reply to it.
    pub async fn replies(
        &self,
        viewer: PersonId,
        parent: CommentId,
        after: Option<CommentId>,
        limit: u32,
    ) -> ServiceResult<CommentPage> {
        let circle = self.thread_circle(viewer, parent).await?;
        let store = &self.core.store;
        let Filled { shown, next } = fill(
            page_limit(limit),
            after,
            async |after, count| {
                let after = after.unwrap_or_default();
                let rows = store.replies_of(parent, after, count).await?;
                let shows =
                    |circle: &Circle, reply: &CommentRecord| !circle.is_severed_from(reply.author);
                self.core
                    .judge(viewer, &circle, rows, author_of, shows)
                    .await
            },
            |reply| reply.id,
        )
        .await?;
        Ok(CommentPage {
            items: self.items(viewer, shown).await?,
            after: next.map(|last| Cursor::Above(last.raw())),
            end: next.is_none(),
            hidden: self.replies_hidden(viewer, &circle, parent).await?,
        })
    }

    /// The circle of a viewer who may see the comment or a reply to it.
    async fn thread_circle(
        &self,
        viewer: PersonId,
        parent: CommentId,
    ) -> ServiceResult<std::sync::Arc<Circle>> {
        let core = &self.core;
        let known = core.store.comment_by_id(parent).await?;
        let story = match &known {
            Some(known) => known.story,
            None => {
                let first = core.store.replies_of(parent, CommentId::default(), 1);
                first.await?.first().ok_or(NO_SUCH_COMMENT)?.story
            }
        };
        core.require_story_of_comment(viewer, story).await?;
        let circle = core.circle(viewer).await?;
        if let Some(known) = known {
            let decided = core.decide(viewer, &circle, [known.author]).await?;
            if !decided.is_severed_from(known.author) {
                return Ok(circle);
            }
        }
        match core.visible_threads(viewer, &circle, &[parent]).await? {
            visible if visible.contains(&parent) => Ok(circle),
            _ => Err(NO_SUCH_COMMENT),
        }
    }

    async fn replies_hidden(
        &self,
        viewer: PersonId,
        circle: &Circle,
        parent: CommentId,
    ) -> ServiceResult<u32> {
        if !circle.is_severed_from_anybody() {
            return Ok(0);
        }
        let parents = [parent];
        let authors = self.core.store.reply_authors(&parents, HIDDEN_EXAMINED_MAX);
        let authors = authors.await?.into_iter().map(|(_, author)| author);
        self.core
            .count_severed(viewer, circle, authors.collect())
            .await
    }
}

impl Core {
    /// Judges comments of a story that are no replies. Those that only keep the place of their replies lose their text.
    pub(crate) async fn judge_comments(
        &self,
        viewer: PersonId,
        circle: &Circle,
        rows: Vec<CommentRecord>,
    ) -> ServiceResult<Vec<Judged<CommentRecord>>> {
        let shows = |circle: &Circle, comment: &CommentRecord| {
            !comment.deleted && !circle.is_severed_from(comment.author)
        };
        let mut judged = self.judge(viewer, circle, rows, author_of, shows).await?;
        let may_stay = |one: &&Judged<CommentRecord>| !one.is_shown && one.row.replies > 0;
        let parents: Vec<_> = judged
            .iter()
            .filter(may_stay)
            .map(|one| one.row.id)
            .collect();
        if parents.is_empty() {
            return Ok(judged);
        }
        let visible = self.visible_threads(viewer, circle, &parents).await?;
        for one in &mut judged {
            if !one.is_shown && visible.contains(&one.row.id) {
                one.is_shown = true;
                empty(&mut one.row);
            }
        }
        Ok(judged)
    }

    /// The comments among these with a reply that the viewer may see.
    async fn visible_threads(
        &self,
        viewer: PersonId,
        circle: &Circle,
        parents: &[CommentId],
    ) -> ServiceResult<BTreeSet<CommentId>> {
        let replies = self.store.reply_authors(parents, REPLIES_EXAMINED_MAX);
        let replies = replies.await?;
        let authors = replies.iter().map(|(_, author)| *author);
        let circle = self.decide(viewer, circle, authors).await?;
        let shown = replies
            .into_iter()
            .filter(|(_, author)| !circle.is_severed_from(*author));
        Ok(shown.map(|(parent, _)| parent).collect())
    }

    /// The comment, if the viewer may see it now.
    pub(crate) async fn require_visible_comment(
        &self,
        viewer: PersonId,
        comment: CommentId,
    ) -> ServiceResult<CommentRecord> {
        let known = self.store.comment_by_id(comment).await?;
        let known = known.ok_or(NO_SUCH_COMMENT)?;
        self.require_story_of_comment(viewer, known.story).await?;
        let circle = self.circle(viewer).await?;
        let circle = self.decide(viewer, &circle, [known.author]).await?;
        if circle.is_severed_from(known.author) {
            return Err(NO_SUCH_COMMENT);
        }
        Ok(known)
    }

    /// The comment does not exist for a viewer who may not open its story.
    pub(crate) async fn require_story_of_comment(
        &self,
        viewer: PersonId,
        story: StoryId,
    ) -> ServiceResult<()> {
        match self.require_visible(viewer, story).await {
            Ok(_) => Ok(()),
            Err(ServiceError::NotFound(_)) => Err(NO_SUCH_COMMENT),
            Err(other) => Err(other),
        }
    }

    /// The number of these people who are severed from the viewer.
    pub(crate) async fn count_severed(
        &self,
        viewer: PersonId,
        circle: &Circle,
        people: Vec<PersonId>,
    ) -> ServiceResult<u32> {
        let circle = self.decide(viewer, circle, people.iter().copied()).await?;
        let severed = people.iter().filter(|one| circle.is_severed_from(**one));
        Ok(u32::try_from(severed.count()).unwrap_or(u32::MAX))
    }
}

/// Removes everything that a viewer may not know of a comment.
fn empty(comment: &mut CommentRecord) {
    comment.deleted = true;
    comment.text.clear();
    comment.edited_at = None;
    comment.likes = 0;
}
