//! Readers: a few connections, each used by one blocking thread at a time.
//!
//! A read is one transaction, so it sees one state. It begins after the call, so it sees every write that was
//! acknowledged before. The number of waiting reads is bounded; further ones get `Busy` immediately. A connection that is
//! not usable any more is dropped, and the next read opens another one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::db::Db;
use super::failure::of_engine;
use super::log::Gate;
use super::open::OpenFailed;
use sosik_store::{StoreError, StoreResult};

/// Opens a connection for reads.
pub(super) type Connect = Arc<dyn Fn() -> Result<Connection, OpenFailed> + Send + Sync>;

/// The pool of connections.
pub(super) struct Readers {
    /// One permit for each connection.
    connection_permits: Arc<Semaphore>,
    /// One permit for each read that runs or waits.
    queue_permits: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Connection>>>,
    connect: Connect,
    /// Each read holds it shared: emptying the log waits until no read runs.
    gate: Gate,
    count: u32,
    started: AtomicU64,
}

impl Readers {
    /// Opens a pool of `count` connections.
    ///
    /// # Errors
    /// If the database cannot be opened.
    pub(super) fn open(
        count: usize,
        waiting_max: usize,
        gate: Gate,
        connect: Connect,
    ) -> Result<Self, OpenFailed> {
        let connections = (0..count).map(|_| connect()).collect::<Result<_, _>>()?;
        Ok(Self {
            connection_permits: Arc::new(Semaphore::new(count)),
            queue_permits: Arc::new(Semaphore::new(count + waiting_max)),
            idle: Arc::new(Mutex::new(connections)),
            connect,
            gate,
            count: u32::try_from(count).unwrap_or(u32::MAX),
            started: AtomicU64::new(0),
        })
    }

    /// Reads since the pool was opened.
    pub(super) fn started(&self) -> u64 {
        self.started.load(Ordering::Relaxed)
    }

    /// Runs a read on a thread for blocking work.
    pub(super) async fn read<T, F>(&self, context: &'static str, work: F) -> StoreResult<T>
    where
        T: Send + 'static,
        F: FnOnce(&Db<'_>) -> StoreResult<T> + Send + 'static,
    {
        let queue_permit = Arc::clone(&self.queue_permits)
            .try_acquire_owned()
            .map_err(|full| match full {
                tokio::sync::TryAcquireError::NoPermits => StoreError::Busy,
                tokio::sync::TryAcquireError::Closed => StoreError::Closed,
            })?;
        let Ok(connection_permit) = Arc::clone(&self.connection_permits).acquire_owned().await
        else {
            return Err(StoreError::Closed);
        };
        self.started.fetch_add(1, Ordering::Relaxed);
        let (idle, gate) = (Arc::clone(&self.idle), Arc::clone(&self.gate));
        let connect = Arc::clone(&self.connect);
        let read = tokio::task::spawn_blocking(move || {
            // Held to the end, even if the caller is gone: the connection is in use until then.
            let _held = (queue_permit, connection_permit);
            let _log_is_used = gate.read();
            PooledConnection::take(&idle, &connect)?.read(work)
        });
        match read.await {
            Ok(outcome) => outcome.map_err(|error| error.with_context(context)),
            Err(panicked) => Err(StoreError::failed(context, panicked)),
        }
    }

    /// Waits for the reads in progress, then closes the connections.
    pub(super) async fn close(&self) {
        self.queue_permits.close();
        let _all = self.connection_permits.acquire_many(self.count).await;
        self.connection_permits.close();
        self.idle.lock().clear();
    }
}

/// A borrowed connection. Dropping it returns it to the pool.
struct PooledConnection<'p> {
    connection: Option<Connection>,
    pool: &'p Mutex<Vec<Connection>>,
}

impl<'p> PooledConnection<'p> {
    /// An idle connection, or a new one in place of a dropped one.
    fn take(pool: &'p Mutex<Vec<Connection>>, connect: &Connect) -> StoreResult<Self> {
        let idle = pool.lock().pop();
        let connection = idle.map_or_else(|| reconnect(connect), Ok)?;
        Ok(Self {
            connection: Some(connection),
            pool,
        })
    }

    fn read<T>(&self, work: impl FnOnce(&Db<'_>) -> StoreResult<T>) -> StoreResult<T> {
        let Some(connection) = &self.connection else {
            return Err(StoreError::Closed);
        };
        connection
            .prepare_cached("BEGIN")
            .map_err(of_engine)?
            .execute([])
            .map_err(of_engine)?;
        let outcome = work(&Db::new(connection));
        connection
            .prepare_cached("COMMIT")
            .map_err(of_engine)?
            .execute([])
            .map_err(of_engine)?;
        outcome
    }
}

fn reconnect(connect: &Connect) -> StoreResult<Connection> {
    connect().map_err(|error| {
        tracing::error!(%error, "a connection for reads could not be opened again: the next read tries it anew");
        StoreError::Busy
    })
}

impl Drop for PooledConnection<'_> {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else {
            return;
        };
        // A transaction is still open only after a panic or an error. A connection whose transaction cannot be ended is
        // not reused.
        if connection.is_autocommit() || connection.execute_batch("ROLLBACK").is_ok() {
            self.pool.lock().push(connection);
        }
    }
}

#[cfg(test)]
mod tests;
