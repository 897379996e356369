//! Counts open live streams. Each occupies a connection and a little memory while it is open.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use foldhash::HashMap;
use parking_lot::Mutex;
use sosik_feed::PersonId;

use crate::problem::Problem;

/// A client whose stream is refused because the node is full retries after this; by then another node may have taken
/// over some streams.
const FULL_RETRY: Duration = Duration::from_secs(5);

/// The number of open streams.
pub(crate) struct Streams(Arc<Counts>);

struct Counts {
    all_max: usize,
    each_max: usize,
    all: AtomicUsize,
    each: Mutex<HashMap<PersonId, usize>>,
}

/// One open stream. Dropping it closes it.
pub(crate) struct OpenStream {
    counts: Arc<Counts>,
    person: PersonId,
}

impl Streams {
    pub(crate) fn new(all_max: usize, each_max: usize) -> Self {
        let (all, each) = (AtomicUsize::new(0), Mutex::default());
        Self(Arc::new(Counts {
            all_max,
            each_max,
            all,
            each,
        }))
    }

    /// Opens a stream.
    ///
    /// # Errors
    /// `Busy` if the node is full; `TooManyStreams` if the person has the maximum number of streams.
    pub(crate) fn open(&self, person: PersonId) -> Result<OpenStream, Problem> {
        let mut each = self.0.each.lock();
        if self.0.all.load(Ordering::Acquire) >= self.0.all_max {
            return Err(Problem::Busy(FULL_RETRY));
        }
        let count = each.entry(person).or_default();
        if *count >= self.0.each_max {
            return Err(Problem::TooManyStreams);
        }
        *count += 1;
        self.0.all.fetch_add(1, Ordering::AcqRel);
        Ok(OpenStream {
            counts: Arc::clone(&self.0),
            person,
        })
    }

    /// Number of open streams.
    pub(crate) fn count(&self) -> usize {
        self.0.all.load(Ordering::Acquire)
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        let mut each = self.counts.each.lock();
        self.counts.all.fetch_sub(1, Ordering::AcqRel);
        if let Some(count) = each.get_mut(&self.person) {
            *count -= 1;
            if *count == 0 {
                each.remove(&self.person);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_person_and_all_together_have_a_limit_and_closing_makes_room() {
        let streams = Streams::new(3, 2);
        let (mina, jun) = (PersonId::from_u64(1), PersonId::from_u64(2));
        let first = streams.open(mina).ok();
        let _second = streams.open(mina).ok();
        assert!(matches!(streams.open(mina), Err(Problem::TooManyStreams)));
        let _third = streams.open(jun).ok();
        assert!(matches!(streams.open(jun), Err(Problem::Busy(_))));
        drop(first);
        assert!(streams.open(mina).is_ok());
        assert_eq!(streams.count(), 2);
    }
}
