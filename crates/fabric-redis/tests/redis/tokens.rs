//! Tokens of large buckets are taken in advance, and never more than the bucket holds.

use std::num::NonZeroU32;
use std::time::Duration;

use sosik_fabric::{Decision, Rate, RateLimits};
use sosik_servers::Redis;

use crate::common::{ask, open, options};

/// One token a minute: none comes back while a test runs.
fn burst(tokens: u32) -> Rate {
    Rate {
        per_minute: NonZeroU32::MIN,
        burst: NonZeroU32::new(tokens).unwrap(),
    }
}

async fn take(limits: &dyn RateLimits, rate: Rate) -> Decision {
    limits.take(7, rate, Duration::ZERO).await.unwrap()
}

/// The number of scripts that the server has run.
async fn scripts(url: &str) -> u64 {
    let info: String = ask(url, &["INFO", "commandstats"]).await.unwrap();
    let calls = info
        .split_once("cmdstat_evalsha:calls=")
        .map_or("0", |(_, rest)| rest);
    calls
        .split_once(',')
        .map_or(0, |(calls, _)| calls.parse().unwrap())
}

#[tokio::test]
async fn one_call_serves_many_requests_and_each_of_them_is_counted() {
    let server = Redis::start(&[]).unwrap();
    let limits = open(options(server.url())).await.rate_limits();
    assert_eq!(
        take(&limits, burst(6_400)).await,
        Decision::Allowed { remaining: 6_399 }
    );
    let before = scripts(&server.url()).await;
    for used in 2..=64 {
        let looked = limits.peek(7, burst(6_400), Duration::ZERO).await.unwrap();
        let remaining = 6_400 - used;
        assert_eq!(looked, Decision::Allowed { remaining });
        assert_eq!(
            take(&limits, burst(6_400)).await,
            Decision::Allowed { remaining }
        );
    }
    assert_eq!(scripts(&server.url()).await, before, "without a call");
    let remaining = 6_400 - 65;
    assert_eq!(
        take(&limits, burst(6_400)).await,
        Decision::Allowed { remaining }
    );
    assert_eq!(scripts(&server.url()).await, before + 1);
}

#[tokio::test]
async fn processes_together_allow_exactly_the_burst() {
    let server = Redis::start(&[]).unwrap();
    let processes = [
        open(options(server.url())).await.rate_limits(),
        open(options(server.url())).await.rate_limits(),
    ];
    let mut allowed = 0;
    for limits in processes.iter().cycle().take(2_000) {
        let decision = take(limits, burst(645)).await;
        allowed += u32::from(matches!(decision, Decision::Allowed { .. }));
    }
    assert_eq!(allowed, 645);
}
