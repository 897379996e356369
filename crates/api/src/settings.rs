//! Settings of the HTTP server. The configuration documents the meaning, unit, default and range of each.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use ipnet::IpNet;
use sosik_fabric::Rate;
use sosik_feed::limits;

use crate::extract::ForwardedHeader;
use crate::middleware::AdminToken;

/// All settings of the HTTP server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The origin that people use for this service, without a slash at the end.
    pub public_url: String,
    /// Other origins whose pages may call the API with a bearer token.
    pub cors_origins: Vec<String>,
    /// The header in which trusted proxies name their client.
    pub forwarded_header: ForwardedHeader,
    /// The bearer token of the administration listener. `None`: no token is required.
    pub admin_token: Option<AdminToken>,
    /// Connections of the public listener.
    pub connections: Connections,
    /// Maximum number of requests in progress.
    pub requests_at_once_max: usize,
    /// Maximum number of requests that wait for a permit.
    pub requests_waiting_max: usize,
    /// Maximum wait for a permit.
    pub request_wait: Duration,
    /// Maximum bytes of a body.
    pub request_body_bytes_max: usize,
    /// The maximum time for a body to arrive.
    pub body_timeout: Duration,
    /// Maximum bytes of all bodies that are being read or in use.
    pub bodies_bytes_max: usize,
    /// Maximum number of uploads that are stored at once, and of those that wait.
    pub uploads_at_once_max: usize,
    /// Maximum bytes of all uploads that are being received.
    pub uploads_bytes_max: usize,
    /// The maximum time for an upload to arrive.
    pub upload_timeout: Duration,
    /// Maximum number of requests for files of stories in progress, and of those that wait.
    pub files_at_once_max: usize,
    /// The maximum time from the permit of a request to the start of its response. Live streams are not cut: their
    /// response has begun.
    pub request_timeout: Duration,
    /// Maximum number of live streams open on this node.
    pub streams_max: usize,
    /// Maximum number of live streams open for one person on this node.
    pub streams_per_person_max: usize,
    /// Interval at which a stream checks its session and sends a heartbeat.
    pub stream_check: Duration,
    /// Items on a page if the client does not choose.
    pub page_items_default: usize,
    /// Maximum number of items on a page.
    pub page_items_max: usize,
    /// Whether everybody may create an account.
    pub registration: Registration,
    /// Whether everybody sees a page of public stories.
    pub public_page: PublicPage,
    /// Rate limits.
    pub rates: Rates,
}

impl Settings {
    /// Whether people without an account may read public stories and profiles. Without open registration an account is
    /// not free, so "public" means everybody with an account, unless the page of public stories exists.
    pub(crate) fn admits_strangers(&self) -> bool {
        self.registration == Registration::Open || self.public_page == PublicPage::On
    }
}

/// Limits of one listener on the number of connections and on their idle time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connections {
    /// Names the listener in metrics and in the log.
    pub listener: &'static str,
    /// Maximum number of open connections; further ones wait in the queue of the system.
    pub open_max: usize,
    /// Maximum number of open connections from one address (version 6: one /64). Further ones are closed immediately.
    pub per_network_max: usize,
    /// A connection without a complete request is closed after this, in whole seconds.
    pub first_request: Duration,
    /// A connection without a request in flight is closed after this, in whole seconds.
    pub idle: Duration,
    /// Maximum bytes of responses that wait to be written.
    pub answer_bytes_max: usize,
    /// The maximum for one connection.
    pub answer_bytes_per_connection_max: usize,
    /// A client that reads too little of a response for this long is disconnected, in whole seconds.
    pub answer_stall: Duration,
    /// Networks of proxies. They are exempt from the limit per network, and their
    /// [`forwarded_header`](Settings::forwarded_header) is trusted.
    pub trusted_proxies: Vec<IpNet>,
}

/// Connections of the administration listener: probes, Prometheus and a few terminals. The number is small, so that
/// their descriptors can be reserved.
const ADMINISTRATION_CONNECTIONS_MAX: usize = 64;

/// The metrics of a large node are a hundred KiB. Half of it can be used, because operators have no account.
const ADMINISTRATION_ANSWER_BYTES_MAX: usize = 16 << 20;

