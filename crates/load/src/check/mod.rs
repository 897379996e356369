//! The feed checker: judges a recorded history by the promises of the design, with no trust in the server.
//!
//! It sees what a client sees: when requests were sent, and when and how they were answered. It does not know how the
//! server works, which workload produced the history, or whether there were faults other than those in the history. It
//! is pure: the same history gives the same verdict, so a history can be stored, replayed, and reduced to the lines
//! that matter.
//!
//! **Time.** Every request has a moment at which it began and a moment at which it was answered. The effect of a write
//! happens at one unknown moment in between. A write without an answer happens at any moment after it began, or never.
//! So there are two questions about any span of time: what *may* have been true at some moment of it, and what *must*
//! have been true during all of it. A shown story that may not be seen at any moment of the request is a leak. A
//! missing story that must be seen during all of it is a loss. Everything in between is allowed. So the checker has no
//! false alarms by design; the price is that it ignores races.
//!
//! To add a promise, add a variant of [`Kind`], a file here with a `judge` that pushes [`Violation`]s, its line in
//! [`judge`], and a good and a bad history in `tests/`.

mod answers;
mod availability;
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

use std::time::Duration;

pub use self::history::{
    Act, Audience, CommentShown, Comments, Entry, Failure, HistoryError, Item, Link, Moment,
    Outcome, Read, Reading, Span, StreamEvent, StreamEventKind, Write, read, write,
};
pub use self::verdict::{Kind, Verdict, Violation};

use self::availability::Availability;
use self::facts::Facts;

/// Most violations in a verdict. The first few explain the rest, and a broken server would fill the memory.
pub const VIOLATIONS_MAX: usize = 1_000;

/// The time limits that the checker applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// A story must have arrived at every reader this long after its acknowledgement: this is what "once delivery is
    /// quiet" means. A reader's own stories have no such delay.
    pub settle: Duration,
    /// Counts of likes and comments include what was acknowledged this long before the request.
    pub counts: Duration,
    /// A refusal for overload must arrive within this time. Any other answer must arrive before the client gives up.
    pub refusal: Duration,
    /// 99 of 100 stories seen in live streams are seen within this time after the answer to the author.
    pub prompt: Duration,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            settle: Duration::from_secs(5),
            counts: Duration::from_secs(5),
            refusal: Duration::from_secs(2),
            prompt: Duration::from_secs(2),
        }
    }
}

impl Rules {
    fn settle_micros(self) -> u64 {
        micros(self.settle)
    }

    fn counts_micros(self) -> u64 {
        micros(self.counts)
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// Judges a history. The entries of one reader's view or stream must be in the order in which they happened. All other
/// entries may be in any order.
#[must_use]
pub fn judge(history: &[Entry], rules: Rules) -> Verdict<'_> {
    let facts = Facts::of(history);
    let availability = Availability::of(history);
    let mut verdict = Verdict::new(history);
    views::judge(history, &facts, &availability, rules, &mut verdict);
    items::judge(history, &facts, &mut verdict);
    comments::judge(history, &facts, &mut verdict);
    counts::judge(history, &facts, rules, &mut verdict);
    streams::judge(history, &facts, &availability, rules, &mut verdict);
    prompt::judge(history, &facts, &availability, rules, &mut verdict);
    once::judge(history, &facts, &mut verdict);
    answers::judge(history, rules, &mut verdict);
    verdict
}
