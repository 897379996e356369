//! Edits the viewer's own story.

use sosik_feed::{Audience, PersonId, StoryId, text};
use sosik_store::{EditedText, StoryEdit};

use super::StoryItem;
use crate::{Change, Service, ServiceError, ServiceResult};

/// The requested changes to a story; `None` leaves a field unchanged.
#[derive(Debug, Clone, Default)]
pub struct EditRequest {
    /// As typed.
    pub text: Option<String>,
    /// The new audience.
    pub audience: Option<Audience>,
}

impl Service {
    /// Changes the text or audience of a story. Identical values are not an edit.
    ///
    /// # Errors
    /// `NotFound` unless the viewer posted the story; `RuleBroken` if the rules reject the text.
    pub async fn edit_story(
        &self,
        viewer: PersonId,
        id: StoryId,
        request: EditRequest,
    ) -> ServiceResult<StoryItem> {
        let story = self.require_visible(viewer, id).await?;
        if story.record.author != viewer {
            return Err(ServiceError::NotFound("story"));
        }
        let text = request
            .text
            .map(|text| self.checked_story_text(&text))
            .transpose()?;
        let text = text.filter(|text| **text != *story.record.text);
        let audience = request
            .audience
            .filter(|audience| *audience != story.record.audience);
        if text.is_some() || audience.is_some() {
            let edit = StoryEdit {
                id,
                author: viewer,
                text: text.map(with_mentions_and_tags),
                audience,
                now: self.now(),
            };
            let service = self.clone();
            self.run_to_completion(async move { service.write_edit(edit).await })
                .await?;
        }
        self.open_story(viewer, id).await
    }

    async fn write_edit(&self, edit: StoryEdit) -> ServiceResult<()> {
        let (id, widened) = (edit.id, edit.audience == Some(Audience::Public));
        let answer = self.0.store.edit_story(edit).await;
        // Also after a failed write, because the write may have committed.
        self.invalidate([Change::Story(id)]).await;
        if widened {
            self.notify_workers();
        }
        answer?.map(|_| ()).ok_or(ServiceError::NotFound("story"))
    }
}

fn with_mentions_and_tags(text: String) -> EditedText {
    let mentions = text::mentions(&text)
        .into_iter()
        .map(|handle| handle.as_str().to_owned())
        .collect();
    EditedText {
        mentions,
        tags: text::hashtags(&text),
        text,
    }
}
