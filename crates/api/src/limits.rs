//! Rate limits: a bucket for each kind of request and each person, address or handle.
//!
//! The engine holds the buckets. It may be shared by nodes, so it may fail: then the request is allowed and the error
//! is counted. Nothing else about a request depends on these limits.

use std::sync::Arc;

use sosik_fabric::{Decision, FabricError, Rate, RateLimits};
use sosik_service::Clock;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use crate::extract::{RateState, RequestContext};
use crate::problem::{Problem, RateExceeded, seconds_up};
use crate::settings::Rates;

/// The engine with the buckets, and the clock.
#[derive(Clone)]
pub(crate) struct Buckets {
    pub(crate) engine: Arc<dyn RateLimits>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// The limit of one kind of request.
pub(crate) struct Limiter {
    kind: &'static str,
    rate: Rate,
    /// Part of every key, so that two kinds share no bucket.
    salt: u64,
    buckets: Buckets,
}

/// The rate limits of all kinds.
pub(crate) struct Limits {
    buckets: Buckets,
    pub(crate) sign_ups_per_address: Limiter,
    pub(crate) sign_ups_per_network: Limiter,
    pub(crate) handle_checks_per_address: Limiter,
    pub(crate) log_ins_per_address: Limiter,
    pub(crate) log_ins_per_handle: Limiter,
    pub(crate) log_ins_per_known_device: Limiter,
    pub(crate) unknown_tokens: Limiter,
    pub(crate) invitations_tried: Limiter,
    pub(crate) strangers: Limiter,
    pub(crate) stranger_files: Limiter,
    stories: Limiter,
    comments: Limiter,
    likes: Limiter,
    saves: Limiter,
    uploads: Limiter,
    appends: Limiter,
    friend_requests: Limiter,
    relations: Limiter,
    invitations: Limiter,
    deletions: Limiter,
    profiles: Limiter,
    marks: Limiter,
    searches: Limiter,
    reads: Limiter,
}

/// A kind of request with its own rate limit.
pub(crate) trait Kind {
    /// Its buckets.
    fn limiter(limits: &Limits) -> &Limiter;
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident: $field:ident;)*) => {$(
        $(#[$doc])*
        pub(crate) struct $name;

        impl Kind for $name {
            fn limiter(limits: &Limits) -> &Limiter {
                &limits.$field
            }
        }
    )*};
}

kinds! {
    /// Posting and editing stories.
    Posting: stories;
    /// Writing and editing comments.
    Commenting: comments;
    /// Likes and unlikes.
    Liking: likes;
    /// Saving stories and removing saved ones.
    Saving: saves;
    /// Uploading photos.
    Uploading: uploads;
    /// Requests that append to uploads. They have their own limit, because clients may split a file into many requests.
    Appending: appends;
    /// Sending friend requests.
    AskingFriends: friend_requests;
    /// Changes of relations, except sending friend requests.
    Relating: relations;
    /// Making invitations.
    Inviting: invitations;
    /// Deleting stories and comments, and ending sessions. Each is a write of the store.
    Deleting: deletions;
    /// Changes of one's own profile.
    ChangingProfile: profiles;
    /// Moving the read position of the feed or of the notifications.
    Marking: marks;
    /// Searching people.
    Searching: searches;
    /// Everything else.
    Reading: reads;
}

impl Limits {
    pub(crate) fn new(rates: &Rates, buckets: Buckets) -> Self {
        let limiter = |kind: &'static str, rate: Rate| Limiter {
            kind,
            rate,
            salt: xxh3_64(kind.as_bytes()),
            buckets: buckets.clone(),
        };
        Self {
            sign_ups_per_address: limiter("sign_ups", rates.sign_ups_per_address),
            sign_ups_per_network: limiter("sign_ups_in", rates.sign_ups_per_network),
            handle_checks_per_address: limiter("handle_checks", rates.handle_checks_per_address),
            log_ins_per_address: limiter("log_ins_from", rates.log_ins_per_address),
            log_ins_per_handle: limiter("log_ins_to", rates.log_ins_per_handle),
            log_ins_per_known_device: limiter("log_ins_by", rates.log_ins_per_known_device),
            unknown_tokens: limiter("unknown_tokens", rates.unknown_tokens_per_address),
            strangers: limiter("strangers", rates.stranger_reads_per_address),
            stranger_files: limiter("stranger_files", rates.stranger_files_per_address),
            stories: limiter("stories", rates.stories_per_person),
            comments: limiter("comments", rates.comments_per_person),
            likes: limiter("likes", rates.likes_per_person),
            saves: limiter("saves", rates.likes_per_person),
            uploads: limiter("uploads", rates.uploads_per_person),
            appends: limiter("appends", rates.appends_per_person),
            friend_requests: limiter("friend_requests", rates.friend_requests_per_person),
            invitations_tried: limiter("invitations_tried", rates.invitations_tried_per_address),
            invitations: limiter("invitations", rates.invitations_per_person),
            relations: limiter("relations", rates.relation_writes_per_person),
            deletions: limiter("deletions", rates.relation_writes_per_person),
            profiles: limiter("profiles", rates.profile_writes_per_person),
            marks: limiter("marks", rates.read_marks_per_person),
            searches: limiter("searches", rates.searches_per_person),
            reads: limiter("reads", rates.reads_per_person),
            buckets,
        }
    }

    /// Removes full buckets of this node. Call it periodically.
    pub(crate) fn prune(&self) {
        let Buckets { engine, clock } = &self.buckets;
        engine.prune(clock.monotonic());
    }
}

