//! A store that breaks promises.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use foldhash::HashMap;
use parking_lot::Mutex;
use sosik_feed::{
    Circle, CommentId, CommitPosition, Committed, NotificationId, PersonId, StoryId, Timestamp,
};
use sosik_store::layer::StoreLayer;
use sosik_store::{
    CommentRecord, LeaseRequest, Liked, NewComment, NewStory, NodeLease, Posted, ReaderChunk,
    ReadersMax, ReadersQuery, Store, StoreError, StoreResult, StoryCounts, StoryRecord,
};

use super::{Authors, Sabotage};

/// A store that breaks a promise. What it remembers grows for as long as it runs: it is for tests.
pub(super) struct SabotagedStore {
    promise: Sabotage,
    store: Arc<dyn Store>,
    authors: Authors,
    /// Stories that the store has returned.
    kept: Mutex<HashMap<StoryId, StoryRecord>>,
    /// The widest circle of each reader so far.
    circles: Mutex<HashMap<PersonId, Circle>>,
}

impl SabotagedStore {
    pub(super) fn new(promise: Sabotage, store: Arc<dyn Store>, authors: Authors) -> Self {
        Self {
            promise,
            store,
            authors,
            kept: Mutex::default(),
            circles: Mutex::default(),
        }
    }

    /// A lease as the node gets it.
    fn told(&self, lease: NodeLease) -> NodeLease {
        let store_now = lease.store_now;
        let store_now = store_now.filter(|_now| !self.breaks(Sabotage::UseOwnClock));
        NodeLease { store_now, ..lease }
    }

    fn breaks(&self, promise: Sabotage) -> bool {
        self.promise == promise
    }

    /// Adds the kept stories among these that are missing, and keeps the others.
    fn keep_deleted(&self, ids: &[StoryId], found: &mut Vec<StoryRecord>) {
        let mut kept = self.kept.lock();
        kept.extend(found.iter().map(|story| (story.id, story.clone())));
        let is_found = |id: &StoryId| found.iter().any(|story| story.id == *id);
        let missing: Vec<_> = ids.iter().filter(|id| !is_found(id)).collect();
        found.extend(missing.into_iter().filter_map(|id| kept.get(id).cloned()));
    }

    /// Everybody who has been in the circle of this reader, and nobody who is hidden.
    fn widest(&self, reader: PersonId, circle: &Circle) -> Circle {
        let mut circles = self.circles.lock();
        let before = circles.entry(reader).or_default();
        let friends = [before.friends(), circle.friends()].concat();
        let follows = [before.follows(), circle.follows()].concat();
        *before = Circle::new(friends, follows, Vec::new(), Vec::new());
        before.clone()
    }

    fn count(&self, mut liked: Committed<Option<Liked>>) -> Committed<Option<Liked>> {
        if self.breaks(Sabotage::CountTwice)
            && let Some(liked) = &mut liked.value
        {
            liked.counts.likes *= 2;
        }
        liked
    }
}

/// A circle in which nobody is blocked.
fn without_blocks(circle: &Circle) -> Circle {
    let people = circle.friends().iter().chain(circle.follows());
    let muted = people.filter(|person| circle.is_hidden(**person));
    Circle::new(
        circle.friends().to_vec(),
        circle.follows().to_vec(),
        muted.copied().collect(),
        Vec::new(),
    )
}

#[async_trait]
impl StoreLayer for SabotagedStore {
    type Inner = dyn Store;

    fn inner(&self) -> &Self::Inner {
        &*self.store
    }

    async fn post(&self, mut story: NewStory) -> StoreResult<Committed<Posted<StoryId>>> {
        match self.promise {
            Sabotage::AcknowledgeUnwritten => {
                let posted = Posted::New {
                    notified: Vec::new(),
                    mentions: Vec::new(),
                    attachments: Vec::new(),
                };
                return Ok(Committed::new(posted, CommitPosition::START));
            }
            Sabotage::IgnoreIdempotencyKey => story.idempotency = None,
            Sabotage::ForgetOwnStory => {
                self.authors.lock().insert(story.id, story.author);
            }
            _ => {}
        }
        self.store.post(story).await
    }

