//! The identity of this process among other nodes.

use std::time::Duration;

use super::{allowed::ShortText, setting::settings};

settings! {
    /// The identity of this process among other nodes.
    pub struct Node in "node" {
        /// Name in logs, metrics and the lease of a node number. Empty uses the host name.
        pub name: String = String::new(), unit: "text", allowed: ShortText { bytes_max: 64 };

        /// Region, part of every id that this node makes. No two regions may have the same number.
        pub region: u8 = 0, unit: "number", allowed: 0..=3;

        /// How long a node number remains leased without renewal. No id is made after the lease expires. A longer lease
        /// survives a longer pause, and a shorter one frees the number of a dead node sooner.
        pub lease_seconds: u32 = 10, unit: "seconds", allowed: 3..=300;
    }
}

impl Node {
    /// The configured name, or the host name.
    pub fn name_in_effect(&self) -> String {
        if self.name.is_empty() {
            rustix::system::uname()
                .nodename()
                .to_string_lossy()
                .into_owned()
        } else {
            self.name.clone()
        }
    }

    /// [`lease_seconds`](Self::lease_seconds) as a duration.
    pub fn lease(&self) -> Duration {
        Duration::from_secs(self.lease_seconds.into())
    }
}
