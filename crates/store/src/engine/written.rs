//! What a person wrote, and the quotas on it.

use sosik_feed::Audience;

use crate::{PersonLimits, Quota, StoreError, StoreResult};

/// What a person wrote, as a difference: negative when something is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Written {
    /// Stories.
    pub stories: i64,
    /// Stories for everyone.
    pub public_stories: i64,
    /// Comments.
    pub comments: i64,
    /// Bytes of the texts of stories and comments.
    pub text_bytes: i64,
}

impl Written {
    /// A new story with a text of this size.
    #[must_use]
    pub fn story(audience: Audience, text_bytes: i64) -> Self {
        Self {
            stories: 1,
            public_stories: i64::from(audience == Audience::Public),
            text_bytes,
            ..Self::default()
        }
    }

    /// A new comment with a text of this size.
    #[must_use]
    pub fn comment(text_bytes: i64) -> Self {
        Self {
            comments: 1,
            text_bytes,
            ..Self::default()
        }
    }

    /// From this to `other`, which replaces it.
    #[must_use]
    pub const fn to(self, other: Self) -> Self {
        Self {
            stories: other.stories - self.stories,
            public_stories: other.public_stories - self.public_stories,
            comments: other.comments - self.comments,
            text_bytes: other.text_bytes - self.text_bytes,
        }
    }

    /// The removal of this.
    #[must_use]
    pub fn removed(self) -> Self {
        self.to(Self::default())
    }

    /// The sum of both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            stories: self.stories + other.stories,
            public_stories: self.public_stories + other.public_stories,
            comments: self.comments + other.comments,
            text_bytes: self.text_bytes + other.text_bytes,
        }
    }

    /// Checks the stories, comments and bytes that a person has after this write.
    ///
    /// A person who already exceeds a quota, because it was lowered, may still delete and shorten.
    ///
    /// # Errors
    /// `QuotaReached`: the write must not commit.
    pub fn check_quotas(self, after: [i64; 3], limits: &PersonLimits) -> StoreResult<()> {
        let [stories, comments, text_bytes] = after;
        let text_bytes_max = i64::try_from(limits.text_bytes_max).unwrap_or(i64::MAX);
        let exceeds = |by: i64, after: i64, max: i64| by > 0 && after > max;
        if exceeds(self.stories, stories, limits.stories_max.into()) {
            return Err(StoreError::QuotaReached(Quota::Stories));
        }
        if exceeds(self.comments, comments, limits.comments_max.into()) {
            return Err(StoreError::QuotaReached(Quota::Comments));
        }
        if exceeds(self.text_bytes, text_bytes, text_bytes_max) {
            return Err(StoreError::QuotaReached(Quota::TextBytes));
        }
        Ok(())
    }
}

/// The bytes of a text, which SQL calls `octet_length`.
#[must_use]
pub fn bytes_of(text: &str) -> i64 {
    i64::try_from(text.len()).unwrap_or(i64::MAX)
}
