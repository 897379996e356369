//! Comparing feeds as they are served with feeds computed from the truth.
//!
//! The served side pages through [`Service::feed`] like a client, deep to the end; the other side is one statement
//! over the tables, written apart from it. While people go on posting, the two are compared up to the settled point
//! only, and a difference counts if it is still there when looked at again.

use std::collections::BTreeSet;

use sosik_feed::{Cursor, PersonId, StoryId};

use crate::feed::{FeedAsk, From};
use crate::{Service, ServiceResult};

/// A difference has to be seen so often, since a write may fall between the two sides of one look.
const LOOKS: usize = 3;

/// Stories on a page, both sides.
const PAGE: u32 = 100;

/// How one reader's feed compares.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Stories in the feed.
    pub stories: u64,
    /// What differs.
    pub differences: Vec<Difference>,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// In the truth, not served.
    Missing(StoryId),
    /// Served, not in the truth.
    Leaked(StoryId),
    /// Served again, or above a newer one.
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

impl Service {
    /// Compares one reader's feed, all of it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn verify(&self, reader: PersonId) -> ServiceResult<Comparison> {
        let mut comparison = self.compare(reader).await?;
        for _ in 1..LOOKS {
            if comparison.differences.is_empty() {
                break;
            }
            let again = self.compare(reader).await?;
            comparison
                .differences
                .retain(|difference| again.differences.contains(difference));
        }
        Ok(comparison)
    }

    async fn compare(&self, reader: PersonId) -> ServiceResult<Comparison> {
        self.settle().await?;
        let settled = self.settled_point();
        let served = self.served(reader, settled).await?;
        let truth = self.truth(reader, settled).await?;
        Ok(Comparison {
            stories: truth.len() as u64,
            differences: differences(&served, &truth),
        })
    }

    async fn served(&self, reader: PersonId, settled: StoryId) -> ServiceResult<Vec<StoryId>> {
        let mut served = Vec::new();
        let mut from = From::Top;
        loop {
            let page = self
                .feed(
                    reader,
                    FeedAsk {
                        from,
                        limit: PAGE as usize,
                    },
                )
                .await?;
            served.extend(
                page.items
                    .iter()
                    .map(|item| item.story.record.id)
                    .filter(|id| *id <= settled),
            );
            match page.before {
                Some(Cursor::Below(id)) => from = From::Below(StoryId::new(id)),
                Some(Cursor::Above(_) | Cursor::Behind(_) | Cursor::Newer(_)) | None => {
                    return Ok(served);
                }
            }
        }
    }

    async fn truth(&self, reader: PersonId, settled: StoryId) -> ServiceResult<Vec<StoryId>> {
        let mut truth = Vec::new();
        let mut before = Some(StoryId::from_u64(settled.as_u64().saturating_add(1)));
        loop {
            let page = self
                .0
                .store
                .feed_by_definition(reader, before, PAGE)
                .await?;
            truth.extend_from_slice(&page);
            if page.len() < PAGE as usize {
                return Ok(truth);
            }
            before = page.last().copied();
        }
    }
}

fn differences(served: &[StoryId], truth: &[StoryId]) -> Vec<Difference> {
    let shown: BTreeSet<_> = served.iter().copied().collect();
    let expected: BTreeSet<_> = truth.iter().copied().collect();
    let missing = expected
        .difference(&shown)
        .copied()
        .map(Difference::Missing);
    let leaked = shown.difference(&expected).copied().map(Difference::Leaked);
    let out_of_order = served
        .windows(2)
        .filter(|pair| pair[0] <= pair[1])
        .map(|pair| Difference::OutOfOrder(pair[1]));
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
        assert_eq!(differences(&ids(&[5, 3, 1]), &ids(&[5, 3, 1])), []);
        assert_eq!(
            differences(&ids(&[5, 1]), &ids(&[5, 3, 1])),
            [Difference::Missing(one(3))]
        );
        assert_eq!(
            differences(&ids(&[5, 3]), &ids(&[5])),
            [Difference::Leaked(one(3))]
        );
        assert_eq!(
            differences(&ids(&[3, 5]), &ids(&[5, 3])),
            [Difference::OutOfOrder(one(5))]
        );
        assert_eq!(
            differences(&ids(&[5, 5, 3]), &ids(&[5, 3])),
            [Difference::OutOfOrder(one(5))]
        );
    }
}
