//! The live stream of one reader.
//!
//! The stream is "newer", asked again at each wake-up, by the same cursors: whatever a wake-up misses or repeats, the
//! next look gets right, and a client that was away resumes with the last cursor it got.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use sosik_fabric::Watch;
use sosik_feed::cursor::Seen;
use sosik_feed::{Cursor, PersonId};
use tokio::time::{Instant, sleep_until};

use super::{FeedAsk, From};
use crate::stories::StoryItem;
use crate::{Service, ServiceResult};

/// Stories fetched at one look. One, so that each event carries the cursor exactly behind it.
const STORIES_AT_A_LOOK: usize = 1;

/// Least time between two events about notifications. What happens in between comes as one event with the count at its
/// end, so that a burst of comments, or of likes given and withdrawn, does not flood the reader.
pub const NOTIFICATIONS_EVERY: Duration = Duration::from_secs(2);

/// What a stream tells its client.
#[derive(Debug, Clone)]
pub enum StreamEvent {
    /// A new story, and the cursor after it.
    Story {
        /// As this reader gets it.
        item: StoryItem,
        /// Where to resume behind it.
        seen: Seen,
    },
    /// What came since cannot be told; the client is to fetch the first page. Resume from here.
    Reset(Seen),
    /// The unread notifications are so many now.
    Notifications {
        /// Counted up to a maximum.
        unread: u32,
    },
    /// A session of the person ended: the one of this stream may be it.
    SessionsChanged,
    /// The server is going away; another one takes over.
    Stopping,
}

/// A connected reader.
pub struct FeedStream {
    service: Service,
    reader: PersonId,
    watch: Arc<dyn Watch>,
    seen: Seen,
    waiting: VecDeque<StreamEvent>,
    /// Look before waiting: there may be a new story, also from before the stream began.
    look_first: bool,
    /// The unread notifications are to be counted. Noted down, since the call that counts them may be dropped.
    count_first: bool,
    /// Not before this moment: the last event about notifications was sent [`NOTIFICATIONS_EVERY`] earlier.
    count_from: Instant,
}

impl Service {
    /// Opens a stream, from where the client was or from now on.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn open_stream(
        &self,
        reader: PersonId,
        seen: Option<Seen>,
    ) -> ServiceResult<FeedStream> {
        // First the watch, then the look: what comes in between wakes the stream.
        let watch = self.0.fabric.watch(reader);
        let look_first = seen.is_some();
        let seen = match seen {
            Some(seen) => seen,
            None => self.seen_now(reader).await?,
        };
        Ok(FeedStream {
            service: self.clone(),
            reader,
            watch,
            seen,
            waiting: VecDeque::new(),
            look_first,
            count_first: false,
            count_from: Instant::now(),
        })
    }

    async fn seen_now(&self, reader: PersonId) -> ServiceResult<Seen> {
        let page = self
            .feed(
                reader,
                FeedAsk {
                    from: From::Top,
                    limit: 1,
                },
            )
            .await?;
        Ok(seen_of(page.after))
    }
}

impl FeedStream {
    /// Where the client is now.
    #[must_use]
    pub const fn seen(&self) -> &Seen {
        &self.seen
    }

    /// Waits for the next event. May be dropped and called again without losing any.
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
            if self.look_first {
                self.look().await?;
                continue;
            }
            if self.count_first && Instant::now() >= self.count_from {
                let unread = self.service.unread_notifications(self.reader).await?;
                self.count_first = false;
                self.count_from = Instant::now() + NOTIFICATIONS_EVERY;
                self.waiting
                    .push_back(StreamEvent::Notifications { unread });
                continue;
            }
            let signals = tokio::select! {
                () = self.service.0.stopping.cancelled() => return Ok(StreamEvent::Stopping),
                signals = self.watch.woken() => signals,
                () = sleep_until(self.count_from), if self.count_first => continue,
            };
            self.look_first = signals.story;
            if signals.session {
                self.waiting.push_back(StreamEvent::SessionsChanged);
            }
            self.count_first |= signals.notification;
        }
    }

    async fn look(&mut self) -> ServiceResult<()> {
        let ask = FeedAsk {
            from: From::Newer(self.seen.clone()),
            limit: STORIES_AT_A_LOOK,
        };
        let page = self.service.feed(self.reader, ask).await?;
        let seen = seen_of(page.after);
        self.look_first = !page.end && !page.reset;
        if page.reset {
            self.waiting.push_back(StreamEvent::Reset(seen));
            return Ok(());
        }
        match page.items.into_iter().next() {
            Some(item) => self.waiting.push_back(StreamEvent::Story { item, seen }),
            // Hidden from this reader: nothing to tell, but it is decided about.
            None => self.seen = seen,
        }
        Ok(())
    }
}

fn seen_of(after: Option<Cursor>) -> Seen {
    match after {
        Some(Cursor::Newer(seen)) => seen,
        Some(Cursor::Above(_) | Cursor::Below(_) | Cursor::Behind(_)) | None => Seen::default(),
    }
}
