//! The feed checker: judges a recorded history by the promises of the design, and trusts nobody.
//!
//! It sees what a client sees: what was asked when, what was answered when. It does not know how the server works, which
//! workload produced the history, or whether faults were injected beyond what the history says. It is pure: the same
//! history gives the same verdict, so a history can be stored, replayed, and cut down to the lines that matter.
//!
//! **Time.** Every request has a moment at which it began and one at which it was answered. What a write does happens at
//! one unknown moment in between; a write without an answer happens at any moment after it began, or never. From that
//! follow two questions about any stretch of time: what *may* have been so at some moment of it, and what *must* have
//! been so during all of it. A story shown that may not be seen at any moment of the request is a leak; a story
//! missing that must be seen during all of it is a loss. What is in between is allowed: the checker has no false alarms
//! by design, and pays with looking away at races.
//!
//! To add a promise: a variant of [`Kind`], a file here with a `judge` that pushes [`Violation`]s, its line in
//! [`judge`], and a good and a bad history in `tests/`.

mod answers;
mod comments;
mod counts;
mod entitled;
mod facts;
mod history;
mod items;
mod narrate;
mod once;
mod prompt;
mod register;
mod streams;
mod verdict;
mod views;
mod working;

use std::time::Duration;

pub use self::history::{
    Act, Audience, CommentShown, Comments, Entry, Failure, HistoryError, Item, Link, Moment,
    Outcome, Read, Reading, Span, StreamEvent, StreamEventKind, Write, read, write,
};
pub use self::verdict::{Kind, Verdict, Violation};

use self::facts::Facts;
use self::working::Working;

/// Violations kept per verdict. The first few explain the rest; a broken server would fill the memory.
pub const VIOLATIONS_MAX: usize = 1_000;

/// What the judge takes for granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// After this time from its acknowledgement a story must have arrived at every reader: the meaning of "once
    /// delivery is quiet". Own stories have no such time.
    pub settle: Duration,
    /// An answer that says "too busy" must come within this time, and any answer at all before the client gave up.
    pub refusal: Duration,
    /// Of a hundred sights of a story in a live stream, 99 come within this time after the answer to its author.
    pub prompt: Duration,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            settle: Duration::from_secs(5),
            refusal: Duration::from_secs(2),
            prompt: Duration::from_secs(2),
        }
    }
}

impl Rules {
    fn settle_micros(self) -> u64 {
        u64::try_from(self.settle.as_micros()).unwrap_or(u64::MAX)
    }
}

/// Judges a history. The order of entries of one reader's view or stream must be the order in which they happened;
/// everything else may be in any order.
#[must_use]
pub fn judge(history: &[Entry], rules: Rules) -> Verdict<'_> {
    let facts = Facts::of(history);
    let working = Working::of(history);
    let mut verdict = Verdict::new(history);
    views::judge(history, &facts, &working, rules, &mut verdict);
    items::judge(history, &facts, &mut verdict);
    comments::judge(history, &facts, &mut verdict);
    counts::judge(history, &facts, rules, &mut verdict);
    streams::judge(history, &facts, &working, rules, &mut verdict);
    prompt::judge(history, &facts, &working, rules, &mut verdict);
    once::judge(history, &facts, &mut verdict);
    answers::judge(history, rules, &mut verdict);
    verdict
}
