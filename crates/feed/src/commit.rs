//! Places in the order of commits.
//!
//! A write tells where it was committed, and a cache that it invalidates remembers the place. A read that fills the
//! cache asks for a copy of the data that has it. Otherwise a copy that lags behind could answer with the old value,
//! and the cache would keep it.

use std::fmt;
use std::ops::Deref;

/// A place in the order of commits of a store: the write committed at it, and everything before it.
///
/// Positions only ever compare within one store. An engine with a single copy of the data needs no positions and
/// always answers [`CommitPosition::START`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct CommitPosition(u64);

impl CommitPosition {
    /// Before every commit: any copy will do.
    pub const START: Self = Self(0);
    /// After every commit: only the copy that takes the writes will do. For writes whose outcome is unknown.
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

/// The result of a write, and where it was committed. Derefs to the result.
#[derive(Clone, Copy)]
pub struct Committed<T> {
    /// The result.
    pub value: T,
    /// Where the write was committed.
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

/// Like the result, so that messages of tests show it.
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
