//! The sky of landscapes: colours by the time of day, sun or moon, clouds and stars.

use crate::canvas::{Canvas, Point, Shape, at};
use crate::chance::Chance;
use crate::colour::{Colour, gradient, rgb};

/// The time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Light {
    Dawn,
    Day,
    Dusk,
    Night,
}

impl Light {
    pub(super) const ALL: [Self; 4] = [Self::Dawn, Self::Day, Self::Dusk, Self::Night];

    /// The colours of the sky, from the zenith to the horizon.
    pub(super) fn sky(self) -> [Colour; 4] {
        match self {
            Self::Dawn => [0x6C8EC9, 0xA9B4DC, 0xF2C6C0, 0xFFE3B8],
            Self::Day => [0x3F8FD8, 0x6FB4E8, 0xA6D5F2, 0xDCF0F8],
            Self::Dusk => [0x3B356E, 0x8A4F8C, 0xE2766B, 0xFFC26B],
            Self::Night => [0x0B102E, 0x141D49, 0x223066, 0x3A4A82],
        }
        .map(rgb)
    }

    /// The colour of the haze in front of distant objects.
    pub(super) fn haze(self) -> Colour {
        self.sky()[3].mixed(self.sky()[2], 0.35)
    }

    /// The colour of the sun or the moon.
    pub(super) fn disc(self) -> Colour {
        rgb(match self {
            Self::Dawn => 0xFFF2CF,
            Self::Day => 0xFFFBE6,
            Self::Dusk => 0xFFE08A,
            Self::Night => 0xF6F1DD,
        })
    }

    fn cloud(self) -> Colour {
        rgb(match self {
            Self::Dawn => 0xFFECE2,
            Self::Day => 0xFFFFFF,
            Self::Dusk => 0xFFA98A,
            Self::Night => 0x4B5994,
        })
    }
}

/// The colour of the sky at a height, with this horizon.
pub(super) fn colour(light: Light, horizon: f32, point: Point) -> Colour {
    gradient(&light.sky(), point.y / horizon)
}

/// The sun or the moon, with its glow.
pub(super) fn disc(canvas: &mut Canvas, light: Light, centre: Point, radius: f32) {
    let colour = light.disc();
    for (reach, opacity) in [(9.0, 0.16), (5.0, 0.2), (2.4, 0.3)] {
        let glow = Shape::circle(centre, radius * reach * 0.5);
        canvas.shade(&glow, radius * reach * 0.5, opacity, |_| colour);
    }
    canvas.fill(&Shape::circle(centre, radius), colour);
    if light == Light::Night {
        let dark = rgb(0xE3DCC2);
        for (x, y, size) in [(-0.35, -0.2, 0.22), (0.25, 0.3, 0.28), (0.3, -0.4, 0.14)] {
            let crater = Shape::circle(centre + at(x, y) * radius, size * radius);
            canvas.shade(&crater, 0.1 * radius, 0.6, |_| dark);
        }
    }
}

/// Some clouds with flat bottoms above the horizon.
pub(super) fn clouds(canvas: &mut Canvas, light: Light, horizon: f32, chance: &mut Chance) {
    let (white, right) = (light.cloud(), canvas.right());
    for _ in 0..2 + chance.below(3) {
        let middle = at(
            chance.between(0.0, right),
            chance.between(0.12, horizon * 0.62),
        );
        cloud(canvas, middle, chance.between(0.7, 1.3), white, chance);
    }
}

fn cloud(canvas: &mut Canvas, middle: Point, size: f32, white: Colour, chance: &mut Chance) {
    let puffs = 6 + chance.below(4);
    for number in 0..puffs {
        let share = number as f32 / (puffs - 1) as f32 - 0.5;
        let bulge = 1.0 - 3.2 * share * share;
        let radii = at(chance.between(0.05, 0.08), 0.02 + 0.035 * bulge) * size;
        let centre = middle + at(0.34 * share, -0.4 * radii.y) * size;
        canvas.shade(&Shape::ellipse(centre, radii), 0.009, 0.97, |point| {
            white.lighter(0.5 * (middle.y - point.y).min(0.0) - 0.02)
        });
    }
    let base = Shape::line(
        middle - at(0.15, 0.0) * size,
        middle + at(0.15, 0.0) * size,
        0.012 * size,
    );
    canvas.shade(&base, 0.009, 0.97, |_| white.lighter(-0.02));
}

/// Draws stars above the height `lowest`.
pub(super) fn stars(canvas: &mut Canvas, lowest: f32, chance: &mut Chance) {
    let right = canvas.right();
    for _ in 0..130 {
        let place = at(chance.between(0.0, right), chance.between(0.0, lowest));
        let size = 0.0007 + 0.0016 * chance.unit().powi(3);
        let fades = 1.0 - place.y / lowest;
        let opacity = (0.25 + 0.75 * fades) * chance.between(0.5, 1.0);
        let star = Shape::circle(place, size);
        canvas.shade(&star, size * 0.6, opacity, |_| rgb(0xFFFBEE));
    }
}
