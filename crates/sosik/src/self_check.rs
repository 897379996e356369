//! The self-check of a running node: periodically compares pages of feeds with the truth.
//!
//! Each run compares a bounded number of pages and remembers where it stopped, so its cost does not grow with the
//! length of a feed. Readers take turns from a random start, so that everybody is checked in time and two nodes that
//! start together check different readers. Differences are exported as metrics and logged as errors: each one is a
//! broken promise.

use std::time::Duration;

use sosik_feed::{PersonId, StoryId};
use sosik_service::verifier::PageComparison;
use sosik_service::{Service, ServiceResult};
use tokio::time::{MissedTickBehavior, interval};

use crate::config::Verify;
use crate::random::random_u64;

/// Starts checking in the background until the service stops.
pub fn spawn(service: &Service, verify: &Verify) {
    describe();
    let (every, pages) = (verify.every, verify.pages);
    let checked = service.clone();
    service.supervise("self_check", move || {
        check_until_stopped(checked.clone(), every, pages)
    });
}

fn describe() {
    let counters = [
        (
            "sosik_verify_readers_total",
            "feeds compared with the truth to the end",
        ),
        (
            "sosik_verify_pages_total",
            "pages of feeds compared with the truth",
        ),
        (
            "sosik_verify_differences_total",
            "stories missing, leaked or out of order in them",
        ),
        (
            "sosik_verify_failures_total",
            "pages that could not be compared",
        ),
    ];
    for (name, what) in counters {
        metrics::describe_counter!(name, what);
        metrics::counter!(name).absolute(0);
    }
}

async fn check_until_stopped(service: Service, every: Duration, pages: usize) {
    let mut tick = interval(every);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut position = None;
    loop {
        tokio::select! {
            () = service.stopping().cancelled() => return,
            _ = tick.tick() => {}
        }
        tokio::select! {
            () = service.stopping().cancelled() => return,
            checked = check(&service, &mut position, pages) => {
                // The store does not answer. The code that serves people logs that as an error.
                if let Err(error) = checked {
                    tracing::warn!(%error, "the self-check could not list readers");
                }
            }
        }
    }
}

/// The position at which the check continues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Position {
    reader: PersonId,
    /// The next page is below this story. `None` if the reader's feed is finished.
    below: Option<StoryId>,
}

/// Compares the pages that follow the position.
async fn check(
    service: &Service,
    position: &mut Option<Position>,
    pages: usize,
) -> ServiceResult<()> {
    for _ in 0..pages {
        let (reader, below) = match *position {
            Some(Position {
                reader,
                below: Some(below),
            }) => (reader, Some(below)),
            done => match next_reader(service, done.map(|done| done.reader)).await? {
                Some(reader) => (reader, None),
                None => return Ok(()),
            },
        };
        let below = check_page(service, reader, below).await;
        *position = Some(Position { reader, below });
    }
    Ok(())
}

/// The reader after this one, or a random reader at the start. `None` if there are no people.
async fn next_reader(
    service: &Service,
    after: Option<PersonId>,
) -> ServiceResult<Option<PersonId>> {
    let from = match after {
        Some(after) => after,
        None => anywhere(service).await?,
    };
    let store = service.store();
    Ok(match store.people_after(from, 1).await?.pop() {
        Some(reader) => Some(reader),
        None => store.people_after(PersonId::default(), 1).await?.pop(),
    })
}

/// Compares a page and returns the position of the next one. If it cannot be compared, the rest of this feed is
/// skipped.
async fn check_page(
    service: &Service,
    reader: PersonId,
    below: Option<StoryId>,
) -> Option<StoryId> {
    match service.verifier().check_page(reader, below).await {
        Ok(page) => {
            report(reader, &page);
            page.below
        }
        Err(error) => {
            metrics::counter!("sosik_verify_failures_total").increment(1);
            tracing::warn!(person.id = %reader, %error, "a feed could not be compared with the truth");
            None
        }
    }
}

fn report(reader: PersonId, page: &PageComparison) {
    metrics::counter!("sosik_verify_pages_total").increment(1);
    if page.below.is_none() {
        metrics::counter!("sosik_verify_readers_total").increment(1);
    }
    metrics::counter!("sosik_verify_differences_total").increment(page.differences.len() as u64);
    for difference in &page.differences {
        tracing::error!(person.id = %reader, %difference, "a feed differs from the truth");
    }
}

/// A random position between the first person and now, or the first person without a random source. Ids sort by time.
async fn anywhere(service: &Service) -> ServiceResult<PersonId> {
    let Some(first) = service
        .store()
        .people_after(PersonId::default(), 1)
        .await?
        .pop()
    else {
        return Ok(PersonId::default());
    };
    let now = service.newest_possible().as_u64();
    let span = now.saturating_sub(first.as_u64()).max(1);
    let chance = random_u64().unwrap_or_default();
    Ok(PersonId::from_u64(
        (first.as_u64() - 1).saturating_add(chance % span),
    ))
}
