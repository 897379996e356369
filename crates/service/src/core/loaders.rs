//! Reads through the caches. Each loader returns cached values and loads the others in one read of the store.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use foldhash::{HashMap, HashMapExt};
use sosik_fabric::cache::Stamp;
use sosik_feed::{Circle, CommitPosition, PersonId, StoryId};
use sosik_store::{LikedStories, StoryCounts};

use super::Core;
use crate::caches::{CacheStats, Caches, PersonEntry, Renderings, StoryEntry};
use crate::{ServiceError, ServiceResult};

/// Newest likes of a reader that are cached; older ones are read from the store. 2 KiB for each reader.
const LIKED_MAX: u32 = 256;

impl Core {
    /// Hits, misses and sizes of the caches of this node, for metrics.
    pub(crate) fn cache_stats(&self) -> [CacheStats; 6] {
        let Caches {
            stories,
            people,
            circles,
            liked,
            read_positions,
            sessions,
            unknown_tokens: _,
        } = &self.caches;
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
    pub(crate) async fn circle(&self, reader: PersonId) -> ServiceResult<Arc<Circle>> {
        let circles = &self.caches.circles;
        if let Some(circle) = circles.get(&reader) {
            return Ok(circle);
        }
        let stamp = circles.stamp(&reader);
        let circle = Arc::new(self.store.circle(reader, stamp.at_least()).await?);
        circles.insert_unless_stale(reader, Arc::clone(&circle), stamp);
        Ok(circle)
    }

    /// The circle for a timeline that is built. In a shared fabric other nodes use the timeline, so its circle must have
    /// every change that was committed before this call, also those that this node has not applied yet.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn circle_to_build(&self, reader: PersonId) -> ServiceResult<Arc<Circle>> {
        match self.shares_store() {
            true => Ok(Arc::new(
                self.store.circle(reader, CommitPosition::LATEST).await?,
            )),
            false => self.circle(reader).await,
        }
    }

    /// Stories by id, in the order of the ids; `None` for a story that does not exist (any more).
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn stories(
        &self,
        ids: &[StoryId],
    ) -> ServiceResult<Vec<Option<Arc<StoryEntry>>>> {
        let cache = &self.caches.stories;
        let mut stories = Vec::with_capacity(ids.len());
        let mut missing = Vec::new();
        for (id, known) in ids.iter().zip(cache.get_all(ids.iter())) {
            if known.is_none() {
                missing.push((stories.len(), *id, cache.stamp(id)));
            }
            stories.push(known.flatten());
        }
        if missing.is_empty() {
            return Ok(stories);
        }
        let wanted: Vec<_> = missing.iter().map(|(_, id, _)| *id).collect();
        let stamps = missing.iter().map(|(_, _, stamp)| *stamp);
        let found = self.store.stories(&wanted, position(stamps)).await?;
        let loaded: HashMap<_, _> = found
            .into_iter()
            .map(|record| (record.id, Arc::new(StoryEntry::from(record))))
            .collect();
        let mut absent = Vec::new();
        for (place, id, stamp) in missing {
            match loaded.get(&id) {
                Some(story) => {
                    cache.insert_unless_stale(id, Some(Arc::clone(story)), stamp);
                    stories[place] = Some(Arc::clone(story));
                }
                None => absent.push((id, stamp)),
            }
        }
        self.record_deleted(absent).await?;
        Ok(stories)
    }

    /// Caches which of the stories that were not found are deleted. The others may not exist yet.
    async fn record_deleted(&self, absent: Vec<(StoryId, Stamp)>) -> ServiceResult<()> {
        if absent.is_empty() {
            return Ok(());
        }
        let ids: Vec<_> = absent.iter().map(|(id, _)| *id).collect();
        let at_least = position(absent.iter().map(|(_, stamp)| *stamp));
        let deleted = self.store.deleted_stories(&ids, at_least).await?;
        for (id, stamp) in absent {
            if deleted.contains(&id) {
                self.caches.stories.insert_unless_stale(id, None, stamp);
            }
        }
        Ok(())
    }

