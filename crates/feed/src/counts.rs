//! The counts of a story.

/// The numbers of likes and comments of a story at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StoryCounts {
    /// People who like it.
    pub likes: u32,
    /// Comments not deleted.
    pub comments: u32,
    /// Grows with every change of either number. The counts with the larger revision are newer.
    pub revision: u64,
}
