//! Everything that people do except posting and reading their feed, on a real store and with warm caches.

#![expect(clippy::unwrap_used, reason = "in a test an unwrap is an assertion")]
#![expect(
    unreachable_pub,
    reason = "the clock is public where it lives; here everything belongs to the tests"
)]

#[expect(dead_code, reason = "panics on purpose have tests of their own")]
#[path = "../../../testkit/src/clock.rs"]
mod clock; // included by path: the testkit depends on crates above this one
mod world;

mod accounts;
mod answers;
mod buckets;
mod comments;
mod deletion;
mod entitlement;
mod freshness;
mod lists;
mod many_blockers;
mod notifications;
mod passwords;
mod relations;
mod replies;
mod search;
mod sessions;
mod set_clocks;
mod tags;
mod torn;
