//! What one person may store and cause, as the engine checks it in the transaction of the act.

use std::time::Duration;

use sosik_feed::limits;

/// Limits of one person. An engine gets them when it is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PersonLimits {
    /// Stories that are not deleted.
    pub stories_max: u32,
    /// Comments that are not deleted.
    pub comments_max: u32,
    /// Bytes of the texts of both.
    pub text_bytes_max: u64,
    /// Notifications of mentions a day (UTC) to people who neither follow the one who mentions nor are friends.
    /// Further mentions stay in the text and notify nobody.
    pub stranger_mentions_per_day_max: u32,
    /// A like or friend request that was withdrawn and is repeated within this time is no news.
    pub repeat_quiet: Duration,
}

impl Default for PersonLimits {
    /// Those of the product.
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

/// Which quota a write would pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quota {
    /// [`PersonLimits::stories_max`].
    Stories,
    /// [`PersonLimits::comments_max`].
    Comments,
    /// [`PersonLimits::text_bytes_max`].
    TextBytes,
}
