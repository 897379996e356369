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
mod entitled;
mod facts;
mod history;
mod items;
mod narrate;
mod once;
mod register;
mod streams;
mod verdict;
mod views;

use std::time::Duration;

pub use self::history::{
    Act, Audience, Entry, Failure, HistoryError, Item, Link, Moment, Outcome, Read, Reading, Span,
    StreamEvent, StreamEventKind, Write, read, write,
};
pub use self::verdict::{Kind, Verdict, Violation};

use self::facts::Facts;

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
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            settle: Duration::from_secs(5),
            refusal: Duration::from_secs(2),
        }
    }
}

/// Judges a history. The order of entries of one reader's view or stream must be the order in which they happened;
/// everything else may be in any order.
#[must_use]
pub fn judge(history: &[Entry], rules: Rules) -> Verdict<'_> {
    let facts = Facts::of(history);
    let mut verdict = Verdict::new(history);
    views::judge(history, &facts, rules, &mut verdict);
    items::judge(history, &facts, &mut verdict);
    streams::judge(history, &facts, rules, &mut verdict);
    once::judge(history, &facts, &mut verdict);
    answers::judge(history, rules, &mut verdict);
    verdict
}
