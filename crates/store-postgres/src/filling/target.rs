//! The database that is filled: its connection, its emptiness, and the record of how far the filling is.
//!
//! The record is a table of its own, `moved_tables`, which exists from the start of the filling to its end. While it exists
//! no node starts. Each transaction that copies rows updates it, so a filling that was killed continues behind the last
//! row that is there.
//!
//! The statements here run once per filling or per transaction of many rows, so no test looks at their plans.

use std::collections::HashMap;
use std::time::Duration;

use sosik_feed::Timestamp;
use sosik_store::engine::transfer::Cell;
use sosik_store::{StoreError, StoreResult};
use tokio_postgres::{Client, Transaction};

use super::super::failure::of_engine;
use super::super::migrations;
use super::super::options::PostgresOptions;
use super::super::{pool, tls};
use super::moves::MOVES;
use super::{Counted, Refused};

/// The record: how much of each table is there. `migrations::SCHEMA_FOUND` looks for it.
const PROGRESS_CREATE: &str = "CREATE TABLE moved_tables (
    name     text NOT NULL PRIMARY KEY,
    source   text NOT NULL,
    begun_at bigint NOT NULL,
    place    text[] NOT NULL,
    rows     bigint NOT NULL,
    complete boolean NOT NULL
)";
const PROGRESS_BEGIN: &str =
    "INSERT INTO moved_tables (name, source, begun_at, place, rows, complete)
    SELECT name, $2, $3, '{}', 0, false FROM unnest($1::text[]) AS t (name)";
const PROGRESS_READ: &str =
    "SELECT name, source, begun_at, place, rows, complete FROM moved_tables";
const PROGRESS_ADVANCE: &str =
    "UPDATE moved_tables SET place = $2, rows = rows + $3 WHERE name = $1";
const PROGRESS_COMPLETE: &str = "UPDATE moved_tables SET complete = true WHERE name = $1";
const PROGRESS_END: &str = "DROP TABLE moved_tables";
const PROGRESS_EXISTS: &str = "SELECT to_regclass('moved_tables') IS NOT NULL";

/// Nodes that start wait, and see the record afterwards.
const SCHEMA_LOCK: &str = "SELECT pg_advisory_xact_lock($1)";

/// The advisory lock of the session that fills ("moves" in ASCII).
const FILLING_LOCK: &str = "SELECT pg_try_advisory_lock(x'6d6f766573'::bigint)";

/// How long the server may leave data unacknowledged before the connection counts as lost.
const SILENT_MAX: Duration = Duration::from_secs(60);

/// The server looks for a client that is gone, whose lock would otherwise last for hours.
const PROBES: &str =
    "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3";

/// The third part of `application_name`.
const CLASS: &str = "migrate";

/// Tables that nodes fill when they start.
const OF_NODES: [&str; 2] = ["cache_leases", "changes"];

/// How far a table is.
#[derive(Debug, Clone, Default)]
pub(super) struct Progress {
    /// The key of the last row that is there; empty if there is none.
    pub(super) place: Vec<Cell>,
    /// Rows that are there.
    pub(super) rows: u64,
    /// Whether all are there.
    pub(super) complete: bool,
}

/// How far a filling is.
#[derive(Debug)]
pub(super) struct Filled {
    /// When it began.
    pub(super) begun_at: Timestamp,
    /// By table.
    pub(super) tables: HashMap<String, Progress>,
}

/// Connects, and keeps other processes from filling the same database while the connection exists.
pub(super) async fn connect(options: &PostgresOptions) -> StoreResult<Client> {
    let mut config = pool::config(options)
        .map_err(|error| StoreError::failed("read the address of the database", error))?;
    config.application_name(pool::application_name(options, CLASS));
    config.tcp_user_timeout(SILENT_MAX);
    let before = config.get_options().unwrap_or_default().to_owned();
    config.options(format!("{before} {PROBES}"));
    let (client, connection) = config
        .connect(tls::connector(options)?)
        .await
        .map_err(of_engine)?;
    // It ends with the client, which reports its errors.
    tokio::spawn(connection);
    let locked = client
        .query_one(FILLING_LOCK, &[])
        .await
        .map_err(of_engine)?;
    match locked.get(0) {
        true => Ok(client),
        false => Err(Refused::Twice.into()),
    }
}

