//! The contract of active people: an estimate of how many different people use the site.

use async_trait::async_trait;
use sosik_feed::{PersonId, Timestamp};

use crate::error::FabricResult;

/// The days that [`ActiveCounts::thirty_days`] covers, the current one included.
pub const DAYS: u64 = 30;

/// Milliseconds of a day.
const DAY_MILLIS: u64 = 24 * 60 * 60 * 1_000;

/// The number of the day of a time, in UTC, counted from 1970.
#[must_use]
pub const fn day_of(at: Timestamp) -> u64 {
    at.as_millis() / DAY_MILLIS
}

/// Estimates, within a few percent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ActiveCounts {
    /// People who were active on this day, in UTC.
    pub day: u64,
    /// People who were active on this day or on the 29 days before.
    pub thirty_days: u64,
}

/// Estimates the number of active people, for an operator. The memory is constant: each day takes some KiB, however many people there are. It
/// counts from the time at which the engine was last emptied.
#[async_trait]
pub trait ActivePeople: Send + Sync + 'static {
    /// Counts a person on the day of `at`. Counting a person twice changes nothing.
    async fn note(&self, person: PersonId, at: Timestamp) -> FabricResult<()>;

    /// The estimates for the day of `at`.
    async fn count(&self, at: Timestamp) -> FabricResult<ActiveCounts>;
}
