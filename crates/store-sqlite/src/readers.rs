//! Readers: a few connections, each used by one blocking thread at a time.
//!
//! A read is one transaction, so it sees one state. It begins after the call, so it sees every write that was
//! acknowledged before. The number of waiting reads is bounded; further ones get `Busy` immediately.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::db::Db;
use super::failure::{of_engine, with_context};
use super::log::Gate;
use sosik_store::{StoreError, StoreResult};

/// The pool of connections.
pub(super) struct Readers {
    /// One permit for each connection.
    connection_permits: Arc<Semaphore>,
    /// One permit for each read that runs or waits.
    queue_permits: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Connection>>>,
    /// Each read holds it shared: emptying the log waits until no read runs.
    gate: Gate,
    count: u32,
    started: AtomicU64,
}

impl Readers {
    /// A pool of open connections.
    pub(super) fn new(connections: Vec<Connection>, waiting_max: usize, gate: Gate) -> Self {
        let count = connections.len();
        Self {
            connection_permits: Arc::new(Semaphore::new(count)),
            queue_permits: Arc::new(Semaphore::new(count + waiting_max)),
            idle: Arc::new(Mutex::new(connections)),
            gate,
            count: u32::try_from(count).unwrap_or(u32::MAX),
            started: AtomicU64::new(0),
        }
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
        let read = tokio::task::spawn_blocking(move || {
            // Held to the end, even if the caller is gone: the connection is in use until then.
            let _held = (queue_permit, connection_permit);
            let _log_is_used = gate.read();
            let borrowed = PooledConnection::take(&idle).ok_or(StoreError::Closed)?;
            borrowed.read(work)
        });
        match read.await {
            Ok(outcome) => outcome.map_err(|error| with_context(context, error)),
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
    fn take(pool: &'p Mutex<Vec<Connection>>) -> Option<Self> {
        let connection = pool.lock().pop()?;
        Some(Self {
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
