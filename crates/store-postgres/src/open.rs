//! Opening a store: checks of the server, then migrations.

use std::time::Duration;

use sosik_store::{StoreError, StoreResult};

use super::db::Db;
use super::maintenance;
use super::migrations::{self, Opener};
use super::options::{Pooler, PostgresOptions};
use super::pool::{self, Class};
use super::row::Row;
use super::sql::{bind, statements};

statements! {
    /// Nodes that start take turns, so that they see each other.
    CONNECTIONS_LOCK = "SELECT 1 FROM (SELECT pg_advisory_xact_lock($1)) locked";
    /// The other nodes, with the connections that each may open. The sessions of one node have the same name and the same
    /// address. Nodes that wait for their turn will count this one.
    SERVER = "WITH others AS (
            SELECT max(coalesce(substring(application_name FROM '/([0-9]+)$')::bigint, $2)) AS connections
            FROM pg_stat_activity
            WHERE application_name LIKE 'sosik/%' AND datname = current_database()
              AND (split_part(application_name, '/', 2), host(client_addr)) IS DISTINCT FROM ($1, host(inet_client_addr()))
              AND pid <> ALL(ARRAY(SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
                  AND objid::bigint = $3))
            GROUP BY split_part(application_name, '/', 2), client_addr)
        SELECT current_setting('server_version_num')::bigint, current_setting('synchronous_commit'),
        current_setting('server_encoding'), pg_is_in_recovery() OR current_setting('default_transaction_read_only')::boolean,
        current_setting('max_connections')::bigint - current_setting('superuser_reserved_connections')::bigint,
        current_setting('fsync'),
        (SELECT count(*) FROM others), (SELECT coalesce(sum(connections), 0)::bigint FROM others)";
    WRITABLE = "SELECT NOT pg_is_in_recovery()";
}

/// The oldest version that has everything the statements use.
const VERSION_MIN: i64 = 150_000;

/// How long a node that starts waits for a migration, its own or that of another node. A migration that changes many rows
/// takes longer than a statement of a request may.
const MIGRATION_MAX: Duration = Duration::from_secs(600);

/// The advisory lock of nodes that count connections ("conn" in ASCII).
const LOCK: i64 = 0x63_6F_6E_6E;

/// The reason why a server is rejected. Names the setting to change.
#[derive(Debug, thiserror::Error)]
enum ServerRejected {
    #[error("the server is PostgreSQL {}, and Sosik needs 15 or newer", version / 10_000)]
    TooOld { version: i64 },
    #[error(
        "synchronous_commit is off, so a power failure would lose writes that were acknowledged: set it to on in \
         postgresql.conf, or with ALTER ROLE or ALTER DATABASE where it was turned off"
    )]
    Lossy,
    #[error("the encoding of the database is {0}: create it with ENCODING 'UTF8'")]
    Encoding(String),
    #[error(
        "the server is read-only: connect to the primary, or list all servers in store.url with \
         target_session_attrs=read-write"
    )]
    ReadOnly,
    #[error(
        "this node may open {wanted} connections and {nodes} others together {taken}, which exceeds the {admitted} that \
         the server admits: raise max_connections of the server, use PgBouncer, or lower the connections of the nodes \
         (store.read_connections and the keys beside it)"
    )]
    Connections {
        nodes: i64,
        taken: i64,
        wanted: i64,
        admitted: i64,
    },
}

/// What the server says of itself.
struct Server {
    version: i64,
    synchronous_commit: String,
    encoding: String,
    read_only: bool,
    connections: i64,
    fsync: String,
    other_nodes: i64,
    /// Connections that the others may open.
    taken: i64,
}

/// Checks the server, brings the schema up to date, and connects. All the time there is a connection, so that other nodes
/// that start count this one.
pub(crate) async fn open(options: &PostgresOptions) -> StoreResult<Db> {
    let prepared = prepare_for(Opener::Store, options).await?;
    let db = Db::new(options)?;
    let connected = db.read(Class::Lease, "connect", bind!(WRITABLE)).await;
    prepared.pools.close().await;
    connected.map(|_| db)
}

/// Checks the server and creates the schema of a database that is empty or half filled.
pub(crate) async fn prepare_to_fill(options: &PostgresOptions) -> StoreResult<()> {
    let prepared = prepare_for(Opener::Filling, options).await?;
    prepared.pools.close().await;
    Ok(())
}

/// Returns the pools that it used, with a connection.
async fn prepare_for(opener: Opener, options: &PostgresOptions) -> StoreResult<Db> {
    let patient = PostgresOptions {
        statement_max: MIGRATION_MAX,
        ..options.clone()
    };
    let db = Db::new(&patient)?;
    if let Err(error) = prepare_with(&db, opener, options).await {
        db.pools.close().await;
        return Err(error);
    }
    Ok(db)
}

async fn prepare_with(db: &Db, opener: Opener, options: &PostgresOptions) -> StoreResult<()> {
    let class = Class::Administration;
    let connections = i64::try_from(options.pools.connections_max()).unwrap_or(i64::MAX);
    let name = pool::shown_name(options);
    let read = db.snapshot(class, "read the settings of the server", |tx| {
        let settings = bind!(SERVER, &name, connections, LOCK);
        async move {
            tx.run(bind!(CONNECTIONS_LOCK, LOCK)).await?;
            tx.row(settings, server).await
        }
    });
    if let Some(server) = read.await? {
        let pooled = options.pooler == Pooler::PgBouncer;
        server
            .check(connections, pooled)
            .map_err(|error| StoreError::failed("use the database server", error))?;
    }
    let applied = migrations::migrate(db, opener, options.now).await?;
    if applied > 0 {
        tracing::info!(migrations = applied, "the schema was updated");
    }
    maintenance::update_terms(db).await
}

/// Succeeds if a read succeeds, and records whether the server accepts writes.
pub(crate) async fn check(db: &Db) -> StoreResult<()> {
    let answer = db.read(Class::Read, "check the store", bind!(WRITABLE));
    let writable: Option<bool> = answer.await?.first()?;
    db.set_read_only(writable == Some(false));
    Ok(())
}

fn server(row: &Row) -> StoreResult<Server> {
    Ok(Server {
        version: row.get(0)?,
        synchronous_commit: row.get(1)?,
        encoding: row.get(2)?,
        read_only: row.get(3)?,
        connections: row.get(4)?,
        fsync: row.get(5)?,
        other_nodes: row.get(6)?,
        taken: row.get(7)?,
    })
}

impl Server {
    /// Checks the settings. A pooler has a limit of its own.
    fn check(self, wanted: i64, pooled: bool) -> Result<(), ServerRejected> {
        if self.version < VERSION_MIN {
            let version = self.version;
            return Err(ServerRejected::TooOld { version });
        }
        if self.read_only {
            return Err(ServerRejected::ReadOnly);
        }
        if self.encoding != "UTF8" {
            return Err(ServerRejected::Encoding(self.encoding));
        }
        if self.synchronous_commit == "off" {
            return Err(ServerRejected::Lossy);
        }
        if self.taken.saturating_add(wanted) > self.connections && !pooled {
            return Err(ServerRejected::Connections {
                nodes: self.other_nodes,
                taken: self.taken,
                wanted,
                admitted: self.connections,
            });
        }
        if self.fsync == "off" {
            tracing::warn!("fsync of the server is off: a power failure can destroy the database");
        }
        Ok(())
    }
}
