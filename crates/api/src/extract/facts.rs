//! What becomes known about a request on its way in, for the answer on its way out.

use std::sync::{Arc, OnceLock};

use sosik_feed::PersonId;

use super::RequestId;

/// Notes of one request, shared by the extractors and the front.
#[derive(Clone)]
pub(crate) struct Facts(Arc<Notes>);

struct Notes {
    id: RequestId,
    person: OnceLock<PersonId>,
    rate: OnceLock<RateState>,
}

/// Where the bucket stands that this request took from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RateState {
    /// Size of the bucket.
    pub(crate) limit: u32,
    /// Left in it.
    pub(crate) remaining: u32,
    /// Seconds until it is full again, or until one more is allowed.
    pub(crate) reset_seconds: u64,
}

impl Facts {
    pub(crate) fn new(id: RequestId) -> Self {
        Self(Arc::new(Notes {
            id,
            person: OnceLock::new(),
            rate: OnceLock::new(),
        }))
    }

    pub(crate) fn id(&self) -> &RequestId {
        &self.0.id
    }

    /// Notes who asks. The first one counts.
    pub(crate) fn is_by(&self, person: PersonId) {
        self.0.person.get_or_init(|| person);
    }

    pub(crate) fn person(&self) -> Option<PersonId> {
        self.0.person.get().copied()
    }

    /// Notes the bucket. The first one counts: it is the one closest to what the request does.
    pub(crate) fn took_from(&self, rate: RateState) {
        self.0.rate.get_or_init(|| rate);
    }

    pub(crate) fn rate(&self) -> Option<RateState> {
        self.0.rate.get().copied()
    }
}
