//! Stories: post, open, edit, delete, list.

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

/// A story as one reader sees it.
#[derive(Debug, Clone)]
pub struct StoryItem {
    /// The part that all readers share.
    pub story: Arc<StoryEntry>,
    /// The author.
    pub author: Arc<PersonEntry>,
    /// Whether the reader likes it.
    pub liked: bool,
}

/// One page of a list of stories, newest first.
#[derive(Debug, Clone, Default)]
pub struct StoryPage {
    /// Newest first. A short page does not mean the end.
    pub items: Vec<StoryItem>,
    /// Where the next page starts. `None` at the end.
    pub before: Option<Cursor>,
    /// Whether this is the end of the list.
    pub end: bool,
}

impl Service {
    /// Adds the parts that depend on the reader, and hides people whom the reader may not see. Omits stories whose
    /// author is gone.
    pub(crate) async fn hydrate(
        &self,
        reader: PersonId,
        circle: &Circle,
        mut stories: Vec<Arc<StoryEntry>>,
    ) -> ServiceResult<Vec<StoryItem>> {
        if circle.is_severed_from_anybody() {
            for story in &mut stories {
                hide_mentions(story, circle);
            }
        }
        let ids: Vec<StoryId> = stories.iter().map(|story| story.record.id).collect();
        let liked = self.liked_among(reader, &ids).await?;
        let authors = self.authors(&stories).await?;
        let mut items = Vec::with_capacity(stories.len());
        for ((story, author), liked) in stories.into_iter().zip(authors).zip(liked) {
            if let Some(author) = author {
                items.push(StoryItem {
                    story,
                    author,
                    liked,
                });
            }
        }
        Ok(items)
    }
}

/// Removes mentions of people who are severed from the reader, so that such a mention reads like one of a handle that
/// does not exist. A story without any is shared as it is, with its rendered form.
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
