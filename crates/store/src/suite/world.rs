//! A small world for tests: people by handle, a clock that ticks, ids that ascend.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sosik_feed::bucket::BucketCycle;
use sosik_feed::id::EPOCH;
use sosik_feed::people::Language;
use sosik_feed::{
    Audience, Circle, CommentId, CommitPosition, MediaId, NotificationId, PersonId, RawId, StoryId,
    Timestamp, UnownedId,
};

use super::known::{Known, Noted};
use crate::layer::Layered;
use crate::{
    Claim, ClaimName, Idempotency, LargeAuthorLimits, Liked, LikedStories, MediaKind, MediaQuota,
    NewComment, NewMedia, NewPerson, NewStory, NewUpload, NotificationList, NotificationRecord,
    Operations, PersonRecord, Posted, ReaderChunk, ReadersMax, ReadersQuery, RelationChange,
    RelationLimits, SessionRecord, Store, StoreError, StoreResult, StoryCounts, StoryRecord,
    StorySpan, TokenHash,
};

/// The limits of the product.
pub const LIMITS: RelationLimits = RelationLimits {
    friends_max: 5_000,
    follows_max: 5_000,
    blocks_max: 10_000,
    mutes_max: 10_000,
    requests_max: 1_000,
};

/// Every limit is three.
pub const THREE: RelationLimits = RelationLimits {
    friends_max: 3,
    follows_max: 3,
    blocks_max: 3,
    mutes_max: 3,
    requests_max: 3,
};

/// More than any behaviour uploads.
pub const MEDIA_QUOTA: MediaQuota = MediaQuota {
    count_max: 100,
    bytes_max: 1_000_000,
    videos_waiting_max: 100,
};

/// The claim of stories posted in this world.
pub const POSTED: ClaimName = ClaimName {
    process: 77,
    number: 1,
};

/// People or stories in one transaction of the comparison at the end.
const REPAIRED_AT_ONCE: u32 = 1_000;

/// Marks of large authors are not compared: behaviours have limits of their own.
const MARKS: LargeAuthorLimits = LargeAuthorLimits {
    above: u32::MAX,
    below: 0,
};

/// A store for one behaviour: nobody else uses it, and nobody has used it before.
pub trait EmptyStore: Store + Operations {}

impl<T: Store + Operations> EmptyStore for T {}

/// An empty store with a clock and a generator of ids. Derefs to the store.
pub struct World {
    store: Arc<dyn EmptyStore>,
    known: Arc<Known>,
    ticks: AtomicU64,
    buckets: BucketCycle,
}

impl Deref for World {
    type Target = dyn EmptyStore;

    fn deref(&self) -> &Self::Target {
        &*self.store
    }
}

impl World {
    /// A world with an empty store.
    pub fn new(store: Arc<dyn EmptyStore>) -> Self {
        let known = Arc::new(Known::default());
        let noted = Noted {
            store,
            known: Arc::clone(&known),
        };
        Self {
            store: Arc::new(Layered(noted)),
            known,
            ticks: AtomicU64::new(1_000),
            buckets: BucketCycle::starting_at(7),
        }
    }

    /// The end of a behaviour: the counts of the store are those of its rows. Closes the store, which a behaviour may
    /// have done already.
    pub async fn finish(&self) {
        match self.wrong_counts().await {
            Ok(wrong) => assert_eq!(wrong, 0, "counts that differ from their rows"),
            Err(StoreError::Closed) => {}
            Err(error) => panic!("the counts cannot be compared: {error}"),
        }
        self.close().await;
    }

