//! What a person without an account sees: public stories, profiles, and the page of public stories for everybody.
//!
//! The rights of a stranger are the smallest ones. A story that is not public, is deleted or never existed is not found,
//! and the answers are equal.
//!
//! Strangers must not load the store. Stories and people come from the caches of this node, which every change
//! invalidates. Lists of ids, counts and the ids of handles come from memory of this module. A list and a count are read
//! once in two seconds for everybody (see `recent`). A list contains ids only: whether a story may be shown is decided at
//! every read, from its current audience.

mod public_page;
mod recent;

use std::sync::Arc;
use std::time::Duration;

use quick_cache::sync::Cache;
use sosik_feed::people::Handle;
use sosik_feed::{Cursor, PersonId, Relation, StoryId, Visibility};
use sosik_store::PersonCounts;

use crate::caches::{PersonEntry, StoryEntry};
use crate::core::Core;
use crate::pages::{Filled, Judged, fill, page_limit};
use crate::people::{NO_SUCH_PERSON, Profile};
use crate::stories::{StoryItem, StoryPage};
use crate::{ServiceError, ServiceResult};
use recent::Recent;

/// The age at which a list or a count is read again. A new story reaches strangers this much later. One read in this
/// time is nothing for the store, whatever the number of strangers.
const READ_AGAIN_AFTER: Duration = Duration::from_secs(2);

/// Maximum number of lists in memory: parts of profiles and of the public page. A list has at most 101 ids, so all of
/// them take less than 2 MiB.
const LISTS_MAX: usize = 2_048;

/// Maximum number of profiles whose counts are in memory.
const PROFILES_MAX: usize = 10_000;

/// Maximum number of handles in memory, which take about 1 MiB.
const HANDLES_MAX: usize = 10_000;

/// A part of a list that is read in one piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Part {
    /// `None` for the stories of all authors.
    author: Option<PersonId>,
    before: Option<StoryId>,
}

/// A row of a list, with its story if it still exists.
type Row = (StoryId, Option<Arc<StoryEntry>>);

/// What this node remembers for strangers.
struct Memory {
    lists: Recent<Part, Arc<[StoryId]>>,
    counts: Recent<PersonId, PersonCounts>,
    /// A handle belongs to one person for ever.
    handles: Cache<String, PersonId>,
}

/// What a person without an account sees. Cheap to clone.
#[derive(Clone)]
pub struct Strangers {
    core: Core,
    memory: Arc<Memory>,
}

impl Strangers {
    pub(crate) fn new(core: Core) -> Self {
        let memory = Memory {
            lists: Recent::new(LISTS_MAX, READ_AGAIN_AFTER),
            counts: Recent::new(PROFILES_MAX, READ_AGAIN_AFTER),
            handles: Cache::new(HANDLES_MAX),
        };
        Self {
            core,
            memory: Arc::new(memory),
        }
    }

    /// A public story.
    ///
    /// # Errors
    /// `NotFound` if the story does not exist or is not public.
    pub async fn story(&self, id: StoryId) -> ServiceResult<StoryItem> {
        let story = self.core.stories(&[id]).await?.pop().flatten();
        let story = story.filter(|story| is_open(story));
        let found = self.shown(story.into_iter().collect()).await?.pop();
        found.ok_or(ServiceError::NotFound("story"))
    }

    /// A person's profile. `stories` counts public ones.
    ///
    /// # Errors
    /// `NotFound` if the handle does not exist.
    pub async fn profile(&self, handle: &str) -> ServiceResult<Profile> {
        let person = self.person(handle).await?;
        let (store, id) = (&self.core.store, person.record.id);
        let read = async || store.person_counts(id).await;
        let counts = self.memory.counts.get(&id, self.now(), read).await?;
        Ok(Profile {
            person,
            relation: Relation::default(),
            counts: PersonCounts {
                stories: counts.public_stories,
                ..counts
            },
            can_request: true,
            can_mention: true,
        })
    }

    /// The public stories of a person, newest first.
    ///
    /// # Errors
    /// `NotFound` if the handle does not exist.
    pub async fn stories_of(
        &self,
        handle: &str,
        before: Option<StoryId>,
        limit: u32,
    ) -> ServiceResult<StoryPage> {
        let author = Some(self.person(handle).await?.record.id);
        self.page(author, before, limit).await
    }

    async fn page(
        &self,
        author: Option<PersonId>,
        before: Option<StoryId>,
        limit: u32,
    ) -> ServiceResult<StoryPage> {
        let Filled { shown, next } = fill(
            page_limit(limit),
            before,
            async |before, count| {
                let rows = self.part(Part { author, before }, count).await?;
                let judged = rows.into_iter().map(|(id, story)| Judged {
                    is_shown: story.as_ref().is_some_and(|story| is_open(story)),
                    row: (id, story),
                });
                Ok::<Vec<_>, ServiceError>(judged.collect())
            },
            |(id, _)| *id,
        )
        .await?;
        let stories = shown.into_iter().filter_map(|(_, story)| story).collect();
        Ok(StoryPage {
            items: self.shown(stories).await?,
            before: next.map(|last| Cursor::Below(last.raw())),
            end: next.is_none(),
        })
    }

    /// The first `count` stories of a part of a list, each with its story if it still exists. Every part is read with
    /// the largest number of rows that a page needs, so that pages of every length share it.
    async fn part(&self, part: Part, count: u32) -> ServiceResult<Vec<Row>> {
        let Part { author, before } = part;
        let store = &self.core.store;
        let read = async || {
            let ids = match author {
                Some(author) => {
                    let stories = store.stories_of(author, Visibility::Public, before, ROWS);
                    stories.await?
                }
                None => store.public_stories(before, ROWS).await?,
            };
            Ok(ids.into())
        };
        let ids = self.memory.lists.get(&part, self.now(), read).await?;
        let ids = &ids[..ids.len().min(count as usize)];
        let stories = self.core.stories(ids).await?;
        Ok(ids.iter().copied().zip(stories).collect())
    }

    /// The person with this handle. Reads no counts.
    ///
    /// # Errors
    /// `NotFound` if the handle does not exist.
    pub async fn person(&self, handle: &str) -> ServiceResult<Arc<PersonEntry>> {
        let handle = Handle::lookup(handle).ok_or(NO_SUCH_PERSON)?;
        let handles = &self.memory.handles;
        let id = match handles.get(handle.as_str()) {
            Some(id) => id,
            None => {
                let found = self.core.store.person_by_handle(handle.as_str()).await?;
                let id = found.ok_or(NO_SUCH_PERSON)?.id;
                handles.insert(handle.into_string(), id);
                id
            }
        };
        self.core.person(id).await?.ok_or(NO_SUCH_PERSON)
    }

    /// Adds the authors. Omits stories whose author is gone.
    async fn shown(&self, stories: Vec<Arc<StoryEntry>>) -> ServiceResult<Vec<StoryItem>> {
        let authors = self.core.authors(&stories).await?;
        let items = stories.into_iter().zip(authors);
        let items = items.filter_map(|(story, author)| {
            Some(StoryItem {
                story,
                author: author?,
                liked: false,
            })
        });
        Ok(items.collect())
    }

    fn now(&self) -> Duration {
        self.core.clock.monotonic()
    }
}

/// Rows of one part of a list: those of the largest page, and one more, which shows whether more follow.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a constant of three digits"
)]
const ROWS: u32 = sosik_feed::limits::PAGE_ITEMS_MAX as u32 + 1;

fn is_open(story: &StoryEntry) -> bool {
    story.record.audience.is_open_to_strangers()
}
