//! Converts sizes from configured units to bytes.

/// Bytes in this many KiB.
pub fn kib(kib: u32) -> usize {
    // `usize` has 64 bits in practice. Where it is smaller, the result is its largest value.
    usize::try_from(u64::from(kib) << 10).unwrap_or(usize::MAX)
}

/// Bytes in this many MiB.
pub fn mib(mib: u32) -> usize {
    usize::try_from(u64::from(mib) << 20).unwrap_or(usize::MAX)
}

/// Upper bound of a configured size: 1 TiB, more than any machine this runs on has.
pub const MIB_MAX: u32 = 1 << 20;
