//! The live feed: server-sent events.
//!
//! A waiting stream holds no permit of the admission. It is not compressed, so that each event is sent immediately.
//! Every few seconds it checks that its session is still open. If the check fails, the stream ends, and the client
//! reconnects with its last id.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::Response;
use bytes::Bytes;
use futures::stream;
use serde::Deserialize;
use sosik_feed::cursor::Seen;
use sosik_feed::cursor::seal::{List, Scope, Seals};
use sosik_feed::{Cursor, PersonId};
use sosik_service::feeds::stream::{FeedStream, StreamEvent, WATCHED_MAX};
use sosik_service::{ServiceError, accounts};
use tokio::time::{Interval, MissedTickBehavior};
use utoipa::IntoParams;

use super::events;
use super::streams::OpenStream;
use crate::app::App;
use crate::extract::{Query, Viewer, is, story_ids};
use crate::problem::Problem;
use crate::render;

/// Clients reconnect after this time at the earliest.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Clients wait up to this many milliseconds longer, each for another time, so that they do not all return at once.
const RETRY_SPREAD_MS: u64 = 4_000;

/// The start of a stream, for clients that cannot send the header.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ResumeQuery {
    /// The `id` of the last event you received, or the cursor `after` of a page.
    last_event_id: Option<String>,
    /// The person the stream is meant for, like the header `Sosik-Person`.
    person: Option<String>,
    /// Ids of the stories that you show, separated by commas, at most 50. The stream sends their changes.
    watch: Option<String>,
}

/// Follow your home feed live
///
/// Server-sent events. The `id` of an event is the cursor after it. To resume without a gap, send the last one as
/// `Last-Event-ID`.
///
/// - `hello`: connected. Its `id` is your current position. Data `{"unread": n}`: your unread notifications.
/// - `story`: a new story. Data: Story.
/// - `reset`: the new stories could not be determined. Fetch the first page. Data `{}`.
/// - `notifications`: data `{"unread": n}`, when the number may have changed.
/// - `changed`: a story of `watch` has changed for you: it was edited, deleted, liked or commented on, or you may no longer
///   see it. Data: StoryState. At most one every 2 seconds for each story.
/// - `comments`: the comments on a story of `watch` have changed. Data `{"story": id}`.
/// - `bye`: the server ends the stream (it is stopping, or your session ended). Reconnect after `retry`. Data `{}`.
///
/// Comments between events are heartbeats.
#[utoipa::path(get, path = "/v1/feed/stream", tag = "feed", operation_id = "stream_feed",
    params(("Last-Event-ID" = Option<String>, Header, description = "the `id` of the last event you received"), ResumeQuery),
    responses(
        (status = 200, description = "events until the client or the server disconnects", body = String, content_type = "text/event-stream"),
        (status = 400, description = "`cursor_invalid`, `query_invalid`"),
        (status = 429, description = "`too_many_streams`, `too_many_requests`"),
    ))]
pub(crate) async fn stream(
    State(app): State<App>,
    viewer: Viewer,
    Query(resume): Query<ResumeQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if app.streams_end.is_cancelled() {
        return Err(Problem::GoingAway);
    }
    if !resume
        .person
        .as_deref()
        .is_none_or(|name| is(name, viewer.id))
    {
        return Err(Problem::OtherPerson);
    }
    let seen = seen(&resume, &headers, (app.service.seals(), viewer.id))?;
    let watch = match &resume.watch {
        Some(ids) => story_ids("watch", ids, WATCHED_MAX)?,
        None => Vec::new(),
    };
    let open = app.streams.open(viewer.id)?;
    let feeds = app.service.feeds();
    let feed = feeds.open_stream(viewer.id, seen, &watch).await?;
    let connection = StreamConnection::new(app, *viewer, feed, open);
    let body = Body::from_stream(stream::unfold(connection, StreamConnection::next));
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/event-stream"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Otherwise proxies of the nginx family buffer responses.
    headers.insert(
        HeaderName::from_static("x-accel-buffering"),
        HeaderValue::from_static("no"),
    );
    Ok(response)
}