    /// The number of people, stories and comments whose counts a repair corrects.
    async fn wrong_counts(&self) -> StoreResult<u64> {
        let (mut wrong, mut after) = (0, PersonId::default());
        while let repaired = self.repair_people(after, REPAIRED_AT_ONCE, MARKS).await?
            && let Some(last) = repaired.last
        {
            (wrong, after) = (wrong + repaired.counts, last);
        }
        let mut after = StoryId::default();
        while let repaired = self.repair_stories(after, REPAIRED_AT_ONCE).await?
            && let Some(last) = repaired.last
        {
            (wrong, after) = (wrong + repaired.counts, last);
        }
        let mut after = CommentId::default();
        while let repaired = self.repair_comments(after, REPAIRED_AT_ONCE).await?
            && let Some(last) = repaired.last
        {
            (wrong, after) = (wrong + repaired.counts, last);
        }
        Ok(wrong)
    }

    /// The position that covers every write before this read.
    fn position(&self) -> CommitPosition {
        self.known.position()
    }

    /// The circle of a reader.
    pub async fn circle(&self, reader: PersonId) -> StoreResult<Circle> {
        self.store.circle(reader, self.position()).await
    }

    /// Stories by id.
    pub async fn stories(&self, ids: &[StoryId]) -> StoreResult<Vec<StoryRecord>> {
        self.store.stories(ids, self.position()).await
    }

    /// People by id.
    pub async fn people_by_id(&self, ids: &[PersonId]) -> StoreResult<Vec<PersonRecord>> {
        self.store.people(ids, self.position()).await
    }

    /// The session of a token.
    pub async fn session(&self, token: &TokenHash) -> StoreResult<Option<SessionRecord>> {
        self.store.session(token, self.position()).await
    }

    /// The likes of a person.
    pub async fn liked_stories(&self, person: PersonId, limit: u32) -> StoreResult<LikedStories> {
        self.store
            .liked_stories(person, limit, self.position())
            .await
    }

    /// The read position of a person.
    pub async fn read_position(&self, person: PersonId) -> StoreResult<StoryId> {
        self.store.read_position(person, self.position()).await
    }

    /// A page of a home feed.
    pub async fn newest(
        &self,
        reader: PersonId,
        circle: &Circle,
        before: Option<StoryId>,
        limit: u32,
    ) -> StoreResult<Vec<StoryId>> {
        self.store
            .newest(reader, circle, before, limit, self.position())
            .await
    }

    /// The next readers of one author.
    pub async fn readers_of(
        &self,
        author: PersonId,
        audience: Audience,
        after: PersonId,
        limit: u32,
    ) -> StoreResult<ReaderChunk> {
        let query = ReadersQuery {
            author,
            audience,
            after,
        };
        let max = ReadersMax {
            each: limit,
            total: usize::MAX,
        };
        let mut chunks = self.readers_of_many(vec![query], max).await?;
        Ok(chunks.pop().expect("one query has one chunk"))
    }

    /// Whether one author is large.
    pub async fn is_large_author(
        &self,
        author: PersonId,
        limits: LargeAuthorLimits,
    ) -> StoreResult<bool> {
        Ok(self.large_authors(vec![author], limits).await? == [true])
    }

    /// The store, for separate tasks.
    pub fn shared(&self) -> Arc<dyn EmptyStore> {
        Arc::clone(&self.store)
    }

    /// A time later than all earlier ones.
    pub fn now(&self) -> Timestamp {
        EPOCH.plus(Duration::from_millis(
            self.ticks.fetch_add(1, Ordering::Relaxed),
        ))
    }

    /// An id larger than all before, for the constructor of its kind.
    pub fn id(&self) -> UnownedId {
        UnownedId::from_fields(RawId::first_at(self.now()).millis(), 0, 0)
    }

    /// The id of a new person, in the next bucket.
    pub fn person(&self) -> PersonId {
        PersonId::in_bucket(self.buckets.draw(), self.id())
    }

    /// An id for a notification.
    pub fn note(&self, reader: PersonId) -> NotificationId {
        NotificationId::for_reader(reader, self.id())
    }

