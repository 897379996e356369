//! The store that imports, worlds and the demo fill.

use std::sync::Arc;

use sosik_service::Service;
use sosik_store::Operations;

/// A store to fill, and the service on it, whose clock, ids and limits the rows follow.
#[derive(Clone)]
pub struct Target {
    /// The service.
    pub service: Service,
    /// The bulk writes of its store.
    pub operations: Arc<dyn Operations>,
}
