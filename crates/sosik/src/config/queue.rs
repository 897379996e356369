//! Where delivery orders wait.

use super::{EngineUrl, allowed::Schemes, setting::settings};

settings! {
    /// The doorbell of deliveries. The record of what is owed is in the store; a queue that is lost costs seconds, not
    /// stories.
    pub struct Queue in "queue" {
        /// What carries delivery orders and live events. `memory:` is this process alone.
        pub url: EngineUrl = EngineUrl::constant("memory:"), unit: "URL", allowed: Schemes(&["memory"]);
    }
}