/// Begins to fill an empty database, or continues a filling from the same source.
pub(super) async fn begin(
    client: &mut Client,
    source: &Counted,
    now: Timestamp,
) -> StoreResult<Filled> {
    let tx = client.transaction().await.map_err(of_engine)?;
    tx.execute(SCHEMA_LOCK, &[&migrations::LOCK])
        .await
        .map_err(of_engine)?;
    if !exists(&tx).await? {
        check_empty(&tx, source.moved).await?;
        let names: Vec<_> = MOVES.iter().map(|of| of.to).collect();
        tx.batch_execute(PROGRESS_CREATE).await.map_err(of_engine)?;
        tx.execute(PROGRESS_BEGIN, &[&names, &source.identity, &now.as_i64()])
            .await
            .map_err(of_engine)?;
    }
    let filled = read(&tx, &source.identity).await?;
    tx.commit().await.map_err(of_engine)?;
    Ok(filled)
}

async fn exists(tx: &Transaction<'_>) -> StoreResult<bool> {
    let found = tx.query_one(PROGRESS_EXISTS, &[]).await;
    Ok(found.map_err(of_engine)?.get(0))
}

async fn check_empty(tx: &Transaction<'_>, moved: bool) -> StoreResult<()> {
    let mut filled = Vec::new();
    for table in MOVES.iter().map(|of| of.to).chain(OF_NODES) {
        let rows = format!("SELECT EXISTS (SELECT 1 FROM {table})");
        if tx.query_one(&rows, &[]).await.map_err(of_engine)?.get(0) {
            filled.push(table);
        }
    }
    match (filled.is_empty(), moved) {
        (true, _) => Ok(()),
        (false, true) => Err(Refused::AlreadyMoved.into()),
        (false, false) => Err(Refused::NotEmpty(filled.join(", ")).into()),
    }
}

/// Reads how far a filling is. Another source would mix two stores.
async fn read(tx: &Transaction<'_>, source: &str) -> StoreResult<Filled> {
    let rows = tx.query(PROGRESS_READ, &[]).await.map_err(of_engine)?;
    let mut filled = Filled {
        begun_at: Timestamp::default(),
        tables: HashMap::new(),
    };
    for row in rows {
        if row.get::<_, &str>(1) != source {
            return Err(Refused::OtherSource.into());
        }
        filled.begun_at = Timestamp::from_i64(row.get(2));
        let place: Vec<String> = row.get(3);
        let place = place
            .iter()
            .map(|cell| cell.parse())
            .collect::<Result<_, _>>();
        let progress = Progress {
            place: place.map_err(|error| StoreError::failed("read the progress", error))?,
            rows: row.get::<_, i64>(4).unsigned_abs(),
            complete: row.get(5),
        };
        filled.tables.insert(row.get(0), progress);
    }
    let known = |of: &super::Move| filled.tables.contains_key(of.to);
    match MOVES.iter().all(known) && filled.tables.len() == MOVES.len() {
        true => Ok(filled),
        false => Err(Refused::OtherVersion.into()),
    }
}

/// Records rows, in the transaction that inserts them.
pub(super) async fn advance(
    tx: &Transaction<'_>,
    table: &str,
    place: &[Cell],
    rows: u64,
) -> StoreResult<()> {
    let place: Vec<_> = place.iter().map(ToString::to_string).collect();
    let rows = rows.cast_signed();
    tx.execute(PROGRESS_ADVANCE, &[&table, &place, &rows])
        .await
        .map_err(of_engine)?;
    Ok(())
}

/// Records that a table is complete.
pub(super) async fn complete(client: &Client, table: &str) -> StoreResult<()> {
    client
        .execute(PROGRESS_COMPLETE, &[&table])
        .await
        .map_err(of_engine)?;
    Ok(())
}

/// The number of rows that a table has.
pub(super) async fn count(client: &Client, table: &str) -> StoreResult<u64> {
    let count = format!("SELECT count(*) FROM {table}");
    let count = client.query_one(&count, &[]).await.map_err(of_engine)?;
    Ok(count.get::<_, i64>(0).unsigned_abs())
}

/// Gives the planner the sizes of the tables.
pub(super) async fn analyze(client: &Client) -> StoreResult<()> {
    let tables: Vec<_> = MOVES.iter().map(|of| of.to).collect();
    let analyze = format!("ANALYZE {}", tables.join(", "));
    client.batch_execute(&analyze).await.map_err(of_engine)
}

/// Ends the filling. Nodes may start.
pub(super) async fn end(client: &Client) -> StoreResult<()> {
    client.batch_execute(PROGRESS_END).await.map_err(of_engine)
}
