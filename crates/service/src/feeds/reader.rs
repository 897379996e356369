//! The reader of a feed, with the circle that one request uses throughout.

use std::sync::Arc;

use sosik_feed::{Circle, PersonId};

use super::Feeds;
use crate::ServiceResult;
use crate::core::extracts::Extract;

/// The purpose of a read of a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Serves a reader.
    Serve,
    /// The self-check: it takes no permit of readers, builds no timeline, and evicts nothing.
    Check,
}

/// A reader and their circle.
pub(crate) struct KnownReader {
    pub(crate) id: PersonId,
    pub(crate) circle: Arc<Circle>,
    pub(crate) purpose: Purpose,
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
        })
    }

    /// The stories of large authors that the reader takes.
    pub(super) fn extract(&self, reader: &KnownReader) -> Extract<'_> {
        let keep = reader.purpose == Purpose::Serve;
        self.core.extract(reader.id, &reader.circle, keep)
    }
}
