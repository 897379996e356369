//! All inputs of the plan: the behaviour of people, the costs, and the capacity of machines.
//!
//! An input is declared once, with its unit, default, range, origin and meaning. To add one, add a line below and use
//! it in the arithmetic.

use super::input::{Basis, Input};
use super::unit::Unit;

macro_rules! inputs {
    ($($section:literal {
        $($(#[doc = $doc:literal])+ $name:ident: $unit:ident, $basis:ident, $default:expr, $least:expr, $most:expr;)+
    })+) => {
        /// The values, in base units.
        #[derive(Debug, Clone, PartialEq)]
        pub struct Inputs {
            $($($(#[doc = $doc])+ pub $name: f64,)+)+
        }

        impl Default for Inputs {
            fn default() -> Self {
                Self { $($($name: $default,)+)+ }
            }
        }

        /// All inputs, in the order in which they are printed.
        pub const INPUTS: &[Input] = &[
            $($(Input {
                name: stringify!($name),
                section: $section,
                meaning: &[$($doc),+],
                unit: Unit::$unit,
                range: ($least, $most),
                basis: Basis::$basis,
                get: |inputs| inputs.$name,
                put: |inputs, value| inputs.$name = value,
            },)+)+
        ];
    };
}

inputs! {
    "people" {
        /// people with an account
        people: People, Assumed, 10e6, 1.0, 1e10;
        /// share of them active on a day; with 100 %, --people counts active people
        daily_active: Share, Assumed, 1.0, 0.001, 1.0;
        /// peak rate divided by the mean of a day; 3 to 5 if all people are in one time zone
        peak_factor: Times, Assumed, 4.0, 1.0, 100.0;
        /// reads of the home feed per active person; most are automatic refreshes
        reads_per_day: PerDay, Assumed, 170.0, 0.0, 100_000.0;
        /// feed reads per story posted
        reads_per_story: Times, Assumed, 60.0, 1.0, 1e6;
        /// reads for newer stories that find none
        read_newer_empty: Share, Assumed, 0.40, 0.0, 1.0;
        /// reads that return 304 because the client has the page
        read_not_modified: Share, Assumed, 0.18, 0.0, 1.0;
        /// reads of pages older than the timeline, served by the store
        read_below_floor: Share, Assumed, 0.01, 0.0, 1.0;
        /// reads that rebuild a timeline, after a long absence or a restart
        rebuilds_per_day: PerDay, Assumed, 0.2, 0.0, 1_000.0;
        /// likes and unlikes
        likes_per_day: PerDay, Assumed, 9.0, 0.0, 10_000.0;
        /// comments written
        comments_per_day: PerDay, Assumed, 4.0, 0.0, 10_000.0;
        /// read positions and last uses of sessions written to the store
        marks_per_day: PerDay, Assumed, 10.0, 0.0, 10_000.0;
        /// log-ins; each hashes a password, which is slow by design
        log_ins_per_day: PerDay, Assumed, 0.1, 0.0, 1_000.0;
        /// active people who are online at the peak, each with a live stream
        online_at_peak: Share, Assumed, 0.10, 0.0, 1.0;
        /// friends of a person, mean
        friends_mean: Count, Assumed, 190.0, 1.0, 5_000.0;
        /// friends of a person, median; below the mean, because a few people have very many
        friends_median: Count, Assumed, 100.0, 1.0, 5_000.0;
        /// people with more friends post more, by this power of the number of friends
        posting_power: Times, Assumed, 0.35, 0.0, 1.0;
        /// stories of large authors, which are merged at read time instead of delivered
        large_author_stories: Share, Assumed, 0.01, 0.0, 1.0;
        /// timelines in memory per active person; above 1 if they are kept for days
        timelines_per_active: Times, Assumed, 1.0, 0.1, 10.0;
    }
    "stories" {
        /// text of a story, mean
        story_text: Bytes, Assumed, 200.0, 1.0, 20_000.0;
        /// a page of 20 stories as JSON
        page_bytes: Bytes, Recorded, 10_250.0, 100.0, 1e7;
        /// a response without stories, with its headers
        small_answer_bytes: Bytes, Assumed, 400.0, 0.0, 1e6;
        /// pages sent compressed, as browsers and apps request
        compressed: Share, Assumed, 1.0, 0.0, 1.0;
        /// size of a compressed page divided by its plain size
        compressed_to: Share, Recorded, 0.15, 0.01, 1.0;
        /// stories with a photo
        media_share: Share, Assumed, 0.3, 0.0, 1.0;
        /// a stored photo, in all its sizes
        media_stored_bytes: Bytes, Assumed, 600e3, 0.0, 1e10;
        /// photos loaded by an active person and not cached on their device
        media_views_per_day: PerDay, Assumed, 100.0, 0.0, 100_000.0;
        /// a photo as it is sent
        media_view_bytes: Bytes, Assumed, 80e3, 0.0, 1e9;
    }
    "processor time" {
        /// a page of 20 stories from a warm timeline
        feed_read_warm: Micros, Recorded, 15.0, 0.001, 1e7;
        /// a read for newer stories that finds none
        feed_read_newer_empty: Micros, Recorded, 10.0, 0.001, 1e7;
        /// a read that returns 304
        feed_read_304: Micros, Recorded, 15.0, 0.001, 1e7;
        /// a page below the floor of the timeline, served by the store
        feed_read_below_floor: Micros, Recorded, 110.0, 0.001, 1e7;
        /// a read that rebuilds the timeline
        feed_read_cold: Micros, Recorded, 400.0, 0.001, 1e8;
        /// compressing a page
        compress_page: Micros, Recorded, 25.0, 0.0, 1e7;
        /// posting a story, without its delivery
        post: Micros, Recorded, 115.0, 0.001, 1e7;
        /// adding a story to one timeline
        delivery: Micros, Recorded, 0.075, 0.0001, 1e6;
        /// a like or unlike
        like: Micros, Recorded, 72.0, 0.001, 1e7;
        /// a comment written
        comment: Micros, Recorded, 133.0, 0.001, 1e7;
        /// writing a read position
        mark: Micros, Recorded, 45.0, 0.001, 1e7;
        /// a log-in, including its password hash
        log_in: Micros, Recorded, 24_000.0, 0.001, 1e8;
        /// sending a story to one live stream: wake-up, feed read, send
        stream_event: Micros, Assumed, 40.0, 0.0, 1e6;
        /// a heart-beat of a live stream, including its session check
        stream_beat: Micros, Assumed, 5.0, 0.0, 1e6;
        /// time between two heart-beats (`server.stream_check_seconds`)
        stream_beat_every: Seconds, Assumed, 3.0, 1.0, 5.0;
        /// TLS and the balancer, per request
        proxy: Micros, Assumed, 40.0, 0.0, 1e6;
        /// factor for costs not measured: many people, cold caches, wake-ups for little work
        cpu_overhead: Times, Checked, 5.0, 1.0, 10.0;
    }
    "memory" {
        /// an idle process, including the caches of the store
        process_memory: Bytes, Assumed, 500e6, 0.0, 1e12;
        /// a full timeline
        timeline_memory: Bytes, Recorded, 7_560.0, 8.0, 1e6;
        /// cached data of a reader: circle, session, likes, name
        person_memory: Bytes, Assumed, 4_000.0, 8.0, 1e6;
        /// a cached story without its text, which is cached twice
        story_memory: Bytes, Assumed, 700.0, 8.0, 1e6;
        /// days of stories in the cache
        story_days: Count, Assumed, 1.0, 0.0, 365.0;
        /// a live stream or an open connection, including kernel buffers
        connection_memory: Bytes, Assumed, 50e3, 100.0, 1e7;
    }
    "disk" {
        /// a person with profile and search terms
        person_disk: Bytes, Recorded, 422.0, 1.0, 1e6;
        /// a friendship: two rows, and the index for the newest
        friendship_disk: Bytes, Recorded, 128.0, 1.0, 1e6;
        /// a story without its text: row, indexes, counts, idempotency key
        story_disk: Bytes, Recorded, 90.0, 1.0, 1e6;
        /// a like with its notification
        like_disk: Bytes, Recorded, 200.0, 1.0, 1e6;
        /// a comment with its notification
        comment_disk: Bytes, Recorded, 356.0, 1.0, 1e6;
        /// retention of stories, likes and comments
        years_kept: Years, Assumed, 3.0, 0.01, 100.0;
        /// disk used divided by bytes of data: logs, free pages, space for maintenance
        disk_overhead: Times, Assumed, 1.5, 1.0, 10.0;
        /// people and friendships whose pages are in memory
        first_in_memory: Share, Assumed, 0.3, 0.0, 1.0;
        /// days of new data whose pages are in memory
        days_in_memory: Count, Assumed, 7.0, 0.0, 36_525.0;
        /// durable writes of one machine; concurrent writes share a sync
        writes_max: PerSecond, Recorded, 10_000.0, 1.0, 1e7;
    }
    "many machines" {
        /// additional processor time of a node per read, if timelines are on other machines
        shared_read: Micros, Assumed, 30.0, 0.0, 1e6;
        /// processor time of a node per delivery, sent in batches to another machine
        shared_delivery: Micros, Assumed, 0.5, 0.0, 1e6;
        /// processor time of a timeline machine per delivery
        keeper_delivery: Micros, Assumed, 2.3, 0.0, 1e6;
        /// processor time of a timeline machine per read
        keeper_read: Micros, Assumed, 8.0, 0.0, 1e6;
        /// memory of a timeline there, divided by that in the process
        keeper_memory: Times, Assumed, 1.5, 0.1, 100.0;
        /// store reads per feed read: what the caches of the nodes do not have
        store_reads: Times, Assumed, 0.05, 0.0, 100.0;
        /// processor time of the store for such a read
        store_read: Micros, Assumed, 100.0, 0.0, 1e7;
        /// store processor time for the newest stories of a circle: rebuilds, deep pages
        store_newest: Micros, Assumed, 400.0, 0.0, 1e8;
        /// processor time of the store per write
        store_write: Micros, Assumed, 150.0, 0.0, 1e7;
        /// durable writes of one machine of the store
        store_writes_max: PerSecond, Assumed, 10_000.0, 1.0, 1e7;
        /// nodes that cache the same person or story; 1 if people stay on one node
        cache_copies: Times, Assumed, 2.0, 1.0, 1_000.0;
        /// machines of the queue; of three, two must agree
        queue_machines: Count, Assumed, 3.0, 1.0, 99.0;
        /// additional copies of store and timelines, on their own machines
        replicas: Count, Assumed, 1.0, 0.0, 9.0;
        /// nodes and balancers that may fail at the peak without effect
        spare: Count, Assumed, 1.0, 0.0, 99.0;
    }
    "a machine" {
        /// cores
        machine_cores: Count, Assumed, 16.0, 1.0, 1_024.0;
        /// speed of a core relative to those the costs were measured on
        core_speed: Times, Assumed, 1.0, 0.1, 10.0;
        /// memory
        machine_memory: Bytes, Assumed, 64e9, 1e9, 1e14;
        /// disk
        machine_disk: Bytes, Assumed, 4e12, 1e9, 1e16;
        /// network
        machine_network: BitsPerSecond, Assumed, 10e9, 1e6, 1e13;
        /// open connections
        machine_connections: Count, Assumed, 100_000.0, 100.0, 1e8;
        /// maximum use of the processor at the peak; above it, waiting times grow fast
        processor_use_max: Share, Assumed, 0.6, 0.05, 1.0;
        /// maximum use of memory
        memory_use_max: Share, Assumed, 0.8, 0.05, 1.0;
        /// maximum use of the disk
        disk_use_max: Share, Assumed, 0.7, 0.05, 1.0;
        /// maximum use of the network
        network_use_max: Share, Assumed, 0.6, 0.05, 1.0;
        /// maximum use of the durable writes
        writes_use_max: Share, Assumed, 0.5, 0.05, 1.0;
    }
    "two regions" {
        /// share of the machines that run in a warm standby
        standby_share: Share, Assumed, 0.3, 0.0, 1.0;
        /// bytes sent to the other region per byte of new data; logs repeat data
        replication_times: Times, Assumed, 3.0, 1.0, 100.0;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_default_is_within_its_range_and_every_name_is_said_once() {
        let defaults = Inputs::default();
        let names: BTreeSet<_> = INPUTS.iter().map(|input| input.name).collect();
        assert_eq!(names.len(), INPUTS.len());
        for input in INPUTS {
            assert_eq!(
                input.check((input.get)(&defaults)),
                Ok(()),
                "{}",
                input.name
            );
            assert!(input.meaning().len() > 3, "{}", input.name);
        }
    }

    #[test]
    fn each_input_changes_its_own_value_and_no_other() {
        for (place, input) in INPUTS.iter().enumerate() {
            let mut changed = Inputs::default();
            (input.put)(&mut changed, -7.0);
            let differs: Vec<usize> = (0..INPUTS.len())
                .filter(|at| (INPUTS[*at].get)(&changed) != (INPUTS[*at].get)(&Inputs::default()))
                .collect();
            assert_eq!(differs, [place], "{}", input.name);
        }
    }

    #[test]
    fn what_is_a_share_is_from_nothing_to_all() {
        for input in INPUTS.iter().filter(|input| input.unit == Unit::Share) {
            let (least, most) = input.range;
            assert!(0.0 <= least && most <= 1.0, "{}", input.name);
        }
    }
}