/// Operators read responses immediately, too.
const ADMINISTRATION_ANSWER_STALL: Duration = Duration::from_secs(5);

/// Probes and Prometheus send their requests immediately, over short distances.
const ADMINISTRATION_FIRST_REQUEST: Duration = Duration::from_secs(5);

impl Connections {
    /// Limits for the administration listener, independent of those of the public one.
    #[must_use]
    pub fn administration() -> Self {
        Self {
            listener: "administration",
            open_max: ADMINISTRATION_CONNECTIONS_MAX,
            per_network_max: ADMINISTRATION_CONNECTIONS_MAX,
            first_request: ADMINISTRATION_FIRST_REQUEST,
            answer_bytes_max: ADMINISTRATION_ANSWER_BYTES_MAX,
            answer_stall: ADMINISTRATION_ANSWER_STALL,
            ..Self::default()
        }
    }

    /// Whether this is the address of a trusted proxy.
    pub(crate) fn trusts(&self, address: IpAddr) -> bool {
        self.trusted_proxies
            .iter()
            .any(|network| network.contains(&address))
    }
}

impl Default for Connections {
    /// The defaults of the configuration, for the public listener.
    fn default() -> Self {
        Self {
            listener: "public",
            open_max: 65_536,
            per_network_max: 4_096,
            first_request: Duration::from_secs(15),
            idle: Duration::from_secs(60),
            answer_bytes_max: 256 << 20,
            answer_bytes_per_connection_max: 8 << 20,
            answer_stall: Duration::from_secs(30),
            trusted_proxies: Vec::new(),
        }
    }
}

/// Whether everybody may create an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Registration {
    /// Everybody may create an account.
    #[default]
    Open,
    /// People with an invitation may create an account.
    Invitation,
    /// Nobody may create an account; the operator imports accounts.
    Closed,
}

/// Whether the service has a page of the newest public stories of all authors, also for people without an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PublicPage {
    /// Public stories are found by their address, on the page of their author, and in feeds.
    #[default]
    Off,
    /// The page exists, and search engines may list it.
    On,
}

/// Rate limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rates {
    /// New accounts from one address.
    pub sign_ups_per_address: Rate,
    /// New accounts from one network: IPv4 /24, IPv6 /48.
    pub sign_ups_per_network: Rate,
    /// Handles checked from one address.
    pub handle_checks_per_address: Rate,
    /// Attempts to log in from one address.
    pub log_ins_per_address: Rate,
    /// Attempts to log in to one handle. Changes of a password have the same rate, counted separately.
    pub log_ins_per_handle: Rate,
    /// Attempts to log in to one handle from one device that logged in to it before.
    pub log_ins_per_known_device: Rate,
    /// Unknown session tokens from one address.
    pub unknown_tokens_per_address: Rate,
    /// Requests without a session from one address.
    pub stranger_reads_per_address: Rate,
    /// Files of stories for requests without a session from one address.
    pub stranger_files_per_address: Rate,
    /// Photos uploaded by one person.
    pub uploads_per_person: Rate,
    /// Requests by one person that append to uploads.
    pub appends_per_person: Rate,
    /// Stories posted or edited by one person.
    pub stories_per_person: Rate,
    /// Comments written or edited by one person.
    pub comments_per_person: Rate,
    /// Likes and unlikes by one person.
    pub likes_per_person: Rate,
    /// Friend requests sent by one person.
    pub friend_requests_per_person: Rate,
    /// Invitations made by one person.
    pub invitations_per_person: Rate,
    /// Tokens of invitations from one address.
    pub invitations_tried_per_address: Rate,
    /// Other changes of relations by one person. Deletions and ends of sessions have the same rate, counted separately.
    pub relation_writes_per_person: Rate,
    /// Changes of one's own profile.
    pub profile_writes_per_person: Rate,
    /// Moves of the read positions by one person: of the feed and of the notifications.
    pub read_marks_per_person: Rate,
    /// Searches by one person.
    pub searches_per_person: Rate,
    /// All other requests by one person.
    pub reads_per_person: Rate,
}

