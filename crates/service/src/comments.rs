//! Comments on stories, oldest first.
//!
//! A person who may open a story may read and write comments on it. Comments by people severed from the viewer are
//! omitted from the list and counted. Replies are in the module `threads`, likes in `comment_likes`.

use std::sync::Arc;

use sosik_feed::text::CommentText;
use sosik_feed::{Circle, CommentId, Cursor, PersonId, RuleBroken, StoryId};
use sosik_store::{
    CommentEdit, CommentRecord, DeletedComment, Edited, Idempotency, NewComment, Posted,
    StoryRecord,
};

use crate::caches::PersonEntry;
use crate::core::Core;
use crate::pages::{Filled, fill, page_limit};
use crate::stories::handles;
use crate::{Change, Changes, ServiceError, ServiceResult};

pub(crate) const NO_SUCH_COMMENT: ServiceError = ServiceError::NotFound("comment");

/// A comment with its author.
#[derive(Debug, Clone)]
pub struct CommentItem {
    /// The row of the store.
    pub comment: CommentRecord,
    /// The author. `None` if the comment only keeps the place of its replies.
    pub author: Option<Arc<PersonEntry>>,
    /// The viewer likes it.
    pub liked: bool,
}

/// One page of comments.
#[derive(Debug, Clone, Default)]
pub struct CommentPage {
    /// Oldest first. A short page does not mean the end.
    pub items: Vec<CommentItem>,
    /// Where the next page starts. `None` at the end.
    pub after: Option<Cursor>,
    /// Whether this is the end of the list.
    pub end: bool,
    /// Comments that no page shows to the viewer. The story's total includes them.
    pub hidden: u32,
}

/// Comments on stories. Cheap to clone.
#[derive(Clone)]
pub struct Comments {
    pub(crate) core: Core,
}

impl Comments {
    pub(crate) const fn new(core: Core) -> Self {
        Self { core }
    }

    /// Comments on a story. Idempotent per key: a repeat returns the first comment.
    ///
    /// # Errors
    /// `NotFound` if the story does not exist or the viewer may not see it, or if the request is a repeat and the
    /// comment has been deleted since; `RuleBroken` if the rules reject the text or the key, or if the
    /// settings of the story's author permit no comment by the viewer; `IdempotencyKeyReused`.
    pub async fn add(
        &self,
        viewer: PersonId,
        story: StoryId,
        text: &str,
        idempotency_key: Option<&str>,
    ) -> ServiceResult<CommentItem> {
        self.answer(viewer, story, None, text, idempotency_key)
            .await
    }

    /// As [`Self::add`], in reply to a comment on the same story. A reply to a reply joins the replies to the same comment.
    ///
    /// # Errors
    /// As [`Self::add`], and `NotFound` if the viewer may not see the comment that it answers.
    pub async fn reply(
        &self,
        viewer: PersonId,
        (story, to): (StoryId, CommentId),
        text: &str,
        idempotency_key: Option<&str>,
    ) -> ServiceResult<CommentItem> {
        self.answer(viewer, story, Some(to), text, idempotency_key)
            .await
    }

    async fn answer(
        &self,
        viewer: PersonId,
        story: StoryId,
        reply_to: Option<CommentId>,
        text: &str,
        idempotency_key: Option<&str>,
    ) -> ServiceResult<CommentItem> {
        let answered = reply_to.map(|to| to.to_string());
        let place = story.to_string();
        let request: Vec<&str> = [place.as_str(), text]
            .into_iter()
            .chain(answered.as_deref())
            .collect();
        let idempotency = self
            .core
            .idempotency(idempotency_key.map(str::to_owned), &request)?;
        let text = self.checked_text(text)?;
        let on = self.core.require_visible(viewer, story).await?;
        let parent = match self.check_place(viewer, &on.record, reply_to).await {
            Ok(parent) => parent,
            Err(refusal) => return self.repeated(viewer, idempotency, refusal).await,
        };
        let comment = NewComment {
            id: CommentId::on_story(story, self.core.next_id().await?),
            story,
            reply_to,
            author: viewer,
            mentions: handles(&text),
            text,
            idempotency,
            now: self.core.now(),
        };
        let record = record_of(&comment, parent);
        let this = self.clone();
        let repeated = self
            .core
            .run_to_completion(async move { this.write(comment).await })
            .await?;
        let comment = match repeated {
            None => record,
            Some(first) => self.stored(first).await?,
        };
        self.item(viewer, comment).await
    }

