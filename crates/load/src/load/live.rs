//! Open live streams, which measure the time from post to sight.
//!
//! The text of a story identifies it. So a stream that is faster than the answer to the post can be distinguished from
//! a late one.

use std::sync::Arc;
use std::time::Duration;

use foldhash::HashMap;
use futures::StreamExt;
use parking_lot::Mutex;
use serde::Deserialize;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::act::Actor;
use super::stats::StatsRecorder;
use crate::client::{Client, Stopwatch};
use crate::events::{Event, Parser};

/// How long a client waits before it opens a stream again.
const RECONNECT_AFTER: Duration = Duration::from_secs(1);

/// A stream that sends nothing for this long is dead.
const SILENT: Duration = Duration::from_secs(30);

/// Most stories of this run that are remembered to measure their lag. The oldest are forgotten first.
const MARKS_MAX: usize = 1 << 20;

/// Stories in flight: text, time of sending, number of the author's readers.
#[derive(Debug, Default)]
pub(super) struct Marks(Mutex<HashMap<String, (u64, u64)>>);

impl Marks {
    pub(super) fn sent(&self, mark: &str, at: u64, readers: u64) {
        let mut marks = self.0.lock();
        if marks.len() < MARKS_MAX {
            marks.insert(mark.to_owned(), (at, readers));
        }
    }

    fn of(&self, mark: &str) -> Option<(u64, u64)> {
        self.0.lock().get(mark).copied()
    }
}

/// State that a stream shares with the run.
#[derive(Clone)]
pub(super) struct StreamContext {
    pub(super) client: Client,
    pub(super) recorder: Arc<StatsRecorder>,
    pub(super) marks: Arc<Marks>,
    pub(super) watch: Stopwatch,
    pub(super) ends: CancellationToken,
}

#[derive(Deserialize)]
struct StoryEvent {
    text: String,
}

/// Keeps a stream open until the run ends. After a break it is resumed after the last event.
pub(super) async fn hold(actor: Arc<Actor>, context: StreamContext) {
    let mut last = None;
    loop {
        let ended = context
            .ends
            .run_until_cancelled(once(&actor, &context, &mut last));
        if ended.await.is_none() {
            return;
        }
        if timeout(RECONNECT_AFTER, context.ends.cancelled())
            .await
            .is_ok()
        {
            return;
        }
        context.recorder.resumed();
    }
}

async fn once(actor: &Actor, context: &StreamContext, last: &mut Option<String>) {
    let token = actor.token();
    let opened = context.client.stream(&token, last.as_deref());
    let Ok(response) = opened.await else { return };
    if !response.status().is_success() {
        return;
    }
    let mut parser = Parser::default();
    let mut chunks = Box::pin(response.bytes_stream());
    while let Ok(Some(Ok(chunk))) = timeout(SILENT, chunks.next()).await {
        for event in parser.take(&chunk) {
            context.told(&event);
            *last = event.id.or(last.take());
        }
    }
}

impl StreamContext {
    fn told(&self, event: &Event) {
        if event.name != "story" {
            return;
        }
        let Ok(story) = serde_json::from_str::<StoryEvent>(&event.data) else {
            return;
        };
        if let Some((sent, readers)) = self.marks.of(&story.text) {
            self.recorder
                .seen(readers, self.watch.micros().saturating_sub(sent));
        }
    }
}
