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
#![expect(
    clippy::disallowed_methods,
    reason = "an engine that nodes share has a clock of its own, so real time has to pass"
)]

pub mod active_people;
pub mod delivery_queue;
pub mod delivery_queue_nodes;
pub mod log;
pub mod log_nodes;
pub mod peers;
pub mod rate_limits;
pub mod shared_cache;
pub mod timelines;
pub mod wake_ups;
pub mod wake_ups_nodes;

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
            a_node_that_did_not_apply_a_change_is_reported_to_its_sender,
            many_changes_at_once_are_all_confirmed,
            every_node_has_its_own_id,
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

/// Runs the suite of [`ActivePeople`](crate::ActivePeople). Takes an `async fn() -> Arc<dyn ActivePeople>` that opens an
/// empty engine.
#[macro_export]
macro_rules! active_people_suite {
    ($open:ident) => {
        $crate::suite_tests! { $open, active_people {
            a_person_counts_once_a_day,
            thirty_days_count_each_person_once_and_nobody_from_before,
            many_people_are_estimated_within_a_few_percent,
        } }
    };
}

/// Runs the suite of [`SharedCache`](crate::SharedCache). Takes an `async fn() -> Arc<dyn SharedCache>` that opens an
/// engine which nothing else uses.
#[macro_export]
macro_rules! shared_cache_suite {
    ($open:ident) => {
        $crate::suite_tests! { $open, shared_cache {
            a_value_that_was_filled_is_found,
            of_many_look_ups_at_once_one_gets_the_ticket,
            a_drop_revokes_the_ticket_of_a_fill_in_progress,
            a_dropped_value_is_not_found_and_can_be_filled_again,
            a_ticket_fills_once,
            a_value_that_is_too_large_is_not_stored,
            dropping_all_entries_revokes_every_ticket,
            a_reader_never_finds_a_value_older_than_the_last_confirmed_drop,
        } }
    };
}

/// Runs the suite of [`LargeAuthorLog`](crate::LargeAuthorLog). Takes an `async fn() -> Arc<dyn LargeAuthorLog>`.
#[macro_export]
macro_rules! log_suite {
    ($open:ident) => {
        $crate::suite_tests! { $open, log {
            entries_are_in_the_order_in_which_they_were_appended,
            after_catching_up_the_tail_has_what_was_appended_before,
            a_position_taken_before_covers_what_is_appended_after_it,
            a_story_whose_audience_widens_has_two_entries,
            who_waits_for_the_log_to_grow_is_woken,
        } }
    };
}

/// Runs the suite of [`WakeUps`](crate::WakeUps). Takes an `async fn() -> Arc<dyn WakeUps>`. No other streams may open or
/// close at the node meanwhile.
#[macro_export]
macro_rules! wake_ups_suite {
    ($open:ident) => {
        $crate::suite_tests! { $open, wake_ups {
            a_stream_is_woken_for_its_reader_only,
            signals_between_two_waits_are_merged_and_none_is_lost,
            a_wait_that_is_dropped_loses_no_signal,
            a_dropped_stream_is_gone,
            streams_of_this_node_are_woken_by_a_condition,
        } }
    };
}

/// Runs the suite of [`DeliveryQueue`](crate::DeliveryQueue). Takes an `async fn() -> Arc<dyn DeliveryQueue>` that opens
/// an empty queue with room for [`suite::delivery_queue::ORDERS_MAX`](crate::suite::delivery_queue::ORDERS_MAX) orders.
#[macro_export]
macro_rules! delivery_queue_suite {
    ($open:ident) => {
        $crate::suite_tests! { $open, delivery_queue {
            orders_and_reserved_room_never_exceed_the_maximum,
            orders_come_in_the_order_in_which_they_were_offered,
            no_batch_is_larger_than_asked_and_every_order_finds_a_worker,
            a_take_that_is_dropped_loses_no_order,
            the_oldest_order_tells_since_when_it_waits,
        } }
    };
}

/// Runs the suite of [`LargeAuthorLog`](crate::LargeAuthorLog) for several nodes. Takes an `async fn() -> (Arc<dyn
/// LargeAuthorLog>, Arc<dyn LargeAuthorLog>)`: two nodes of one cluster.
#[macro_export]
macro_rules! log_nodes_suite {
    ($open:ident) => {
        $crate::suite_tests! { $open, log_nodes {
            after_catching_up_a_node_has_what_the_other_appended,
            the_entries_of_both_have_one_order_and_one_numbering,
        } }
    };
}

/// Runs the suite of [`WakeUps`](crate::WakeUps) for several nodes. Takes an `async fn() -> (Arc<dyn WakeUps>, Arc<dyn
/// WakeUps>)`: two nodes of one cluster.
#[macro_export]
macro_rules! wake_ups_nodes_suite {
    ($open:ident) => {
        $crate::suite_tests! { $open, wake_ups_nodes {
            a_stream_is_woken_by_the_other_node_as_soon_as_it_is_registered,
            a_reader_with_streams_on_both_nodes_is_woken_on_both,
            a_reader_who_comes_back_is_woken_again,
        } }
    };
}

/// Runs the suite of [`DeliveryQueue`](crate::DeliveryQueue) for several nodes. Takes an `async fn() -> (Arc<dyn
/// DeliveryQueue>, Arc<dyn DeliveryQueue>)`: two nodes of one cluster, each with an empty queue with room for
/// [`suite::delivery_queue::ORDERS_MAX`](crate::suite::delivery_queue::ORDERS_MAX) orders.
#[macro_export]
macro_rules! delivery_queue_nodes_suite {
    ($open:ident) => {
        $crate::suite_tests! { $open, delivery_queue_nodes {
            an_order_is_taken_on_the_other_node_and_nobody_takes_it_again,
            every_order_is_taken_on_one_of_the_nodes,
            the_room_of_an_order_is_free_after_the_other_node_took_it,
        } }
    };
}

/// Runs the suite of [`Timelines`](crate::Timelines). Takes an `async fn() -> Arc<dyn Timelines>` that opens an engine
/// which keeps [`suite::timelines::KEEP`](crate::suite::timelines::KEEP) ids.
#[macro_export]
macro_rules! timelines_suite {
    ($open:ident) => {
        $crate::suite_tests! { $open, timelines {
            a_dormant_reader_gets_nothing_and_a_present_one_each_story_once,
            what_is_delivered_while_a_timeline_is_built_is_in_it,
            a_build_counts_a_repeated_delivery_once,
            arrivals_and_ids_of_the_store_become_one_timeline_of_the_newest,
            a_timeline_dropped_while_it_is_built_does_not_come_back,
            discarding_spares_another_incarnation,
            an_expired_build_is_taken_over_and_its_owner_cannot_finish,
            a_view_has_the_position_of_the_log_that_its_builder_gave,
            newer_is_told_by_the_same_timeline_only,
            an_old_mark_is_valid_while_the_timeline_reaches_back_to_it,
            a_mark_expires_when_more_late_stories_arrived_than_are_recorded,
            an_empty_timeline_has_a_floor,
            pages_follow_each_other_down_to_the_floor,
            a_timeline_tells_which_other_stories_it_holds,
            many_deliveries_at_once_do_what_they_do_one_after_the_other,
            a_rebuild_overtaken_by_more_stories_than_a_timeline_has_starts_again,
            random_deliveries_do_what_the_domain_says,
        } }
    };
}
