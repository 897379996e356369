//! How long a page of a list is, and how its end is told from a full page.

use sosik_feed::limits::PAGE_ITEMS_MAX;

/// Items on a page, for whatever was asked: at least one, at most [`PAGE_ITEMS_MAX`].
pub(crate) fn page_limit(asked: u32) -> usize {
    usize::try_from(asked)
        .unwrap_or(usize::MAX)
        .clamp(1, PAGE_ITEMS_MAX)
}

/// What to ask the store for: one more than the page holds says whether there is anything behind it.
pub(crate) fn one_more(limit: usize) -> u32 {
    u32::try_from(limit).unwrap_or(u32::MAX).saturating_add(1)
}

/// Takes the one more off; answers whether it was missing, so that this page is the last.
pub(crate) fn cut_to_page<T>(found: &mut Vec<T>, limit: usize) -> bool {
    let end = found.len() <= limit;
    found.truncate(limit);
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_at_least_one_item_and_at_most_a_hundred() {
        assert_eq!(
            [0, 1, 20, 100, 101, u32::MAX].map(page_limit),
            [1, 1, 20, 100, 100, 100]
        );
    }

    #[test]
    fn a_full_page_is_the_last_when_there_is_nothing_behind_it() {
        for (there_are, end) in [(0, true), (2, true), (3, true), (4, false)] {
            let mut found: Vec<u32> = (0..one_more(3)).take(there_are).collect();
            assert_eq!(cut_to_page(&mut found, 3), end, "{there_are}");
            assert_eq!(found.len(), there_are.min(3));
        }
    }
}
