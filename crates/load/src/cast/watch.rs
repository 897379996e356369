//! Live streams of the cast, recorded event by event and resumed after every break.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use serde_json::Value;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::player::CastContext;
use super::record::item;
use crate::check::{Entry, StreamEvent, StreamEventKind};
use crate::events::{Event, Parser};

/// How long a client waits before it opens a stream again.
const RECONNECT_AFTER: Duration = Duration::from_millis(300);

/// A stream that sends nothing for this long is dead.
const SILENT: Duration = Duration::from_secs(15);

struct Watcher {
    context: Arc<CastContext>,
    place: usize,
    stream: u64,
    last: Option<String>,
}

pub(super) async fn hold(context: Arc<CastContext>, place: usize, ends: CancellationToken) {
    let stream = context.recorder.number();
    let mut watcher = Watcher {
        context,
        place,
        stream,
        last: None,
    };
    while ends.run_until_cancelled(watcher.once()).await.is_some() {
        watcher.note(StreamEventKind::Ended);
        if timeout(RECONNECT_AFTER, ends.cancelled()).await.is_ok() {
            return;
        }
    }
}

impl Watcher {
    async fn once(&mut self) {
        let token = &self.context.people[self.place].token;
        let opened = self
            .context
            .client
            .stream(token, self.last.as_deref())
            .await;
        let Some(response) = opened
            .ok()
            .filter(|response| response.status().is_success())
        else {
            return;
        };
        let mut parser = Parser::default();
        let mut chunks = Box::pin(response.bytes_stream());
        while let Ok(Some(Ok(chunk))) = timeout(SILENT, chunks.next()).await {
            for event in parser.take(&chunk) {
                self.told(event);
            }
        }
    }

    fn told(&mut self, event: Event) {
        let kind = match event.name.as_str() {
            "hello" => Some(StreamEventKind::Opened),
            "story" => {
                let story: Value = serde_json::from_str(&event.data).unwrap_or_default();
                item(&story).map(StreamEventKind::Story)
            }
            "reset" => Some(StreamEventKind::Reset),
            "bye" => None,
            _ => Some(StreamEventKind::Alive),
        };
        if let Some(kind) = kind {
            self.note(kind);
        }
        self.last = event.id.or(self.last.take());
    }

    fn note(&self, event: StreamEventKind) {
        self.context.recorder.note(Entry::Stream(StreamEvent {
            who: self.context.ids[self.place],
            stream: self.stream,
            at: self.context.recorder.now(),
            event,
        }));
    }
}
