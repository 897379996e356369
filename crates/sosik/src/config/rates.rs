//! Rate limits. Each is a token bucket: it holds *burst* tokens and refills by *per minute*.

use super::setting::settings;
use super::units::Each;

/// Upper bound of a rate: far above what one node can serve, so high values are for load tests only.
const RATE_MAX: u32 = 1_000_000;

settings! {
    /// Rate limits. Each limit is a token bucket: it allows `burst` requests at once, then `per_minute`. Further
    /// requests get 429.
    "rates" {
        /// New accounts from one address. Everybody in a school or an office may share one. The cost of hashing limits
        /// sign-ups anyway.
        sign_ups_per_address_per_minute => api.rates.sign_ups_per_address.per_minute,
            unit: Each("accounts a minute"), allowed: 1..=RATE_MAX;
        /// New accounts from one address at once.
        sign_ups_per_address_burst => api.rates.sign_ups_per_address.burst,
            unit: Each("accounts"), allowed: 1..=RATE_MAX;

        /// New accounts from one network (IPv4 /24, IPv6 /48). An attacker who changes addresses rarely changes the
        /// network.
        sign_ups_per_network_per_minute => api.rates.sign_ups_per_network.per_minute,
            unit: Each("accounts a minute"), allowed: 1..=RATE_MAX;
        /// New accounts from one network at once.
        sign_ups_per_network_burst => api.rates.sign_ups_per_network.burst,
            unit: Each("accounts"), allowed: 1..=RATE_MAX;

        /// Handles checked from one address. Sign-up forms check a handle at every pause while somebody types it.
        handle_checks_per_address_per_minute => api.rates.handle_checks_per_address.per_minute,
            unit: Each("handles a minute"), allowed: 1..=RATE_MAX;
        /// Handles checked from one address at once. Everybody in a school may share one.
        handle_checks_per_address_burst => api.rates.handle_checks_per_address.burst,
            unit: Each("handles"), allowed: 1..=RATE_MAX;

        /// Attempts to log in from one address.
        log_ins_per_address_per_minute => api.rates.log_ins_per_address.per_minute,
            unit: Each("attempts a minute"), allowed: 1..=RATE_MAX;
        /// Attempts to log in from one address at once.
        log_ins_per_address_burst => api.rates.log_ins_per_address.burst,
            unit: Each("attempts"), allowed: 1..=RATE_MAX;

        /// Attempts to log in to one handle from all devices that never logged in to it.
        log_ins_per_handle_per_minute => api.rates.log_ins_per_handle.per_minute,
            unit: Each("attempts a minute"), allowed: 1..=RATE_MAX;
        /// Attempts to log in to one handle from such devices at once.
        log_ins_per_handle_burst => api.rates.log_ins_per_handle.burst, unit: Each("attempts"), allowed: 1..=RATE_MAX;

        /// Attempts to log in to one handle from one device that logged in to it before. Other devices cannot use them
        /// up, so guessing elsewhere does not lock the owner out.
        log_ins_per_known_device_per_minute => api.rates.log_ins_per_known_device.per_minute,
            unit: Each("attempts a minute"), allowed: 1..=RATE_MAX;
        /// Attempts to log in to one handle from one known device at once.
        log_ins_per_known_device_burst => api.rates.log_ins_per_known_device.burst,
            unit: Each("attempts"), allowed: 1..=RATE_MAX;

        /// Unknown or expired session tokens from one address. Each costs a read of the store. Further ones get 429
        /// without that read. Sessions that are in use are not affected.
        unknown_tokens_per_address_per_minute => api.rates.unknown_tokens_per_address.per_minute,
            unit: Each("tokens a minute"), allowed: 1..=RATE_MAX;

        /// Unknown or expired session tokens from one address at once.
        unknown_tokens_per_address_burst => api.rates.unknown_tokens_per_address.burst,
            unit: Each("tokens"), allowed: 1..=RATE_MAX;

        /// Requests of people without an account from one address: public stories, profiles and pages. Everybody in a
        /// school or an office may share one.
        stranger_reads_per_address_per_minute => api.rates.stranger_reads_per_address.per_minute,
            unit: Each("requests a minute"), allowed: 1..=RATE_MAX;
        /// Requests of people without an account from one address at once.
        stranger_reads_per_address_burst => api.rates.stranger_reads_per_address.burst,
            unit: Each("requests"), allowed: 1..=RATE_MAX;

        /// Files of stories requested by people without an account from one address. A page has many of them.
        stranger_files_per_address_per_minute => api.rates.stranger_files_per_address.per_minute,
            unit: Each("requests a minute"), allowed: 1..=RATE_MAX;
        /// Files of stories requested by people without an account from one address at once.
        stranger_files_per_address_burst => api.rates.stranger_files_per_address.burst,
            unit: Each("requests"), allowed: 1..=RATE_MAX;

        /// Photos uploaded by one person.
        uploads_per_person_per_minute => api.rates.uploads_per_person.per_minute,
            unit: Each("uploads a minute"), allowed: 1..=RATE_MAX;
        /// Photos uploaded by one person at once.
        uploads_per_person_burst => api.rates.uploads_per_person.burst, unit: Each("uploads"), allowed: 1..=RATE_MAX;
        /// Requests by one person that append to uploads.
        appends_per_person_per_minute => api.rates.appends_per_person.per_minute,
            unit: Each("requests a minute"), allowed: 1..=RATE_MAX;
        /// Requests by one person at once that append to uploads.
        appends_per_person_burst => api.rates.appends_per_person.burst, unit: Each("requests"), allowed: 1..=RATE_MAX;

        /// Stories posted by one person.
        stories_per_person_per_minute => api.rates.stories_per_person.per_minute,
            unit: Each("stories a minute"), allowed: 1..=RATE_MAX;
        /// Stories posted by one person at once.
        stories_per_person_burst => api.rates.stories_per_person.burst, unit: Each("stories"), allowed: 1..=RATE_MAX;

        /// Comments written by one person.
        comments_per_person_per_minute => api.rates.comments_per_person.per_minute,
            unit: Each("comments a minute"), allowed: 1..=RATE_MAX;
        /// Comments written by one person at once.
        comments_per_person_burst => api.rates.comments_per_person.burst,
            unit: Each("comments"), allowed: 1..=RATE_MAX;

        /// Likes added or removed by one person. Saving stories has the same limit, counted separately.
        likes_per_person_per_minute => api.rates.likes_per_person.per_minute,
            unit: Each("likes a minute"), allowed: 1..=RATE_MAX;
        /// Likes added or removed by one person at once.
        likes_per_person_burst => api.rates.likes_per_person.burst, unit: Each("likes"), allowed: 1..=RATE_MAX;

        /// Friend requests sent by one person.
        friend_requests_per_person_per_minute => api.rates.friend_requests_per_person.per_minute,
            unit: Each("requests a minute"), allowed: 1..=RATE_MAX;
        /// Friend requests sent by one person at once.
        friend_requests_per_person_burst => api.rates.friend_requests_per_person.burst,
            unit: Each("requests"), allowed: 1..=RATE_MAX;

        /// Invitations made by one person.
        invitations_per_person_per_minute => api.rates.invitations_per_person.per_minute,
            unit: Each("invitations a minute"), allowed: 1..=RATE_MAX;
        /// Invitations made by one person at once.
        invitations_per_person_burst => api.rates.invitations_per_person.burst,
            unit: Each("invitations"), allowed: 1..=RATE_MAX;

        /// Tokens of invitations from one address, valid or not: opened, or used for a sign-up. A token has 128 random
        /// bits, so this only stops clients that send many.
        invitations_tried_per_address_per_minute => api.rates.invitations_tried_per_address.per_minute,
            unit: Each("tokens a minute"), allowed: 1..=RATE_MAX;
        /// Tokens of invitations from one address at once.
        invitations_tried_per_address_burst => api.rates.invitations_tried_per_address.burst,
            unit: Each("tokens"), allowed: 1..=RATE_MAX;

        /// Other changes of relations by one person: accepting, withdrawing and declining requests, unfriending,
        /// following, blocking, muting, and undoing these. Deletions of stories, comments and sessions have the same
        /// limit, counted separately.
        relation_writes_per_person_per_minute => api.rates.relation_writes_per_person.per_minute,
            unit: Each("changes a minute"), allowed: 1..=RATE_MAX;
        /// Other changes of relations by one person at once. A new member follows many people.
        relation_writes_per_person_burst => api.rates.relation_writes_per_person.burst,
            unit: Each("changes"), allowed: 1..=RATE_MAX;

        /// Changes of a person's own profile. Each affects many readers and updates the search index.
        profile_writes_per_person_per_minute => api.rates.profile_writes_per_person.per_minute,
            unit: Each("changes a minute"), allowed: 1..=RATE_MAX;
        /// Changes of a person's own profile at once.
        profile_writes_per_person_burst => api.rates.profile_writes_per_person.burst,
            unit: Each("changes"), allowed: 1..=RATE_MAX;

        /// Read positions stored by one person, of the feed and of notifications. Clients send one every few seconds.
        read_marks_per_person_per_minute => api.rates.read_marks_per_person.per_minute,
            unit: Each("marks a minute"), allowed: 1..=RATE_MAX;
        /// Read positions stored by one person at once.
        read_marks_per_person_burst => api.rates.read_marks_per_person.burst,
            unit: Each("marks"), allowed: 1..=RATE_MAX;

        /// Searches by one person.
        searches_per_person_per_minute => api.rates.searches_per_person.per_minute,
            unit: Each("searches a minute"), allowed: 1..=RATE_MAX;
        /// Searches by one person at once. Clients send one after every few letters typed.
        searches_per_person_burst => api.rates.searches_per_person.burst,
            unit: Each("searches"), allowed: 1..=RATE_MAX;

        /// Reads of any kind by one person. This only stops a client in an endless loop: reads are cheap, and admission
        /// control limits the load.
        reads_per_person_per_minute => api.rates.reads_per_person.per_minute,
            unit: Each("reads a minute"), allowed: 1..=RATE_MAX;
        /// Reads of any kind by one person at once.
        reads_per_person_burst => api.rates.reads_per_person.burst, unit: Each("reads"), allowed: 1..=RATE_MAX;
    }
}
