//! A store with a copy that lags behind.
//!
//! Writes go to the primary and are numbered. A read that requires a position is answered by the copy if the copy has
//! this position. All other reads see the primary. An engine with replicas may behave like this.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use parking_lot::Mutex;
use sosik_feed::{Circle, CommitPosition, Committed, PersonId, StoryId};
use sosik_store::layer::{Layered, StoreLayer};
use sosik_store::{
    LikedStories, PersonRecord, SessionRecord, Store, StoreResult, StoryRecord, TokenHash,
};

/// A store with a copy that lags behind. Clones share both.
pub struct Lagging<S: ?Sized>(Arc<Copies<S>>);

struct Copies<S: ?Sized> {
    primary: Arc<S>,
    /// The number of the last commit.
    commits: AtomicU64,
    copy: Mutex<(CommitPosition, Arc<dyn Store>)>,
    reads_of_copy: AtomicU64,
}

impl<S: ?Sized> Clone for Lagging<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: Store + ?Sized> Lagging<S> {
    /// A primary that has no commits yet, and its copy.
    pub fn new(primary: Arc<S>, copy: Arc<dyn Store>) -> Self {
        Self(Arc::new(Copies {
            primary,
            commits: AtomicU64::new(0),
            copy: Mutex::new((CommitPosition::START, copy)),
            reads_of_copy: AtomicU64::new(0),
        }))
    }

    /// The store that a service uses.
    #[must_use]
    pub fn store(&self) -> Arc<Layered<Self>> {
        Arc::new(Layered(self.clone()))
    }

    /// The position that a copy has if it is made after this call.
    #[must_use]
    pub fn position(&self) -> CommitPosition {
        CommitPosition::new(self.0.commits.load(Ordering::Acquire))
    }

    /// Replaces the copy by a newer one, which has this position.
    pub fn catch_up(&self, position: CommitPosition, copy: Arc<dyn Store>) {
        *self.0.copy.lock() = (position, copy);
    }

    /// The number of reads that the copy has answered.
    #[must_use]
    pub fn reads_of_copy(&self) -> u64 {
        self.0.reads_of_copy.load(Ordering::Relaxed)
    }

    /// The copy, if it has this position.
    fn copy_at(&self, at_least: CommitPosition) -> Option<Arc<dyn Store>> {
        let copy = self.0.copy.lock();
        let (position, store) = &*copy;
        (*position >= at_least).then(|| {
            self.0.reads_of_copy.fetch_add(1, Ordering::Relaxed);
            Arc::clone(store)
        })
    }
}

/// The reads with a position: from the copy if it has the position, otherwise from the primary.
macro_rules! reads_with_position {
    ($($read:ident($($name:ident: $type:ty),*) -> $answer:ty;)*) => {
        #[async_trait]
        impl<S: Store + ?Sized> StoreLayer for Lagging<S> {
            type Inner = S;

            fn inner(&self) -> &S {
                &self.0.primary
            }

            async fn around_commit<T: Send>(
                &self,
                _call: &'static str,
                work: impl Future<Output = StoreResult<Committed<T>>> + Send,
            ) -> StoreResult<Committed<T>> {
                let committed = work.await?;
                let number = self.0.commits.fetch_add(1, Ordering::AcqRel) + 1;
                Ok(Committed::new(committed.value, CommitPosition::new(number)))
            }

            $(async fn $read(
                &self,
                $($name: $type,)*
                at_least: CommitPosition,
            ) -> StoreResult<$answer> {
                match self.copy_at(at_least) {
                    Some(copy) => copy.$read($($name,)* at_least).await,
                    None => self.0.primary.$read($($name,)* at_least).await,
                }
            })*
        }
    };
}

reads_with_position! {
    session(token: &TokenHash) -> Option<SessionRecord>;
    people(ids: &[PersonId]) -> Vec<PersonRecord>;
    read_position(person: PersonId) -> StoryId;
    circle(person: PersonId) -> Circle;
    stories(ids: &[StoryId]) -> Vec<StoryRecord>;
    liked_stories(person: PersonId, limit: u32) -> LikedStories;
    newest(reader: PersonId, circle: &Circle, before: Option<StoryId>, limit: u32) -> Vec<StoryId>;
}
