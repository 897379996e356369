//! The durable store.

use super::{
    EngineUrl,
    allowed::Schemes,
    setting::settings,
    units::{MIB_MAX, mib},
};

settings! {
    /// The store: the durable source of all data.
    pub struct Store in "store" {
        /// Where the store is. A path after `sqlite:` is relative to the working directory. Missing folders are
        /// created.
        pub url: EngineUrl = EngineUrl::constant("sqlite:data/sosik.db"), unit: "URL", allowed: Schemes(&["sqlite"]);

        /// Connections that read at the same time, each in its own thread.
        pub readers: usize = 4, unit: "connections", allowed: 1..=64;

        /// Reads that may wait for a connection. Further ones get 503 immediately.
        pub reads_waiting_max: usize = 32_768, unit: "reads", allowed: 1..=1_000_000;

        /// Writes in one transaction. They share one wait for the disk.
        pub write_batch_max: usize = 256, unit: "writes", allowed: 1..=10_000;

        /// Writes that may wait for the writer. Further ones get 503 immediately.
        pub writes_waiting_max: usize = 8_192, unit: "writes", allowed: 1..=1_000_000;

        /// Page cache of all connections together. It is divided equally among them.
        pub cache_mib: u32 = 64, unit: "MiB", allowed: 1..=MIB_MAX;

        /// Size above which the write-ahead log is emptied. Reads pause during that, until the longest running read has
        /// completed. A backup in progress prevents it.
        pub wal_mib_max: u32 = 64, unit: "MiB", allowed: 1..=MIB_MAX;

        /// How much of the file each connection maps into memory, through the file cache of the system. 0 disables
        /// this: reads then use the page cache alone.
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
