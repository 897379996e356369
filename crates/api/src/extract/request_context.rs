//! Facts about a request that the extractors find and the response needs.

use std::sync::{Arc, OnceLock};

use sosik_feed::PersonId;

use super::RequestId;

/// Facts of one request, shared by the extractors and the middleware.
#[derive(Clone)]
pub(crate) struct RequestContext(Arc<ContextFields>);

struct ContextFields {
    id: RequestId,
    person: OnceLock<PersonId>,
    rate: OnceLock<RateState>,
}

/// The state of the bucket that this request used.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RateState {
    /// Size of the bucket.
    pub(crate) limit: u32,
    /// Tokens left.
    pub(crate) remaining: u32,
    /// Seconds until the bucket is full again, or until the next token.
    pub(crate) reset_seconds: u64,
}

impl RequestContext {
    pub(crate) fn new(id: RequestId) -> Self {
        Self(Arc::new(ContextFields {
            id,
            person: OnceLock::new(),
            rate: OnceLock::new(),
        }))
    }

    pub(crate) fn id(&self) -> &RequestId {
        &self.0.id
    }

    /// Records the person of the request. Only the first call counts.
    pub(crate) fn set_person(&self, person: PersonId) {
        self.0.person.get_or_init(|| person);
    }

    pub(crate) fn person(&self) -> Option<PersonId> {
        self.0.person.get().copied()
    }

    /// Records the bucket. Only the first call counts: it is the most specific one.
    pub(crate) fn set_rate(&self, rate: RateState) {
        self.0.rate.get_or_init(|| rate);
    }

    pub(crate) fn rate(&self) -> Option<RateState> {
        self.0.rate.get().copied()
    }
}
