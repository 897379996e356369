//! Comments on stories, oldest first.
//!
//! Whoever may open a story may read and write comments on it. Comments by people severed from the viewer are left
//! out and counted.

use std::sync::Arc;

use sosik_feed::text::{self, CommentText};
use sosik_feed::{Circle, CommentId, Cursor, PersonId, RuleBroken, StoryId};
use sosik_store::{CommentRecord, NewComment, Posted};

use crate::caches::PersonEntry;
use crate::pages::{Filled, fill, page_limit};
use crate::sabotage::Sabotage;
use crate::{Change, Service, ServiceError, ServiceResult};

const NO_COMMENT: ServiceError = ServiceError::NotFound("comment");

/// A comment with who wrote it.
#[derive(Debug, Clone)]
pub struct CommentItem {
    /// As it is in the store.
    pub comment: CommentRecord,
    /// Who wrote it.
    pub author: Arc<PersonEntry>,
}

/// One page of comments.
#[derive(Debug, Clone, Default)]
pub struct CommentPage {
    /// Oldest first. A short page does not mean the end.
    pub items: Vec<CommentItem>,
    /// Where the next page starts; none at the end.
    pub after: Option<Cursor>,
    /// There is nothing newer.
    pub end: bool,
    /// Comments that are not available to the viewer, on no page. The story's total counts them.
    pub hidden: u32,
}

impl Service {
    /// Comments on a story. A repeat with the same key answers with the first comment.
    ///
    /// # Errors
    /// `NotFound` when there is no such story or the viewer may not know of it, or it is a repeat and the comment is
    /// gone since; `RuleBroken` for a text or key that the rules refuse; `IdempotencyKeyReused`.
    pub async fn comment(
        &self,
        viewer: PersonId,
        story: StoryId,
        text: &str,
        idempotency_key: Option<&str>,
    ) -> ServiceResult<CommentItem> {
        let idempotency = self.idempotency(
            idempotency_key.map(str::to_owned),
            &[&story.to_string(), text],
        )?;
        let text = self.checked_comment_text(text)?;
        self.openable(viewer, story).await?;
        let comment = NewComment {
            id: CommentId::new(self.next_id().await?),
            story,
            author: viewer,
            mentions: text::mentions(&text)
                .into_iter()
                .map(|handle| handle.as_str().to_owned())
                .collect(),
            text,
            idempotency,
            now: self.now(),
        };
        let service = self.clone();
        let kept = self
            .whole(async move { service.keep_comment(comment).await })
            .await?;
        let comment = self.0.store.comment_by_id(kept).await?.ok_or(NO_COMMENT)?;
        self.with_author(comment).await
    }

    /// Comments of a story, oldest first, behind `after`.
    ///
    /// # Errors
    /// `NotFound` when there is no such story or the viewer may not know of it.
    pub async fn comments(
        &self,
        viewer: PersonId,
        story: StoryId,
        after: Option<CommentId>,
        limit: u32,
    ) -> ServiceResult<CommentPage> {
        self.openable(viewer, story).await?;
        if self.breaks(Sabotage::FailInsteadOfRefusing) {
            return Err(ServiceError::Failed("there is too much to do"));
        }
        let circle = self.circle(viewer).await?;
        let limit = page_limit(limit);
        let shows_all = self.breaks(Sabotage::ShowBlockedComments);
        let store = &self.0.store;
        let Filled {
            shown: comments,
            next,
        } = fill(
            limit,
            after,
            |after, count| store.comments_of(story, after.unwrap_or_default(), count),
            |comment| comment.id,
            |comment| shows_all || !circle.is_severed_from(comment.author),
        )
        .await?;
        let authors: Vec<_> = comments.iter().map(|comment| comment.author).collect();
        let people = self.people(&authors).await?;
        let items = comments.into_iter().filter_map(|comment| {
            let author = Arc::clone(people.get(&comment.author)?);
            Some(CommentItem { comment, author })
        });
        Ok(CommentPage {
            items: items.collect(),
            after: next.map(|last| Cursor::Above(last.raw())),
            end: next.is_none(),
            hidden: self.comments_hidden(viewer, &circle, story).await?,
        })
    }

