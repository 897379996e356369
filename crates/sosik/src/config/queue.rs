//! Where delivery orders wait.

use super::allowed::Schemes;
use super::setting::settings;

settings! {
    /// Signals new deliveries to workers. The orders themselves are in the store. Losing the queue delays stories by
    /// seconds and loses none.
    "queue" {
        /// Carries delivery orders and live events. `memory:` is the memory of this process.
        url => urls.queue, unit: "URL", allowed: Schemes(&["memory"]);
    }
}
