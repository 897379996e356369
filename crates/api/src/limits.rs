//! Rate limits: a bucket for each kind of request and each person, address or handle.

use sosik_fabric::rates::{Buckets, Decision, Rate};

use crate::extract::{RateState, RequestContext};
use crate::problem::{Problem, RateExceeded, seconds_up};
use crate::settings::Rates;

/// The buckets of one kind.
pub(crate) struct Limiter {
    kind: &'static str,
    buckets: Buckets,
}

/// The rate limits of all kinds.
pub(crate) struct Limits {
    pub(crate) sign_ups_per_address: Limiter,
    pub(crate) sign_ups_per_network: Limiter,
    pub(crate) log_ins_per_address: Limiter,
    pub(crate) log_ins_per_handle: Limiter,
    pub(crate) log_ins_per_known_device: Limiter,
    stories: Limiter,
    comments: Limiter,
    likes: Limiter,
    friend_requests: Limiter,
    relations: Limiter,
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
    /// Sending friend requests.
    AskingFriends: friend_requests;
    /// Changes of relations except friend requests.
    Relating: relations;
    /// Changes of one's own profile.
    ChangingProfile: profiles;
    /// Moving the read position.
    Marking: marks;
    /// Searching people.
    Searching: searches;
    /// Everything else.
    Reading: reads;
}

impl Limits {
    pub(crate) fn new(rates: &Rates) -> Self {
        let limiter = |kind, rate: Rate| Limiter {
            kind,
            buckets: Buckets::new(rate),
        };
        Self {
            sign_ups_per_address: limiter("sign_ups", rates.sign_ups_per_address),
            sign_ups_per_network: limiter("sign_ups_in", rates.sign_ups_per_network),
            log_ins_per_address: limiter("log_ins_from", rates.log_ins_per_address),
            log_ins_per_handle: limiter("log_ins_to", rates.log_ins_per_handle),
            log_ins_per_known_device: limiter("log_ins_by", rates.log_ins_per_known_device),
            stories: limiter("stories", rates.stories_per_person),
            comments: limiter("comments", rates.comments_per_person),
            likes: limiter("likes", rates.likes_per_person),
            friend_requests: limiter("friend_requests", rates.friend_requests_per_person),
            relations: limiter("relations", rates.relation_writes_per_person),
            profiles: limiter("profiles", rates.profile_writes_per_person),
            marks: limiter("marks", rates.read_marks_per_person),
            searches: limiter("searches", rates.searches_per_person),
            reads: limiter("reads", rates.reads_per_person),
        }
    }

    /// Removes full buckets. Call it periodically.
    pub(crate) fn prune(&self) {
        let Self {
            sign_ups_per_address,
            sign_ups_per_network,
            log_ins_per_address,
            log_ins_per_handle,
            log_ins_per_known_device,
            stories,
            comments,
            likes,
            friend_requests,
            relations,
            profiles,
            marks,
            searches,
            reads,
        } = self;
        for limiter in [
            sign_ups_per_address,
            sign_ups_per_network,
            log_ins_per_address,
            log_ins_per_handle,
            log_ins_per_known_device,
            stories,
            comments,
            likes,
            friend_requests,
            relations,
            profiles,
            marks,
            searches,
            reads,
        ] {
            limiter.buckets.prune();
        }
    }
}

impl Limiter {
    /// Takes one token from the bucket of `key` and records its state.
    ///
    /// # Errors
    /// `TooManyRequests` if the bucket is empty.
    pub(crate) fn take(&self, key: u64, context: Option<&RequestContext>) -> Result<(), Problem> {
        let rate = self.buckets.rate();
        let (remaining, reset_seconds, outcome) = match self.buckets.take(key) {
            Decision::Allowed { remaining } => {
                (remaining, seconds_to_fill(rate, remaining), Ok(()))
            }
            Decision::Refused { retry_after } => {
                metrics::counter!("sosik_rate_limited_total", "kind" => self.kind).increment(1);
                let refused = Problem::TooManyRequests(RateExceeded { retry_after });
                (0, seconds_up(retry_after), Err(refused))
            }
        };
        if let Some(context) = context {
            context.set_rate(RateState {
                limit: rate.burst.get(),
                remaining,
                reset_seconds,
            });
        }
        outcome
    }
}

fn seconds_to_fill(rate: Rate, remaining: u32) -> u64 {
    let missing = u64::from(rate.burst.get().saturating_sub(remaining));
    (missing * 60).div_ceil(u64::from(rate.per_minute.get()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_empties_a_bucket_is_told_when_to_come_back() {
        let limits = Limits::new(&Rates::all(1, 1));
        let limiter = Posting::limiter(&limits);
        assert!(limiter.take(7, None).is_ok());
        let problem = limiter.take(7, None).unwrap_err();
        assert_eq!(problem.status_and_code().1, "too_many_requests");
        assert!(
            problem
                .retry_after()
                .is_some_and(|after| after.as_secs() <= 60)
        );
        assert!(
            Commenting::limiter(&limits).take(7, None).is_ok(),
            "another kind has its own bucket"
        );
    }
}
