//! The reader of a feed, with the circle that one request uses throughout.

use std::sync::Arc;

use sosik_fabric::Reader;
use sosik_feed::{Circle, PersonId};

use super::Feeds;
use crate::ServiceResult;
use crate::caches::Circles;

/// The purpose of a read of a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Serves a reader.
    Serve,
    /// The self-check: it takes no permit of readers and builds no timeline.
    Check,
}

/// A reader and their circle.
pub(crate) struct KnownReader {
    pub(crate) id: PersonId,
    pub(crate) circle: Arc<Circle>,
    pub(crate) purpose: Purpose,
    circles: Arc<Circles>,
}

impl Reader for KnownReader {
    fn subscribes_to(&self, author: PersonId) -> bool {
        self.circle.subscribes_to(author)
    }

    fn is_current(&self) -> bool {
        self.circles
            .get(&self.id)
            .is_some_and(|circle| Arc::ptr_eq(&circle, &self.circle))
    }
}

impl Feeds {
    pub(crate) async fn reader(
        &self,
        id: PersonId,
        purpose: Purpose,
    ) -> ServiceResult<KnownReader> {
        Ok(KnownReader {
            id,
            circle: self.core.circle(id).await?,
            purpose,
            circles: Arc::clone(&self.core.caches.circles),
        })
    }
}
