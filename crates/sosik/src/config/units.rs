//! The units in which an operator writes a setting that the code keeps in another form.

use std::num::NonZeroU32;
use std::time::Duration;

use sosik_store::LargeAuthorLimits;

use super::setting::Setting;

/// Upper bound of a configured size: 1 TiB, more than any machine this runs on has.
pub const MIB_MAX: u32 = 1 << 20;

/// A unit: how a setting of type `T` is written, read and described.
pub trait Unit<T> {
    /// The written form.
    type Written: Setting;

    /// The name of the unit in texts.
    fn name(&self) -> &'static str;

    /// The written form of a setting.
    fn write(&self, setting: &T) -> Self::Written;

    /// The setting of a written form.
    fn read(&self, written: Self::Written) -> T;
}

/// The name of a unit in which the code keeps the setting, too.
impl<T: Setting> Unit<T> for &'static str {
    type Written = T;

    fn name(&self) -> &'static str {
        self
    }

    fn write(&self, setting: &T) -> T {
        setting.clone()
    }

    fn read(&self, written: T) -> T {
        written
    }
}

/// Declares units of time, each with its name and length.
macro_rules! times {
    ($($unit:ident $name:literal $length:expr;)+) => {$(
        #[doc = concat!("Whole ", $name, ".")]
        pub struct $unit;

        impl Unit<Duration> for $unit {
            type Written = u32;

            fn name(&self) -> &'static str {
                $name
            }

            fn write(&self, setting: &Duration) -> u32 {
                let whole = setting.as_millis() / $length.as_millis();
                u32::try_from(whole).unwrap_or(u32::MAX)
            }

            fn read(&self, written: u32) -> Duration {
                $length * written
            }
        }
    )+};
}
times! {
    Milliseconds "milliseconds" Duration::from_millis(1);
    Seconds "seconds" Duration::from_secs(1);
    Minutes "minutes" Duration::from_mins(1);
    Hours "hours" Duration::from_hours(1);
    Days "days" Duration::from_hours(24);
}

/// Declares units of memory for settings in bytes, each with its name and the exponent of its size.
macro_rules! sizes {
    ($($unit:ident $name:literal $bits:literal $($bytes:ty)+;)+) => {$(
        #[doc = concat!("Whole ", $name, ".")]
        pub struct $unit;

        $(
            impl Unit<$bytes> for $unit {
                type Written = u32;

                fn name(&self) -> &'static str {
                    $name
                }

                fn write(&self, setting: &$bytes) -> u32 {
                    u32::try_from(setting >> $bits).unwrap_or(u32::MAX)
                }

                fn read(&self, written: u32) -> $bytes {
                    // Only a machine with addresses of 32 bits cannot hold the largest sizes.
                    <$bytes>::try_from(u64::from(written) << $bits).unwrap_or(<$bytes>::MAX)
                }
            }
        )+
    )+};
}
sizes! {
    Kib "KiB" 10 usize;
    Mib "MiB" 20 usize u64;
}

/// A number with a name that is never 0. The range of its key starts at 1.
pub struct Each(pub &'static str);

impl Unit<NonZeroU32> for Each {
    type Written = u32;

    fn name(&self) -> &'static str {
        self.0
    }

    fn write(&self, setting: &NonZeroU32) -> u32 {
        setting.get()
    }

    fn read(&self, written: u32) -> NonZeroU32 {
        NonZeroU32::new(written).unwrap_or(NonZeroU32::MIN)
    }
}

/// The number of readers (friends and followers) above which an author is large. Texts call them followers.
pub struct Followers;

impl Unit<LargeAuthorLimits> for Followers {
    type Written = u32;

    fn name(&self) -> &'static str {
        "followers"
    }

    fn write(&self, setting: &LargeAuthorLimits) -> u32 {
        setting.above
    }

    fn read(&self, written: u32) -> LargeAuthorLimits {
        LargeAuthorLimits::above(written)
    }
}
