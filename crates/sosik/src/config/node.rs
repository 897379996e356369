//! Who this process is among others.

use std::time::Duration;

use super::{allowed::ShortText, setting::settings};

settings! {
    /// Who this process is among others.
    pub struct Node in "node" {
        /// Name in logs, metrics and the lease of a node number. Empty takes the name of the host.
        pub name: String = String::new(), unit: "text", allowed: ShortText { bytes_max: 64 };

        /// Region, part of every id made here. Two regions never share a number.
        pub region: u8 = 0, unit: "number", allowed: 0..=3;

        /// How long a node number stays ours without renewal. No id is made after its end, so a longer lease rides out
        /// a longer pause, and a shorter one frees the number of a dead node sooner.
        pub lease_seconds: u32 = 10, unit: "seconds", allowed: 3..=300;
    }
}

impl Node {
    /// The name to use: the one that is set, else that of the host.
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