/// A rate from plain numbers. Zero counts as one, because a bucket that never fills is an error and not a limit.
const fn rate(per_minute: u32, burst: u32) -> Rate {
    const fn at_least_one(number: u32) -> NonZeroU32 {
        match NonZeroU32::new(number) {
            Some(number) => number,
            None => NonZeroU32::MIN,
        }
    }
    Rate {
        per_minute: at_least_one(per_minute),
        burst: at_least_one(burst),
    }
}

impl Default for Settings {
    /// The defaults of the configuration.
    fn default() -> Self {
        Self {
            public_url: "http://127.0.0.1:8420".to_owned(),
            cors_origins: Vec::new(),
            forwarded_header: ForwardedHeader::default(),
            admin_token: None,
            connections: Connections::default(),
            requests_at_once_max: 1_024,
            requests_waiting_max: 512,
            request_wait: Duration::from_millis(500),
            request_body_bytes_max: limits::REQUEST_BODY_BYTES_MAX,
            request_timeout: Duration::from_secs(15),
            body_timeout: Duration::from_secs(15),
            bodies_bytes_max: 64 << 20,
            uploads_at_once_max: 8,
            uploads_bytes_max: 192 << 20,
            upload_timeout: Duration::from_secs(300),
            files_at_once_max: 256,
            streams_max: 20_000,
            streams_per_person_max: 8,
            stream_check: Duration::from_secs(3),
            page_items_default: limits::PAGE_ITEMS_DEFAULT,
            page_items_max: limits::PAGE_ITEMS_MAX,
            registration: Registration::default(),
            public_page: PublicPage::default(),
            rates: Rates::default(),
        }
    }
}

impl Default for Rates {
    /// The defaults of the configuration.
    fn default() -> Self {
        Self {
            sign_ups_per_address: rate(120, 300),
            sign_ups_per_network: rate(240, 600),
            handle_checks_per_address: rate(600, 600),
            log_ins_per_address: rate(240, 300),
            log_ins_per_handle: rate(10, 20),
            log_ins_per_known_device: rate(10, 20),
            unknown_tokens_per_address: rate(60, 300),
            stranger_reads_per_address: rate(600, 1_200),
            stranger_files_per_address: rate(6_000, 12_000),
            uploads_per_person: rate(60, 200),
            appends_per_person: rate(600, 2_000),
            stories_per_person: rate(60, 120),
            comments_per_person: rate(120, 240),
            likes_per_person: rate(300, 600),
            friend_requests_per_person: rate(60, 300),
            invitations_per_person: rate(5, 20),
            invitations_tried_per_address: rate(60, 300),
            relation_writes_per_person: rate(120, 300),
            profile_writes_per_person: rate(10, 20),
            read_marks_per_person: rate(120, 240),
            searches_per_person: rate(120, 120),
            reads_per_person: rate(1_000_000, 100_000),
        }
    }
}

impl Rates {
    /// The same rate for everything: for tests and measurements that send requests faster than people do.
    #[must_use]
    pub const fn all(per_minute: u32, burst: u32) -> Self {
        let one = rate(per_minute, burst);
        Self {
            sign_ups_per_address: one,
            sign_ups_per_network: one,
            handle_checks_per_address: one,
            log_ins_per_address: one,
            log_ins_per_handle: one,
            log_ins_per_known_device: one,
            unknown_tokens_per_address: one,
            stranger_reads_per_address: one,
            stranger_files_per_address: one,
            uploads_per_person: one,
            appends_per_person: one,
            stories_per_person: one,
            comments_per_person: one,
            likes_per_person: one,
            friend_requests_per_person: one,
            invitations_per_person: one,
            invitations_tried_per_address: one,
            relation_writes_per_person: one,
            profile_writes_per_person: one,
            read_marks_per_person: one,
            searches_per_person: one,
            reads_per_person: one,
        }
    }
}

impl Settings {
    /// Whether this is the address of a configured proxy. The address is canonical: IPv4 is not written as IPv6.
    pub(crate) fn trusts(&self, address: IpAddr) -> bool {
        self.connections.trusts(address)
    }

    /// Whether people use TLS, so that cookies must be marked `Secure`.
    pub(crate) fn is_https(&self) -> bool {
        self.public_url.starts_with("https://")
    }
}
