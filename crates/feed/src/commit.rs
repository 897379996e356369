//! Positions in the order of commits.
//!
//! A write returns the position of its commit, and the caches that it invalidates remember the position. A read that
//! refills a cache requires a copy of the data that has this position. Otherwise a lagging copy could return the old
//! value, and the cache would keep it.

use std::fmt;
use std::ops::Deref;

/// A position in the order of commits of a store. It covers the write committed there and all earlier ones.
///
/// Only positions of the same store can be compared. An engine with a single copy of the data always returns
/// [`CommitPosition::START`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct CommitPosition(u64);

impl CommitPosition {
    /// Before every commit: any copy has it.
    pub const START: Self = Self(0);
    /// After every commit: only the primary has it. For writes whose outcome is unknown.
    pub const LATEST: Self = Self(u64::MAX);

    /// The position with this number, for engines.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Its number, for engines.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}

/// The result of a write and the position of its commit. Derefs to the result.
#[derive(Clone, Copy)]
pub struct Committed<T> {
    /// The result.
    pub value: T,
    /// The position of the commit.
    pub at: CommitPosition,
}

impl<T> Committed<T> {
    /// A result at a position.
    pub const fn new(value: T, at: CommitPosition) -> Self {
        Self { value, at }
    }
}

impl<T> Deref for Committed<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// Prints only the result, for the messages of tests.
impl<T: fmt::Debug> fmt::Debug for Committed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

impl<T: PartialEq<U>, U> PartialEq<U> for Committed<T> {
    fn eq(&self, other: &U) -> bool {
        self.value == *other
    }
}