impl Limiter {
    /// Takes one token from the bucket of `key` and records its state.
    ///
    /// # Errors
    /// `TooManyRequests` if the bucket is empty.
    pub(crate) async fn take(
        &self,
        key: u64,
        context: Option<&RequestContext>,
    ) -> Result<(), Problem> {
        let Buckets { engine, clock } = &self.buckets;
        let answer = engine.take(self.salted(key), self.rate, clock.monotonic());
        let Some(decision) = answer.await.map_err(count_error).ok() else {
            return Ok(());
        };
        if let Some(context) = context {
            context.set_rate(self.state_after(decision));
        }
        if let Decision::Refused { .. } = decision {
            metrics::counter!("sosik_rate_limited_total", "kind" => self.kind).increment(1);
        }
        allowed(decision)
    }

    /// Whether the bucket of `key` has a token.
    ///
    /// # Errors
    /// `TooManyRequests` if it is empty.
    pub(crate) async fn check(&self, key: u64) -> Result<(), Problem> {
        let Buckets { engine, clock } = &self.buckets;
        let answer = engine.peek(self.salted(key), self.rate, clock.monotonic());
        answer.await.map_err(count_error).map_or(Ok(()), allowed)
    }

    fn salted(&self, key: u64) -> u64 {
        xxh3_64_with_seed(&key.to_le_bytes(), self.salt)
    }

    fn state_after(&self, decision: Decision) -> RateState {
        let (remaining, reset_seconds) = match decision {
            Decision::Allowed { remaining } => (remaining, seconds_to_fill(self.rate, remaining)),
            Decision::Refused { retry_after } => (0, seconds_up(retry_after)),
        };
        RateState {
            limit: self.rate.burst.get(),
            remaining,
            reset_seconds,
        }
    }
}

fn allowed(decision: Decision) -> Result<(), Problem> {
    match decision {
        Decision::Allowed { .. } => Ok(()),
        Decision::Refused { retry_after } => {
            Err(Problem::TooManyRequests(RateExceeded { retry_after }))
        }
    }
}

/// Every request calls the engine, which may be down for long, so its errors are counted and not logged.
fn count_error(_error: FabricError) {
    metrics::counter!("sosik_fabric_errors_total", "call" => "rates").increment(1);
}

fn seconds_to_fill(rate: Rate, remaining: u32) -> u64 {
    let missing = u64::from(rate.burst.get().saturating_sub(remaining));
    (missing * 60).div_ceil(u64::from(rate.per_minute.get()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use async_trait::async_trait;
    use sosik_fabric::FabricResult;
    use sosik_fabric::memory::MemoryRateLimits;
    use sosik_service::SystemClock;

    use super::*;

    fn limits(engine: impl RateLimits) -> Limits {
        let buckets = Buckets {
            engine: Arc::new(engine),
            clock: Arc::new(SystemClock),
        };
        Limits::new(&Rates::all(1, 1), buckets)
    }

    #[tokio::test]
    async fn an_empty_bucket_tells_when_to_come_back() {
        let limits = limits(MemoryRateLimits::default());
        let limiter = Posting::limiter(&limits);
        assert!(limiter.check(7).await.is_ok(), "and takes nothing");
        assert!(limiter.take(7, None).await.is_ok());
        for problem in [limiter.take(7, None).await, limiter.check(7).await] {
            let problem = problem.unwrap_err();
            assert_eq!(problem.status_and_code().1, "too_many_requests");
            let after = problem.retry_after().unwrap();
            assert!(after <= Duration::from_secs(60), "{after:?}");
        }
        assert!(
            Commenting::limiter(&limits).take(7, None).await.is_ok(),
            "another kind has its own bucket"
        );
        assert!(limiter.take(8, None).await.is_ok(), "another person, too");
    }

    /// An engine that does not respond.
    struct Down;

    #[async_trait]
    impl RateLimits for Down {
        async fn take(&self, _: u64, _: Rate, _: Duration) -> FabricResult<Decision> {
            Err(FabricError("down".into()))
        }

        async fn peek(&self, _: u64, _: Rate, _: Duration) -> FabricResult<Decision> {
            Err(FabricError("down".into()))
        }

        fn prune(&self, _: Duration) {}
    }

    #[tokio::test]
    async fn an_engine_that_fails_allows_every_request() {
        let limits = limits(Down);
        for _ in 0..3 {
            assert!(limits.sign_ups_per_address.take(7, None).await.is_ok());
            assert!(limits.unknown_tokens.check(7).await.is_ok());
        }
    }
}
