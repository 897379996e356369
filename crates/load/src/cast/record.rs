//! The record that the cast writes.

use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use serde_json::Value;

use crate::check::{Audience, Entry, Failure, Item, Moment, Outcome, Span};
use crate::client::{Answer, Stopwatch};

/// Entries kept at most, some gigabytes of them: a record without end would fill the memory.
const ENTRIES_MAX: usize = 5_000_000;

/// Takes entries from many tasks. Those of one task stay in their order.
#[derive(Debug)]
pub struct Recorder {
    watch: Stopwatch,
    entries: Mutex<Vec<Entry>>,
    numbers: AtomicU64,
}

impl Recorder {
    /// Empty; its time begins now.
    #[must_use]
    pub fn started() -> Self {
        Self {
            watch: Stopwatch::started(),
            entries: Mutex::default(),
            numbers: AtomicU64::new(1),
        }
    }

    /// Now, in the time of the record.
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

    /// What was recorded; the record is empty afterwards.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        std::mem::take(&mut self.entries.lock())
    }

    /// A number never given before in this record.
    pub(super) fn number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// Notes an answer that is none, or a refusal.
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

/// What an answer says about a write.
pub(super) fn outcome(answer: Option<&Answer>) -> Outcome {
    match answer.map(|answer| answer.status) {
        Some(200..300) => Outcome::Acknowledged,
        Some(400..500) => Outcome::Refused,
        // A refusal for want of time may come after the deed.
        _ => Outcome::Unknown,
    }
}

/// A story as it stands in an answer; `None` when it is none.
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
