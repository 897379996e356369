//! The caches of this node. With them a warm page needs no read of the store.
//!
//! Every cache is a [`StampedCache`]: a request never gets a value that was outdated before the request began. Pages
//! that need many values load them in batches.

use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use quick_cache::{UnitWeighter, Weighter};
use rustc_hash::{FxBuildHasher, FxHashMap};
use sosik_fabric::Reader;
use sosik_fabric::cache::StampedCache;
use sosik_feed::{Circle, PersonId, StoryId};
use sosik_store::{LikedStories, PersonRecord, SessionRecord, StoryCounts, StoryRecord, TokenHash};
use xxhash_rust::xxh3::xxh3_64;

use crate::settings::CacheSettings;
use crate::{Service, ServiceResult};

/// Newest likes of a reader that are cached; older ones are read from the store. 2 KiB for each reader.
const LIKED_MAX: u32 = 256;

/// The rendered form of an entry, cached with it.
#[derive(Debug)]
pub struct Rendered {
    /// The bytes that are sent.
    pub bytes: Box<[u8]>,
    /// Hash of the bytes, so that the tag of a page need not read them again.
    pub tag: u64,
}

impl From<Vec<u8>> for Rendered {
    fn from(bytes: Vec<u8>) -> Self {
        Self {
            tag: xxh3_64(&bytes),
            bytes: bytes.into_boxed_slice(),
        }
    }
}

/// A story in memory. The layer that renders stories caches the result in `rendered`.
#[derive(Debug)]
pub struct StoryEntry {
    /// The row of the store, except for the counts.
    pub record: StoryRecord,
    /// Rendered once and shared by every page that contains this story.
    pub rendered: OnceLock<Rendered>,
    counts: Mutex<StoryCounts>,
}

impl From<StoryRecord> for StoryEntry {
    fn from(record: StoryRecord) -> Self {
        Self {
            counts: Mutex::new(record.counts),
            record,
            rendered: OnceLock::new(),
        }
    }
}

impl StoryEntry {
    /// The current numbers of likes and comments.
    #[must_use]
    pub fn counts(&self) -> StoryCounts {
        *self.counts.lock()
    }

    fn update_counts(&self, newer: StoryCounts) {
        let mut counts = self.counts.lock();
        if newer.revision > counts.revision {
            *counts = newer;
        }
    }
}

/// A person in memory.
#[derive(Debug)]
pub struct PersonEntry {
    /// The row of the store.
    pub record: PersonRecord,
    /// Rendered once.
    pub rendered: OnceLock<Rendered>,
}

/// A session in memory.
#[derive(Debug)]
pub struct SessionEntry {
    /// The row of the store, except for `used_at`.
    pub record: SessionRecord,
    /// Last recorded use, in milliseconds since 1970.
    pub used_at: AtomicU64,
}

/// Weighs an entry by its approximate memory: the rendered form repeats the text and adds as much again for names.
#[derive(Clone)]
pub(crate) struct StoryWeight;

impl Weighter<StoryId, Option<Arc<StoryEntry>>> for StoryWeight {
    fn weight(&self, _: &StoryId, story: &Option<Arc<StoryEntry>>) -> u64 {
        const GONE_BYTES: u64 = 64;
        const ENTRY_BYTES: u64 = 512;
        story.as_ref().map_or(GONE_BYTES, |story| {
            ENTRY_BYTES + 2 * story.record.text.len() as u64
        })
    }
}

#[derive(Clone)]
pub(crate) struct CircleWeight;

impl Weighter<PersonId, Arc<Circle>> for CircleWeight {
    fn weight(&self, _: &PersonId, circle: &Arc<Circle>) -> u64 {
        const ENTRY_BYTES: u64 = 160;
        ENTRY_BYTES + circle.heap_bytes() as u64
    }
}

type Circles = StampedCache<PersonId, Arc<Circle>, CircleWeight>;

/// All caches of a node.
pub(crate) struct Caches {
    /// `None` records that a story is gone: ids are never reused.
    pub(crate) stories: StampedCache<StoryId, Option<Arc<StoryEntry>>, StoryWeight>,
    pub(crate) people: StampedCache<PersonId, Arc<PersonEntry>, UnitWeighter>,
    pub(crate) circles: Arc<Circles>,
    pub(crate) liked: StampedCache<PersonId, Arc<LikedStories>, UnitWeighter>,
    pub(crate) read_positions: StampedCache<PersonId, Arc<AtomicU64>, UnitWeighter>,
    pub(crate) sessions: StampedCache<TokenHash, Arc<SessionEntry>, UnitWeighter>,
    /// Unknown tokens, each with the monotonic time until which the entry is valid. They are separate from the
    /// sessions, so that invented tokens evict no session.
    pub(crate) unknown_tokens: StampedCache<TokenHash, Duration, UnitWeighter>,
}

/// Maximum number of cached unknown tokens. A client repeats its token after its session ended; 4,096 such clients are
/// many for one node, and cost about 400 KiB.
const UNKNOWN_TOKENS_MAX: usize = 4_096;

