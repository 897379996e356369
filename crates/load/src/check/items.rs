//! Judges each shown item: it may be seen, it is not deleted, and it has every acknowledged like.

use super::entitled::Denied;
use super::facts::Facts;
use super::history::{Entry, Item, Read, Reading, Span, StreamEventKind};
use super::verdict::{Finding, Kind, Verdict};

/// Maximum time between the server's decision to send an event and its receipt, which the client cannot measure. Unread
/// bytes of a slow client wait in its socket, so this is generous.
const ON_THE_WAY: u64 = 3_000_000;

pub(super) fn judge(history: &[Entry], facts: &Facts, verdict: &mut Verdict<'_>) {
    for entry in history {
        match entry {
            Entry::Read(read) => judge_page(read, facts, verdict),
            Entry::Opened {
                who,
                span,
                story,
                found,
            } => judge_opened(*who, *span, *story, *found, facts, verdict),
            Entry::Stream(event) => {
                if let StreamEventKind::Story(item) = &event.event {
                    let span = Span {
                        begin: event.at.saturating_sub(ON_THE_WAY),
                        end: event.at,
                    };
                    judge_item(event.who, item, span, "live", facts, verdict);
                }
            }
            _ => {}
        }
    }
}

fn judge_page(read: &Read, facts: &Facts, verdict: &mut Verdict<'_>) {
    let page = match read.ask {
        Reading::Top | Reading::Reset => "on the first page",
        Reading::Older => "on an older page",
        Reading::Newer => "among the newer stories",
    };
    for item in &read.items {
        judge_item(read.who, item, read.span, page, facts, verdict);
        judge_like(read, item, facts, verdict);
    }
}

fn judge_item(
    reader: u64,
    item: &Item,
    span: Span,
    page: &str,
    facts: &Facts,
    verdict: &mut Verdict<'_>,
) {
    verdict.judged(1);
    let Err(denied) = facts.may_show(reader, item, span) else {
        return;
    };
    let (kind, why) = why(denied);
    verdict.found(&Finding {
        kind,
        reader,
        author: Some(item.author),
        story: Some(item.story),
        span,
        seen: format!("was shown story {} {page}, {why}", item.story),
    });
}

fn judge_like(read: &Read, item: &Item, facts: &Facts, verdict: &mut Verdict<'_>) {
    let likes = facts.likes.get(&(read.who, item.story));
    let goes_with_its_story = facts.may_be_deleted(item.story, read.span);
    if item.liked || goes_with_its_story || !likes.is_some_and(|likes| likes.must(read.span)) {
        return;
    }
    verdict.found(&Finding {
        kind: Kind::Lost,
        reader: read.who,
        author: Some(item.author),
        story: Some(item.story),
        span: read.span,
        seen: format!(
            "was shown story {} as not liked, so the acknowledged like is lost",
            item.story
        ),
    });
}

fn judge_opened(
    reader: u64,
    span: Span,
    id: u64,
    found: bool,
    facts: &Facts,
    verdict: &mut Verdict<'_>,
) {
    let Some(story) = facts.stories.get(&id) else {
        return;
    };
    verdict.judged(1);
    let (kind, seen) = if found {
        let Err(denied) = facts.may_open(reader, story, span) else {
            return;
        };
        let (kind, why) = why(denied);
        (kind, format!("could open story {id}, {why}"))
    } else {
        let acknowledged = story.posted.end < span.begin;
        if !acknowledged || !facts.must_open(reader, story, span) {
            return;
        }
        let seen = format!("asked for story {id} and got 404");
        (Kind::Lost, seen)
    };
    verdict.found(&Finding {
        kind,
        reader,
        author: Some(story.author),
        story: Some(id),
        span,
        seen,
    });
}

const fn why(denied: Denied) -> (Kind, &'static str) {
    match denied {
        Denied::Deleted => (
            Kind::Resurrected,
            "whose deletion was acknowledged before the request began",
        ),
        Denied::Stranger => (
            Kind::Leaked,
            "without being entitled at any moment of the request",
        ),
    }
}