    /// The answer to a request that is refused now: the first comment if the request is a repeat, otherwise the refusal.
    async fn repeated(
        &self,
        viewer: PersonId,
        idempotency: Option<Idempotency>,
        refusal: ServiceError,
    ) -> ServiceResult<CommentItem> {
        let Some(key) = idempotency.filter(|_| is_final(&refusal)) else {
            return Err(refusal);
        };
        match self.core.store.earlier_comment(viewer, key).await? {
            Some(Posted::Repeated(first)) => self.item(viewer, self.stored(first).await?).await,
            Some(Posted::KeyReused) => Err(ServiceError::IdempotencyKeyReused),
            _ => Err(refusal),
        }
    }

    async fn stored(&self, comment: CommentId) -> ServiceResult<CommentRecord> {
        let comment = self.core.store.comment_by_id(comment).await?;
        comment.ok_or(NO_SUCH_COMMENT)
    }

    /// Whether the viewer may comment on the story or answer a comment on it. Returns the parent of the reply.
    async fn check_place(
        &self,
        viewer: PersonId,
        story: &StoryRecord,
        reply_to: Option<CommentId>,
    ) -> ServiceResult<Option<CommentId>> {
        if !self.core.may_comment(viewer, story).await? {
            return Err(RuleBroken::CommentsLimited.into());
        }
        match reply_to {
            None => Ok(None),
            Some(to) => Ok(Some(self.parent_of_reply(viewer, story.id, to).await?)),
        }
    }

    /// The comment that a reply to `to` belongs to.
    async fn parent_of_reply(
        &self,
        viewer: PersonId,
        story: StoryId,
        to: CommentId,
    ) -> ServiceResult<CommentId> {
        let answered = self.core.require_visible_comment(viewer, to).await?;
        match answered.story == story {
            true => Ok(answered.parent.unwrap_or(to)),
            false => Err(NO_SUCH_COMMENT),
        }
    }