fn seen(
    resume: &ResumeQuery,
    headers: &HeaderMap,
    (seals, reader): (&Seals, PersonId),
) -> Result<Option<Seen>, Problem> {
    let sent = headers
        .get("last-event-id")
        .and_then(|id| id.to_str().ok())
        .map(str::to_owned);
    match sent
        .or_else(|| resume.last_event_id.clone())
        .filter(|id| !id.is_empty())
    {
        None => Ok(None),
        Some(id) => match seals.open(&id, Scope::own(List::Feed, reader)) {
            Ok(Cursor::Newer(seen)) => Ok(Some(seen)),
            Ok(_) | Err(_) => Err(Problem::CursorInvalid("last_event_id")),
        },
    }
}

/// The state of one connected client.
struct StreamConnection {
    app: App,
    viewer: accounts::Viewer,
    feed: FeedStream,
    check: Interval,
    state: StreamState,
    _open: OpenStream,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum StreamState {
    Opening,
    Streaming,
    Ended,
}

impl StreamConnection {
    fn new(app: App, viewer: accounts::Viewer, feed: FeedStream, open: OpenStream) -> Self {
        let mut check = tokio::time::interval(app.settings.stream_check);
        check.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // The first tick is due immediately, and the session has just been checked.
        check.reset();
        Self {
            app,
            viewer,
            feed,
            check,
            state: StreamState::Opening,
            _open: open,
        }
    }

    async fn next(mut self) -> Option<(Result<Bytes, Infallible>, Self)> {
        let bytes = match self.state {
            StreamState::Opening => {
                self.state = StreamState::Streaming;
                self.hello()
            }
            StreamState::Streaming => self.next_event().await,
            StreamState::Ended => return None,
        };
        Some((Ok(bytes), self))
    }

    /// Waits for the next bytes to send.
    async fn next_event(&mut self) -> Bytes {
        loop {
            let event = tokio::select! {
                biased;
                () = self.app.streams_end.cancelled() => return self.closing_event(),
                // The session must be checked.
                _ = self.check.tick() => None,
                event = self.feed.next() => Some(event),
            };
            return match event {
                None if self.session_is_valid().await => events::HEART_BEAT,
                Some(Ok(StreamEvent::SessionsChanged)) if self.session_is_valid().await => continue,
                Some(Err(ServiceError::Busy(_))) => {
                    // A failed read waits for the next check; a wave of reconnecting clients would be worse.
                    self.check.tick().await;
                    if self.session_is_valid().await {
                        events::HEART_BEAT
                    } else {
                        self.closing_event()
                    }
                }
                None | Some(Ok(StreamEvent::SessionsChanged | StreamEvent::Stopping) | Err(_)) => {
                    self.closing_event()
                }
                Some(Ok(StreamEvent::Story { item, seen })) => {
                    self.event_after("story", &seen, &render::story(&item))
                }
                Some(Ok(StreamEvent::Reset(seen))) => self.event_after("reset", &seen, b"{}"),
                Some(Ok(StreamEvent::Changed(state))) => {
                    events::event("changed", None, &render::story_state(&state))
                }
                Some(Ok(StreamEvent::Comments(story))) => events::event(
                    "comments",
                    None,
                    format!("{{\"story\":\"{story}\"}}").as_bytes(),
                ),
                Some(Ok(StreamEvent::Notifications { unread: count })) => {
                    events::event("notifications", None, unread(count).as_bytes())
                }
            };
        }
    }

    fn hello(&self) -> Bytes {
        let data = unread(self.feed.unread_at_start());
        self.event_after("hello", self.feed.seen(), data.as_bytes())
    }

    /// An event whose id is the cursor after it.
    fn event_after(&self, name: &str, seen: &Seen, data: &[u8]) -> Bytes {
        let scope = Scope::own(List::Feed, self.viewer.id);
        let cursor = Cursor::Newer(seen.clone());
        let id = self.app.service.seals().seal(&cursor, scope);
        events::event(name, Some(&id), data)
    }

    /// Whether the session is still open. Also `false` if the check fails: a stream must not outlive its session.
    async fn session_is_valid(&self) -> bool {
        self.app
            .service
            .sessions()
            .still_valid(&self.viewer)
            .await
            .unwrap_or(false)
    }

    fn closing_event(&mut self) -> Bytes {
        self.state = StreamState::Ended;
        let own_share = self.viewer.id.as_u64().wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        let retry = u64::try_from(RETRY_AFTER.as_millis()).unwrap_or_default();
        events::closing_event(retry + own_share % RETRY_SPREAD_MS)
    }
}

/// The number of unread notifications as data.
fn unread(count: u32) -> String {
    format!("{{\"unread\":{count}}}")
}
