//! The behaviour of every engine of [`RateLimits`].

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::unique;
use crate::rate_limits::{Decision, Rate, RateLimits};

type Limits = Arc<dyn RateLimits>;

/// The times of one behaviour. An engine with its own clock sees real time, so the caller's time is real, too.
struct Caller {
    limits: Limits,
    key: u64,
    begun: Instant,
}

impl Caller {
    fn new(limits: Limits) -> Self {
        Self {
            limits,
            key: unique(),
            begun: Instant::now(),
        }
    }

    async fn take(&self, rate: Rate) -> Decision {
        let now = self.begun.elapsed();
        self.limits.take(self.key, rate, now).await.unwrap()
    }

    async fn peek(&self, rate: Rate) -> Decision {
        let now = self.begun.elapsed();
        self.limits.peek(self.key, rate, now).await.unwrap()
    }
}

fn rate(per_minute: u32, burst: u32) -> Rate {
    Rate {
        per_minute: NonZeroU32::new(per_minute).unwrap(),
        burst: NonZeroU32::new(burst).unwrap(),
    }
}

/// One token a minute: none comes back while a behaviour runs.
fn slow(burst: u32) -> Rate {
    rate(1, burst)
}

const fn allowed(remaining: u32) -> Decision {
    Decision::Allowed { remaining }
}

#[track_caller]
fn wait_of(decision: Decision) -> Duration {
    let Decision::Refused { retry_after } = decision else {
        panic!("allowed: {decision:?}")
    };
    retry_after
}

pub async fn a_burst_is_allowed_and_then_the_time_to_wait_is_returned(limits: Limits) {
    let caller = Caller::new(limits);
    assert_eq!(caller.take(slow(2)).await, allowed(1));
    assert_eq!(caller.take(slow(2)).await, allowed(0));
    let wait = wait_of(caller.take(slow(2)).await);
    assert!(
        wait > Duration::ZERO && wait <= Duration::from_secs(60),
        "{wait:?}"
    );
}

pub async fn every_key_has_its_own_bucket(limits: Limits) {
    let one = Caller::new(Arc::clone(&limits));
    let other = Caller::new(limits);
    assert_eq!(one.take(slow(1)).await, allowed(0));
    assert_eq!(other.take(slow(1)).await, allowed(0));
}

pub async fn a_look_takes_nothing(limits: Limits) {
    let caller = Caller::new(limits);
    assert_eq!(caller.peek(slow(1)).await, allowed(0));
    assert_eq!(caller.peek(slow(1)).await, allowed(0));
    assert_eq!(caller.take(slow(1)).await, allowed(0));
    wait_of(caller.peek(slow(1)).await);
}

pub async fn after_the_returned_time_a_request_is_allowed(limits: Limits) {
    let caller = Caller::new(limits);
    let twenty_a_second = rate(1_200, 1);
    assert_eq!(caller.take(twenty_a_second).await, allowed(0));
    let wait = match caller.take(twenty_a_second).await {
        Decision::Refused { retry_after } => retry_after,
        Decision::Allowed { .. } => return, // the machine was slower than the rate
    };
    assert!(wait <= Duration::from_millis(50), "{wait:?}");
    tokio::time::sleep(wait).await;
    assert_eq!(caller.take(twenty_a_second).await, allowed(0));
}

pub async fn of_many_at_once_no_more_than_the_burst_are_allowed(limits: Limits) {
    let caller = Arc::new(Caller::new(limits));
    let takes = (0..50).map(|_| {
        let caller = Arc::clone(&caller);
        tokio::spawn(async move { caller.take(slow(10)).await })
    });
    let mut taken = 0;
    for take in takes.collect::<Vec<_>>() {
        taken += usize::from(matches!(take.await.unwrap(), Decision::Allowed { .. }));
    }
    assert_eq!(taken, 10);
}

pub async fn pruning_forgives_nothing(limits: Limits) {
    let caller = Caller::new(limits);
    assert_eq!(caller.take(slow(1)).await, allowed(0));
    caller.limits.prune(caller.begun.elapsed());
    wait_of(caller.take(slow(1)).await);
}