    async fn comments_hidden(
        &self,
        viewer: PersonId,
        circle: &Circle,
        story: StoryId,
    ) -> ServiceResult<u32> {
        match circle.is_severed_from_anybody() {
            true => Ok(self.0.store.comments_hidden_from(viewer, story).await?),
            false => Ok(0),
        }
    }

    /// Changes the text of one's own comment, on a story that one may still open. The same text is no edit.
    ///
    /// # Errors
    /// `NotFound` otherwise, `RuleBroken` for a text that the rules refuse.
    pub async fn edit_comment(
        &self,
        viewer: PersonId,
        comment: CommentId,
        text: &str,
    ) -> ServiceResult<CommentItem> {
        let known = self
            .0
            .store
            .comment_by_id(comment)
            .await?
            .filter(|known| known.author == viewer)
            .ok_or(NO_COMMENT)?;
        match self.openable(viewer, known.story).await {
            Ok(_) => {}
            Err(ServiceError::NotFound(_)) => return Err(NO_COMMENT),
            Err(other) => return Err(other),
        }
        let text = self.checked_comment_text(text)?;
        if text == known.text {
            return self.with_author(known).await;
        }
        // Comments are in no cache: there is nobody to tell.
        let edited = self
            .0
            .store
            .edit_comment(comment, viewer, text, self.now())
            .await?
            .ok_or(NO_COMMENT)?;
        self.with_author(edited).await
    }

    /// Removes a comment: one's own, also on a story that one may no longer open, or any on one's own story.
    ///
    /// # Errors
    /// `NotFound` when there is no such comment that the viewer may remove.
    pub async fn delete_comment(&self, viewer: PersonId, comment: CommentId) -> ServiceResult<()> {
        let known = self
            .0
            .store
            .comment_by_id(comment)
            .await?
            .ok_or(NO_COMMENT)?;
        let service = self.clone();
        self.whole(async move {
            let answer = service.0.store.delete_comment(comment, viewer).await;
            let Some((story, counts)) = service
                .or_doubt(answer, [Change::Story(known.story)])
                .await?
            else {
                return Err(NO_COMMENT);
            };
            // What told the story's author of it is gone.
            let author = service
                .stories(&[story])
                .await?
                .pop()
                .flatten()
                .map(|story| story.record.author);
            let told = author.into_iter().collect();
            service
                .changed([Change::Counts(story, counts), Change::Notifications(told)])
                .await;
            Ok(())
        })
        .await
    }

    async fn keep_comment(&self, comment: NewComment) -> ServiceResult<CommentId> {
        let (id, story) = (comment.id, comment.story);
        let answer = self.0.store.comment(comment).await;
        match self.or_doubt(answer, [Change::Story(story)]).await? {
            (Posted::New { notified }, counts) => {
                self.changed([
                    Change::Counts(story, counts),
                    Change::Notifications(notified),
                ])
                .await;
                metrics::counter!("sosik_comments_total").increment(1);
                Ok(id)
            }
            (Posted::Repeated(first), _) => Ok(first),
            (Posted::KeyReused, _) => Err(ServiceError::IdempotencyKeyReused),
            (Posted::NoSuchStory, _) => Err(ServiceError::NotFound("story")),
        }
    }

    /// The text by the rules of the domain and the limit of the configuration.
    fn checked_comment_text(&self, text: &str) -> ServiceResult<String> {
        let text = CommentText::parse(text)?.into_string();
        let characters = text.chars().count();
        if characters > self.0.settings.texts.comment_characters_max {
            return Err(RuleBroken::CommentTextTooLong { characters }.into());
        }
        Ok(text)
    }

    async fn with_author(&self, comment: CommentRecord) -> ServiceResult<CommentItem> {
        let author = self
            .person(comment.author)
            .await?
            .ok_or(ServiceError::NotFound("person"))?;
        Ok(CommentItem { comment, author })
    }
}
