//! Colours as red, green and blue from 0 to 1.

use std::ops::Mul;

/// A colour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Colour([f32; 3]);

/// A colour as it is written in style sheets: `0xRRGGBB`.
pub(crate) const fn rgb(code: u32) -> Colour {
    let [_, red, green, blue] = code.to_be_bytes();
    Colour([
        red as f32 / 255.0,
        green as f32 / 255.0,
        blue as f32 / 255.0,
    ])
}

impl Colour {
    /// A mixture with another colour, whose part is `share`, from 0 to 1.
    pub(crate) fn mixed(self, other: Self, share: f32) -> Self {
        let [from, to] = [self.0, other.0];
        let mix = |place: usize| from[place] + (to[place] - from[place]) * share;
        Self([mix(0), mix(1), mix(2)])
    }

    /// Lighter by this much; darker if it is negative.
    pub(crate) fn lighter(self, by: f32) -> Self {
        Self(self.0.map(|part| part + by))
    }

    /// The bytes of a pixel.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to the range of a byte"
    )]
    pub(crate) fn bytes(self) -> [u8; 3] {
        self.0
            .map(|part| (part.clamp(0.0, 1.0) * 255.0).round() as u8)
    }
}

impl Mul<f32> for Colour {
    type Output = Self;
    fn mul(self, by: f32) -> Self {
        Self(self.0.map(|part| part * by))
    }
}

/// The colour at `place`, from 0 to 1, of a linear gradient with evenly spaced colours. The list is not empty.
pub(crate) fn gradient(colours: &[Colour], place: f32) -> Colour {
    let last = colours.len() - 1;
    let place = place.clamp(0.0, 1.0) * last as f32;
    let mut mixed = colours[0];
    for (number, colour) in colours.iter().enumerate().skip(1) {
        let share = (place - (number - 1) as f32).clamp(0.0, 1.0);
        mixed = mixed.mixed(*colour, share);
    }
    mixed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gradient_begins_and_ends_with_its_colours() {
        let colours = [rgb(0x112233), rgb(0x808080), rgb(0xFF0010)];
        for (place, bytes) in [
            (0.0, [0x11, 0x22, 0x33]),
            (0.5, [0x80; 3]),
            (1.0, [0xFF, 0, 0x10]),
        ] {
            assert_eq!(gradient(&colours, place).bytes(), bytes, "{place}");
        }
    }
}
