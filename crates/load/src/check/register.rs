//! What may and what must have been true, if only the begin and the end of each change are known.

use super::history::{Moment, Span};

/// Changes of one value, each at an unknown moment of its span.
#[derive(Debug, Clone)]
pub(super) struct Register<T> {
    before: T,
    changes: Vec<Change<T>>,
}

#[derive(Debug, Clone, Copy)]
struct Change<T> {
    begin: Moment,
    /// `None`: the change may also happen at any later moment, or never.
    end: Option<Moment>,
    value: T,
}

impl<T: Copy + PartialEq> Register<T> {
    /// A value from before the history began.
    pub(super) const fn new(before: T) -> Self {
        Self {
            before,
            changes: Vec::new(),
        }
    }

    pub(super) const fn stands(&mut self, value: T) {
        self.before = value;
    }

    /// A change that happened within its span.
    pub(super) fn changed(&mut self, span: Span, value: T) {
        self.changes.push(Change {
            begin: span.begin,
            end: Some(span.end),
            value,
        });
    }

    /// A change that may have happened since `begin`, or may happen later.
    pub(super) fn may_have_changed(&mut self, begin: Moment, value: T) {
        self.changes.push(Change {
            begin,
            end: None,
            value,
        });
    }

    /// Whether the value may have been `value` at some moment of the span.
    pub(super) fn may_be(&self, value: T, span: Span) -> bool {
        // The completed change that began last: a change that ended before that one began is overwritten. Long
        // histories call this millions of times.
        let over = |change: &&Change<T>| change.end.is_some_and(|end| end < span.begin);
        let last = self
            .changes
            .iter()
            .filter(over)
            .map(|over| over.begin)
            .max();
        let overwritten = |end: Moment| last.is_some_and(|last| last > end);
        let first = self.before == value && last.is_none();
        first
            || self
                .changes
                .iter()
                .filter(|change| change.value == value && change.begin <= span.end)
                .any(|change| change.end.is_none_or(|end| !overwritten(end)))
    }
}

impl Register<bool> {
    /// Whether the value must have been true during all of the span.
    pub(super) fn must(&self, span: Span) -> bool {
        !self.may_be(false, span)
    }

    /// Whether the value may have been true at some moment of the span.
    pub(super) fn may(&self, span: Span) -> bool {
        self.may_be(true, span)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn span(begin: Moment, end: Moment) -> Span {
        Span { begin, end }
    }

    #[test]
    fn a_change_that_overlaps_the_look_may_be_seen_or_not() {
        let mut value = Register::new(false);
        value.changed(span(10, 20), true);
        assert!(!value.may(span(1, 9)));
        assert!(value.may(span(5, 15)) && !value.must(span(5, 15)));
        assert!(value.may(span(15, 30)) && !value.must(span(15, 30)));
        assert!(value.must(span(21, 30)));
    }

    #[test]
    fn of_two_changes_at_the_same_time_either_may_be_the_last() {
        let mut value = Register::new(false);
        value.changed(span(10, 20), true);
        value.changed(span(15, 25), false);
        assert!(value.may(span(30, 31)) && !value.must(span(30, 31)));
        value.changed(span(40, 50), true);
        assert!(value.must(span(51, 52)));
    }

    #[test]
    fn a_change_without_an_answer_may_happen_at_any_later_moment_or_never() {
        let mut value = Register::new(false);
        value.may_have_changed(10, true);
        assert!(!value.may(span(1, 9)));
        assert!(value.may(span(11, 12)) && !value.must(span(11, 12)));
        value.changed(span(20, 30), false);
        assert!(value.may(span(40, 50)) && !value.must(span(40, 50)));
    }
}
