//! How long a session lasts.

use super::setting::settings;
use super::units::{Days, Minutes};

settings! {
    /// How long a session lasts.
    "sessions" {
        /// A session expires if it is not used for this long.
        idle_days => service.sessions.idle, unit: Days, allowed: 1..=365;

        /// A session expires after this time even if it is used.
        absolute_days => service.sessions.absolute, unit: Days, allowed: 1..=3_650;

        /// Precision of the recorded time of a session's last use. A smaller value causes more writes.
        touch_minutes => service.sessions.touch, unit: Minutes, allowed: 1..=1_440;
    }
}
