//! The cost of a password hash, and the service of breached passwords. The minimum cost is OWASP's recommendation for
//! Argon2id (19 MiB, 2 passes, 1 lane).

use std::time::Duration;

use super::allowed::PlainHttp;
use super::setting::settings;
use super::units::Milliseconds;

/// The service of breached passwords.
#[derive(Debug, Clone)]
pub struct Breached {
    /// Its URL. Empty: passwords are not checked.
    pub url: String,
    /// Longest wait for an answer.
    pub timeout: Duration,
}

impl Default for Breached {
    fn default() -> Self {
        Self {
            url: String::new(),
            timeout: Duration::from_secs(1),
        }
    }
}

settings! {
    /// The cost of a password hash, which slows down guessing. An existing hash keeps its cost until its owner sets a
    /// new password.
    "passwords" {
        /// Memory for one hash.
        memory_kib => service.passwords.memory_kib, unit: "KiB", allowed: 19_456..=1_048_576;

        /// Passes over the memory.
        passes => service.passwords.passes, unit: "passes", allowed: 2..=64;

        /// Parallel lanes of the memory.
        lanes => service.passwords.lanes, unit: "lanes", allowed: 1..=16;

        /// Hashes computed at the same time. This bounds the memory, and prevents a burst of log-ins from taking all
        /// processor time.
        hashes_at_once => service.passwords.hashes_at_once, unit: "hashes", allowed: 1..=256;

        /// A service with the range protocol of Pwned Passwords: a mirror or a proxy in your network (there is no TLS
        /// here). New passwords that it knows are rejected. It receives five hex digits of a hash. If it does not
        /// answer, passwords are accepted. Empty disables the check.
        breached_url => breached.url, unit: "URL", allowed: PlainHttp;

        /// Longest wait for an answer of that service.
        breached_timeout_ms => breached.timeout, unit: Milliseconds, allowed: 50..=10_000;
    }
}
