//! The durable truth.

use super::{
    EngineUrl,
    allowed::Schemes,
    setting::settings,
    units::{MIB_MAX, mib},
};

settings! {
    /// The engine that keeps the truth.
    pub struct Store in "store" {
        /// Where the truth is kept. A path behind `sqlite:` is relative to the working directory; missing folders are
        /// made.
        pub url: EngineUrl = EngineUrl::constant("sqlite:data/sosik.db"), unit: "URL", allowed: Schemes(&["sqlite"]);

        /// Connections that read at the same time, each on a thread of its own.
        pub readers: usize = 4, unit: "connections", allowed: 1..=64;

        /// Writes that share one commit, and thus one wait for the disk.
        pub write_batch_max: usize = 256, unit: "writes", allowed: 1..=10_000;

        /// Writes that may wait for the writer; further ones are answered 503 at once.
        pub writes_waiting_max: usize = 8_192, unit: "writes", allowed: 1..=1_000_000;

        /// Page cache of each connection.
        pub cache_mib: u32 = 64, unit: "MiB", allowed: 1..=MIB_MAX;

        /// The write-ahead log is emptied when it is larger than this. Reads pause for that, for as long as the longest one
        /// that runs. A backup in progress keeps it from being emptied.
        pub wal_mib_max: u32 = 64, unit: "MiB", allowed: 1..=MIB_MAX;

        /// How much of the file is read through the system's own cache. 0 reads through the page cache alone.
        pub mmap_mib: u32 = 256, unit: "MiB", allowed: 0..=MIB_MAX;
    }
}

impl Store {
    /// [`cache_mib`](Self::cache_mib) in bytes.
    pub fn cache_bytes(&self) -> usize {
        mib(self.cache_mib)
    }

    /// [`mmap_mib`](Self::mmap_mib) in bytes.
    pub fn mmap_bytes(&self) -> usize {
        mib(self.mmap_mib)
    }
}
