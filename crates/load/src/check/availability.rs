//! The time in which the server had what it needs. Time with an injected fault does not count against it.

use super::history::{Entry, Moment, Span};

/// The spans with an injected fault.
#[derive(Debug, Default)]
pub(super) struct Availability {
    /// Latest first.
    disturbed: Vec<Span>,
}

impl Availability {
    pub(super) fn of(history: &[Entry]) -> Self {
        let disturbed = history.iter().filter_map(|entry| match entry {
            Entry::Away(span) | Entry::Hindered(span) => Some(*span),
            _ => None,
        });
        let mut disturbed: Vec<Span> = disturbed.collect();
        disturbed.sort_unstable_by_key(|span| std::cmp::Reverse(span.end));
        Self { disturbed }
    }

    /// The latest moment from which the server worked for `length` until `moment`. If spans overlap, which is rare, the
    /// result allows more time than is due.
    pub(super) fn before(&self, moment: Moment, length: u64) -> Moment {
        let mut earliest = moment.saturating_sub(length);
        for span in &self.disturbed {
            if span.end > earliest && span.begin < moment {
                let lasted = span.end.min(moment).saturating_sub(span.begin);
                earliest = earliest.saturating_sub(lasted);
            }
        }
        earliest
    }

    /// Whether the server worked during all of the span.
    pub(super) fn at_all_of(&self, span: Span) -> bool {
        let overlap = |other: &Span| other.begin <= span.end && span.begin <= other.end;
        !self.disturbed.iter().any(overlap)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_in_which_the_server_was_away_is_given_on_top() {
        let away = |begin, end| Entry::Away(Span { begin, end });
        let availability = Availability::of(&[away(50, 70), away(20, 40)]);
        assert_eq!(availability.before(45, 4), 41);
        assert_eq!(availability.before(80, 15), 45);
        assert_eq!(availability.before(80, 25), 15);
        assert_eq!(availability.before(10, 25), 0);
        assert!(availability.at_all_of(Span { begin: 41, end: 49 }));
        assert!(!availability.at_all_of(Span { begin: 41, end: 60 }));
    }
}
