//! Edits and deletes the viewer's own story.

use sosik_feed::{Audience, Committed, PersonId, RuleBroken, StoryId, text};
use sosik_store::{EditedText, StoryEdit};

use super::{AttachRequest, Stories, StoryItem, attachments, handles};
use crate::core::invalidate::position_of;
use crate::{Change, Changes, ServiceError, ServiceResult};

/// The requested changes to a story; `None` leaves a field unchanged.
#[derive(Debug, Clone, Default)]
pub struct EditRequest {
    /// As typed.
    pub text: Option<String>,
    /// The new audience.
    pub audience: Option<Audience>,
    /// The new list of photos. Those that are left out are deleted.
    pub attachments: Option<Vec<AttachRequest>>,
}

impl Stories {
    /// Changes the text, the audience or the photos of a story. Identical values are not an edit.
    ///
    /// # Errors
    /// `NotFound` unless the viewer posted the story; `RuleBroken` if the rules reject the text.
    pub async fn edit(
        &self,
        viewer: PersonId,
        id: StoryId,
        request: EditRequest,
    ) -> ServiceResult<StoryItem> {
        let story = self.core.require_visible(viewer, id).await?;
        if story.record.author != viewer {
            return Err(ServiceError::NotFound("story"));
        }
        let wanted = request.attachments.as_deref();
        let wanted = wanted.map(attachments::checked).transpose()?;
        let count = (wanted.as_ref()).map_or(story.record.attachments.len(), Vec::len);
        let text = request.text;
        let text = text
            .map(|text| self.checked_text(&text, count))
            .transpose()?;
        if count == 0 && text.is_none() && story.record.text.is_empty() {
            return Err(RuleBroken::StoryTextEmpty.into());
        }
        let attachments =
            wanted.filter(|wanted| !attachments::are_equal(&story.record.attachments, wanted));
        let text = text.filter(|text| **text != *story.record.text);
        let audience = request
            .audience
            .filter(|audience| *audience != story.record.audience);
        if text.is_some() || audience.is_some() || attachments.is_some() {
            let edit = StoryEdit {
                id,
                author: viewer,
                text: match text {
                    Some(text) => Some(self.edited(viewer, text).await?),
                    None => None,
                },
                attachments,
                audience,
                now: self.core.now(),
            };
            let this = self.clone();
            let wanted = edit.attachments.iter().flatten();
            let wanted: Vec<_> = wanted.map(|it| it.media).collect();
            let written = self
                .core
                .run_to_completion(async move { this.write_edit(edit).await })
                .await;
            self.media.explain(viewer, &wanted, written).await?;
        }
        self.open(viewer, id).await
    }

    async fn write_edit(&self, edit: StoryEdit) -> ServiceResult<()> {
        let (id, widened) = (edit.id, edit.audience == Some(Audience::Public));
        let has_work = edit.attachments.is_some() || edit.text.is_some();
        let answer = self.core.store.edit_story(edit).await;
        // Also after a failed write, because the write may have committed.
        self.core
            .invalidate(position_of(&answer), [Change::Story(id)])
            .await;
        if widened {
            self.delivery.notify_workers();
        }
        if has_work {
            self.media.notify_workers();
        }
        let answer = answer?;
        let at = answer.at;
        let edited = answer.value.ok_or(ServiceError::NotFound("story"))?;
        self.core
            .invalidate(at, Changes::default().notify(edited.notified))
            .await;
        Ok(())
    }

    async fn edited(&self, author: PersonId, text: String) -> ServiceResult<EditedText> {
        Ok(EditedText {
            link: self.media.new_preview(author, &text).await?,
            mentions: handles(&text),
            tags: text::hashtags(&text),
            text,
            cause: self.core.next_id().await?.lowest(),
        })
    }

    /// Deletes a story. Its text is gone immediately; its dependent rows are purged soon after.
    ///
    /// # Errors
    /// `NotFound` if the viewer has posted no such story, or if it has been deleted already.
    pub async fn delete(&self, viewer: PersonId, id: StoryId) -> ServiceResult<()> {
        let (this, now) = (self.clone(), self.core.now());
        self.core
            .run_to_completion(async move {
                let answer = this.core.store.delete_story(id, viewer, now).await;
                if !matches!(answer, Ok(Committed { value: false, .. })) {
                    this.core
                        .invalidate(position_of(&answer), [Change::Story(id)])
                        .await;
                    this.delivery.notify_workers();
                    this.media.notify_workers();
                }
                if answer?.value {
                    Ok(())
                } else {
                    Err(ServiceError::NotFound("story"))
                }
            })
            .await
    }
}
