//! The caches of this node. With them a warm page needs no read of the store.
//!
//! Every cache is a [`StampedCache`]: a request never gets a value that was outdated before the request began.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use parking_lot::Mutex;
use quick_cache::{UnitWeighter, Weighter};
use sosik_fabric::CacheGate;
use sosik_fabric::cache::StampedCache;
use sosik_feed::limits::{ENTITIES_MAX, LINKS_MAX};
use sosik_feed::{Circle, PersonId, StoryId};
use sosik_store::{LikedStories, PersonRecord, SessionRecord, StoryCounts, StoryRecord, TokenHash};
use xxhash_rust::xxh3::xxh3_64;

use crate::settings::CacheSettings;

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

/// The API that renders an entry. Each API has its own slot in every entry, so two of them never share bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presentation {
    /// The JSON of `/v1`.
    V1,
}

impl Presentation {
    /// Number of presentations.
    const COUNT: usize = 1;
}

/// The rendered forms of an entry, one for each [`Presentation`]. Each is rendered once.
#[derive(Debug, Default)]
pub struct Renderings([OnceLock<Rendered>; Presentation::COUNT]);

impl Renderings {
    /// The form of this presentation, made at the first call.
    pub fn get(&self, by: Presentation, make: impl FnOnce() -> Vec<u8>) -> &Rendered {
        self.0[by as usize].get_or_init(|| Rendered::from(make()))
    }
}

/// A story in memory. The layer that renders stories keeps the results in `renderings`.
#[derive(Debug)]
pub struct StoryEntry {
    /// The row of the store, except for the counts.
    pub record: StoryRecord,
    /// Shared by every page that contains this story.
    pub renderings: Renderings,
    counts: Mutex<StoryCounts>,
}

impl From<StoryRecord> for StoryEntry {
    fn from(record: StoryRecord) -> Self {
        Self {
            counts: Mutex::new(record.counts),
            record,
            renderings: Renderings::default(),
        }
    }
}

impl StoryEntry {
    /// The current numbers of likes and comments.
    #[must_use]
    pub fn counts(&self) -> StoryCounts {
        *self.counts.lock()
    }

    /// Approximate memory of the entry with all its rendered forms, which are made later. Each form repeats the text, the
    /// mentions and the tags, and describes the entities of the text.
    #[must_use]
    pub fn memory_bytes(&self) -> u64 {
        const ENTRY_BYTES: usize = 512;
        // A handle and an id, with the allocation of the record or the field names of the JSON.
        const MENTION_BYTES: usize = 50;
        const TAG_BYTES: usize = 24;
        // Three sizes with two names of 69 letters each, and a thumbhash.
        const ATTACHMENT_BYTES: usize = 1_024;
        // The field names and positions of the JSON, and a short address.
        const ENTITY_BYTES: usize = 80;
        let StoryRecord {
            text,
            mentions,
            tags,
            attachments,
            link,
            ..
        } = &self.record;
        let tags: usize = tags.iter().map(|tag| TAG_BYTES + tag.len()).sum();
        let alts: usize = attachments.iter().map(|it| it.alt.len()).sum();
        let attached = ATTACHMENT_BYTES * attachments.len() + alts;
        let linked = link.as_ref().map_or(0, |link| {
            let card = &link.card;
            let description = card.description.as_ref().map_or(0, String::len);
            let texts = card.title.len() + description + card.site.len();
            ATTACHMENT_BYTES + link.url.len() + texts
        });
        let record = text.len() + MENTION_BYTES * mentions.len() + tags + attached + linked;
        let rendered = record + ENTITY_BYTES * entities_at_most(text);
        (ENTRY_BYTES + record + Presentation::COUNT * rendered) as u64
    }

    pub(crate) fn update_counts(&self, newer: StoryCounts) {
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
    /// Shared by every page that shows this person.
    pub renderings: Renderings,
}

/// A session in memory.
#[derive(Debug)]
pub struct SessionEntry {
    /// The row of the store, except for `used_at`.
    pub record: SessionRecord,
    /// Last recorded use, in milliseconds since 1970.
    pub used_at: AtomicU64,
}

/// A quick upper bound for the number of entities in a text.
fn entities_at_most(text: &str) -> usize {
    let count = |begins: fn(&[u8]) -> bool| {
        let pairs = text.as_bytes().windows(2);
        pairs.filter(|pair| begins(pair)).count()
    };
    let mentions_and_tags = count(|pair| matches!(pair, [b'@' | b'#', _]));
    let links = count(|pair| matches!(pair, b":/" | b"w." | b"W."));
    (mentions_and_tags + links.min(LINKS_MAX)).min(ENTITIES_MAX)
}

/// Weighs an entry by its approximate memory.
#[derive(Clone)]
pub(crate) struct StoryWeight;

impl Weighter<StoryId, Option<Arc<StoryEntry>>> for StoryWeight {
    fn weight(&self, _: &StoryId, story: &Option<Arc<StoryEntry>>) -> u64 {
        const GONE_BYTES: u64 = 64;
        story
            .as_ref()
            .map_or(GONE_BYTES, |story| story.memory_bytes())
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

pub(crate) type Circles = StampedCache<PersonId, Arc<Circle>, CircleWeight>;

/// All caches of a node.
pub(crate) struct Caches {
    /// `None` records that a story is deleted: ids are never reused. A story that is not found is not recorded, because
    /// another node may be writing it.
    pub(crate) stories: StampedCache<StoryId, Option<Arc<StoryEntry>>, StoryWeight>,
    pub(crate) people: StampedCache<PersonId, Arc<PersonEntry>, UnitWeighter>,
    pub(crate) circles: Circles,
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
    pub(crate) fn new(settings: &CacheSettings, gate: &CacheGate) -> Self {
        const STORY_BYTES: u64 = 1024;
        const CIRCLE_BYTES: u64 = 2048;
        let entries = |bytes: u64, each: u64| usize::try_from(bytes / each).unwrap_or(usize::MAX);
        let (people, sessions) = (settings.people_entries, settings.sessions_entries);
        Self {
            stories: StampedCache::new(
                entries(settings.stories_bytes, STORY_BYTES),
                settings.stories_bytes,
                StoryWeight,
                gate.clone(),
            ),
            people: StampedCache::new(people, people as u64, UnitWeighter, gate.clone()),
            circles: StampedCache::new(
                entries(settings.circles_room(), CIRCLE_BYTES),
                settings.circles_room(),
                CircleWeight,
                gate.clone(),
            ),
            liked: StampedCache::new(people, people as u64, UnitWeighter, gate.clone()),
            read_positions: StampedCache::new(people, people as u64, UnitWeighter, gate.clone()),
            sessions: StampedCache::new(sessions, sessions as u64, UnitWeighter, gate.clone()),
            unknown_tokens: StampedCache::new(
                UNKNOWN_TOKENS_MAX,
                UNKNOWN_TOKENS_MAX as u64,
                UnitWeighter,
                gate.clone(),
            ),
        }
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_rendered_once_for_each_presentation() {
        let renderings = Renderings::default();
        let first = renderings.get(Presentation::V1, || b"first".to_vec());
        let second = renderings.get(Presentation::V1, || b"second".to_vec());
        assert_eq!(*first.bytes, *b"first");
        assert!(std::ptr::eq(first, second));
    }
}
