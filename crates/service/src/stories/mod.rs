//! Stories: post, open, edit, delete, list.

mod attachments;
mod edit;
mod lists;
mod post;

use std::sync::Arc;

use sosik_feed::people::Handle;
use sosik_feed::{Cursor, StoryId, text};

use crate::caches::{PersonEntry, StoryEntry};
use crate::core::Core;
use crate::delivery::Delivery;
use crate::media::Media;

pub use attachments::AttachRequest;
pub use edit::EditRequest;
pub use post::PostRequest;

/// Stories: posting, editing, deleting, opening and listing. Cheap to clone.
#[derive(Clone)]
pub struct Stories {
    core: Core,
    delivery: Delivery,
    media: Media,
}

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

/// A story on its own page.
#[derive(Debug, Clone)]
pub struct OpenedStory {
    /// The story.
    pub item: StoryItem,
    /// Whether the reader saved it.
    pub saved: bool,
    /// Whether the reader may comment on it.
    pub can_comment: bool,
}

/// What a reader may see of a story now. Deleted stories, stories that the reader may not see and ids without a story
/// have the same state.
#[derive(Debug, Clone)]
pub struct StoryState {
    /// The id.
    pub id: StoryId,
    /// Whether the story belongs to the reader's home feed: it is by the reader, a friend or somebody whom they follow,
    /// and its author is not muted.
    pub on_home: bool,
    /// The story; `None` if there is none that the reader may see.
    pub item: Option<StoryItem>,
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

/// The handles that a text mentions.
pub(crate) fn handles(text: &str) -> Vec<String> {
    text::mentions(text)
        .into_iter()
        .map(Handle::into_string)
        .collect()
}

impl Stories {
    pub(crate) const fn new(core: Core, delivery: Delivery, media: Media) -> Self {
        Self {
            core,
            delivery,
            media,
        }
    }
}
