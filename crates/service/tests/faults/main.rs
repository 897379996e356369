//! Behaviour when parts fail: the fabric, the clock, a background task.

#![expect(clippy::unwrap_used, reason = "in a test an unwrap is an assertion")]

#[path = "../common/mod.rs"]
mod common;

mod reads;
mod rebuilds;
mod schedules;
mod tasks;
mod writes;

use common::{World, newer};
use sosik_fabric::failing::Fault;
use sosik_feed::PersonId;
use sosik_service::feeds::FeedStart;

/// Faults that end a call with an error.
const ERRORS: [Fault; 2] = [Fault::Error, Fault::LostAnswer];

/// Whether the reader is served from a timeline, not from the store.
async fn has_timeline(world: &World, reader: PersonId) -> bool {
    match newer(&world.read(reader, FeedStart::Top, 5).await) {
        FeedStart::Newer(seen) => seen.incarnation != 0,
        FeedStart::Top | FeedStart::Below(_) => {
            unreachable!("a first page has a cursor for newer stories")
        }
    }
}
