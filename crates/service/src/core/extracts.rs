//! The extracts of the log of large authors: for each reader, the stories that are merged into the timeline.
//!
//! An extract is valid for exactly the circle from which it was made. A circle that changes is another object, so a
//! request never merges what an older circle took. A request that began before the change uses its own older extract
//! and leaves nothing behind.

use std::sync::{Arc, Weak};

use quick_cache::Weighter;
use quick_cache::sync::{Cache, DefaultLifecycle};
use sosik_fabric::LogTail;
use sosik_fabric::hash::IdHash;
use sosik_fabric::log_tail::Extracted;
use sosik_feed::pulled::{LogPosition, Pulled, merge};
use sosik_feed::timeline::{IdSlice, MarkExpired};
use sosik_feed::{Circle, PersonId, StoryId};

use super::Core;

/// Expected bytes of an extract, for the size of the cache's table.
const ENTRY_BYTES: u64 = 512;

/// An extract, and the circle from which it was made. A `Weak` keeps the address of the circle from being used again.
#[derive(Clone)]
struct Entry {
    circle: Weak<Circle>,
    pulled: Arc<Pulled>,
}

#[derive(Clone)]
struct ExtractWeight;

impl Weighter<PersonId, Entry> for ExtractWeight {
    fn weight(&self, _: &PersonId, entry: &Entry) -> u64 {
        let fixed = size_of::<Entry>() + size_of::<Pulled>() + size_of::<Circle>();
        (fixed + 6 * size_of::<usize>() + entry.pulled.heap_bytes()) as u64
    }
}

/// The extracts of the readers of this node.
pub(crate) struct Extracts(Cache<PersonId, Entry, ExtractWeight, IdHash>);

impl Extracts {
    pub(crate) fn new(bytes: u64) -> Self {
        let entries = usize::try_from(bytes / ENTRY_BYTES).unwrap_or(usize::MAX);
        let (hash, lifecycle) = (IdHash::default(), DefaultLifecycle::default());
        Self(Cache::with(entries, bytes, ExtractWeight, hash, lifecycle))
    }
}

/// The part of the log that one request merges into the timeline.
pub(crate) struct Extract<'a> {
    tail: &'a LogTail,
    /// `None` while the log has no entries: no look-up is needed then.
    pulled: Option<Arc<Pulled>>,
    /// It contains the entries up to this position.
    pub(crate) to: LogPosition,
}

impl Extract<'_> {
    /// Whether it contains every entry after this position.
    pub(crate) fn covers(&self, from: LogPosition) -> bool {
        match &self.pulled {
            Some(pulled) => from.is_at_least(pulled.from()),
            None => self.tail.covers(from),
        }
    }

    /// The position of the last entry that the reader took.
    pub(crate) fn taken_to(&self) -> LogPosition {
        let pulled = self.pulled.as_ref();
        pulled.map_or(LogPosition::NONE, |pulled| pulled.taken_to())
    }

    /// A slice of a timeline and its floor, with the entries of this extract. `before` and `count` are those of the
    /// slice.
    pub(crate) fn merged_into(
        &self,
        slice: IdSlice,
        floor: StoryId,
        before: Option<StoryId>,
        count: usize,
    ) -> (IdSlice, StoryId) {
        let Some(pulled) = &self.pulled else {
            return (slice, floor);
        };
        let floor = floor.max(pulled.floor());
        let merged = merge(slice, &pulled.below(before, count), count, floor);
        (merged, floor)
    }

    /// The entries after a position, the earliest first.
    ///
    /// # Errors
    /// `MarkExpired` if some of them are not in the extract.
    pub(crate) fn after(
        &self,
        position: LogPosition,
    ) -> Result<Vec<(LogPosition, StoryId)>, MarkExpired> {
        match &self.pulled {
            Some(pulled) => pulled.after(position),
            None if self.tail.covers(position) => Ok(Vec::new()),
            None => Err(MarkExpired),
        }
    }

    /// Whether the extract has the story with a number up to `position`.
    pub(crate) fn has_up_to(&self, story: StoryId, position: LogPosition) -> bool {
        let number = self
            .pulled
            .as_ref()
            .and_then(|pulled| pulled.number_of(story));
        number.is_some_and(|number| position.is_at_least(number))
    }
}

impl Core {
    /// The extract of a reader, up to date. `keep` states whether it is cached: the self-check must not evict the
    /// extracts of active readers.
    pub(crate) fn extract(
        &self,
        reader: PersonId,
        circle: &Arc<Circle>,
        keep: bool,
    ) -> Extract<'_> {
        let tail = &**self.engines.log.tail();
        let to = tail.end();
        if tail.begin() == to {
            let pulled = None;
            return Extract { tail, pulled, to };
        }
        let ids_max = self.settings.feed.timeline_stories;
        let known = self.extracts.0.get(&reader);
        let known = known.filter(|entry| Weak::as_ptr(&entry.circle) == Arc::as_ptr(circle));
        let pulled = match known {
            Some(entry) => match tail.extend(&entry.pulled, reader, circle, ids_max) {
                Extracted::Unchanged => entry.pulled,
                Extracted::New(pulled) => self.keep_extract(reader, circle, pulled, keep),
            },
            None => {
                let pulled = tail.build(reader, circle, ids_max);
                self.keep_extract(reader, circle, pulled, keep)
            }
        };
        Extract {
            to: pulled.to(),
            tail,
            pulled: Some(pulled),
        }
    }

    fn keep_extract(
        &self,
        reader: PersonId,
        circle: &Arc<Circle>,
        pulled: Pulled,
        keep: bool,
    ) -> Arc<Pulled> {
        let pulled = Arc::new(pulled);
        if keep {
            let entry = Entry {
                circle: Arc::downgrade(circle),
                pulled: Arc::clone(&pulled),
            };
            self.extracts.0.insert(reader, entry);
        }
        pulled
    }
}
