//! The record that the cast writes.

use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use serde_json::Value;

use crate::check::{Audience, Entry, Failure, Item, Moment, Outcome, Span};
use crate::client::{Answer, Stopwatch};

/// Most entries, some gigabytes of memory. An unbounded record would fill the memory.
const ENTRIES_MAX: usize = 5_000_000;

/// Takes entries from many tasks. The entries of one task keep their order.
#[derive(Debug)]
pub struct Recorder {
    watch: Stopwatch,
    entries: Mutex<Vec<Entry>>,
    numbers: AtomicU64,
}

impl Recorder {
    /// An empty record whose time begins now.
    #[must_use]
    pub fn started() -> Self {
        Self {
            watch: Stopwatch::started(),
            entries: Mutex::default(),
            numbers: AtomicU64::new(1),
        }
    }

    /// The current time of the record.
    #[must_use]
    pub fn now(&self) -> Moment {
        self.watch.micros()
    }

    /// From a moment to now.
    #[must_use]
    pub fn since(&self, begin: Moment) -> Span {
        let end = self.now();
        Span { begin, end }
    }

    /// Records.
    pub fn note(&self, entry: Entry) {
        let mut entries = self.entries.lock();
        if entries.len() < ENTRIES_MAX {
            entries.push(entry);
        }
    }

    /// Takes the recorded entries. The record is empty afterwards.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        std::mem::take(&mut self.entries.lock())
    }

    /// A number that this record never returned before.
    pub(super) fn number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// Records a missing answer or a refusal.
    pub(super) fn note_failure(&self, who: u64, span: Span, what: &str, answer: Option<&Answer>) {
        let status = answer.map(|answer| answer.status);
        if status.is_none_or(|status| status >= 500) {
            self.note(Entry::Failure(Failure {
                who,
                span,
                what: what.to_owned(),
                status,
                retry_after: answer.is_some_and(|answer| answer.retry_after.is_some()),
            }));
        }
    }
}

/// The outcome of a write, by its answer.
pub(super) fn outcome(answer: Option<&Answer>) -> Outcome {
    match answer.map(|answer| answer.status) {
        Some(200..300) => Outcome::Acknowledged,
        Some(400..500) => Outcome::Refused,
        // A server that ran out of time may refuse a write after it happened.
        _ => Outcome::Unknown,
    }
}

/// A story in an answer; `None` if it has no valid form.
pub(super) fn item(story: &Value) -> Option<Item> {
    let id = |pointer| story.pointer(pointer)?.as_str()?.parse().ok();
    Some(Item {
        story: id("/id")?,
        author: id("/author/id")?,
        audience: match story["audience"].as_str()? {
            "public" => Audience::Public,
            _ => Audience::Friends,
        },
        text: story["text"].as_str()?.to_owned(),
        liked: story["liked"].as_bool()?,
        likes: story["likes"].as_u64(),
        comments: story["comments"].as_u64(),
    })
}
