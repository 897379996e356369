//! A number from the system's random source.

use anyhow::Context;

/// A random number: to name a run, or to start a sequence at an unpredictable place.
///
/// # Errors
/// The system has no random source.
pub fn random_u64() -> anyhow::Result<u64> {
    getrandom::u64().context("read the system's random source")
}
