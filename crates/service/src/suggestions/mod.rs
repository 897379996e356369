//! People you may know: friends of friends first, then people who write about the same things, then people whom many
//! follow.
//!
//! Candidates are computed from the store in bounded work (`find`) and kept for some minutes. What may be shown is decided
//! at every read: the circle, the people put aside, open requests, and the stories that show a shared tag. So a block, a
//! mute or a deleted story takes effect at once. Only the number of friends in common can be some minutes old.

mod find;

use std::collections::HashSet;
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use quick_cache::UnitWeighter;
use sosik_fabric::CacheGate;
use sosik_fabric::cache::StampedCache;
use sosik_feed::limits::{SUGGESTION_TAGS_MAX, SUGGESTIONS_MAX, SUGGESTIONS_PUT_ASIDE_MAX};
use sosik_feed::{Audience, Circle, PersonId, Relation, StoryId};

use crate::ServiceResult;
use crate::core::Core;
use crate::feeds::Feeds;
use crate::people::PersonWithRelation;

/// How long candidates are kept. Friendships of others change slowly, and a reader opens several pages in this time.
const KEPT: Duration = Duration::from_secs(300);

/// Readers whose candidates are kept. An entry has at most [`CANDIDATES_MAX`](find::CANDIDATES_MAX) candidates of some
/// hundred bytes, so all of them take less than 100 MiB.
const READERS_MAX: usize = 4_096;

/// With fewer suggestions than this, people whom many follow are added: for people with few friends.
const ENOUGH: usize = 12;

/// Suggestions of people. Cheap to clone.
#[derive(Clone)]
pub struct Suggestions {
    core: Core,
    /// Candidates are computed with the permits of rebuilds: both read every friend.
    feeds: Feeds,
    state: Arc<State>,
}

struct State {
    /// By reader. Other nodes have their own candidates, and none are ever invalidated: they only propose.
    found: StampedCache<PersonId, Arc<Found>, UnitWeighter>,
    /// The people whom most follow, for all readers of this node.
    followed: Mutex<Option<Followed>>,
    /// The readers whose candidates are being computed.
    computed: Mutex<HashSet<PersonId>>,
}

/// The computation of the candidates of one reader. It ends when this is dropped.
struct Computation<'s> {
    state: &'s State,
    reader: PersonId,
}

impl<'s> Computation<'s> {
    /// `None` if the candidates of the reader are being computed already.
    fn begin(state: &'s State, reader: PersonId) -> Option<Self> {
        let is_first = state.computed.lock().insert(reader);
        is_first.then(|| Self { state, reader })
    }
}

impl Drop for Computation<'_> {
    fn drop(&mut self) {
        self.state.computed.lock().remove(&self.reader);
    }
}

/// The candidates of one reader.
#[derive(Default)]
struct Found {
    /// The circle for which they were computed. A change of the circle makes them outdated.
    circle: Weak<Circle>,
    /// Monotonic time.
    until: Duration,
    candidates: Vec<Candidate>,
}

#[derive(Clone)]
struct Followed {
    /// Monotonic time.
    until: Duration,
    people: Arc<[PersonId]>,
}

/// A person who may be suggested.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Candidate {
    person: PersonId,
    /// Friends in common.
    common: u32,
    /// Shared tags, each with a public story of the person that has it.
    tags: Vec<(Arc<str>, StoryId)>,
    /// Whether many follow them.
    followed: bool,
}

/// Who asks for suggestions.
struct Reader {
    id: PersonId,
    circle: Arc<Circle>,
    /// The people whom they have put aside.
    aside: HashSet<PersonId>,
}

/// A suggested person, and why.
#[derive(Debug, Clone)]
pub struct Suggestion {
    /// The person, with their relation to the viewer.
    pub person: PersonWithRelation,
    /// Friends in common, counted among some of the viewer's friends.
    pub common_friends: u32,
    /// Tags of public stories of the person under which the viewer or people in their feed write, too.
    pub tags: Vec<Arc<str>>,
}

impl Suggestion {
    fn is_of(&self, person: PersonId) -> bool {
        self.person.person.record.id == person
    }
}

impl Suggestions {
    pub(crate) fn new(core: Core, feeds: Feeds) -> Self {
        let gate = CacheGate::open();
        let state = State {
            found: StampedCache::new(READERS_MAX, READERS_MAX as u64, UnitWeighter, gate),
            followed: Mutex::new(None),
            computed: Mutex::new(HashSet::new()),
        };
        Self {
            core,
            feeds,
            state: Arc::new(state),
        }
    }

