//! Sabotage: breaks promises on purpose, to prove that the tests and the checker detect it.
//!
//! It takes effect only in builds with the feature `sabotage`. In all other builds the switch is a constant `false` and
//! the compiler removes the code behind it.

/// A promise to break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sabotage {
    /// P1: the answer comes before the commit, which is then left out.
    AcknowledgeUnwritten,
    /// P2: the last chunk of a delivery is dropped, and the order is marked done.
    DropLastChunk,
    /// P3: reads do not check entitlement; everything in the timeline is shown.
    ShowWhatIsCached,
    /// P4: the post does not update the author's own timeline, and the delivery worker skips it, too.
    ForgetOwnStory,
    /// P5: "newer" compares only ids and misses late deliveries.
    NewerByIdAlone,
    /// P5: every page of older stories omits its first story.
    SkipOneWhenPaging,
    /// P6: the idempotency key is ignored.
    IgnoreIdempotencyKey,
    /// P2/P3: a deleted story stays in the cache.
    KeepDeleted,
    /// P2: a page of older stories begins with the same story twice.
    ShowTwice,
    /// P2: a page of older stories is in the opposite order.
    OldestFirst,
    /// P3: comments by blocked people are shown.
    ShowBlockedComments,
    /// P1: a like is counted twice in responses.
    CountTwice,
    /// P7: every delivery waits longer than promised.
    DeliverLate,
    /// P8: a request for comments fails with an internal error instead of a refusal with a time to retry after.
    FailInsteadOfRefusing,
}

impl Sabotage {
    /// All promises, for tests that iterate over them.
    pub const ALL: [Self; 14] = [
        Self::AcknowledgeUnwritten,
        Self::DropLastChunk,
        Self::ShowWhatIsCached,
        Self::ForgetOwnStory,
        Self::NewerByIdAlone,
        Self::SkipOneWhenPaging,
        Self::IgnoreIdempotencyKey,
        Self::KeepDeleted,
        Self::ShowTwice,
        Self::OldestFirst,
        Self::ShowBlockedComments,
        Self::CountTwice,
        Self::DeliverLate,
        Self::FailInsteadOfRefusing,
    ];

    /// The name on the command line, for example `acknowledge-unwritten`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AcknowledgeUnwritten => "acknowledge-unwritten",
            Self::DropLastChunk => "drop-last-chunk",
            Self::ShowWhatIsCached => "show-what-is-cached",
            Self::ForgetOwnStory => "forget-own-story",
            Self::NewerByIdAlone => "newer-by-id-alone",
            Self::SkipOneWhenPaging => "skip-one-when-paging",
            Self::IgnoreIdempotencyKey => "ignore-idempotency-key",
            Self::KeepDeleted => "keep-deleted",
            Self::ShowTwice => "show-twice",
            Self::OldestFirst => "oldest-first",
            Self::ShowBlockedComments => "show-blocked-comments",
            Self::CountTwice => "count-twice",
            Self::DeliverLate => "deliver-late",
            Self::FailInsteadOfRefusing => "fail-instead-of-refusing",
        }
    }

    /// The promise with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|promise| promise.name() == name)
    }
}
