//! Behaviour when parts fail: the fabric, the clock, a background task.

#![expect(clippy::unwrap_used, reason = "in a test an unwrap is an assertion")]

#[path = "../common/mod.rs"]
mod common;

mod invitations;
mod reads;
mod rebuilds;
mod schedules;
mod strangers;
mod suggestions;
mod tasks;
mod writes;

use common::{World, newer};
use sosik_decorators::{CALLS, Fault};
use sosik_feed::PersonId;
use sosik_service::feeds::FeedStart;

/// Faults that end a call with an error.
const ERRORS: [Fault; 2] = [Fault::Error, Fault::LostAnswer];

/// The calls whose failure nobody notices. The others are a stream that cannot be opened, and the delivery queue.
fn calls() -> impl Iterator<Item = &'static str> {
    let of_timelines = CALLS.iter().copied();
    let of_timelines = of_timelines.filter(|call| call.starts_with("Timelines::"));
    of_timelines.chain([
        "LargeAuthorLog::append",
        "LargeAuthorLog::catch_up",
        "WakeUps::wake",
    ])
}

/// Every one of these calls fails until the faults are lifted.
fn fail_everything(world: &World, fault: Fault) {
    calls().for_each(|call| world.faults.always(call, fault));
}

/// Whether the reader is served from a timeline, not from the store.
async fn has_timeline(world: &World, reader: PersonId) -> bool {
    match newer(&world.read(reader, FeedStart::Top, 5).await) {
        FeedStart::Newer(seen) => seen.incarnation != 0,
        FeedStart::Top | FeedStart::Older(_) => {
            unreachable!("a first page has a cursor for newer stories")
        }
    }
}
