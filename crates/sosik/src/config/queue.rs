//! Where delivery orders wait.

use super::{EngineUrl, allowed::Schemes, setting::settings};

settings! {
    /// Signals new deliveries to workers. The orders themselves are in the store. Losing the queue delays stories by
    /// seconds and loses none.
    pub struct Queue in "queue" {
        /// Carries delivery orders and live events. `memory:` is the memory of this process.
        pub url: EngineUrl = EngineUrl::constant("memory:"), unit: "URL", allowed: Schemes(&["memory"]);
    }
}
