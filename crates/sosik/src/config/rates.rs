//! Rate limits. Each is a token bucket: it holds *burst* tokens and refills by *per minute*.

use super::setting::settings;

/// Upper bound of a rate: far above what one node can serve, so high values are for load tests only.
const RATE_MAX: u32 = 1_000_000;

settings! {
    /// Rate limits. Each limit is a token bucket: it allows `burst` requests at once, then `per_minute`. Further
    /// requests get 429.
    pub struct Rates in "rates" {
        /// New accounts from one address. Everybody in a school or an office may share one. The cost of hashing limits
        /// sign-ups anyway.
        pub sign_ups_per_address_per_minute: u32 = 120, unit: "accounts a minute", allowed: 1..=RATE_MAX;
        /// New accounts from one address at once.
        pub sign_ups_per_address_burst: u32 = 300, unit: "accounts", allowed: 1..=RATE_MAX;

        /// New accounts from one network (IPv4 /24, IPv6 /48). An attacker who changes addresses rarely changes the
        /// network.
        pub sign_ups_per_network_per_minute: u32 = 240, unit: "accounts a minute", allowed: 1..=RATE_MAX;
        /// New accounts from one network at once.
        pub sign_ups_per_network_burst: u32 = 600, unit: "accounts", allowed: 1..=RATE_MAX;

        /// Attempts to log in from one address.
        pub log_ins_per_address_per_minute: u32 = 240, unit: "attempts a minute", allowed: 1..=RATE_MAX;
        /// Attempts to log in from one address at once.
        pub log_ins_per_address_burst: u32 = 300, unit: "attempts", allowed: 1..=RATE_MAX;

        /// Attempts to log in to one handle from all devices that never logged in to it.
        pub log_ins_per_handle_per_minute: u32 = 10, unit: "attempts a minute", allowed: 1..=RATE_MAX;
        /// Attempts to log in to one handle from such devices at once.
        pub log_ins_per_handle_burst: u32 = 20, unit: "attempts", allowed: 1..=RATE_MAX;

        /// Attempts to log in to one handle from one device that logged in to it before. Other devices cannot use them
        /// up, so guessing elsewhere does not lock the owner out.
        pub log_ins_per_known_device_per_minute: u32 = 10, unit: "attempts a minute", allowed: 1..=RATE_MAX;
        /// Attempts to log in to one handle from one known device at once.
        pub log_ins_per_known_device_burst: u32 = 20, unit: "attempts", allowed: 1..=RATE_MAX;

        /// Unknown or expired session tokens from one address. Each costs a read of the store. Further ones get 429
        /// without that read. Sessions that are in use are not affected.
        pub unknown_tokens_per_address_per_minute: u32 = 60, unit: "tokens a minute", allowed: 1..=RATE_MAX;

        /// Unknown or expired session tokens from one address at once.
        pub unknown_tokens_per_address_burst: u32 = 300, unit: "tokens", allowed: 1..=RATE_MAX;

        /// Stories posted by one person.
        pub stories_per_person_per_minute: u32 = 60, unit: "stories a minute", allowed: 1..=RATE_MAX;
        /// Stories posted by one person at once.
        pub stories_per_person_burst: u32 = 120, unit: "stories", allowed: 1..=RATE_MAX;

        /// Comments written by one person.
        pub comments_per_person_per_minute: u32 = 120, unit: "comments a minute", allowed: 1..=RATE_MAX;
        /// Comments written by one person at once.
        pub comments_per_person_burst: u32 = 240, unit: "comments", allowed: 1..=RATE_MAX;

        /// Likes added or removed by one person.
        pub likes_per_person_per_minute: u32 = 300, unit: "likes a minute", allowed: 1..=RATE_MAX;
        /// Likes added or removed by one person at once.
        pub likes_per_person_burst: u32 = 600, unit: "likes", allowed: 1..=RATE_MAX;

        /// Friend requests sent by one person.
        pub friend_requests_per_person_per_minute: u32 = 60, unit: "requests a minute", allowed: 1..=RATE_MAX;
        /// Friend requests sent by one person at once.
        pub friend_requests_per_person_burst: u32 = 300, unit: "requests", allowed: 1..=RATE_MAX;

        /// Other changes of relations by one person: accepting, withdrawing and declining requests, unfriending,
        /// following, blocking, muting, and undoing these.
        pub relation_writes_per_person_per_minute: u32 = 120, unit: "changes a minute", allowed: 1..=RATE_MAX;
        /// Other changes of relations by one person at once. A new member follows many people.
        pub relation_writes_per_person_burst: u32 = 300, unit: "changes", allowed: 1..=RATE_MAX;

        /// Changes of a person's own profile. Each affects many readers and updates the search index.
        pub profile_writes_per_person_per_minute: u32 = 10, unit: "changes a minute", allowed: 1..=RATE_MAX;
        /// Changes of a person's own profile at once.
        pub profile_writes_per_person_burst: u32 = 20, unit: "changes", allowed: 1..=RATE_MAX;

        /// Read positions stored by one person, of the feed and of notifications. Clients send one every few seconds.
        pub read_marks_per_person_per_minute: u32 = 120, unit: "marks a minute", allowed: 1..=RATE_MAX;
        /// Read positions stored by one person at once.
        pub read_marks_per_person_burst: u32 = 240, unit: "marks", allowed: 1..=RATE_MAX;

        /// Searches by one person.
        pub searches_per_person_per_minute: u32 = 120, unit: "searches a minute", allowed: 1..=RATE_MAX;
        /// Searches by one person at once. Clients send one after every few letters typed.
        pub searches_per_person_burst: u32 = 120, unit: "searches", allowed: 1..=RATE_MAX;

        /// Reads of any kind by one person. This only stops a client in an endless loop: reads are cheap, and admission
        /// control limits the load.
        pub reads_per_person_per_minute: u32 = 1_000_000, unit: "reads a minute", allowed: 1..=RATE_MAX;
        /// Reads of any kind by one person at once.
        pub reads_per_person_burst: u32 = 100_000, unit: "reads", allowed: 1..=RATE_MAX;
    }
}

