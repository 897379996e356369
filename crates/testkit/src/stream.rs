//! A live stream as a client reads it.

use std::pin::Pin;

use futures::{Stream, StreamExt};
use reqwest::{RequestBuilder, Response};
use tokio::time::timeout;

use crate::app::TIMEOUT;

/// One event of a stream.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Event {
    /// `story`, `hello` and so on.
    pub name: String,
    /// The cursor of the position after it.
    pub id: Option<String>,
    /// Its data.
    pub data: String,
    /// The reconnection delay, in milliseconds.
    pub retry: Option<String>,
}

/// An open stream.
pub struct TestStream {
    chunks: Pin<Box<dyn Stream<Item = reqwest::Result<Vec<u8>>> + Send>>,
    unread: String,
}

impl TestStream {
    pub(crate) async fn open(request: RequestBuilder) -> Self {
        let response: Response = request
            .header("Accept", "text/event-stream")
            .send()
            .await
            .expect("the service answers");
        assert_eq!(response.status().as_u16(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert!(
            !response.headers().contains_key("content-encoding"),
            "a stream is never compressed"
        );
        let chunks = response
            .bytes_stream()
            .map(|chunk| chunk.map(|bytes| bytes.to_vec()));
        Self {
            chunks: Box::pin(chunks),
            unread: String::new(),
        }
    }

    /// The next event. Heart-beats before it are skipped. `None` if the stream ended.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.block().await? {
                return Some(event);
            }
        }
    }

    /// Waits for this number of consecutive heart-beats.
    pub async fn heart_beats(&mut self, count: usize) {
        for _ in 0..count {
            let block = self.block().await.expect("the stream goes on");
            assert_eq!(block, None, "nothing but heart-beats was expected");
        }
    }

    /// The next event, or `None` in its place for a heart-beat.
    async fn block(&mut self) -> Option<Option<Event>> {
        loop {
            if let Some(end) = self.unread.find("\n\n") {
                let block: String = self.unread.drain(..end + 2).collect();
                return Some(read(&block));
            }
            let chunk = timeout(TIMEOUT, self.chunks.next());
            let chunk = chunk.await.expect("an event or a heart-beat comes")?.ok()?;
            self.unread
                .push_str(std::str::from_utf8(&chunk).expect("events are UTF-8"));
        }
    }

    /// The next event. It must have this name.
    pub async fn expect(&mut self, name: &str) -> Event {
        let event = self
            .next()
            .await
            .unwrap_or_else(|| panic!("the stream ended before {name}"));
        assert_eq!(event.name, name, "{event:?}");
        event
    }
}

fn read(block: &str) -> Option<Event> {
    let mut event = Event::default();
    for line in block.lines() {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut event.name),
            "data" => event.data.push_str(value),
            "id" => event.id = Some(value.to_owned()),
            "retry" => event.retry = Some(value.to_owned()),
            _ => {}
        }
    }
    (!event.name.is_empty()).then_some(event)
}
