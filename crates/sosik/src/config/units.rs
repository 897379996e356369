//! Sizes as they are written and as they are used.

/// Bytes of so many KiB.
pub fn kib(kib: u32) -> usize {
    // 64-bit only in practice; where `usize` is smaller, the largest is the honest ceiling.
    usize::try_from(u64::from(kib) << 10).unwrap_or(usize::MAX)
}

/// Bytes of so many MiB.
pub fn mib(mib: u32) -> usize {
    usize::try_from(u64::from(mib) << 20).unwrap_or(usize::MAX)
}

/// Most MiB that a size may be set to: 1 TiB, more than any machine this runs on has.
pub const MIB_MAX: u32 = 1 << 20;
