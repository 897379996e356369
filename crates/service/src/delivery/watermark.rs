//! The delivery watermark: the id up to which every story has been delivered.
//!
//! A cursor for "newer" outlives the timeline that it was made from. It carries the delivery watermark at that time.
//! Every story up to that point had been delivered, so the reader saw it or was not entitled to it. The cursor lists
//! the stories seen above that point. So a client whose timeline has been lost still gets exactly the new stories.
//!
//! Some stories are delivered below that point: late stories. The store numbers them, and the cursor carries the
//! highest number that had been delivered (`docs/decisions/0010-late-stories-are-numbered.md`).

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use sosik_feed::{RawId, StoryId, Timestamp};
use sosik_store::DeliveryProgress;

/// The delivery watermark and the posts in flight.
pub struct DeliveryWatermark {
    id: AtomicU64,
    /// Late stories up to this number are delivered.
    late: AtomicU64,
    /// When the oldest delivery that waits in the store became due, in milliseconds since 1970; 0 if none waits.
    due_since: AtomicU64,
    in_flight: Mutex<BTreeSet<StoryId>>,
}

/// A post in flight, until it is dropped.
pub(crate) struct InFlight<'a> {
    watermark: &'a DeliveryWatermark,
    story: StoryId,
}

impl DeliveryWatermark {
    /// Starts at 0: before the first read of the orders, no story is known to be delivered.
    pub(crate) fn new() -> Self {
        Self {
            id: AtomicU64::new(0),
            late: AtomicU64::new(0),
            due_since: AtomicU64::new(0),
            in_flight: Mutex::default(),
        }
    }

    /// The newest story such that every story up to it is delivered.
    pub fn id(&self) -> StoryId {
        StoryId::from_u64(self.id.load(Ordering::Acquire))
    }

    /// Late stories up to this number are delivered.
    pub fn late(&self) -> u64 {
        self.late.load(Ordering::Acquire)
    }

    /// When the oldest delivery that waits in the store became due, as of the last poll.
    pub(crate) fn due_since(&self) -> Option<Timestamp> {
        let millis = self.due_since.load(Ordering::Acquire);
        (millis > 0).then(|| Timestamp::from_millis(millis))
    }

    /// Makes the id of a story and registers the post as in flight in one step. The id never exists without being
    /// registered.
    pub(crate) fn begin<E>(
        &self,
        make: impl FnOnce() -> Result<StoryId, E>,
    ) -> Result<InFlight<'_>, E> {
        let mut in_flight = self.in_flight.lock();
        let story = make()?;
        in_flight.insert(story);
        Ok(InFlight {
            watermark: self,
            story,
        })
    }

    /// Call it **before** reading the oldest order from the store: a post that is no longer in flight then has its
    /// order in the store. `last_made` returns an id such that every later id is larger.
    ///
    /// This covers only the posts of this process. With several nodes on one store, the posts of the others are covered
    /// by their orders, and `last_made` is reduced by the longest time that a commit may take.
    pub(crate) fn candidate(&self, last_made: impl FnOnce() -> RawId) -> StoryId {
        let in_flight = self.in_flight.lock();
        let last_made = StoryId::new(last_made());
        in_flight
            .first()
            .map_or(last_made, |oldest| last_made.min(before(*oldest)))
    }

    /// Advances to the candidate, but not past the oldest order. Never goes back.
    pub(crate) fn advance(&self, candidate: StoryId, progress: &DeliveryProgress) {
        let oldest = progress.oldest_undelivered;
        let point = oldest.map_or(candidate, |oldest| candidate.min(before(oldest)));
        let in_flight = self.in_flight.lock();
        assert!(
            in_flight.first().is_none_or(|oldest| point < *oldest),
            "the watermark stays below the posts in flight"
        );
        self.id.fetch_max(point.as_u64(), Ordering::AcqRel);
        drop(in_flight);
        self.late.fetch_max(progress.late, Ordering::AcqRel);
    }

    /// Records since when deliveries wait in the store.
    pub(crate) fn note_due(&self, progress: &DeliveryProgress) {
        let due_since = progress.due_since.map_or(0, Timestamp::as_millis);
        self.due_since.store(due_since, Ordering::Release);
    }
}

impl InFlight<'_> {
    pub(crate) const fn story(&self) -> StoryId {
        self.story
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.watermark.in_flight.lock().remove(&self.story);
    }
}

fn before(story: StoryId) -> StoryId {
    StoryId::from_u64(story.as_u64().saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000 + millis)
    }

    fn story_at(millis: u64) -> StoryId {
        StoryId::new(RawId::first_at(at(millis)))
    }

    fn delivered_to(oldest: Option<u64>) -> DeliveryProgress {
        DeliveryProgress {
            oldest_undelivered: oldest.map(story_at),
            ..DeliveryProgress::default()
        }
    }

    fn candidate(watermark: &DeliveryWatermark, last_made: u64) -> StoryId {
        watermark.candidate(|| story_at(last_made).raw())
    }

    #[test]
    fn the_watermark_never_passes_a_post_in_flight_or_an_open_order() {
        let watermark = DeliveryWatermark::new();
        let in_flight = watermark.begin(|| Ok::<_, ()>(story_at(100))).unwrap();
        watermark.advance(candidate(&watermark, 20_000), &delivered_to(None));
        assert_eq!(watermark.id(), before(story_at(100)));
        drop(in_flight);
        watermark.advance(candidate(&watermark, 20_000), &delivered_to(Some(9_000)));
        assert_eq!(watermark.id(), before(story_at(9_000)));
        watermark.advance(candidate(&watermark, 20_000), &delivered_to(None));
        assert_eq!(watermark.id(), story_at(20_000));
    }

    #[test]
    #[should_panic(expected = "below the posts in flight")]
    fn a_candidate_above_a_post_in_flight_is_refused() {
        let watermark = DeliveryWatermark::new();
        let _in_flight = watermark.begin(|| Ok::<_, ()>(story_at(100))).unwrap();
        watermark.advance(story_at(100), &delivered_to(None));
    }

    #[test]
    fn the_watermark_never_goes_back() {
        let watermark = DeliveryWatermark::new();
        watermark.advance(story_at(500), &delivered_to(None));
        watermark.advance(story_at(400), &delivered_to(None));
        assert_eq!(watermark.id(), story_at(500));
    }
}
