//! Counts of likes and comments: they include what must have counted at the time and nothing that cannot have counted.
//!
//! Nodes may learn of new counts a little late ([`Rules::counts`]). So a count is compared with everything that may have
//! been true since that time before the request.

use super::Rules;
use super::facts::Facts;
use super::history::{Entry, Item, Read, Span};
use super::verdict::{Finding, Kind, Verdict};

pub(super) fn judge(history: &[Entry], facts: &Facts, rules: Rules, verdict: &mut Verdict<'_>) {
    for entry in history {
        let Entry::Read(read) = entry else { continue };
        let span = Span {
            begin: read.span.begin.saturating_sub(rules.counts_micros()),
            end: read.span.end,
        };
        // The counts of stories from before the history are unknown.
        let known = read.items.iter();
        for item in known.filter(|item| facts.stories.contains_key(&item.story)) {
            let none_is_due = facts.may_be_deleted(item.story, read.span);
            let due = |(least, most)| {
                if none_is_due {
                    (0, most)
                } else {
                    (least, most)
                }
            };
            if let Some(likes) = item.likes {
                let bounds = due(facts.likes_within(item.story, span));
                compare(read, item, "likes", likes, bounds, verdict);
            }
            if let Some(comments) = item.comments {
                let bounds = due(facts.comments_within(item.story, span));
                compare(read, item, "comments", comments, bounds, verdict);
            }
        }
    }
}

fn compare(
    read: &Read,
    item: &Item,
    what: &str,
    shown: u64,
    (least, most): (u64, u64),
    verdict: &mut Verdict<'_>,
) {
    verdict.judged(1);
    if (least..=most).contains(&shown) {
        return;
    }
    let right = match least == most {
        true => format!("there are {least}"),
        false => format!("there are {least} to {most}"),
    };
    verdict.found(&Finding {
        kind: Kind::Miscounted,
        reader: read.who,
        author: Some(item.author),
        story: Some(item.story),
        span: read.span,
        seen: format!(
            "was shown story {} with {shown} {what}, and {right}",
            item.story
        ),
    });
}

impl Facts {
    /// The least number of likes that a story must have during all of the span, and the largest number that it may have
    /// at some moment of it.
    fn likes_within(&self, story: u64, span: Span) -> (u64, u64) {
        let likers = self.likers.get(&story).into_iter().flatten();
        let registers = likers.filter_map(|who| self.likes.get(&(*who, story)));
        registers.fold((0, 0), |(least, most), likes| {
            (
                least + u64::from(likes.must(span)),
                most + u64::from(likes.may(span)),
            )
        })
    }

    /// The same for comments.
    fn comments_within(&self, story: u64, span: Span) -> (u64, u64) {
        let comments = self.comments_of.get(&story).into_iter().flatten();
        let known = comments.filter_map(|id| self.comments.get(id));
        let unknown = self.comments_unknown.get(&story).copied();
        known.fold(
            (0, unknown.unwrap_or_default()),
            |(least, most), comment| {
                let there = comment.written.end < span.begin && !comment.deleted.may(span);
                let perhaps =
                    comment.written.begin <= span.end && comment.deleted.may_be(false, span);
                (least + u64::from(there), most + u64::from(perhaps))
            },
        )
    }
}
