//! How long a login lasts.

use std::time::Duration;

use super::setting::settings;

const HOURS_OF_A_DAY: u64 = 24;

settings! {
    /// How long somebody stays signed in.
    pub struct Sessions in "sessions" {
        /// A session that is not used for this long ends.
        pub idle_days: u32 = 30, unit: "days", allowed: 1..=365;

        /// A session ends after this time, used or not.
        pub absolute_days: u32 = 365, unit: "days", allowed: 1..=3_650;

        /// How exactly the last use of a session is recorded. Finer means more writes.
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
