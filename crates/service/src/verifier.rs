//! Compares served feeds with feeds computed from the tables.
//!
//! The served side pages through the feed like a client. The expected side is one statement over the tables, written
//! independently. Both are compared page by page: the statement covers only the span of ids of the served page, so the
//! cost of a feed grows with its length and the cost of a page does not. While people post, the comparison ends at the
//! delivery watermark, and a difference counts only if it persists when the comparison is repeated.
//!
//! [`Verifier::verify`] compares a whole feed. [`Verifier::check_page`] compares one page for the self-check of a
//! running server: it has its own permit, and it builds no timeline, since that could evict the timeline of an active
//! reader.

use std::collections::BTreeSet;

use sosik_feed::{Cursor, PersonId, StoryId};
use sosik_store::StorySpan;

use crate::ServiceResult;
use crate::core::Core;
use crate::delivery::Delivery;
use crate::feeds::{FeedQuery, FeedStart, Feeds, Purpose};

/// Comparisons before a difference counts, because a write may fall between the two sides of one comparison.
const ATTEMPTS: usize = 3;

/// Stories on a page, both sides: the maximum that a client may request.
const PAGE_STORIES: u32 = 100;

/// The result of comparing one reader's feed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Stories in the feed.
    pub stories: u64,
    /// The differences.
    pub differences: Vec<Difference>,
}

/// The result of comparing one page of a feed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageComparison {
    /// Stories of the page that belong in the feed.
    pub stories: u64,
    /// The differences.
    pub differences: Vec<Difference>,
    /// The next page is below this one; `None` at the end of the feed.
    pub below: Option<StoryId>,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// Expected, not served.
    Missing(StoryId),
    /// Served, not expected.
    Leaked(StoryId),
    /// Served twice, or above a newer one.
    OutOfOrder(StoryId),
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing(story) => write!(f, "story {story} is missing"),
            Self::Leaked(story) => write!(f, "story {story} is shown and must not be"),
            Self::OutOfOrder(story) => write!(f, "story {story} is shown twice or out of order"),
        }
    }
}

/// Compares served feeds with the tables. Cheap to clone.
#[derive(Clone)]
pub struct Verifier {
    core: Core,
    feeds: Feeds,
    delivery: Delivery,
}

impl Verifier {
    pub(crate) const fn new(core: Core, feeds: Feeds, delivery: Delivery) -> Self {
        Self {
            core,
            feeds,
            delivery,
        }
    }

