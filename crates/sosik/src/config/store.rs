//! The durable store.

use super::allowed::Schemes;
use super::setting::settings;
use super::units::MIB_MAX;

settings! {
    /// The store: the durable source of all data.
    "store" {
        /// Where the store is. A path after `sqlite:` is relative to the working directory. Missing folders are
        /// created.
        url => urls.store, unit: "URL", allowed: Schemes(&["sqlite"]);

        /// Connections that read at the same time, each in its own thread.
        readers => store.readers, unit: "connections", allowed: 1..=64;

        /// Reads that may wait for a connection. Further ones get 503 immediately.
        reads_waiting_max => store.reads_waiting_max, unit: "reads", allowed: 1..=1_000_000;

        /// Writes in one transaction. They share one wait for the disk.
        write_batch_max => store.write_batch_max, unit: "writes", allowed: 1..=10_000;

        /// Writes that may wait for the writer. Further ones get 503 immediately.
        writes_waiting_max => store.writes_waiting_max, unit: "writes", allowed: 1..=1_000_000;

        /// Page cache of all connections together. It is divided equally among them.
        cache_mib => store.cache_mib, unit: "MiB", allowed: 1..=MIB_MAX;

        /// Size above which the write-ahead log is emptied. Reads pause during that, until the longest running read has
        /// completed. A backup in progress prevents it.
        wal_mib_max => store.wal_mib_max, unit: "MiB", allowed: 1..=MIB_MAX;

        /// How much of the file each connection maps into memory, through the file cache of the system. 0 disables
        /// this: reads then use the page cache alone.
        mmap_mib => store.mmap_mib, unit: "MiB", allowed: 0..=MIB_MAX;
    }
}
