//! Promises broken on purpose, to prove that the tests and the checker would notice.
//!
//! Only builds with the feature `sabotage` listen to it; in all others the switch is a constant `false` and the
//! compiler removes what hangs on it.

/// A promise to break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sabotage {
    /// P1: the answer comes before the commit, which is then left out.
    AcknowledgeUnwritten,
    /// P2: the last chunk of a delivery is dropped, and the order is marked done.
    DropLastChunk,
    /// P3: entitlement is not decided at read; what is in the timeline is shown.
    ShowWhatIsCached,
    /// P4: the author's own timeline is left to the delivery worker, and that one forgets it.
    ForgetOwnStory,
    /// P5: "newer" goes by id alone and misses what was delivered late.
    NewerByIdAlone,
    /// P5: every page of older stories leaves out the first.
    SkipOneWhenPaging,
    /// P6: the idempotency key is ignored.
    IgnoreIdempotencyKey,
    /// P2/P3: a deleted story stays in the cache.
    KeepDeleted,
    /// P2: a page of older stories begins with the same story twice.
    ShowTwice,
    /// P2: a page of older stories is the wrong way round.
    OldestFirst,
    /// P3: comments of people who are blocked are shown.
    ShowBlockedComments,
    /// P1: a like is counted twice in what is shown.
    CountTwice,
    /// P7: every delivery waits for longer than is promised.
    DeliverLate,
    /// P8: comments are answered with an error instead of a refusal that says when to come back.
    FailInsteadOfRefusing,
}

impl Sabotage {
    /// All of them, for tests that go through each.
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

    /// The name on the command line: `acknowledge-unwritten` and so on.
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

    /// By name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|promise| promise.name() == name)
    }
}