    /// Compares one reader's whole feed.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn verify(&self, reader: PersonId) -> ServiceResult<Comparison> {
        let mut comparison = Comparison::default();
        let mut below = None;
        loop {
            let page = self.verified_page(reader, below, Purpose::Serve).await?;
            comparison.stories += page.stories;
            comparison.differences.extend(page.differences);
            if page.below.is_none() {
                return Ok(comparison);
            }
            below = page.below;
        }
    }

    /// Compares one page of a reader's feed, from the top or below a story. One page at a time: further calls wait.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn check_page(
        &self,
        reader: PersonId,
        below: Option<StoryId>,
    ) -> ServiceResult<PageComparison> {
        self.verified_page(reader, below, Purpose::Check).await
    }

    /// Compares a page until it is equal, or the same differences persist. The span of the last comparison counts:
    /// stories below it belong to the next page.
    async fn verified_page(
        &self,
        reader: PersonId,
        below: Option<StoryId>,
        purpose: Purpose,
    ) -> ServiceResult<PageComparison> {
        let mut page = self.compare_page(reader, below, purpose).await?;
        for _ in 1..ATTEMPTS {
            if page.differences.is_empty() {
                break;
            }
            let mut again = self.compare_page(reader, below, purpose).await?;
            again
                .differences
                .retain(|difference| page.differences.contains(difference));
            page = again;
        }
        Ok(page)
    }

    async fn compare_page(
        &self,
        reader: PersonId,
        below: Option<StoryId>,
        purpose: Purpose,
    ) -> ServiceResult<PageComparison> {
        self.delivery.advance_watermark().await?;
        let watermark = after(self.delivery.watermark());
        let (mut served, next) = self.served(reader, below, purpose).await?;
        let above = next.map_or(StoryId::default(), before);
        let upper = below.map_or(watermark, |below| below.min(watermark));
        let span = StorySpan {
            above,
            below: upper,
        };
        let truth = self
            .core
            .store
            .feed_by_definition(reader, span, PAGE_STORIES)
            .await?;
        let mut next = next;
        if truth.len() >= PAGE_STORIES as usize {
            // The expected feed may continue above the end of the served page, so the comparison ends at its last known
            // story.
            next = truth.last().copied();
            served.retain(|story| Some(*story) >= next);
        }
        served.retain(|story| *story < watermark);
        Ok(PageComparison {
            stories: truth.len() as u64,
            differences: differences(&served, &truth, below),
            // A page whose cursor does not lead downwards is the last one. It is reported as out of order.
            below: next.filter(|next| below.is_none_or(|below| *next < below)),
        })
    }

    /// The stories of a page as it is served, and the story below which the next page starts.
    async fn served(
        &self,
        reader: PersonId,
        below: Option<StoryId>,
        purpose: Purpose,
    ) -> ServiceResult<(Vec<StoryId>, Option<StoryId>)> {
        let request = FeedQuery {
            from: below.map_or(FeedStart::Top, FeedStart::below),
            limit: PAGE_STORIES as usize,
        };
        let page = self.feeds.read_for(reader, request, purpose).await?;
        let served = page.items.iter().map(|item| item.story.record.id).collect();
        let next = match page.before {
            Some(Cursor::Older(older)) => Some(older.below),
            _ => None,
        };
        Ok((served, next))
    }
}

fn after(story: StoryId) -> StoryId {
    StoryId::from_u64(story.as_u64().saturating_add(1))
}

fn before(story: StoryId) -> StoryId {
    StoryId::from_u64(story.as_u64().saturating_sub(1))
}

/// The differences of a page below a story.
fn differences(served: &[StoryId], truth: &[StoryId], below: Option<StoryId>) -> Vec<Difference> {
    let shown: BTreeSet<_> = served.iter().copied().collect();
    let expected: BTreeSet<_> = truth.iter().copied().collect();
    let missing = expected
        .difference(&shown)
        .copied()
        .map(Difference::Missing);
    let leaked = shown.difference(&expected).copied().map(Difference::Leaked);
    let above = below.into_iter().chain(served.iter().copied());
    let out_of_order = above
        .zip(served.iter().copied().skip(usize::from(below.is_none())))
        .filter(|(above, story)| above <= story)
        .map(|(_, story)| Difference::OutOfOrder(story));
    missing.chain(leaked).chain(out_of_order).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(numbers: &[u64]) -> Vec<StoryId> {
        numbers.iter().copied().map(StoryId::from_u64).collect()
    }

    #[test]
    fn every_kind_of_difference_is_told() {
        let one = StoryId::from_u64;
        assert_eq!(differences(&ids(&[5, 3, 1]), &ids(&[5, 3, 1]), None), []);
        assert_eq!(
            differences(&ids(&[5, 1]), &ids(&[5, 3, 1]), None),
            [Difference::Missing(one(3))]
        );
        assert_eq!(
            differences(&ids(&[5, 3]), &ids(&[5]), None),
            [Difference::Leaked(one(3))]
        );
        assert_eq!(
            differences(&ids(&[3, 5]), &ids(&[5, 3]), None),
            [Difference::OutOfOrder(one(5))]
        );
        assert_eq!(
            differences(&ids(&[5, 5, 3]), &ids(&[5, 3]), None),
            [Difference::OutOfOrder(one(5))]
        );
        assert_eq!(
            differences(&ids(&[5, 3]), &ids(&[5, 3]), Some(one(5))),
            [Difference::OutOfOrder(one(5))],
            "it was on the page before"
        );
        assert_eq!(differences(&ids(&[5, 3]), &ids(&[5, 3]), Some(one(6))), []);
    }
}