    /// People by id. Omits ids without a person.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn people(
        &self,
        ids: &[PersonId],
    ) -> ServiceResult<HashMap<PersonId, Arc<PersonEntry>>> {
        let cache = &self.caches.people;
        let mut people = HashMap::with_capacity(ids.len());
        let mut missing = Vec::new();
        for (id, known) in ids.iter().zip(cache.get_all(ids.iter())) {
            match known {
                Some(person) => {
                    people.insert(*id, person);
                }
                None => missing.push((*id, cache.stamp(id))),
            }
        }
        if !missing.is_empty() {
            let wanted: Vec<_> = missing.iter().map(|(id, _)| *id).collect();
            let mut found: HashMap<_, _> = self
                .store
                .people(&wanted, position(missing.iter().map(|(_, stamp)| *stamp)))
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
                    renderings: Renderings::default(),
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
        let cache = &self.caches.people;
        let wanted = stories.iter().map(|story| &story.record.author);
        let mut authors: Vec<_> = cache.get_all(wanted).collect();
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
    pub(crate) async fn person(&self, id: PersonId) -> ServiceResult<Option<Arc<PersonEntry>>> {
        Ok(self.people(&[id]).await?.remove(&id))
    }

    /// Rejects an id that belongs to nobody, or to a closed account.
    ///
    /// # Errors
    /// `NotFound`; when the store fails.
    pub(crate) async fn require_person(&self, id: PersonId) -> ServiceResult<()> {
        match self.person(id).await? {
            Some(_) => Ok(()),
            None => Err(ServiceError::NotFound("person")),
        }
    }

    /// The stories among these that the person likes. The ids may be in any order.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn liked_among(
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
            self.store.liked_among(person, &older).await?
        };
        let liked = |story: &StoryId| {
            newest.stories.binary_search(story).is_ok() || older_liked.contains(story)
        };
        Ok(stories.iter().map(liked).collect())
    }

    async fn liked_newest(&self, person: PersonId) -> ServiceResult<Arc<LikedStories>> {
        let cache = &self.caches.liked;
        if let Some(liked) = cache.get(&person) {
            return Ok(liked);
        }
        let stamp = cache.stamp(&person);
        let liked = Arc::new(
            self.store
                .liked_stories(person, LIKED_MAX, stamp.at_least())
                .await?,
        );
        cache.insert_unless_stale(person, Arc::clone(&liked), stamp);
        Ok(liked)
    }

    /// The newest story that the person has read.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn read_position(&self, person: PersonId) -> ServiceResult<StoryId> {
        let cache = &self.caches.read_positions;
        if let Some(position) = cache.get(&person) {
            return Ok(StoryId::from_u64(position.load(Ordering::Acquire)));
        }
        let stamp = cache.stamp(&person);
        let position = self.store.read_position(person, stamp.at_least()).await?;
        cache.insert_unless_stale(person, Arc::new(AtomicU64::new(position.as_u64())), stamp);
        Ok(position)
    }

    /// Whether this node may have missed the message about the counts of this revision. A load in flight may have read
    /// older ones, so its story is not kept.
    pub(crate) fn lacks_counts(
        &self,
        (story, revision): (StoryId, u64),
        at: CommitPosition,
    ) -> bool {
        let mut lacks = true;
        self.caches.stories.update_in_place(&story, at, |entry| {
            let known = entry.as_ref().map(|entry| entry.counts().revision);
            lacks = known.is_none_or(|known| known < revision);
        });
        lacks
    }

    pub(crate) fn update_counts(&self, story: StoryId, at: CommitPosition, counts: StoryCounts) {
        self.caches.stories.update_in_place(&story, at, |entry| {
            if let Some(entry) = entry {
                entry.update_counts(counts);
            }
        });
    }
}

/// The position that one read needs to fill all of these.
fn position(stamps: impl Iterator<Item = Stamp>) -> CommitPosition {
    let positions = stamps.map(Stamp::at_least);
    positions.max().unwrap_or(CommitPosition::START)
}
