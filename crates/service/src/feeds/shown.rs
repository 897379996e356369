//! The stories that the client of a stream shows.
//!
//! A signal makes the stream read them again, with the rights of its reader, and compare them with what the client has.
//! Only a difference becomes an event. So nothing that is hidden from the reader causes one: a story that they may not see
//! has one state, whatever happens to it, and a block by a stranger changes none of their stories.

use foldhash::HashMap;
use sosik_feed::{MediaId, PersonId, StoryId, Timestamp};
use sosik_store::MediaState;

use super::Feeds;
use super::stream::{StreamEvent, WATCHED_MAX};
use crate::ServiceResult;
use crate::core::watched::{Due, Watching};
use crate::stories::StoryState;

/// The stories that the client of a stream shows, each with its version there.
pub(super) struct Shown {
    reader: PersonId,
    watching: Watching,
    versions: HashMap<StoryId, Version>,
    /// It stays here until its events exist, because the call that reads the stories may be dropped.
    due: Due,
}

/// What decides whether a client has the current state of a story.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Version {
    is_visible: bool,
    on_home: bool,
    revision: u64,
    liked: bool,
    edited_at: Option<Timestamp>,
    /// Number of attachments that are not processed yet. The end of processing does not change `edited_at`.
    processing: usize,
    /// The folder of the link preview. It identifies the preview, because each has its own folder.
    link: Option<MediaId>,
}

impl From<&StoryState> for Version {
    fn from(state: &StoryState) -> Self {
        let Some(item) = &state.item else {
            return Self::default();
        };
        let record = &item.story.record;
        let attachments = record.attachments.iter();
        let processing = attachments.filter(|it| it.state == MediaState::Processing);
        Self {
            is_visible: true,
            on_home: state.on_home,
            revision: item.story.counts().revision,
            liked: item.liked,
            edited_at: record.edited_at,
            processing: processing.count(),
            link: record.link.as_ref().map(|link| link.folder),
        }
    }
}

impl Feeds {
    /// Begins to follow the stories among these that the reader may see now. The others cause no event.
    pub(super) async fn show(&self, reader: PersonId, ids: &[StoryId]) -> ServiceResult<Shown> {
        let mut ids: Vec<_> = ids.iter().copied().take(WATCHED_MAX).collect();
        ids.sort_unstable();
        ids.dedup();
        // Registered first: a change in between is compared.
        let watching = self.core.watch_stories(reader, ids.clone());
        let states = self.core.story_states(reader, &ids).await?;
        let visible = states.iter().filter(|state| state.item.is_some());
        Ok(Shown {
            reader,
            watching,
            versions: visible
                .map(|state| (state.id, Version::from(state)))
                .collect(),
            due: Due::default(),
        })
    }
}

impl Shown {
    /// Waits until a story may have changed. Cancel-safe.
    pub(super) async fn due(&mut self) {
        let due = self.watching.due().await;
        self.due.merge(&due);
    }

    /// The events for what is due. Empty if nothing changed for this reader. Cancel-safe.
    ///
    /// # Errors
    /// When the store fails. The next call tries again.
    pub(super) async fn changes(&mut self, feeds: &Feeds) -> ServiceResult<Vec<StreamEvent>> {
        let mut ids: Vec<_> = match self.due.all {
            true => self.versions.keys().copied().collect(),
            false => self.due.stories.keys().copied().collect(),
        };
        ids.retain(|id| self.versions.contains_key(id));
        if ids.is_empty() {
            self.due = Due::default();
            return Ok(Vec::new());
        }
        ids.sort_unstable();
        let _permit = feeds.permits.streams.acquire().await;
        let states = feeds.core.story_states(self.reader, &ids).await?;
        let commented = self.commented(feeds, &states).await?;
        self.due = Due::default();
        let mut events = Vec::new();
        for state in states {
            let version = Version::from(&state);
            if self.versions.insert(state.id, version) != Some(version) {
                events.push(StreamEvent::Changed(state));
            }
        }
        events.extend(commented.into_iter().map(StreamEvent::Comments));
        Ok(events)
    }

    /// The visible stories with new, edited or deleted comments by authors whose comments the reader may see.
    async fn commented(&self, feeds: &Feeds, states: &[StoryState]) -> ServiceResult<Vec<StoryId>> {
        let authors: Vec<_> = self.due.stories.values().flatten().copied().collect();
        if authors.is_empty() {
            return Ok(Vec::new());
        }
        let circle = feeds.core.circle(self.reader).await?;
        let circle = feeds.core.decide(self.reader, &circle, authors).await?;
        let is_seen = |author: &PersonId| !circle.is_severed_from(*author);
        let visible = states.iter().filter(|state| state.item.is_some());
        let commented = visible.map(|state| state.id).filter(|id| {
            let commenters = self.due.stories.get(id);
            commenters.is_some_and(|authors| authors.iter().any(is_seen))
        });
        Ok(commented.collect())
    }
}