    /// An id for the notification of likes of a story: in the bucket of its author, which is the story's too.
    pub fn note_of_likes(&self, story: StoryId) -> NotificationId {
        NotificationId::new(CommentId::on_story(story, self.id()).raw())
    }

    /// A sign-up with this handle.
    pub fn new_person(&self, handle: &str) -> NewPerson {
        NewPerson {
            id: self.person(),
            handle: handle.to_owned(),
            skeleton: handle.to_owned(),
            display_name: handle.to_uppercase(),
            language: Language::Ko,
            password_hash: format!("hash of {handle}"),
            search_terms: vec![handle.to_owned()],
            created_at: self.now(),
        }
    }

    /// Signs people up.
    pub async fn people<const N: usize>(&self, handles: [&str; N]) -> [PersonId; N] {
        let people = handles.map(|handle| self.new_person(handle));
        let ids = people.each_ref().map(|person| person.id);
        assert_eq!(self.sign_up_many(people.into()).await.unwrap(), N as u64);
        ids
    }

    /// Signs many people up: p0, p1, …
    pub async fn crowd(&self, count: usize) -> Vec<PersonId> {
        let people: Vec<_> = (0..count)
            .map(|number| self.new_person(&format!("p{number}")))
            .collect();
        let ids = people.iter().map(|person| person.id).collect();
        assert_eq!(self.sign_up_many(people).await.unwrap(), count as u64);
        ids
    }

    /// The first person sends the second a friend request.
    pub async fn asks(&self, asker: PersonId, asked: PersonId) -> RelationChange {
        self.send_friend_request(asker, asked, LIMITS, self.note(asked), self.now())
            .await
            .unwrap()
            .value
    }

    /// The first person accepts the request of the second.
    pub async fn accepts(&self, asked: PersonId, asker: PersonId) -> RelationChange {
        self.accept_friend_request(asked, asker, LIMITS, self.note(asker), self.now())
            .await
            .unwrap()
            .value
    }

    /// The first person sends a request and the second accepts it.
    pub async fn befriend(&self, one: PersonId, other: PersonId) {
        assert_eq!(self.asks(one, other).await, RelationChange::Changed);
        assert_eq!(self.accepts(other, one).await, RelationChange::Changed);
    }

    /// The first person follows the second.
    pub async fn follows(&self, follower: PersonId, followee: PersonId) -> RelationChange {
        self.follow(follower, followee, LIMITS, self.now())
            .await
            .unwrap()
            .value
    }

    /// The first person blocks the second.
    pub async fn blocks(&self, blocker: PersonId, blocked: PersonId) -> RelationChange {
        self.block(blocker, blocked, LIMITS, self.now())
            .await
            .unwrap()
            .value
    }

    /// The first person mutes the second.
    pub async fn mutes(&self, muter: PersonId, muted: PersonId) -> RelationChange {
        self.mute(muter, muted, LIMITS, self.now())
            .await
            .unwrap()
            .value
    }

    /// A valid story: public, without mentions, tags or key.
    pub fn new_story(&self, author: PersonId, text: &str) -> NewStory {
        let now = self.now();
        NewStory {
            id: StoryId::of_author(author, self.id()),
            author,
            text: text.to_owned(),
            audience: Audience::Public,
            mentions: vec![],
            attachments: Vec::new(),
            link: None,
            tags: vec![],
            idempotency: None,
            now,
            claim: Some(Claim {
                name: POSTED,
                until: now.plus(Duration::from_secs(30)),
            }),
        }
    }

    /// A valid upload.
    pub fn new_media(&self, owner: PersonId) -> NewMedia {
        NewMedia {
            id: MediaId::of_owner(owner, self.id()),
            owner,
            kind: MediaKind::Photo,
            upload: "an-upload.up".to_owned(),
            bytes: 1_000,
            now: self.now(),
        }
    }