/// One bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Tokens added per minute.
    pub per_minute: u32,
    /// Capacity of the bucket.
    pub burst: u32,
}

/// An accessor that pairs the two keys of each bucket.
macro_rules! buckets {
    ($($name:ident: $per_minute:ident, $burst:ident;)+) => {
        impl Rates {
            $(
                #[doc = concat!("The bucket of `", stringify!($name), "`.")]
                pub fn $name(&self) -> Rate {
                    Rate { per_minute: self.$per_minute, burst: self.$burst }
                }
            )+
        }
    };
}

buckets! {
    sign_ups_per_address: sign_ups_per_address_per_minute, sign_ups_per_address_burst;
    sign_ups_per_network: sign_ups_per_network_per_minute, sign_ups_per_network_burst;
    log_ins_per_address: log_ins_per_address_per_minute, log_ins_per_address_burst;
    log_ins_per_handle: log_ins_per_handle_per_minute, log_ins_per_handle_burst;
    log_ins_per_known_device: log_ins_per_known_device_per_minute, log_ins_per_known_device_burst;
    unknown_tokens_per_address: unknown_tokens_per_address_per_minute, unknown_tokens_per_address_burst;
    stories_per_person: stories_per_person_per_minute, stories_per_person_burst;
    comments_per_person: comments_per_person_per_minute, comments_per_person_burst;
    likes_per_person: likes_per_person_per_minute, likes_per_person_burst;
    friend_requests_per_person: friend_requests_per_person_per_minute, friend_requests_per_person_burst;
    relation_writes_per_person: relation_writes_per_person_per_minute, relation_writes_per_person_burst;
    profile_writes_per_person: profile_writes_per_person_per_minute, profile_writes_per_person_burst;
    read_marks_per_person: read_marks_per_person_per_minute, read_marks_per_person_burst;
    searches_per_person: searches_per_person_per_minute, searches_per_person_burst;
    reads_per_person: reads_per_person_per_minute, reads_per_person_burst;
}
