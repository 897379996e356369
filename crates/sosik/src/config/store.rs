//! The durable store.

use sosik_store_postgres::Pooler;
use toml::Value;

use super::allowed::{Any, Schemes, ShortText};
use super::layers::Raw;
use super::setting::{Setting, one_of, settings, word_of};
use super::units::MIB_MAX;

settings! {
    /// The store: the durable source of all data.
    "store" {
        /// Where the store is. A path after `sqlite:` is relative to the working directory. Missing folders are
        /// created. `postgres://user:password@host/database` is a store for several nodes. The keys below, up to
        /// `mmap_mib`, belong to SQLite.
        url => urls.store, unit: "URL", allowed: Schemes(&["sqlite", "postgres"]);

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

        /// PostgreSQL: connections of this node for writes of requests. The sum of these five keys and two connections for
        /// leases, over all nodes, must fit into `max_connections` of the server.
        post_connections => pools.post.connections_max, unit: "connections", allowed: 1..=1_000;

        /// PostgreSQL: connections of this node for reads of requests.
        read_connections => pools.read.connections_max, unit: "connections", allowed: 1..=1_000;

        /// PostgreSQL: connections of this node for rebuilding timelines.
        rebuild_connections => pools.rebuild.connections_max, unit: "connections", allowed: 1..=1_000;

        /// PostgreSQL: connections of this node for deliveries and removals.
        background_connections => pools.background.connections_max, unit: "connections", allowed: 1..=1_000;

        /// PostgreSQL: connections of this node for imports, repairs and checks.
        administration_connections => pools.administration.connections_max, unit: "connections", allowed: 1..=1_000;

        /// PostgreSQL: what is between this node and the server. `pgbouncer` is PgBouncer in transaction mode.
        pooler => pooler, unit: "word", allowed: Any("none or pgbouncer");

        /// PostgreSQL with `sslmode=require` in `url`: a file (PEM) with the certificates of the authorities that sign that
        /// of the server; empty for the authorities of the system. It is read at the start.
        ca_file => store_ca_file, unit: "path", allowed: ShortText { bytes_max: 4_096 };
    }
}

const WORDS: [(&str, Pooler); 2] = [("none", Pooler::None), ("pgbouncer", Pooler::PgBouncer)];

impl Setting for Pooler {
    fn from_raw(raw: &Raw) -> Result<Self, String> {
        one_of(raw, &WORDS)
    }

    fn shown(&self) -> Value {
        word_of(self, &WORDS)
    }
}
