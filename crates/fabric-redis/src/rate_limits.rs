//! The engine of rate limits. Time is that of the server, so all nodes agree on it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use redis::Value;
use sosik_fabric::{Decision, FabricResult, Rate, RateLimits};

use crate::ahead::Ahead;
use crate::keys::Key;
use crate::link::Link;
use crate::options::RedisOptions;
use crate::reply::{self, Failure};
use crate::scripts::RATE;

/// The script counts in microseconds.
const MINUTE_MICROS: u64 = 60_000_000;

/// Token buckets in Redis, of which this process takes some tokens in advance. They expire like timelines, not when they are full: see [`RedisOptions::expiry`].
pub struct RedisRateLimits {
    link: Arc<Link>,
    ahead: Ahead,
    expiry_seconds: u64,
}

impl RedisRateLimits {
    pub(crate) fn new(link: Arc<Link>, options: &RedisOptions) -> Self {
        Self {
            link,
            ahead: Ahead::new(),
            expiry_seconds: options.expiry_seconds(),
        }
    }

    /// Asks the shared bucket for tokens. Returns how many it gave, with the decision about the first of them.
    async fn ask(&self, key: u64, rate: Rate, how: &str, wanted: u32) -> Result<Given, Failure> {
        let session = self.link.session()?;
        let interval = interval_micros(rate);
        let depth = interval * u64::from(rate.burst.get());
        let key = Key::Rate(key);
        let decided = self.link.run(&session, key, |by| {
            let mut call = RATE.call(by, 1);
            call.arg(key).arg(interval).arg(depth);
            call.arg(self.expiry_seconds).arg(how).arg(wanted);
            call
        });
        let [tokens, number] = reply::list(decided.await?)?;
        let small = |number| u32::try_from(number).unwrap_or(u32::MAX);
        let number = count(number)?;
        Ok(match small(count(tokens)?).checked_sub(1) {
            None => Given::Nothing {
                retry_after: Duration::from_micros(number),
            },
            Some(further) => Given::Tokens {
                further,
                remaining: small(number),
            },
        })
    }
}

/// The answer of the shared bucket.
enum Given {
    /// A token for this request, and these for further requests.
    Tokens {
        further: u32,
        remaining: u32,
    },
    Nothing {
        retry_after: Duration,
    },
}

impl Given {
    const fn decision(&self) -> Decision {
        match *self {
            Self::Tokens { further, remaining } => Decision::Allowed {
                remaining: remaining.saturating_add(further),
            },
            Self::Nothing { retry_after } => Decision::Refused { retry_after },
        }
    }
}

fn count(value: Value) -> Result<u64, Failure> {
    u64::try_from(reply::int(value)?).or(Err(Failure::Unexpected("a count")))
}

/// Time between two tokens. At least 1, so rates above 60 million a minute are as if they were that.
fn interval_micros(rate: Rate) -> u64 {
    (MINUTE_MICROS / u64::from(rate.per_minute.get())).max(1)
}

#[async_trait]
impl RateLimits for RedisRateLimits {
    async fn take(&self, key: u64, rate: Rate, now: Duration) -> FabricResult<Decision> {
        if let Some(decision) = self.ahead.take(key, now) {
            return Ok(decision);
        }
        let given = self.ask(key, rate, "take", Ahead::wanted(rate)).await?;
        if let Given::Tokens { further, remaining } = given {
            self.ahead.keep(key, further, remaining, now);
        }
        Ok(given.decision())
    }

    async fn peek(&self, key: u64, rate: Rate, now: Duration) -> FabricResult<Decision> {
        if let Some(decision) = self.ahead.peek(key, now) {
            return Ok(decision);
        }
        Ok(self.ask(key, rate, "peek", 1).await?.decision())
    }

    /// Redis expires keys by itself.
    fn prune(&self, _now: Duration) {}
}
