//! The random source: from one seed it draws the same numbers on every machine.
//!
//! It uses integers only. Floating-point logarithms and powers can differ in the last bit between platforms, and one
//! bit is enough to make a different town. So bell-shaped draws are sums of dice, and long-tailed draws use a table of
//! powers.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// 2^(i/16) in units of 1/65,536, for i in 0..16.
const SIXTEENTHS_OF_AN_OCTAVE: [u64; 16] = [
    65_536, 68_438, 71_468, 74_632, 77_936, 81_386, 84_990, 88_752, 92_682, 96_785, 101_070,
    105_545, 110_218, 115_098, 120_194, 125_515,
];

/// Dice per bell-shaped draw: enough for a smooth curve at low cost.
const BELL_DICE: u32 = 6;

/// A random source.
#[derive(Debug, Clone)]
pub(super) struct Dice(ChaCha8Rng);

impl Dice {
    /// Streams of one seed are independent: a change in how names are drawn does not change friendships.
    pub(super) fn new(seed: u64, stream: u64) -> Self {
        let mut source = ChaCha8Rng::seed_from_u64(seed);
        source.set_stream(stream);
        Self(source)
    }

    /// A number from 0 up to but not including `end`, which is at least 1.
    pub(super) fn below(&mut self, end: u32) -> u32 {
        self.0.random_range(0..end.max(1))
    }

    /// A number from `low` to `high`, both included.
    pub(super) fn between(&mut self, low: u32, high: u32) -> u32 {
        self.0.random_range(low..=high.max(low))
    }

    /// An index into a list of `len` items, which is at least 1.
    pub(super) fn index(&mut self, len: usize) -> usize {
        self.0.random_range(0..len.max(1))
    }

    /// An item of a list that is not empty.
    pub(super) fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.index(list.len())]
    }

    /// True with a probability of `share` percent.
    pub(super) fn percent(&mut self, share: u32) -> bool {
        self.below(100) < share
    }

    /// True in `share` of 1,000 cases.
    pub(super) fn per_mille(&mut self, share: u32) -> bool {
        self.below(1_000) < share
    }

    /// An index into a list, with a probability in proportion to the weight there. The weights add up to more than 0.
    pub(super) fn weighted(&mut self, weights: &[u32]) -> usize {
        let mut left = self.below(weights.iter().sum());
        for (place, &weight) in weights.iter().enumerate() {
            if left < weight {
                return place;
            }
            left -= weight;
        }
        0
    }

    /// A long-tailed number, as for friends, posts or likes. Half are below `median`; two thirds are within a factor of
    /// about 2^(`spread`/16) of it. Approximates the log-normal distribution.
    pub(super) fn long_tail(&mut self, median: u32, spread: u32) -> u32 {
        // Six dice of 0..=k have a standard deviation of about 0.71 k, so k = 1.4 × spread.
        let widest = spread * 7 / 5;
        let sum: u32 = (0..BELL_DICE).map(|_| self.between(0, widest)).sum();
        let middle = BELL_DICE * widest / 2;
        let step = SIXTEENTHS_OF_AN_OCTAVE;
        let scaled = if sum >= middle {
            let up = sum - middle;
            (u64::from(median) * step[(up % 16) as usize]) << (up / 16)
        } else {
            let down = middle - sum;
            ((u64::from(median) << 32) / step[(down % 16) as usize]) >> (down / 16)
        };
        u32::try_from((scaled + 32_768) >> 16).unwrap_or(u32::MAX)
    }

    /// An integer with the mean `thousandths`/1,000.
    pub(super) fn about(&mut self, thousandths: u64) -> u32 {
        let whole = u32::try_from(thousandths / 1_000).unwrap_or(u32::MAX);
        let rest = u32::try_from(thousandths % 1_000).unwrap_or(0);
        whole + u32::from(self.per_mille(rest))
    }

    /// Shuffles a list.
    pub(super) fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            list.swap(last, self.index(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_tail_has_its_median_in_the_middle_and_a_tail_to_one_side() {
        let mut dice = Dice::new(1, 1);
        let mut draws: Vec<u32> = (0..10_001).map(|_| dice.long_tail(100, 16)).collect();
        draws.sort_unstable();
        let mean = draws.iter().sum::<u32>() / 10_001;
        assert!(
            (92..=108).contains(&draws[5_000]),
            "median {}",
            draws[5_000]
        );
        assert!((115..=140).contains(&mean), "mean {mean}");
        assert!(draws[9_990] > 600, "tail {}", draws[9_990]);
    }

    #[test]
    fn weights_are_followed_and_a_weight_of_nothing_is_never_drawn() {
        let mut dice = Dice::new(1, 2);
        let mut seen = [0_u32; 3];
        for _ in 0..10_000 {
            seen[dice.weighted(&[3, 0, 1])] += 1;
        }
        assert_eq!(seen[1], 0);
        assert!((7_200..7_800).contains(&seen[0]), "{seen:?}");
    }

    #[test]
    fn about_is_right_on_average() {
        let mut dice = Dice::new(1, 3);
        let sum: u32 = (0..10_000).map(|_| dice.about(2_250)).sum();
        assert!((22_200..22_800).contains(&sum), "{sum}");
    }
}
