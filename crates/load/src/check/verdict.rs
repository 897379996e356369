//! The verdict: violations, each described by a short narrative.

use std::fmt;

use foldhash::HashSet;
use serde::Serialize;

use super::VIOLATIONS_MAX;
use super::history::{Entry, Span};
use super::narrate::Narrator;

/// Most violations printed in full. To read more of them, use the stored history.
const REPORTED_MAX: usize = 40;

/// Which promise was broken, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An acknowledged write cannot be seen anywhere.
    Lost,
    /// A story has not arrived at an entitled reader.
    Undelivered,
    /// A story is shown twice.
    Duplicated,
    /// Stories are not newest first.
    OutOfOrder,
    /// A story is shown to a person who was not entitled at any moment of the request.
    Leaked,
    /// An author does not see their own story.
    OwnMissing,
    /// Paging to older stories skipped a story, or "newer" missed one.
    Gap,
    /// A deleted story is shown.
    Resurrected,
    /// A live stream, including its resumptions, missed a story.
    StreamMissed,
    /// One key created two stories.
    PostedTwice,
    /// Counts of likes or comments are wrong.
    Miscounted,
    /// Stories are seen too late.
    Late,
    /// No answer, a late refusal, or a refusal without the time to retry.
    Silence,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Lost,
        Self::Undelivered,
        Self::Duplicated,
        Self::OutOfOrder,
        Self::Leaked,
        Self::OwnMissing,
        Self::Gap,
        Self::Resurrected,
        Self::StreamMissed,
        Self::PostedTwice,
        Self::Miscounted,
        Self::Late,
        Self::Silence,
    ];

    /// The promise and the violation, in a few words.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Miscounted => "P1: likes or comments are counted wrongly",
            Self::Late => "P7: stories are seen too late",
            Self::Lost => "P1: an acknowledged write is lost",
            Self::Undelivered => "P2: a story has not arrived",
            Self::Duplicated => "P2: a story is shown twice",
            Self::OutOfOrder => "P2: stories are out of order",
            Self::Leaked => "P3: a story is shown to somebody not entitled",
            Self::OwnMissing => "P4: an author does not see their own story",
            Self::Gap => "P5: paging left a story out",
            Self::Resurrected => "P3: a deleted story is shown",
            Self::StreamMissed => "P5: a live stream left a story out",
            Self::PostedTwice => "P6: one key posted twice",
            Self::Silence => "P8: silence instead of an honest refusal",
        }
    }
}

/// A promise that was broken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// How.
    pub kind: Kind,
    /// The reader who saw it, or missed it.
    pub reader: String,
    /// The story in question, or the comment, if there is one.
    pub story: Option<String>,
    /// The relevant actions and reads in order, one sentence per line. The last line is the violation.
    pub tale: Vec<String>,
}

impl fmt::Display for Violation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{}", self.kind.title())?;
        self.tale
            .iter()
            .try_for_each(|line| writeln!(out, "  {line}"))
    }
}

/// A violation as a judge reports it.
pub(super) struct Finding {
    pub(super) kind: Kind,
    pub(super) reader: u64,
    pub(super) author: Option<u64>,
    /// Or a comment: the ids of both come from one generator and never collide.
    pub(super) story: Option<u64>,
    /// The span of the request that shows it.
    pub(super) span: Span,
    /// What was seen.
    pub(super) seen: String,
}

/// The result of judging a history.
#[derive(Debug)]
pub struct Verdict<'a> {
    narrator: Narrator<'a>,
    known: HashSet<(Kind, u64, Option<u64>)>,
    violations: Vec<Violation>,
    left_out: usize,
    /// The number of comparisons. A history in which nothing could be judged is not a clean one.
    judged: u64,
}

impl<'a> Verdict<'a> {
    pub(super) fn new(history: &'a [Entry]) -> Self {
        Self {
            narrator: Narrator::new(history),
            known: HashSet::default(),
            violations: Vec::new(),
            left_out: 0,
            judged: 0,
        }
    }

    /// Adds to the number of comparisons.
    pub(super) const fn judged(&mut self, comparisons: u64) {
        self.judged += comparisons;
    }

    /// Adds a finding, once for each reader and story.
    pub(super) fn found(&mut self, finding: &Finding) {
        if !self
            .known
            .insert((finding.kind, finding.reader, finding.story))
        {
            return;
        }
        if self.violations.len() >= VIOLATIONS_MAX {
            self.left_out += 1;
            return;
        }
        let mut tale = Vec::new();
        if self.violations.len() < REPORTED_MAX {
            tale = self.narrator.before(finding);
        }
        tale.push(self.narrator.headline(finding));
        self.violations.push(Violation {
            kind: finding.kind,
            reader: self.narrator.name(finding.reader),
            story: finding.story.map(|story| story.to_string()),
            tale,
        });
    }

    /// The violations, in the order found.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// Violations beyond [`VIOLATIONS_MAX`](super::VIOLATIONS_MAX), which are counted only.
    #[must_use]
    pub const fn left_out(&self) -> usize {
        self.left_out
    }

    /// How many comparisons were made.
    #[must_use]
    pub const fn comparisons(&self) -> u64 {
        self.judged
    }

    /// Whether there is no violation.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        self.violations.is_empty()
    }

    /// The number of violations of a kind.
    #[must_use]
    pub fn count(&self, kind: Kind) -> usize {
        self.violations
            .iter()
            .filter(|violation| violation.kind == kind)
            .count()
    }
}
