//! How long a session lasts.

use std::time::Duration;

use super::setting::settings;

const HOURS_OF_A_DAY: u64 = 24;

settings! {
    /// How long a session lasts.
    pub struct Sessions in "sessions" {
        /// A session expires if it is not used for this long.
        pub idle_days: u32 = 30, unit: "days", allowed: 1..=365;

        /// A session expires after this time even if it is used.
        pub absolute_days: u32 = 365, unit: "days", allowed: 1..=3_650;

        /// Precision of the recorded time of a session's last use. A smaller value causes more writes.
        pub touch_minutes: u32 = 5, unit: "minutes", allowed: 1..=1_440;
    }
}

impl Sessions {
    /// [`idle_days`](Self::idle_days) as a duration.
    pub fn idle(&self) -> Duration {
        Duration::from_hours(u64::from(self.idle_days) * HOURS_OF_A_DAY)
    }

    /// [`absolute_days`](Self::absolute_days) as a duration.
    pub fn absolute(&self) -> Duration {
        Duration::from_hours(u64::from(self.absolute_days) * HOURS_OF_A_DAY)
    }

    /// [`touch_minutes`](Self::touch_minutes) as a duration.
    pub fn touch(&self) -> Duration {
        Duration::from_mins(self.touch_minutes.into())
    }
}