    async fn comment(
        &self,
        mut comment: NewComment,
    ) -> StoreResult<Committed<(Posted<CommentId>, StoryCounts)>> {
        if self.breaks(Sabotage::IgnoreIdempotencyKey) {
            comment.idempotency = None;
        }
        self.store.comment(comment).await
    }

    async fn comments_of(
        &self,
        story: StoryId,
        after: CommentId,
        limit: u32,
    ) -> StoreResult<Vec<CommentRecord>> {
        if self.breaks(Sabotage::FailInsteadOfRefusing) {
            return Err(StoreError::failed("list comments", "fails on purpose"));
        }
        self.store.comments_of(story, after, limit).await
    }

    async fn stories(
        &self,
        ids: &[StoryId],
        at_least: CommitPosition,
    ) -> StoreResult<Vec<StoryRecord>> {
        let mut found = self.store.stories(ids, at_least).await?;
        if self.breaks(Sabotage::KeepDeleted) {
            self.keep_deleted(ids, &mut found);
        }
        Ok(found)
    }

    async fn circle(&self, person: PersonId, at_least: CommitPosition) -> StoreResult<Circle> {
        let circle = self.store.circle(person, at_least).await?;
        Ok(match self.promise {
            Sabotage::ShowWhatIsCached => self.widest(person, &circle),
            Sabotage::ShowBlockedComments => without_blocks(&circle),
            _ => circle,
        })
    }

    async fn readers_of_many(
        &self,
        queries: Vec<ReadersQuery>,
        max: ReadersMax,
    ) -> StoreResult<Vec<ReaderChunk>> {
        let mut chunks = self.store.readers_of_many(queries, max).await?;
        if self.breaks(Sabotage::DropLastChunk) {
            let last = chunks.iter_mut().filter(|chunk| chunk.last);
            last.for_each(|chunk| chunk.readers.clear());
        }
        Ok(chunks)
    }

    async fn newest(
        &self,
        reader: PersonId,
        circle: &Circle,
        before: Option<StoryId>,
        limit: u32,
        at_least: CommitPosition,
    ) -> StoreResult<Vec<StoryId>> {
        let newest = self.store.newest(reader, circle, before, limit, at_least);
        let mut ids = newest.await?;
        if self.breaks(Sabotage::SkipOneWhenPaging) && before.is_some() && !ids.is_empty() {
            ids.remove(0);
        }
        Ok(ids)
    }

    async fn like(
        &self,
        person: PersonId,
        story: StoryId,
        notification: NotificationId,
        now: Timestamp,
    ) -> StoreResult<Committed<Option<Liked>>> {
        let liked = self.store.like(person, story, notification, now).await?;
        Ok(self.count(liked))
    }

    async fn unlike(
        &self,
        person: PersonId,
        story: StoryId,
    ) -> StoreResult<Committed<Option<Liked>>> {
        let liked = self.store.unlike(person, story).await?;
        Ok(self.count(liked))
    }

    async fn renew_node(
        &self,
        lease: NodeLease,
        last_id_at: Timestamp,
        now: Timestamp,
        span: Duration,
    ) -> StoreResult<NodeLease> {
        let renewed = self.store.renew_node(lease, last_id_at, now, span).await;
        match renewed {
            Err(StoreError::LeaseLost) if self.breaks(Sabotage::IgnoreFencing) => Ok(NodeLease {
                ids_until: now.max(last_id_at).plus(span),
                ..lease
            }),
            renewed => renewed.map(|lease| self.told(lease)),
        }
    }

    async fn lease_node(&self, request: LeaseRequest) -> StoreResult<NodeLease> {
        let leased = self.store.lease_node(request).await?;
        Ok(self.told(leased))
    }
}
