//! Opening a store: checks of the server, then migrations.

use std::time::Duration;

use sosik_store::{StoreError, StoreResult};

use super::db::Db;
use super::maintenance;
use super::migrations::{self, Opener};
use super::options::{Pooler, PostgresOptions};
use super::pool::Class;
use super::row::Row;
use super::sql::{bind, statements};

statements! {
    SERVER = "SELECT current_setting('server_version_num')::bigint, current_setting('synchronous_commit'),
        current_setting('server_encoding'), pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean,
        current_setting('max_connections')::bigint - current_setting('superuser_reserved_connections')::bigint,
        current_setting('fsync'),
        (SELECT count(DISTINCT split_part(application_name, '/', 2)) FROM pg_stat_activity
            WHERE application_name LIKE 'sosik/%' AND datname = current_database()
              AND split_part(application_name, '/', 2) <> $1)";
    WRITABLE = "SELECT NOT pg_is_in_recovery()";
}

/// The oldest version that has everything the statements use.
const VERSION_MIN: i64 = 150_000;

/// How long a node that starts waits for a migration, its own or that of another node. A migration that changes many rows
/// takes longer than a statement of a request may.
const MIGRATION_MAX: Duration = Duration::from_secs(600);

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
        "{nodes} nodes with {wanted} connections each exceed the {admitted} that the server admits: raise \
         max_connections of the server, use PgBouncer, or lower the connections of each node"
    )]
    Connections {
        nodes: i64,
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
}

/// Checks the server and brings the schema up to date.
pub(crate) async fn prepare(options: &PostgresOptions) -> StoreResult<()> {
    prepare_for(Opener::Store, options).await
}

/// [`prepare`] for a database that is empty or half filled.
pub(crate) async fn prepare_to_fill(options: &PostgresOptions) -> StoreResult<()> {
    prepare_for(Opener::Filling, options).await
}

async fn prepare_for(opener: Opener, options: &PostgresOptions) -> StoreResult<()> {
    let patient = PostgresOptions {
        statement_max: MIGRATION_MAX,
        ..options.clone()
    };
    let db = Db::new(&patient)?;
    let prepared = prepare_with(&db, opener, options).await;
    db.pools.close().await;
    prepared
}

async fn prepare_with(db: &Db, opener: Opener, options: &PostgresOptions) -> StoreResult<()> {
    let class = Class::Administration;
    let answer = db.read(
        class,
        "read the settings of the server",
        bind!(SERVER, &options.node),
    );
    let server = answer.await?.row(server)?;
    if let Some(server) = server {
        let connections = i64::try_from(options.pools.connections_max()).unwrap_or(i64::MAX);
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
    })
}

impl Server {
    /// Checks the settings. The other nodes count as if each had as many connections as this one. A pooler has a limit
    /// of its own.
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
        let (nodes, admitted) = (self.other_nodes + 1, self.connections);
        if nodes * wanted > admitted && !pooled {
            return Err(ServerRejected::Connections {
                nodes,
                wanted,
                admitted,
            });
        }
        if self.fsync == "off" {
            tracing::warn!("fsync of the server is off: a power failure can destroy the database");
        }
        Ok(())
    }
}
