//! Overload is answered immediately, with 503 and the time to retry. It is never answered with silence.

use super::Rules;
use super::history::{Entry, Failure, Span};
use super::verdict::{Finding, Kind, Verdict};

pub(super) fn judge(history: &[Entry], rules: Rules, verdict: &mut Verdict<'_>) {
    let stretches = |of: fn(&Entry) -> Option<Span>| history.iter().filter_map(of);
    let away: Vec<Span> = stretches(|entry| match entry {
        Entry::Away(span) => Some(*span),
        _ => None,
    })
    .collect();
    let hindered: Vec<Span> = stretches(|entry| match entry {
        Entry::Hindered(span) => Some(*span),
        _ => None,
    })
    .collect();
    let refusal = u64::try_from(rules.refusal.as_micros()).unwrap_or(u64::MAX);
    for entry in history {
        let Entry::Failure(failure) = entry else {
            continue;
        };
        let during = |of: &[Span]| of.iter().any(|span| overlap(*span, failure.span));
        // A server that lacks a resource may answer with any error, but it must answer.
        let excused = during(&away) || failure.status.is_some() && during(&hindered);
        if let (false, Some(wrong)) = (excused, wrong(failure, refusal)) {
            verdict.found(&Finding {
                kind: Kind::Silence,
                reader: failure.who,
                author: None,
                // One finding a person: the others would be of the same kind.
                story: None,
                span: failure.span,
                seen: format!("asked {} and {wrong}", failure.what),
            });
        }
        verdict.judged(1);
    }
}

fn wrong(failure: &Failure, refusal: u64) -> Option<String> {
    let waited = failure.span.end.saturating_sub(failure.span.begin);
    let seconds = || format!("{}.{:03} s", waited / 1_000_000, waited / 1_000 % 1_000);
    match failure.status {
        None => Some(format!("got no answer in {}", seconds())),
        Some(503) if !failure.retry_after => {
            Some("was refused without the time to retry".to_owned())
        }
        Some(503) if waited > refusal => Some(format!("was refused after {}", seconds())),
        Some(503) => None,
        Some(status) if status >= 500 => Some(format!("got status {status}")),
        Some(_) => None,
    }
}

const fn overlap(one: Span, other: Span) -> bool {
    one.begin <= other.end && other.begin <= one.end
}