    /// A valid upload that arrives in several requests.
    pub fn new_upload(&self, owner: PersonId) -> NewUpload {
        NewUpload {
            id: MediaId::of_owner(owner, self.id()),
            owner,
            length: 1_000,
            reserved: 1_000,
            expires_at: self.now().plus(Duration::from_secs(86_400)),
        }
    }

    /// Posts a story. Returns the people notified.
    pub async fn posts_new(&self, story: NewStory) -> Vec<PersonId> {
        match self.post(story).await.unwrap().value {
            Posted::New { notified, .. } => notified,
            other => panic!("not posted: {other:?}"),
        }
    }

    /// Posts a plain public story.
    pub async fn posts(&self, author: PersonId, text: &str) -> StoryId {
        self.posts_for(author, Audience::Public, text).await
    }

    /// Posts a plain story.
    pub async fn posts_for(&self, author: PersonId, audience: Audience, text: &str) -> StoryId {
        let story = NewStory {
            audience,
            ..self.new_story(author, text)
        };
        let id = story.id;
        self.posts_new(story).await;
        id
    }

    /// Deletes a story of the author.
    pub async fn deletes(&self, author: PersonId, story: StoryId) {
        assert!(
            self.delete_story(story, author, self.now())
                .await
                .unwrap()
                .value,
            "{story} was not deleted"
        );
    }

    /// One story, if it exists.
    pub async fn story(&self, id: StoryId) -> Option<StoryRecord> {
        self.stories(&[id]).await.unwrap().pop()
    }

    /// Likes an existing story.
    pub async fn likes(&self, person: PersonId, story: StoryId) -> Liked {
        self.like(person, story, self.note_of_likes(story), self.now())
            .await
            .unwrap()
            .value
            .expect("the story exists")
    }

    /// A valid comment.
    pub fn new_comment(&self, author: PersonId, story: StoryId, text: &str) -> NewComment {
        NewComment {
            id: CommentId::on_story(story, self.id()),
            story,
            reply_to: None,
            author,
            text: text.to_owned(),
            mentions: vec![],
            idempotency: None,
            now: self.now(),
        }
    }

    /// Comments. Returns the people notified and the counts.
    pub async fn comments_new(&self, comment: NewComment) -> (Vec<PersonId>, StoryCounts) {
        match self.comment(comment).await.unwrap().value {
            (Posted::New { notified, .. }, counts) => (notified, counts),
            other => panic!("not kept: {other:?}"),
        }
    }

    /// Writes a plain comment.
    pub async fn comments(&self, author: PersonId, story: StoryId, text: &str) -> CommentId {
        let comment = self.new_comment(author, story, text);
        let id = comment.id;
        self.comments_new(comment).await;
        id
    }

    /// The home feed of a reader, computed in both ways, which must agree.
    pub async fn feed(&self, reader: PersonId) -> Vec<StoryId> {
        let circle = self.circle(reader).await.unwrap();
        let merged = self.newest(reader, &circle, None, 1_000).await.unwrap();
        assert_eq!(
            merged,
            self.feed_by_definition(reader, StorySpan::below(None), 1_000)
                .await
                .unwrap(),
            "merge and definition disagree"
        );
        merged
    }

    /// The number of unread notifications of a person, up to 100.
    pub async fn unread(&self, person: PersonId) -> usize {
        let unread = self.notifications(person, NotificationList::Unread, None, 100);
        unread.await.unwrap().len()
    }

    /// The newest notifications of a person.
    pub async fn notes(&self, person: PersonId) -> Vec<NotificationRecord> {
        let notes = self.notifications(person, NotificationList::All, None, 100);
        let notes = notes.await.unwrap();
        for note in &notes {
            assert_eq!(
                note.id.bucket(),
                person.bucket(),
                "the bucket of its reader"
            );
        }
        notes
    }
}

/// An idempotency key with the hash of a body.
pub fn key(key: &str, fingerprint: u64) -> Option<Idempotency> {
    Some(Idempotency {
        key: key.to_owned(),
        fingerprint,
    })
}
