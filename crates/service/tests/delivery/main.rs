//! Deliveries under controlled schedules: claims, repeats, late stories, a backlog.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "in a test an unwrap is an assertion"
)]
#![expect(
    unreachable_pub,
    reason = "the clock is public where it lives; here everything belongs to the tests"
)]

#[expect(dead_code, reason = "panics on purpose have tests of their own")]
#[path = "../../../testkit/src/clock.rs"]
mod clock; // included by path: the testkit depends on crates above this one
mod gate;
mod world;

mod backlog;
mod batches;
mod claims;
mod large;
mod late;
mod once;
mod repeats;
