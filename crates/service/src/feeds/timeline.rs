//! Access to the reader's timeline in the fabric, while it is usable, merged with the log of large authors.
//!
//! A timeline together with the entries of the log after `log_from` is complete. A read merges the two and writes
//! nothing, so a request with an outdated circle leaves no trace
//! (`docs/decisions/0013-the-log-is-merged-at-read.md`).
//!
//! The timeline is not usable when the fabric fails, and while an invalidation of it is not confirmed. In both cases the
//! caller gets `None` and reads the store instead. A timeline that was built before the oldest entry of the log is
//! dropped and built again.

use sosik_fabric::timelines::{Arrived, Below, Rebuild, Since};
use sosik_feed::StoryId;
use sosik_feed::pulled::LogPosition;
use sosik_feed::timeline::{IdSlice, Mark};

use super::Feeds;
use super::reader::KnownReader;
use crate::core::extracts::Extract;

/// A range of a feed: of the timeline and the log.
pub(super) struct FeedView {
    /// The incarnation of the timeline.
    pub(super) incarnation: u64,
    pub(super) slice: IdSlice,
    /// Complete from this id upwards.
    pub(super) floor: StoryId,
    /// The position of the timeline.
    pub(super) mark: Mark,
    /// The position in the log up to which it is complete.
    pub(super) log: LogPosition,
    /// The last position in the log that the reader takes.
    pub(super) taken_to: LogPosition,
}

impl Feeds {
    /// A range of the feed.
    pub(super) async fn view(&self, reader: &KnownReader, below: Below) -> Option<FeedView> {
        if !self.core.allows_timeline(reader.id) {
            return None;
        }
        let extract = self.extract(reader);
        let view = self.core.engines.timelines.view(reader.id, below).await;
        let view = self.core.fabric_result("view", view)??;
        if !extract.covers(view.log_from) {
            self.discard_behind(reader, view.incarnation).await;
            return None;
        }
        let Below { before, count } = below;
        let (slice, floor) = extract.merged_into(view.slice, view.floor, before, count);
        Some(FeedView {
            incarnation: view.incarnation,
            slice,
            floor,
            mark: view.mark,
            log: extract.to,
            taken_to: extract.taken_to(),
        })
    }

    /// The arrivals in the timeline since a mark. `None` also when the mark belongs to another timeline or is too old,
    /// and when the extract does not continue the timeline.
    pub(super) async fn arrived(
        &self,
        reader: &KnownReader,
        since: Since<'_>,
        extract: &Extract<'_>,
    ) -> Option<Arrived> {
        if !self.core.allows_timeline(reader.id) {
            return None;
        }
        let arrived = self.core.engines.timelines.newer(reader.id, since).await;
        let arrived = self.core.fabric_result("newer", arrived)??.ok()?;
        extract.covers(arrived.log_from).then_some(arrived)
    }

    /// Whether this node has the log up to a position of a cursor. It catches up if another node was ahead. A position
    /// of another log says nothing about this one.
    pub(super) async fn has_log_up_to(&self, position: LogPosition) -> bool {
        let log = &self.core.engines.log;
        let end = log.tail().end();
        if position.log() != end.log() || end.is_at_least(position) {
            return true;
        }
        let caught_up = log.catch_up().await;
        self.core.fabric_result("catch_up", caught_up).is_some()
    }

    /// Drops a timeline that was built before the oldest entry of the log.
    async fn discard_behind(&self, reader: &KnownReader, incarnation: u64) {
        metrics::counter!("sosik_timelines_behind_total").increment(1);
        let rebuild = Rebuild {
            reader: reader.id,
            incarnation,
        };
        let discarded = self.core.engines.timelines.discard(rebuild).await;
        // If it fails, the next read tries again.
        let _counted = self.core.fabric_result("abandon_rebuild", discarded);
    }
}
