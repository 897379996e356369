//! The cost of a password hash. The minimum is OWASP's recommendation for Argon2id (19 MiB, 2 passes, 1 lane).

use std::time::Duration;

use super::{allowed::PlainHttp, setting::settings};

settings! {
    /// The cost of a password hash, which slows down guessing. An existing hash keeps its cost until its owner sets a
    /// new password.
    pub struct Passwords in "passwords" {
        /// Memory for one hash.
        pub memory_kib: u32 = 19_456, unit: "KiB", allowed: 19_456..=1_048_576;

        /// Passes over the memory.
        pub passes: u32 = 2, unit: "passes", allowed: 2..=64;

        /// Parallel lanes of the memory.
        pub lanes: u32 = 1, unit: "lanes", allowed: 1..=16;

        /// Hashes computed at the same time. This bounds the memory, and prevents a burst of log-ins from taking all
        /// processor time.
        pub hashes_at_once: usize = 2, unit: "hashes", allowed: 1..=256;

        /// A service with the range protocol of Pwned Passwords: a mirror or a proxy in your network (there is no TLS
        /// here). New passwords that it knows are rejected. It receives five hex digits of a hash. If it does not
        /// answer, passwords are accepted. Empty disables the check.
        pub breached_url: String = String::new(), unit: "URL", allowed: PlainHttp;

        /// Longest wait for an answer of that service.
        pub breached_timeout_ms: u32 = 1_000, unit: "milliseconds", allowed: 50..=10_000;
    }
}

impl Passwords {
    /// [`breached_timeout_ms`](Self::breached_timeout_ms) as a duration.
    pub fn breached_timeout(&self) -> Duration {
        Duration::from_millis(self.breached_timeout_ms.into())
    }
}
