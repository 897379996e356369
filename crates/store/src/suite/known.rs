//! The position that a read of the suite asks for: the largest one that a write has returned.
//!
//! An engine whose copies lag behind is tested by that: a read of the suite may be answered by any copy with this
//! position, so a copy that lacks a write of the behaviour shows.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use sosik_feed::{CommitPosition, Committed};

use super::world::EmptyStore;
use crate::StoreResult;
use crate::layer::StoreLayer;

/// The writes that have returned.
#[derive(Default)]
pub(super) struct Known(Mutex<State>);

#[derive(Default)]
struct State {
    /// The largest position that a write has returned.
    largest: CommitPosition,
    /// The number of writes that returned no position.
    without_position: u64,
    /// `largest` covers this many of them.
    covered: u64,
}

impl Known {
    /// The position that covers every write that has returned. The latest one after a write without a position, until
    /// another write returns one.
    pub(super) fn position(&self) -> CommitPosition {
        let state = self.state();
        match state.covered == state.without_position {
            true => state.largest,
            false => CommitPosition::LATEST,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn without_position(&self) -> u64 {
        self.state().without_position
    }

    fn note_write(&self) {
        self.state().without_position += 1;
    }

    /// A commit covers all writes that had returned before it began.
    fn note_commit(&self, at: CommitPosition, returned_before: u64) {
        let mut state = self.state();
        state.largest = state.largest.max(at);
        state.covered = state.covered.max(returned_before);
    }
}

/// Notes the position of every write.
pub(super) struct Noted {
    pub(super) store: Arc<dyn EmptyStore>,
    pub(super) known: Arc<Known>,
}

#[async_trait]
impl StoreLayer for Noted {
    type Inner = dyn EmptyStore;

    fn inner(&self) -> &Self::Inner {
        &*self.store
    }

    async fn around_write<T: Send>(
        &self,
        _call: &'static str,
        work: impl Future<Output = StoreResult<T>> + Send,
    ) -> StoreResult<T> {
        let answer = work.await;
        self.known.note_write();
        answer
    }

    async fn around_commit<T: Send>(
        &self,
        _call: &'static str,
        work: impl Future<Output = StoreResult<Committed<T>>> + Send,
    ) -> StoreResult<Committed<T>> {
        let returned_before = self.known.without_position();
        let answer = work.await;
        match &answer {
            Ok(committed) => self.known.note_commit(committed.at, returned_before),
            // It may have committed.
            Err(_) => self.known.note_write(),
        }
        answer
    }
}