    /// Comments of a story without their replies, oldest first, from the one after `after`.
    ///
    /// # Errors
    /// `NotFound` if the story does not exist or the viewer may not see it.
    pub async fn list(
        &self,
        viewer: PersonId,
        story: StoryId,
        after: Option<CommentId>,
        limit: u32,
    ) -> ServiceResult<CommentPage> {
        self.core.require_visible(viewer, story).await?;
        let circle = self.core.circle(viewer).await?;
        let limit = page_limit(limit);
        let store = &self.core.store;
        let Filled {
            shown: comments,
            next,
        } = fill(
            limit,
            after,
            async |after, count| {
                let after = after.unwrap_or_default();
                let rows = store.comments_of(story, after, count).await?;
                self.core.judge_comments(viewer, &circle, rows).await
            },
            |comment| comment.id,
        )
        .await?;
        Ok(CommentPage {
            items: self.items(viewer, comments).await?,
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
            true => Ok(self.core.store.comments_hidden_from(viewer, story).await?),
            false => Ok(0),
        }
    }

    /// Changes the text of the viewer's own comment on a story that the viewer may open. An identical text is not an
    /// edit.
    ///
    /// # Errors
    /// `NotFound` if there is no such comment; `RuleBroken` if the rules reject the text.
    pub async fn edit(
        &self,
        viewer: PersonId,
        comment: CommentId,
        text: &str,
    ) -> ServiceResult<CommentItem> {
        let known = self
            .core
            .store
            .comment_by_id(comment)
            .await?
            .filter(|known| known.author == viewer)
            .ok_or(NO_SUCH_COMMENT)?;
        self.core
            .require_story_of_comment(viewer, known.story)
            .await?;
        let text = self.checked_text(text)?;
        if text == known.text {
            return self.item(viewer, known).await;
        }
        let known = handles(&known.text);
        let edit = CommentEdit {
            id: comment,
            author: viewer,
            mentions: handles(&text)
                .into_iter()
                .filter(|handle| !known.contains(handle))
                .collect(),
            text,
            cause: self.core.next_id().await?.lowest(),
            now: self.core.now(),
        };
        let this = self.clone();
        let edited = self
            .core
            .run_to_completion(async move { this.write_edit(edit).await })
            .await?;
        self.item(viewer, edited).await
    }

    /// Comments are not cached. Streams that show the story and people with a notification are signalled.
    async fn write_edit(&self, edit: CommentEdit) -> ServiceResult<CommentRecord> {
        let answer = self.core.store.edit_comment(edit).await?;
        let at = answer.at;
        let Edited { record, notified } = answer.value.ok_or(NO_SUCH_COMMENT)?;
        self.core
            .invalidate(
                at,
                Changes::default()
                    .comment(record.story, record.author)
                    .notify(notified),
            )
            .await;
        Ok(record)
    }

    /// Deletes a comment: the viewer's own, on any story, or any comment on the viewer's own story. Replies stay.
    ///
    /// # Errors
    /// `NotFound` if there is no comment with this id that the viewer may delete.
    pub async fn delete(&self, viewer: PersonId, comment: CommentId) -> ServiceResult<()> {
        let known = self
            .core
            .store
            .comment_by_id(comment)
            .await?
            .ok_or(NO_SUCH_COMMENT)?;
        let this = self.clone();
        self.core
            .run_to_completion(async move {
                let answer = this.core.store.delete_comment(comment, viewer).await;
                let deleted = this
                    .core
                    .invalidate_on_error(answer, [Change::Story(known.story)])
                    .await?;
                let at = deleted.at;
                let DeletedComment {
                    story,
                    counts,
                    notified,
                } = deleted.value.ok_or(NO_SUCH_COMMENT)?;
                let changes = Changes::default()
                    .counts(story, counts)
                    .comment(story, known.author)
                    .notify(notified);
                this.core.invalidate(at, changes).await;
                Ok(())
            })
            .await
    }

    /// Returns the first comment if the request is a repeat.
    async fn write(&self, comment: NewComment) -> ServiceResult<Option<CommentId>> {
        let (story, author) = (comment.story, comment.author);
        let answer = self.core.store.comment(comment).await;
        let written = self
            .core
            .invalidate_on_error(answer, [Change::Story(story)])
            .await?;
        match written.value {
            (Posted::New { notified, .. }, counts) => {
                let changes = Changes::default()
                    .counts(story, counts)
                    .comment(story, author)
                    .notify(notified);
                self.core.invalidate(written.at, changes).await;
                metrics::counter!("sosik_comments_total").increment(1);
                Ok(None)
            }
            (Posted::Repeated(first), _) => Ok(Some(first)),
            (Posted::KeyReused, _) => Err(ServiceError::IdempotencyKeyReused),
            (Posted::NoSuchStory, _) => Err(ServiceError::NotFound("story")),
            (Posted::NoSuchComment, _) => Err(NO_SUCH_COMMENT),
        }
    }

    /// Checks the text against the rules of the domain and the configured limit.
    fn checked_text(&self, text: &str) -> ServiceResult<String> {
        let text = CommentText::parse(text)?.into_string();
        let characters = text.chars().count();
        if characters > self.core.settings.texts.comment_characters_max {
            return Err(RuleBroken::CommentTextTooLong { characters }.into());
        }
        Ok(text)
    }

    /// One comment, as its author sees it.
    async fn item(&self, viewer: PersonId, comment: CommentRecord) -> ServiceResult<CommentItem> {
        let items = self.items(viewer, vec![comment]).await?;
        items
            .into_iter()
            .next()
            .ok_or(ServiceError::NotFound("person"))
    }

    /// Adds the authors of comments on one story, and which of them the viewer likes.
    pub(crate) async fn items(
        &self,
        viewer: PersonId,
        comments: Vec<CommentRecord>,
    ) -> ServiceResult<Vec<CommentItem>> {
        let with_likes = comments.iter().filter(|comment| comment.likes > 0);
        let with_likes: Vec<_> = with_likes.map(|comment| comment.id).collect();
        let liked = match with_likes.is_empty() {
            true => Vec::new(),
            false => {
                let store = &self.core.store;
                store.liked_comments_among(viewer, &with_likes).await?
            }
        };
        let present = comments.iter().filter(|comment| !comment.deleted);
        let authors: Vec<_> = present.map(|comment| comment.author).collect();
        let people = self.core.people(&authors).await?;
        let items = comments.into_iter().filter_map(|comment| {
            let author = match comment.deleted {
                true => None,
                false => Some(Arc::clone(people.get(&comment.author)?)),
            };
            let liked = liked.contains(&comment.id);
            Some(CommentItem {
                comment,
                author,
                liked,
            })
        });
        Ok(items.collect())
    }
}

/// Whether the refusal is the same for every repeat, unlike a failure.
const fn is_final(refusal: &ServiceError) -> bool {
    matches!(
        refusal,
        ServiceError::RuleBroken(_) | ServiceError::NotFound(_)
    )
}

pub(crate) fn author_of(comment: &CommentRecord) -> [PersonId; 1] {
    [comment.author]
}

/// The row that the store writes.
fn record_of(comment: &NewComment, parent: Option<CommentId>) -> CommentRecord {
    CommentRecord {
        id: comment.id,
        story: comment.story,
        parent,
        author: comment.author,
        text: comment.text.clone(),
        created_at: comment.now,
        edited_at: None,
        replies: 0,
        likes: 0,
        deleted: false,
    }
}
