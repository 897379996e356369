//! The threads that serve connections.
//!
//! A connection stays on the thread that got it, with a runtime and connections to nodes of this thread. So no step of a
//! request wakes another thread, which was an eighth of the CPU time of a request with one runtime for all threads.

use std::io;
use std::num::NonZero;
use std::sync::Arc;
use std::thread::{self, available_parallelism};

use tokio::runtime::{Builder, Handle};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::front::Shared;

/// A thread and what its connections share.
pub(super) struct Worker {
    pub(super) runtime: Handle,
    /// Each connection holds it as long as it is open.
    pub(super) shared: Arc<Shared>,
}

/// One thread for each core. They end when this is dropped, and with them the connections that are left.
pub(super) struct Workers {
    all: Vec<Worker>,
    _ends: DropGuard,
}

impl Workers {
    /// Starts the threads. `shared` makes what the connections of one of this many threads share.
    ///
    /// # Errors
    /// The system has no more threads or files.
    pub(super) fn start(shared: impl Fn(usize) -> Arc<Shared>) -> io::Result<Self> {
        let until = CancellationToken::new();
        let ends = until.clone().drop_guard();
        let count = available_parallelism().map_or(1, NonZero::get);
        let started = (0..count).map(|number| {
            let runtime = start(number, until.clone())?;
            let shared = shared(count);
            Ok(Worker { runtime, shared })
        });
        Ok(Self {
            all: started.collect::<io::Result<_>>()?,
            _ends: ends,
        })
    }

    /// The worker of the next connection: one with the fewest open connections.
    pub(super) fn next(&self) -> &Worker {
        let open = |worker: &Worker| Arc::strong_count(&worker.shared);
        let fewest = (0..self.all.len()).min_by_key(|number| open(&self.all[*number]));
        &self.all[fewest.unwrap_or_default()] // there is at least one
    }

    /// Ends connections without a request in flight, also those of later.
    pub(super) async fn end_idle(&self) {
        for worker in &self.all {
            worker.shared.end_idle().await;
        }
    }
}

fn start(number: usize, until: CancellationToken) -> io::Result<Handle> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    let serve = move || runtime.block_on(until.cancelled());
    thread::Builder::new()
        .name(format!("balance-{number}"))
        .spawn(serve)?;
    Ok(handle)
}