impl Caches {
    pub(crate) fn new(settings: &CacheSettings) -> Self {
        const STORY_BYTES: u64 = 1024;
        const CIRCLE_BYTES: u64 = 2048;
        let entries = |bytes: u64, each: u64| usize::try_from(bytes / each).unwrap_or(usize::MAX);
        let (people, sessions) = (settings.people_entries, settings.sessions_entries);
        Self {
            stories: StampedCache::new(
                entries(settings.stories_bytes, STORY_BYTES),
                settings.stories_bytes,
                StoryWeight,
            ),
            people: StampedCache::new(people, people as u64, UnitWeighter),
            circles: Arc::new(StampedCache::new(
                entries(settings.circles_bytes, CIRCLE_BYTES),
                settings.circles_bytes,
                CircleWeight,
            )),
            liked: StampedCache::new(people, people as u64, UnitWeighter),
            read_positions: StampedCache::new(people, people as u64, UnitWeighter),
            sessions: StampedCache::new(sessions, sessions as u64, UnitWeighter),
            unknown_tokens: StampedCache::new(
                UNKNOWN_TOKENS_MAX,
                UNKNOWN_TOKENS_MAX as u64,
                UnitWeighter,
            ),
        }
    }
}

impl Caches {
    /// Evicts everything and invalidates all loads in flight.
    pub(crate) fn clear(&self) {
        let Self {
            stories,
            people,
            circles,
            liked,
            read_positions,
            sessions,
            unknown_tokens,
        } = self;
        stories.clear();
        people.clear();
        circles.clear();
        liked.clear();
        read_positions.clear();
        sessions.clear();
        unknown_tokens.clear();
    }
}

/// The purpose of a read of a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Serves a reader.
    Serve,
    /// The self-check: it takes no permit of readers and builds no timeline.
    Check,
}

/// A reader, with the circle that one request uses throughout.
pub(crate) struct KnownReader {
    pub(crate) id: PersonId,
    pub(crate) circle: Arc<Circle>,
    pub(crate) purpose: Purpose,
    circles: Arc<Circles>,
}

impl Reader for KnownReader {
    fn subscribes_to(&self, author: PersonId) -> bool {
        self.circle.subscribes_to(author)
    }

    fn is_current(&self) -> bool {
        self.circles
            .get(&self.id)
            .is_some_and(|circle| Arc::ptr_eq(&circle, &self.circle))
    }
}

/// Hits and misses of a cache since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheStats {
    /// Name of the cache.
    pub name: &'static str,
    /// Look-ups that found an entry.
    pub hits: u64,
    /// Look-ups that loaded the value from the store.
    pub misses: u64,
    /// Current number of entries.
    pub entries: usize,
}

impl Service {
    /// Hits, misses and sizes of the caches of this node, for metrics.
    #[must_use]
    pub fn cache_stats(&self) -> [CacheStats; 6] {
        let Caches {
            stories,
            people,
            circles,
            liked,
            read_positions,
            sessions,
            unknown_tokens: _,
        } = &self.0.caches;
        let stats = |name, (hits, misses), entries| CacheStats {
            name,
            hits,
            misses,
            entries,
        };
        [
            stats("stories", stories.hits_and_misses(), stories.len()),
            stats("people", people.hits_and_misses(), people.len()),
            stats("circles", circles.hits_and_misses(), circles.len()),
            stats("liked", liked.hits_and_misses(), liked.len()),
            stats(
                "read_positions",
                read_positions.hits_and_misses(),
                read_positions.len(),
            ),
            stats("sessions", sessions.hits_and_misses(), sessions.len()),
        ]
    }

