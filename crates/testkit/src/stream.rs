//! A live stream as a client reads it.

use std::pin::Pin;

use futures::{Stream, StreamExt};
use reqwest::{RequestBuilder, Response};
use tokio::time::timeout;

use crate::app::PATIENCE;

/// One event of a stream.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Event {
    /// `story`, `hello` and so on.
    pub name: String,
    /// The cursor behind it.
    pub id: Option<String>,
    /// Its data.
    pub data: String,
    /// When to come back, in milliseconds.
    pub retry: Option<String>,
}

/// An open stream.
pub struct TestStream {
    chunks: Pin<Box<dyn Stream<Item = reqwest::Result<Vec<u8>>> + Send>>,
    unread: String,
    /// Comments so far: heart-beats.
    pub heart_beats: usize,
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
            heart_beats: 0,
        }
    }

    /// The next event, however many heart-beats come before it; `None` when the stream ended.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            while let Some(end) = self.unread.find("\n\n") {
                let block: String = self.unread.drain(..end + 2).collect();
                match read(&block) {
                    Some(event) => return Some(event),
                    None => self.heart_beats += 1,
                }
            }
            let chunk = timeout(PATIENCE, self.chunks.next())
                .await
                .expect("an event or a heart-beat comes");
            let chunk = chunk?.ok()?;
            self.unread
                .push_str(std::str::from_utf8(&chunk).expect("events are UTF-8"));
        }
    }

    /// The next event, which must have this name.
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
