//! The contract suites: the required behaviour of every engine, as tests. Behind the feature `suite`.
//!
//! There is one suite for each contract. One line runs it on an engine that the caller opens:
//!
//! ```ignore
//! async fn open() -> Arc<dyn RateLimits> { /* an engine */ }
//! sosik_fabric::rate_limits_suite!(open);
//! ```
//!
//! The engine may be shared and need not be empty: every behaviour uses ids of its own (see [`unique`]).
//!
//! To add a behaviour, add an `async fn` named as a sentence, and its line in the macro of its suite. A test of this
//! crate finds those without a line.

#![expect(missing_docs, reason = "tests are named as sentences of behaviour")]
#![expect(clippy::unwrap_used, reason = "tests")]

pub mod peers;
pub mod rate_limits;

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Numbers that one call of [`unique`] reserves: more than a behaviour has readers, stories or keys.
const RESERVED: u64 = 1 << 20;

/// A number that starts a range of 1,048,576 numbers which no other behaviour uses, in this run or in an earlier one.
pub fn unique() -> u64 {
    static NEXT: LazyLock<AtomicU64> = LazyLock::new(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        AtomicU64::new((u64::try_from(now.as_nanos()).unwrap() / RESERVED) * RESERVED)
    });
    NEXT.fetch_add(RESERVED, Ordering::Relaxed)
}

/// Expands to one test for every behaviour of a suite.
#[macro_export]
macro_rules! suite_tests {
    ($open:ident, $suite:ident { $($behaviour:ident,)* }) => {
        mod $suite {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $behaviour() {
                    $crate::suite::$suite::$behaviour(super::$open().await).await;
                }
            )*
        }
    };
}

/// Runs the suite of [`Peers`](crate::Peers). Takes an `async fn() -> (Arc<dyn Peers>, Arc<dyn Peers>)`: two nodes of
/// one cluster that has no other node.
#[macro_export]
macro_rules! peers_suite {
    ($open:ident) => {
        $crate::suite_tests! { $open, peers {
            telling_returns_after_the_change_is_applied,
            a_change_that_is_not_applied_is_an_error_for_its_sender,
            an_update_waits_for_nobody,
            notices_of_one_sender_arrive_in_their_order,
            nobody_hears_themselves,
        } }
    };
}

/// Runs the suite of [`RateLimits`](crate::RateLimits). Takes an `async fn() -> Arc<dyn RateLimits>`.
#[macro_export]
macro_rules! rate_limits_suite {
    ($open:ident) => {
        $crate::suite_tests! { $open, rate_limits {
            a_burst_is_allowed_and_then_the_time_to_wait_is_returned,
            every_key_has_its_own_bucket,
            a_look_takes_nothing,
            after_the_returned_time_a_request_is_allowed,
            of_many_at_once_no_more_than_the_burst_are_allowed,
            pruning_forgives_nothing,
        } }
    };
}
