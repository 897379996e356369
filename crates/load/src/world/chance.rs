//! Random numbers without state: each is computed from a seed and its purpose.
//!
//! A generator with state would have to run up to the position that is needed. The mixing function is that of
//! SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// A pseudorandom number from two others.
pub(super) const fn mix(one: u64, other: u64) -> u64 {
    let mut mixed = one ^ other.wrapping_mul(GOLDEN).rotate_left(29);
    mixed = mixed.wrapping_add(GOLDEN);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// Maps a number to 0 up to but excluding 1, in steps of 2⁻²⁴, which an `f32` holds exactly.
pub(super) fn unit(number: u64) -> f32 {
    const STEP: f32 = 1.0 / (1 << 24) as f32;
    let top = u32::try_from(number >> 40).unwrap_or(u32::MAX);
    top as f32 * STEP
}

/// Maps a number to 0 up to but excluding `end`, which is not 0.
pub(super) fn below(number: u64, end: u32) -> u32 {
    u32::try_from(((number >> 32) * u64::from(end)) >> 32).unwrap_or(0)
}

/// Nearly normal, with mean 0 and deviation 1: the sum of twelve uniform numbers less its mean (Irwin and Hall). Unlike
/// exact methods it needs no logarithm, which machines round differently.
pub(super) fn normal(seed: u64) -> f64 {
    let twelve = (0..12).map(|draw| f64::from(unit(mix(seed, draw))));
    twelve.sum::<f64>() - 6.0
}

/// e to a power from -10 to 10, accurate to ten digits. It uses only sums and products, because system libraries round
/// their exponential functions differently.
pub(super) fn exp(power: f64) -> f64 {
    // e^x = (e^(x/1024))^1024, and close to 0 five terms of the series are enough.
    let x = power / 1024.0;
    let mut value = 1.0 + x * (1.0 + x / 2.0 * (1.0 + x / 3.0 * (1.0 + x / 4.0)));
    for _ in 0..10 {
        value *= value;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponential_is_right() {
        for tenths in -60..60 {
            let power = f64::from(tenths) / 10.0;
            assert!((exp(power) / power.exp() - 1.0).abs() < 1e-9, "{power}");
        }
    }

    #[test]
    fn numbers_are_spread_evenly_and_stay_inside() {
        let drawn: Vec<_> = (0..100_000).map(|n| mix(7, n)).collect();
        let mean = drawn.iter().map(|n| f64::from(unit(*n))).sum::<f64>() / 100_000.0;
        assert!((mean - 0.5).abs() < 0.01, "{mean}");
        assert!(drawn.iter().all(|n| below(*n, 3) < 3));
        let normal: Vec<_> = (0..100_000).map(normal).collect();
        let variance = normal.iter().map(|z| z * z).sum::<f64>() / 100_000.0;
        assert!((variance - 1.0).abs() < 0.02, "{variance}");
    }
}
