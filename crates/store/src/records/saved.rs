//! Stories that people saved for themselves.

use sosik_feed::{StoryId, Timestamp};

/// A saved story in the list of the person who saved it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SavedStory {
    /// The story. It may be deleted, or hidden from the person by now.
    pub story: StoryId,
    /// When it was saved.
    pub at: Timestamp,
}

/// The outcome of saving a story.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SaveOutcome {
    /// The story is saved, by this call or an earlier one.
    Saved,
    /// The story does not exist.
    NoSuchStory,
    /// The person has saved as many stories as they may.
    LimitReached,
}
