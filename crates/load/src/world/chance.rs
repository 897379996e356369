//! Chance without state: numbers that follow from a seed and from what they are for.
//!
//! A generator with state would have to be run up to the place where it is needed. The mixing is that of
//! SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// A number that looks like chance, of two others.
pub(super) const fn mix(one: u64, other: u64) -> u64 {
    let mut mixed = one ^ other.wrapping_mul(GOLDEN).rotate_left(29);
    mixed = mixed.wrapping_add(GOLDEN);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// From 0 to below 1, in steps of 2⁻²⁴: exact in an `f32`.
pub(super) fn unit(number: u64) -> f32 {
    const STEP: f32 = 1.0 / (1 << 24) as f32;
    let top = u32::try_from(number >> 40).unwrap_or(u32::MAX);
    top as f32 * STEP
}

/// From 0 to below `end`, which is not 0.
pub(super) fn below(number: u64, end: u32) -> u32 {
    u32::try_from(((number >> 32) * u64::from(end)) >> 32).unwrap_or(0)
}

/// Nearly normal, mean 0 and deviation 1: twelve uniform numbers less their mean (Irwin and Hall). Unlike the exact
/// ways it needs no logarithm, which machines round differently.
pub(super) fn normal(seed: u64) -> f64 {
    let twelve = (0..12).map(|draw| f64::from(unit(mix(seed, draw))));
    twelve.sum::<f64>() - 6.0
}

/// e to a power from -10 to 10. Made of sums and products, since the exponential function of a system's library is
/// rounded in its own way; right to ten digits.
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
