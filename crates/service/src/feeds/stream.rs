//! The live stream of one reader.
//!
//! The stream repeats the "newer" read after each wake-up, with the same cursors. If a wake-up is lost or repeated, the
//! next read corrects it. A client that was disconnected resumes with its last cursor.

use std::collections::VecDeque;
use std::time::Duration;

use sosik_fabric::Watch;
use sosik_feed::cursor::Seen;
use sosik_feed::{Cursor, PersonId, StoryId};
use tokio::time::{Instant, sleep_until};

use super::shown::Shown;
use super::{FeedQuery, FeedStart, Feeds};
use crate::error::RETRY_AFTER;
use crate::stories::{StoryItem, StoryState};
use crate::{ServiceError, ServiceResult};

pub use crate::core::watched::{CHANGES_EVERY, WATCHED_MAX};

/// Stories fetched by one read. It is one, so that each event carries the cursor exactly after its story.
const STORIES_PER_POLL: usize = 1;

/// Shortest time between two events about notifications. Changes in between are combined into one event with the final
/// count, so that a burst of comments, or of likes and unlikes, does not flood the reader.
pub const NOTIFICATIONS_EVERY: Duration = Duration::from_secs(2);

/// An event of a stream.
#[derive(Debug, Clone)]
pub enum StreamEvent {
    /// A new story, and the cursor after it.
    Story {
        /// The story as this reader may see it.
        item: StoryItem,
        /// Where to resume after this story.
        seen: Seen,
    },
    /// The new stories could not be determined. The client fetches the first page and resumes from here.
    Reset(Seen),
    /// The number of unread notifications has changed.
    Notifications {
        /// The unread notifications, counted up to a maximum.
        unread: u32,
    },
    /// A story that the client shows has changed for this reader.
    Changed(StoryState),
    /// The comments on a story that the client shows have changed.
    Comments(StoryId),
    /// A session of the person ended. It may be the one of this stream.
    SessionsChanged,
    /// The server is stopping. The client reconnects to another one.
    Stopping,
}

/// A connected reader.
pub struct FeedStream {
    feeds: Feeds,
    reader: PersonId,
    watch: Watch,
    seen: Seen,
    /// When the stream was opened.
    unread: u32,
    waiting: VecDeque<StreamEvent>,
    /// Read before waiting: there may be new stories, also from before the stream began.
    poll_pending: bool,
    /// The unread notifications must be counted. It is a field because the call that counts them may be dropped.
    count_pending: bool,
    /// Do not count before this moment: the last event about notifications was sent [`NOTIFICATIONS_EVERY`] earlier.
    count_not_before: Instant,
    /// The stories that the client shows.
    shown: Option<Shown>,
}

impl Feeds {
    /// Opens a stream, from the client's cursor or from now on. It also sends changes of the stories
    /// that the client shows: at most [`WATCHED_MAX`] of `shown`, and only those that the reader may see now.
    ///
    /// # Errors
    /// When the store fails. `Busy` if the stream cannot be registered, because nothing would wake it.
    pub async fn open_stream(
        &self,
        reader: PersonId,
        seen: Option<Seen>,
        shown: &[StoryId],
    ) -> ServiceResult<FeedStream> {
        // Watch first, then read: a story that arrives in between wakes the stream.
        let watch = self.core.engines.wake_ups.watch(reader).await;
        let watch = self.core.fabric_result("watch", watch);
        let watch = watch.ok_or(ServiceError::Busy(RETRY_AFTER))?;
        let poll_pending = seen.is_some();
        let seen = match seen {
            Some(seen) => seen,
            None => self.seen_now(reader).await?,
        };
        let shown = match shown {
            [] => None,
            shown => Some(self.show(reader, shown).await?),
        };
        Ok(FeedStream {
            unread: self.notifications.unread(reader).await?,
            feeds: self.clone(),
            shown,
            reader,
            watch,
            seen,
            waiting: VecDeque::new(),
            poll_pending,
            count_pending: false,
            count_not_before: Instant::now(),
        })
    }

    async fn seen_now(&self, reader: PersonId) -> ServiceResult<Seen> {
        let page = self
            .read(
                reader,
                FeedQuery {
                    from: FeedStart::Top,
                    limit: 1,
                },
            )
            .await?;
        Ok(seen_of(page.after))
    }
}

impl FeedStream {
    /// The current position of the client.
    #[must_use]
    pub const fn seen(&self) -> &Seen {
        &self.seen
    }

    /// The number of unread notifications when the stream was opened.
    #[must_use]
    pub const fn unread_at_start(&self) -> u32 {
        self.unread
    }

    /// Waits for the next event. Cancel-safe: dropping the future loses no event.
    ///
    /// # Errors
    /// When the store fails; the client resumes by its cursor.
    pub async fn next(&mut self) -> ServiceResult<StreamEvent> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                if let StreamEvent::Story { seen, .. } | StreamEvent::Reset(seen) = &event {
                    self.seen = seen.clone();
                }
                return Ok(event);
            }
            if self.poll_pending {
                self.poll_stories().await?;
                continue;
            }
            if self.count_pending && Instant::now() >= self.count_not_before {
                let unread = self.feeds.notifications.unread(self.reader).await?;
                self.count_pending = false;
                self.count_not_before = Instant::now() + NOTIFICATIONS_EVERY;
                self.waiting
                    .push_back(StreamEvent::Notifications { unread });
                continue;
            }
            if let Some(shown) = &mut self.shown {
                let events = shown.changes(&self.feeds).await?;
                if !events.is_empty() {
                    self.waiting.extend(events);
                    continue;
                }
            }
            let signals = tokio::select! {
                () = self.feeds.core.stopping.cancelled() => return Ok(StreamEvent::Stopping),
                signals = self.watch.signalled() => signals,
                () = sleep_until(self.count_not_before), if self.count_pending => continue,
                () = due(&mut self.shown) => continue,
            };
            self.poll_pending = signals.story;
            if signals.session {
                self.waiting.push_back(StreamEvent::SessionsChanged);
            }
            self.count_pending |= signals.notification;
        }
    }

    async fn poll_stories(&mut self) -> ServiceResult<()> {
        let request = FeedQuery {
            from: FeedStart::Newer(self.seen.clone()),
            limit: STORIES_PER_POLL,
        };
        let page = self.feeds.read(self.reader, request).await?;
        let seen = seen_of(page.after);
        self.poll_pending = !page.end && !page.reset;
        if page.reset {
            self.waiting.push_back(StreamEvent::Reset(seen));
            return Ok(());
        }
        match page.items.into_iter().next() {
            Some(item) => self.waiting.push_back(StreamEvent::Story { item, seen }),
            // Hidden from this reader: skip it and advance the cursor.
            None => self.seen = seen,
        }
        Ok(())
    }
}

/// Waits until a story that the client shows may have changed. Cancel-safe.
async fn due(shown: &mut Option<Shown>) {
    match shown {
        Some(shown) => shown.due().await,
        None => std::future::pending().await,
    }
}

fn seen_of(after: Option<Cursor>) -> Seen {
    match after {
        Some(Cursor::Newer(seen)) => seen,
        Some(
            Cursor::Above(_)
            | Cursor::Below(_)
            | Cursor::Behind(_)
            | Cursor::Older(_)
            | Cursor::Found(_),
        )
        | None => Seen::default(),
    }
}