    /// People whom the viewer may know, best first. Never contains the viewer, friends, followed, muted or severed people,
    /// people with an open request in either direction, and people put aside. People whom many follow are added if there
    /// are few others.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn list(&self, viewer: PersonId, limit: usize) -> ServiceResult<Vec<Suggestion>> {
        let circle = self.core.circle(viewer).await?;
        let found = self.candidates(viewer, &circle).await?;
        let aside = self.core.store.people_put_aside(viewer).await?;
        let reader = Reader {
            id: viewer,
            circle,
            aside: aside.into_iter().collect(),
        };
        let limit = limit.clamp(1, SUGGESTIONS_MAX);
        let mut suggestions = self.first_shown(&reader, &found.candidates, limit).await?;
        if suggestions.len() < ENOUGH.min(limit) {
            let mut others = self.followed_candidates().await?;
            others.retain(|other| !suggestions.iter().any(|one| one.is_of(other.person)));
            let missing = limit - suggestions.len();
            suggestions.extend(self.first_shown(&reader, &others, missing).await?);
        }
        Ok(suggestions)
    }

    /// The first of these candidates who may be shown now, at most `limit`.
    async fn first_shown(
        &self,
        reader: &Reader,
        candidates: &[Candidate],
        limit: usize,
    ) -> ServiceResult<Vec<Suggestion>> {
        let people = candidates.iter().map(|candidate| candidate.person);
        let circle = self.core.decide(reader.id, &reader.circle, people).await?;
        let possible = |candidate: &&Candidate| {
            let person = candidate.person;
            is_possible(&circle, reader.id, person) && !reader.aside.contains(&person)
        };
        let candidates: Vec<_> = candidates.iter().filter(possible).collect();
        let mut suggestions = Vec::new();
        for some in candidates.chunks(limit) {
            let missing = limit - suggestions.len();
            let shown = self.shown(reader.id, &circle, some).await?;
            suggestions.extend(shown.into_iter().take(missing));
            if suggestions.len() == limit {
                break;
            }
        }
        Ok(suggestions)
    }

    /// Suggests a person no more. Does nothing for people who do not exist, so the answer reveals nothing.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn put_aside(&self, viewer: PersonId, other: PersonId) -> ServiceResult<()> {
        let (store, now) = (&self.core.store, self.core.now());
        let put_aside = store.put_aside(viewer, other, now, SUGGESTIONS_PUT_ASIDE_MAX);
        Ok(put_aside.await?)
    }

    /// Suggests a person again.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn take_up_again(&self, viewer: PersonId, other: PersonId) -> ServiceResult<()> {
        Ok(self.core.store.take_up_again(viewer, other).await?)
    }

    /// The candidates of a reader. None while another request computes them or no permit is free: the answer has the
    /// people whom many follow, and a later one has the others.
    async fn candidates(
        &self,
        viewer: PersonId,
        circle: &Arc<Circle>,
    ) -> ServiceResult<Arc<Found>> {
        let now = self.core.clock.monotonic();
        let cache = &self.state.found;
        let kept = cache.get(&viewer);
        let kept = kept.filter(|found| found.circle.as_ptr() == Arc::as_ptr(circle));
        if let Some(found) = kept.as_ref().filter(|found| found.until > now) {
            return Ok(Arc::clone(found));
        }
        let Some(_computation) = Computation::begin(&self.state, viewer) else {
            return Ok(kept.unwrap_or_default());
        };
        let Some(_permit) = self.feeds.rebuild_permit().await else {
            return Ok(kept.unwrap_or_default());
        };
        let stamp = cache.stamp(&viewer);
        let found = Arc::new(Found {
            circle: Arc::downgrade(circle),
            until: now + KEPT,
            candidates: self.find(viewer, circle).await?,
        });
        cache.insert_unless_stale(viewer, Arc::clone(&found), stamp);
        Ok(found)
    }

    /// Those of these candidates who may be shown now.
    async fn shown(
        &self,
        viewer: PersonId,
        circle: &Circle,
        candidates: &[&Candidate],
    ) -> ServiceResult<Vec<Suggestion>> {
        let ids: Vec<_> = candidates
            .iter()
            .map(|candidate| candidate.person)
            .collect();
        let known = self.core.people(&ids).await?;
        let people = ids.iter().filter_map(|id| known.get(id)).cloned().collect();
        let people = self.core.with_relations(viewer, circle, people).await?;
        let mut shown = Vec::with_capacity(people.len());
        for person in people.into_iter().filter(|it| is_open(it.relation)) {
            let id = person.person.record.id;
            let Some(candidate) = candidates.iter().find(|one| one.person == id) else {
                continue;
            };
            let tags = self.shared_now(candidate).await?;
            if candidate.common > 0 || candidate.followed || !tags.is_empty() {
                shown.push(Suggestion {
                    person,
                    common_friends: candidate.common,
                    tags,
                });
            }
        }
        Ok(shown)
    }

    /// The shared tags whose story is still public and still has the tag.
    async fn shared_now(&self, candidate: &Candidate) -> ServiceResult<Vec<Arc<str>>> {
        let ids: Vec<_> = candidate.tags.iter().map(|(_, story)| *story).collect();
        let stories = self.core.stories(&ids).await?;
        let shared = candidate
            .tags
            .iter()
            .zip(stories)
            .filter(|((tag, _), story)| {
                story.as_ref().is_some_and(|story| {
                    story.record.audience == Audience::Public && find::has_tag(&story.record, tag)
                })
            });
        let tags = shared.map(|((tag, _), _)| Arc::clone(tag));
        Ok(tags.take(SUGGESTION_TAGS_MAX).collect())
    }
}

/// Whether the circle allows this suggestion.
fn is_possible(circle: &Circle, viewer: PersonId, other: PersonId) -> bool {
    is_new(circle, viewer, other) && !circle.is_hidden(other)
}

/// Whether this is neither the viewer nor somebody in their feed.
fn is_new(circle: &Circle, viewer: PersonId, other: PersonId) -> bool {
    other != viewer && !circle.is_friend(other) && circle.follows().binary_search(&other).is_err()
}

/// Whether there is nothing between the two yet.
fn is_open(relation: Relation) -> bool {
    relation == Relation::default()
}
