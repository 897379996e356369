//! Comments: none is lost, none is shown across a block or after its deletion, and each is shown once and in order.
//!
//! Whether the story itself may be opened is judged elsewhere.

use foldhash::HashSet;

use super::entitled::Denied;
use super::facts::Facts;
use super::history::{CommentShown, Comments, Entry};
use super::verdict::{Finding, Kind, Verdict};

pub(super) fn judge(history: &[Entry], facts: &Facts, verdict: &mut Verdict<'_>) {
    for entry in history {
        if let Entry::Comments(read) = entry {
            judge_order(read, verdict);
            judge_shown(read, facts, verdict);
            judge_missing(read, facts, verdict);
        }
    }
}

/// Oldest first, and no comment twice.
fn judge_order(read: &Comments, verdict: &mut Verdict<'_>) {
    for two in read.items.windows(2) {
        let (one, next) = (&two[0], &two[1]);
        if one.comment < next.comment {
            continue;
        }
        let kind = match one.comment == next.comment {
            true => Kind::Duplicated,
            false => Kind::OutOfOrder,
        };
        let seen = format!(
            "was shown comment {} after {}, on story {}",
            next.comment, one.comment, read.story
        );
        verdict.found(&finding(kind, read, next.author, next.comment, seen));
    }
}

fn judge_shown(read: &Comments, facts: &Facts, verdict: &mut Verdict<'_>) {
    for CommentShown {
        comment, author, ..
    } in &read.items
    {
        verdict.judged(1);
        let (kind, why) = match facts.may_show_comment(read.who, *comment, *author, read.span) {
            Ok(()) => continue,
            Err(Denied::Deleted) => (
                Kind::Resurrected,
                "whose deletion was acknowledged before the request began",
            ),
            Err(Denied::Stranger) => (
                Kind::Leaked,
                "whose author was blocked during all of the request, one way or the other",
            ),
        };
        let seen = format!("was shown comment {comment} on story {}, {why}", read.story);
        verdict.found(&finding(kind, read, *author, *comment, seen));
    }
}

fn judge_missing(read: &Comments, facts: &Facts, verdict: &mut Verdict<'_>) {
    if !read.end || facts.may_be_deleted(read.story, read.span) {
        return;
    }
    let shown: HashSet<u64> = read.items.iter().map(|item| item.comment).collect();
    for id in facts.comments_of.get(&read.story).into_iter().flatten() {
        let Some(comment) = facts.comments.get(id) else {
            continue;
        };
        let acknowledged = comment.written.end < read.span.begin;
        if !acknowledged || !facts.must_show_comment(read.who, comment, read.span) {
            continue;
        }
        verdict.judged(1);
        if !shown.contains(id) {
            let seen = format!(
                "read the comments of story {}, and comment {id} was not there",
                comment.story
            );
            verdict.found(&finding(Kind::Lost, read, comment.author, *id, seen));
        }
    }
}

/// Ids distinguish comments from stories, because the same generator makes both.
fn finding(kind: Kind, read: &Comments, author: u64, comment: u64, seen: String) -> Finding {
    Finding {
        kind,
        reader: read.who,
        author: Some(author),
        story: Some(comment),
        span: read.span,
        seen,
    }
}