    /// The circle of a reader.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn circle(&self, reader: PersonId) -> ServiceResult<Arc<Circle>> {
        let circles = &self.0.caches.circles;
        if let Some(circle) = circles.get(&reader) {
            return Ok(circle);
        }
        let stamp = circles.stamp(&reader);
        let circle = Arc::new(self.0.store.circle(reader).await?);
        circles.insert_unless_stale(reader, Arc::clone(&circle), stamp);
        Ok(circle)
    }

    pub(crate) async fn reader(
        &self,
        id: PersonId,
        purpose: Purpose,
    ) -> ServiceResult<KnownReader> {
        Ok(KnownReader {
            id,
            circle: self.circle(id).await?,
            purpose,
            circles: Arc::clone(&self.0.caches.circles),
        })
    }

    /// Stories by id, in the order of the ids; `None` for a story that does not exist (any more).
    ///
    /// # Errors
    /// When the store fails.
    pub async fn stories(&self, ids: &[StoryId]) -> ServiceResult<Vec<Option<Arc<StoryEntry>>>> {
        let cache = &self.0.caches.stories;
        let mut stories = Vec::with_capacity(ids.len());
        let mut missing = Vec::new();
        for id in ids {
            let known = cache.get(id);
            if known.is_none() {
                missing.push((stories.len(), *id, cache.stamp(id)));
            }
            stories.push(known.flatten());
        }
        if missing.is_empty() {
            return Ok(stories);
        }
        let wanted: Vec<_> = missing.iter().map(|(_, id, _)| *id).collect();
        let found = self.0.store.stories(&wanted).await?;
        let loaded: FxHashMap<_, _> = found
            .into_iter()
            .map(|record| (record.id, Arc::new(StoryEntry::from(record))))
            .collect();
        for (place, id, stamp) in missing {
            let story = loaded.get(&id).map(Arc::clone);
            cache.insert_unless_stale(id, story.clone(), stamp);
            stories[place] = story;
        }
        Ok(stories)
    }

    /// People by id. Omits ids without a person.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn people(
        &self,
        ids: &[PersonId],
    ) -> ServiceResult<FxHashMap<PersonId, Arc<PersonEntry>>> {
        let cache = &self.0.caches.people;
        let mut people = FxHashMap::with_capacity_and_hasher(ids.len(), FxBuildHasher);
        let mut missing = Vec::new();
        for id in ids {
            match cache.get(id) {
                Some(person) => {
                    people.insert(*id, person);
                }
                None => missing.push((*id, cache.stamp(id))),
            }
        }
        if !missing.is_empty() {
            let wanted: Vec<_> = missing.iter().map(|(id, _)| *id).collect();
            let mut found: FxHashMap<_, _> = self
                .0
                .store
                .people(&wanted)
                .await?
                .into_iter()
                .map(|record| (record.id, record))
                .collect();
            for (id, stamp) in missing {
                let Some(record) = found.remove(&id) else {
                    continue;
                };
                let person = Arc::new(PersonEntry {
                    record,
                    rendered: OnceLock::new(),
                });
                cache.insert_unless_stale(id, Arc::clone(&person), stamp);
                people.insert(id, person);
            }
        }
        Ok(people)
    }

    /// The authors of stories, in the order of the stories; `None` for an author that no longer exists. A warm page
    /// needs no map.
    pub(crate) async fn authors(
        &self,
        stories: &[Arc<StoryEntry>],
    ) -> ServiceResult<Vec<Option<Arc<PersonEntry>>>> {
        let cache = &self.0.caches.people;
        let known = stories.iter().map(|story| cache.get(&story.record.author));
        let mut authors: Vec<_> = known.collect();
        let mut missing: Vec<_> = stories
            .iter()
            .zip(&authors)
            .filter(|(_, known)| known.is_none())
            .map(|(story, _)| story.record.author)
            .collect();
        if missing.is_empty() {
            return Ok(authors);
        }
        missing.sort_unstable();
        missing.dedup();
        let found = self.people(&missing).await?;
        for (story, author) in stories.iter().zip(&mut authors) {
            if author.is_none() {
                *author = found.get(&story.record.author).map(Arc::clone);
            }
        }
        Ok(authors)
    }

    /// One person by id.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn person(&self, id: PersonId) -> ServiceResult<Option<Arc<PersonEntry>>> {
        Ok(self.people(&[id]).await?.remove(&id))
    }

    /// The stories among these that the person likes. The ids may be in any order.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn liked_among(
        &self,
        person: PersonId,
        stories: &[StoryId],
    ) -> ServiceResult<Vec<bool>> {
        let newest = self.liked_newest(person).await?;
        let older: Vec<_> = stories
            .iter()
            .copied()
            .filter(|story| *story < newest.complete_from)
            .collect();
        let older_liked = if older.is_empty() {
            Vec::new()
        } else {
            self.0.store.liked_among(person, &older).await?
        };
        let liked = |story: &StoryId| {
            newest.stories.binary_search(story).is_ok() || older_liked.contains(story)
        };
        Ok(stories.iter().map(liked).collect())
    }

    async fn liked_newest(&self, person: PersonId) -> ServiceResult<Arc<LikedStories>> {
        let cache = &self.0.caches.liked;
        if let Some(liked) = cache.get(&person) {
            return Ok(liked);
        }
        let stamp = cache.stamp(&person);
        let liked = Arc::new(self.0.store.liked_stories(person, LIKED_MAX).await?);
        cache.insert_unless_stale(person, Arc::clone(&liked), stamp);
        Ok(liked)
    }

    /// The newest story that the person has read.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn read_position(&self, person: PersonId) -> ServiceResult<StoryId> {
        let cache = &self.0.caches.read_positions;
        if let Some(position) = cache.get(&person) {
            return Ok(StoryId::from_u64(position.load(Ordering::Acquire)));
        }
        let stamp = cache.stamp(&person);
        let position = self.0.store.read_position(person).await?;
        cache.insert_unless_stale(person, Arc::new(AtomicU64::new(position.as_u64())), stamp);
        Ok(position)
    }

    pub(crate) fn update_counts(&self, story: StoryId, counts: StoryCounts) {
        self.0.caches.stories.update_in_place(&story, |entry| {
            if let Some(entry) = entry {
                entry.update_counts(counts);
            }
        });
    }
}
