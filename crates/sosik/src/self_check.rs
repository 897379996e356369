//! The self-check of a running node: feeds of a few readers, compared with the truth, again and again.
//!
//! The readers come round in turn, from a random start, so that everybody is looked at in time and two nodes that start
//! together do not look at the same ones. What is found is exported as metrics and logged as an error: a difference is a
//! broken promise, whatever else looks healthy.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use sosik_feed::PersonId;
use sosik_service::{Service, ServiceResult};
use tokio::time::{MissedTickBehavior, interval};

use crate::config::Verify;

/// Starts checking in the background until the service stops.
pub fn spawn(service: &Service, verify: &Verify) {
    metrics::describe_counter!(
        "sosik_verify_readers_total",
        "feeds compared with the truth"
    );
    metrics::describe_counter!(
        "sosik_verify_differences_total",
        "stories missing, leaked or out of order in them"
    );
    metrics::describe_counter!(
        "sosik_verify_failures_total",
        "feeds that could not be compared"
    );
    metrics::counter!("sosik_verify_readers_total").absolute(0);
    metrics::counter!("sosik_verify_differences_total").absolute(0);
    metrics::counter!("sosik_verify_failures_total").absolute(0);
    let sample = u32::try_from(verify.sample_readers).unwrap_or(u32::MAX);
    let (checked, every) = (service.clone(), verify.every());
    service.supervise("self_check", move || {
        check_until_stopped(checked.clone(), every, sample)
    });
}

async fn check_until_stopped(service: Service, every: Duration, sample: u32) {
    let mut tick = interval(every);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut after = None;
    loop {
        tokio::select! {
            () = service.stopping().cancelled() => return,
            _ = tick.tick() => {}
        }
        tokio::select! {
            () = service.stopping().cancelled() => return,
            checked = check(&service, &mut after, sample) => {
                // The store does not answer: what serves people says so louder.
                if let Err(error) = checked {
                    tracing::warn!(%error, "the self-check could not list readers");
                }
            }
        }
    }
}

/// Checks the next readers behind `after`.
async fn check(service: &Service, after: &mut Option<PersonId>, sample: u32) -> ServiceResult<()> {
    let from = match *after {
        Some(after) => after,
        None => anywhere(service).await?,
    };
    let mut readers = service.store().everybody(from, sample).await?;
    if readers.is_empty() && from != PersonId::default() {
        readers = service
            .store()
            .everybody(PersonId::default(), sample)
            .await?;
    }
    for reader in readers {
        *after = Some(reader);
        check_reader(service, reader).await;
    }
    Ok(())
}

async fn check_reader(service: &Service, reader: PersonId) {
    match service.verify(reader).await {
        Ok(comparison) => {
            metrics::counter!("sosik_verify_readers_total").increment(1);
            metrics::counter!("sosik_verify_differences_total")
                .increment(comparison.differences.len() as u64);
            for difference in comparison.differences {
                tracing::error!(person.id = %reader, %difference, "a feed is not what it should be");
            }
        }
        Err(error) => {
            metrics::counter!("sosik_verify_failures_total").increment(1);
            tracing::warn!(person.id = %reader, %error, "a feed could not be compared with the truth");
        }
    }
}

/// A random place between the first person and now; ids sort by time.
async fn anywhere(service: &Service) -> ServiceResult<PersonId> {
    let Some(first) = service
        .store()
        .everybody(PersonId::default(), 1)
        .await?
        .pop()
    else {
        return Ok(PersonId::default());
    };
    let now = service.next_id().await?.as_u64();
    let span = now.saturating_sub(first.as_u64()).max(1);
    let chance = RandomState::new().hash_one("the first reader to check");
    Ok(PersonId::from_u64(
        (first.as_u64() - 1).saturating_add(chance % span),
    ))
}
