//! Stories: posted, opened, changed, listed.

pub mod delete;
pub mod edit;
pub mod of_author;
pub mod open;
pub mod post;
pub mod with_tag;

use std::sync::Arc;

use sosik_feed::{Circle, Cursor, PersonId, StoryId};
use sosik_store::Mention;

use crate::caches::{PersonEntry, StoryEntry};
use crate::{Service, ServiceResult};

/// A story as one reader gets it.
#[derive(Debug, Clone)]
pub struct StoryItem {
    /// What all readers share.
    pub story: Arc<StoryEntry>,
    /// Who posted it.
    pub author: Arc<PersonEntry>,
    /// The reader likes it.
    pub liked: bool,
}

/// One page of a list of stories, newest first.
#[derive(Debug, Clone, Default)]
pub struct StoryPage {
    /// Newest first. A short page does not mean the end.
    pub items: Vec<StoryItem>,
    /// Where the next page starts; none at the end.
    pub before: Option<Cursor>,
    /// There is nothing older.
    pub end: bool,
}

impl Service {
    /// Adds what depends on the reader, and takes out whom they may not see. Stories whose author is gone are left out.
    pub(crate) async fn items(
        &self,
        reader: PersonId,
        circle: &Circle,
        mut stories: Vec<Arc<StoryEntry>>,
    ) -> ServiceResult<Vec<StoryItem>> {
        for story in &mut stories {
            hide_mentions(story, circle);
        }
        let ids: Vec<StoryId> = stories.iter().map(|story| story.record.id).collect();
        let liked = self.liked_among(reader, &ids).await?;
        let authors = self.authors(&stories).await?;
        let items = stories.into_iter().zip(authors).zip(liked);
        let items = items.filter_map(|((story, author), liked)| {
            Some(StoryItem {
                story,
                author: author?,
                liked,
            })
        });
        Ok(items.collect())
    }
}

/// Takes the mentions of people out that the reader is severed from, so that such a mention reads like one of a handle
/// that nobody has. A story without any is shared as it is, with the text that was rendered once.
fn hide_mentions(story: &mut Arc<StoryEntry>, circle: &Circle) {
    let hidden = |mention: &Mention| circle.is_severed_from(mention.person);
    if !story.record.mentions.iter().any(hidden) {
        return;
    }
    let mut record = story.record.clone();
    record.counts = story.counts();
    record.mentions.retain(|mention| !hidden(mention));
    *story = Arc::new(record.into());
}
