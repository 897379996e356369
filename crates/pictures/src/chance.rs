//! Random numbers from a seed.

/// A sequence of random numbers (SplitMix64). The same seed gives the same sequence everywhere.
#[derive(Debug, Clone)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to less than 1.
    pub(crate) fn unit(&mut self) -> f32 {
        // `f32` has 24 bits of precision.
        (self.next() >> 40) as f32 / 16_777_216.0
    }

    /// A number between two others.
    pub(crate) fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// A whole number below `end`, which is not 0.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// True with a probability of `share` percent.
    pub(crate) fn percent(&mut self, share: u64) -> bool {
        self.below(100) < share
    }

    /// One of a list that is not empty.
    pub(crate) fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        let length = list.len().max(1) as u64;
        let place = usize::try_from(self.below(length)).unwrap_or_default();
        list[place]
    }
}

/// A smooth random curve: a sum of sine waves.
#[derive(Debug, Clone)]
pub(crate) struct Waves(Vec<[f32; 3]>);

impl Waves {
    /// A curve of about this height, in units, with about `hills` hills per unit.
    pub(crate) fn new(chance: &mut Chance, height: f32, hills: f32) -> Self {
        const WAVES: usize = 5;
        let wave = |number: usize| {
            let finer = 1.7_f32.powi(i32::try_from(number).unwrap_or_default());
            let frequency = std::f32::consts::TAU * hills * finer * chance.between(0.8, 1.2);
            let height = height * chance.between(0.6, 1.0) / finer.powf(1.15);
            [
                height,
                frequency,
                chance.between(0.0, std::f32::consts::TAU),
            ]
        };
        Self((0..WAVES).map(wave).collect())
    }

    /// The curve at a place. The mean is 0.
    pub(crate) fn at(&self, x: f32) -> f32 {
        let waves = self.0.iter();
        waves
            .map(|[height, frequency, phase]| height * (frequency * x + phase).sin())
            .sum()
    }
}
