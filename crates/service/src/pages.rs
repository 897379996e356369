//! The length of a page of a list, and its end.

use sosik_feed::limits::PAGE_ITEMS_MAX;

/// Maximum number of items on a page for the requested number: at least one, at most [`PAGE_ITEMS_MAX`].
pub(crate) fn page_limit(asked: u32) -> usize {
    usize::try_from(asked)
        .unwrap_or(usize::MAX)
        .clamp(1, PAGE_ITEMS_MAX)
}

/// The number of rows to read: one more than the page holds shows whether more follow.
pub(crate) fn one_more(limit: usize) -> u32 {
    u32::try_from(limit).unwrap_or(u32::MAX).saturating_add(1)
}

/// Maximum number of rows read for one page: a few milliseconds. If they do not fill the page, it is short and has a
/// cursor.
const ROWS_SCANNED_MAX: usize = 1_000;

/// Rows of each further read when the first read was not enough.
const BATCH: u32 = 100;

/// A page of the rows of a list that the viewer may see.
///
/// It equals the page of a list without the hidden rows: it has as many items, and a cursor after the last one if more
/// follow. So neither its length nor its end reveals hidden rows. The exception is a page that
/// [`ROWS_SCANNED_MAX`] rows do not fill.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Filled<T, P> {
    /// In the order of the list.
    pub(crate) shown: Vec<T>,
    /// The position after which the next page starts. `None` at the end.
    pub(crate) next: Option<P>,
}

/// A row of a list, and whether the viewer may see it.
#[derive(Debug)]
pub(crate) struct Judged<T> {
    pub(crate) row: T,
    pub(crate) is_shown: bool,
}

impl<T> Judged<T> {
    pub(crate) const fn shown(row: T) -> Self {
        let is_shown = true;
        Self { row, is_shown }
    }
}

/// Fills a page. `fetch` reads rows after a position and judges them, and `place` returns the position of a row.
pub(crate) async fn fill<T, P: Clone, F, E>(
    limit: usize,
    from: Option<P>,
    fetch: impl Fn(Option<P>, u32) -> F,
    place: impl Fn(&T) -> P,
) -> Result<Filled<T, P>, E>
where
    F: Future<Output = Result<Vec<Judged<T>>, E>>,
{
    let mut shown = Vec::with_capacity(limit);
    let (mut decided, mut last_shown): (Option<P>, Option<P>) = (from, None);
    let (mut asked, mut scanned) = (one_more(limit), 0);
    loop {
        let rows = fetch(decided.clone(), asked).await?;
        let is_last = rows.len() < asked as usize;
        scanned += rows.len();
        for Judged { row, is_shown } in rows {
            decided = Some(place(&row));
            if !is_shown {
                continue;
            }
            if shown.len() == limit {
                return Ok(Filled {
                    shown,
                    next: last_shown,
                });
            }
            last_shown.clone_from(&decided);
            shown.push(row);
        }
        if is_last || scanned >= ROWS_SCANNED_MAX {
            let next = decided.filter(|_| !is_last);
            return Ok(Filled { shown, next });
        }
        asked = BATCH;
    }
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

    /// A page of the numbers from 0 up to `rows`, filtered by `shown`.
    async fn page(
        rows: usize,
        limit: usize,
        from: Option<usize>,
        shown: impl Fn(usize) -> bool,
    ) -> Filled<usize, usize> {
        let fetch = async |from: Option<usize>, asked: u32| {
            let begin = from.map_or(0, |from| from + 1);
            let judged = |row| Judged {
                row,
                is_shown: shown(row),
            };
            let rows = (begin..rows).take(asked as usize).map(judged);
            Ok::<Vec<Judged<usize>>, std::convert::Infallible>(rows.collect())
        };
        let filled = fill(limit, from, fetch, |row| *row).await;
        filled.unwrap()
    }

    #[tokio::test]
    async fn a_full_page_is_the_last_when_there_is_nothing_behind_it() {
        for (there_are, next) in [(0, None), (2, None), (3, None), (4, Some(2))] {
            let page = page(there_are, 3, None, |_| true).await;
            assert_eq!(page.next, next, "{there_are}");
            assert_eq!(page.shown.len(), there_are.min(3));
        }
    }

    #[tokio::test]
    async fn hidden_rows_change_neither_the_items_of_a_page_nor_its_end() {
        for hidden in [1, 2, 5, 50] {
            // Every visible row has hidden ones before and after it.
            let shown = |row: usize| row % (hidden + 1) == hidden / 2;
            for visible in 0..6 {
                for limit in 1..5 {
                    let mut from = None;
                    let mut rest: Vec<usize> = (0..visible * (hidden + 1))
                        .filter(|row| shown(*row))
                        .collect();
                    loop {
                        let page = page(visible * (hidden + 1), limit, from, shown).await;
                        let expected: Vec<usize> = rest.drain(..rest.len().min(limit)).collect();
                        assert_eq!(page.shown, expected);
                        let next = expected.last().copied().filter(|_| !rest.is_empty());
                        assert_eq!(page.next, next, "{visible} visible, {limit} a page");
                        from = page.next;
                        if from.is_none() {
                            break;
                        }
                    }
                }
            }
        }
    }

    #[tokio::test]
    async fn the_work_for_one_page_is_bounded_and_the_walk_goes_on_behind_it() {
        let rows = 3 * ROWS_SCANNED_MAX;
        let (mut from, mut pages) = (None, 0);
        loop {
            let page = page(rows, 10, from, |row| row == rows - 1).await;
            pages += 1;
            from = page.next;
            if from.is_none() {
                assert_eq!(page.shown, [rows - 1]);
                break;
            }
            assert!(page.shown.is_empty());
        }
        assert_eq!(pages, 3);
    }
}
