//! The engine of rate limits. Time is that of the server, so all nodes agree on it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sosik_fabric::{Decision, FabricResult, Rate, RateLimits};

use crate::keys::Key;
use crate::link::Link;
use crate::options::RedisOptions;
use crate::reply::{self, Failure};
use crate::scripts::RATE;

/// The script counts in microseconds.
const MINUTE_MICROS: u64 = 60_000_000;

/// Token buckets in Redis. They expire like timelines, not when they are full: see [`RedisOptions::expiry`].
pub struct RedisRateLimits {
    link: Arc<Link>,
    expiry_seconds: u64,
}

impl RedisRateLimits {
    pub(crate) fn new(link: Arc<Link>, options: &RedisOptions) -> Self {
        Self {
            link,
            expiry_seconds: options.expiry_seconds(),
        }
    }

    async fn decide(&self, key: u64, rate: Rate, how: &str) -> Result<Decision, Failure> {
        let session = self.link.session()?;
        let interval = interval_micros(rate);
        let depth = interval * u64::from(rate.burst.get());
        let key = Key::Rate(key);
        let decided = self.link.run(&session, key, |by| {
            let mut call = RATE.call(by, 1);
            call.arg(key).arg(interval).arg(depth);
            call.arg(self.expiry_seconds).arg(how);
            call
        });
        let [allowed, number] = reply::list(decided.await?)?;
        let number = u64::try_from(reply::int(number)?).or(Err(Failure::Unexpected("a count")))?;
        Ok(match reply::int(allowed)? {
            0 => Decision::Refused {
                retry_after: Duration::from_micros(number),
            },
            _ => Decision::Allowed {
                remaining: u32::try_from(number).unwrap_or(u32::MAX),
            },
        })
    }
}

/// Time between two tokens. At least 1, so rates above 60 million a minute are as if they were that.
fn interval_micros(rate: Rate) -> u64 {
    (MINUTE_MICROS / u64::from(rate.per_minute.get())).max(1)
}

#[async_trait]
impl RateLimits for RedisRateLimits {
    async fn take(&self, key: u64, rate: Rate, _now: Duration) -> FabricResult<Decision> {
        Ok(self.decide(key, rate, "take").await?)
    }

    async fn peek(&self, key: u64, rate: Rate, _now: Duration) -> FabricResult<Decision> {
        Ok(self.decide(key, rate, "peek").await?)
    }

    /// Redis expires keys by itself.
    fn prune(&self, _now: Duration) {}
}
