//! Limits on what one person may store and trigger. The engine checks them in the transaction of the write.

use std::time::Duration;

use sosik_feed::limits;

/// Limits of one person, passed to an engine when it is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PersonLimits {
    /// Stories that are not deleted.
    pub stories_max: u32,
    /// Comments that are not deleted.
    pub comments_max: u32,
    /// Bytes of the texts of both together.
    pub text_bytes_max: u64,
    /// Notifications of mentions that a person may cause in a day (UTC) for people who neither follow them nor are
    /// friends. Further mentions stay in the text and notify nobody.
    pub stranger_mentions_per_day_max: u32,
    /// A like or friend request that is withdrawn and repeated within this time creates no new notification.
    pub repeat_quiet: Duration,
}

impl Default for PersonLimits {
    /// The limits of the product.
    fn default() -> Self {
        Self {
            stories_max: limits::STORIES_PER_PERSON_MAX,
            comments_max: limits::COMMENTS_PER_PERSON_MAX,
            text_bytes_max: limits::TEXT_BYTES_PER_PERSON_MAX,
            stranger_mentions_per_day_max: limits::STRANGER_MENTIONS_PER_DAY_MAX,
            repeat_quiet: limits::REPEAT_QUIET,
        }
    }
}

/// The quota that a write would exceed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quota {
    /// [`PersonLimits::stories_max`].
    Stories,
    /// [`PersonLimits::comments_max`].
    Comments,
    /// [`PersonLimits::text_bytes_max`].
    TextBytes,
}
