//! A city at night, with its lights in the river.

use sosik_feed::people::Language;

use super::sky::{self, Light};
use crate::canvas::{Canvas, Shape, at};
use crate::chance::Chance;
use crate::colour::{Colour, gradient, rgb};

/// The variants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct City {
    evening: bool,
    moon: bool,
}

impl City {
    pub(super) fn new(chance: &mut Chance) -> Self {
        Self {
            evening: chance.percent(45),
            moon: chance.percent(60),
        }
    }

    pub(super) fn alt(self, language: Language) -> String {
        let (when, moon) = match language {
            Language::En => (
                ["The skyline at night", "The skyline in the evening"],
                ["", ", under a full moon"],
            ),
            Language::Ko => (
                ["강에 비친 도시의 밤 불빛", "강에 비친 저녁 도시의 불빛"],
                ["", "과 보름달"],
            ),
            Language::Ja => (
                ["川に映る夜の街明かり", "川に映る夕暮れの街明かり"],
                ["", "と満月"],
            ),
        };
        let (when, moon) = (
            when[usize::from(self.evening)],
            moon[usize::from(self.moon)],
        );
        match language {
            Language::En => format!("{when}, its lights mirrored in the river{moon}"),
            Language::Ko | Language::Ja => format!("{when}{moon}"),
        }
    }

    pub(super) fn draw(self, [width, height]: [usize; 2], chance: &mut Chance) -> Canvas {
        let bottom = height as f32 / width.min(height) as f32;
        let shore = bottom * 0.68;
        let colours = self.sky();
        let mut canvas = Canvas::new(width, height, |point| gradient(&colours, point.y / shore));
        sky::stars(
            &mut canvas,
            shore * if self.evening { 0.35 } else { 0.75 },
            chance,
        );
        if self.moon {
            let x = canvas.right() * chance.between(0.15, 0.85);
            sky::disc(&mut canvas, Light::Night, at(x, bottom * 0.17), 0.045);
        }
        for row in 0..3 {
            self.buildings(&mut canvas, shore, row, chance);
        }
        let bank = Shape::block(
            at(canvas.right() / 2.0, shore),
            at(canvas.right(), 0.008),
            0.0,
        );
        canvas.fill(&bank, rgb(0x121426));
        lamps(&mut canvas, shore, chance);
        river(&mut canvas, shore, colours[3], chance);
        canvas
    }

    fn sky(self) -> [Colour; 4] {
        match self.evening {
            true => [0x1C1E4A, 0x4A3774, 0xA95579, 0xF4A071],
            false => [0x070B22, 0x0F173D, 0x1D285C, 0x3A3F7E],
        }
        .map(rgb)
    }

    fn buildings(self, canvas: &mut Canvas, shore: f32, row: usize, chance: &mut Chance) {
        let near = row as f32 / 2.0;
        let wall = self.sky()[2].mixed(rgb(0x12152C), 0.45 + 0.45 * near);
        let mut x = -0.03;
        while x < canvas.right() {
            let half = chance.between(0.035, 0.06) * (0.9 + 0.3 * near);
            let tall = chance.between(0.16, 0.44) * (1.08 - 0.4 * near);
            let tall = if chance.percent(12) { tall * 1.3 } else { tall };
            let middle = at(x + half, shore - tall / 2.0);
            let tone = wall.lighter(chance.between(-0.02, 0.025));
            canvas.fill(&Shape::block(middle, at(half, tall / 2.0), 0.003), tone);
            roof(canvas, x + half, shore - tall, half, tone, chance);
            windows(canvas, [x, shore - tall], [2.0 * half, tall], near, chance);
            x += 2.0 * half + chance.between(-0.004, 0.02) * (1.0 + near);
        }
    }
}

fn roof(canvas: &mut Canvas, x: f32, top: f32, half: f32, tone: Colour, chance: &mut Chance) {
    match chance.below(5) {
        0 => {
            let mast = Shape::line(at(x, top), at(x, top - 0.06), 0.0016);
            canvas.fill(&mast, tone);
            let light = Shape::circle(at(x, top - 0.06), 0.004);
            canvas.shade(&light, 0.004, 1.0, |_| rgb(0xFF5A4A));
        }
        1 => {
            let step = Shape::block(at(x, top - 0.012), at(half * 0.55, 0.014), 0.0);
            canvas.fill(&step, tone);
        }
        2 => {
            let gable = [
                at(x - half, top),
                at(x + half, top),
                at(x, top - half * 0.6),
            ];
            canvas.fill(&Shape::Polygon(gable.to_vec()), tone);
        }
        _ => {}
    }
}

fn windows(
    canvas: &mut Canvas,
    [left, top]: [f32; 2],
    [wide, tall]: [f32; 2],
    near: f32,
    chance: &mut Chance,
) {
    let step = 0.0155 + 0.004 * near;
    let half = at(0.0036 + 0.0012 * near, 0.0046 + 0.0016 * near);
    let lit_percent = 30 + chance.below(35);
    let lights = [0xFFDF94, 0xFFC96B, 0xFFEEC2, 0xCFE6FF].map(rgb);
    let colour = chance.pick(&lights);
    let columns = ((wide - 0.012) / step).floor().max(1.0);
    let margin = (wide - columns * step) / 2.0 + step / 2.0;
    let mut y = top + step;
    while y < top + tall - step * 0.6 {
        let mut x = left + margin;
        while x < left + wide - margin + step * 0.3 {
            if chance.percent(lit_percent) {
                let light = if chance.percent(85) {
                    colour
                } else {
                    chance.pick(&lights)
                };
                let opacity = (0.45 + 0.5 * near) * chance.between(0.6, 1.0);
                canvas.shade(&Shape::block(at(x, y), half, 0.0006), 0.0, opacity, |_| {
                    light
                });
            }
            x += step;
        }
        y += step * 1.15;
    }
}

fn lamps(canvas: &mut Canvas, shore: f32, chance: &mut Chance) {
    let mut x = chance.between(0.02, 0.06);
    while x < canvas.right() {
        let lamp = at(x, shore - 0.02);
        canvas.fill(&Shape::line(at(x, shore), lamp, 0.0012), rgb(0x202230));
        canvas.shade(&Shape::circle(lamp, 0.014), 0.014, 0.5, |_| rgb(0xFFCF7A));
        canvas.fill(&Shape::circle(lamp, 0.0032), rgb(0xFFF1CC));
        x += 0.085;
    }
}

fn river(canvas: &mut Canvas, shore: f32, glow: Colour, chance: &mut Chance) {
    let bottom = canvas.bottom();
    let line = shore + 0.008;
    let phase = chance.between(0.0, 6.0);
    canvas.reflect(line, 1.0, |point| {
        let depth = (point.y - line) / (bottom - line);
        let wave = (point.y * (420.0 - 230.0 * depth) + phase).sin();
        0.0016 * (1.0 + 5.0 * depth) * (wave + (point.x * 9.0 + point.y * 90.0).sin() * 0.6)
    });
    let deep = rgb(0x080C22).mixed(glow, 0.12);
    let fade = |depth: f32| 0.28 + 0.45 * depth;
    for layer in 0..6 {
        let top = line + (bottom - line) * layer as f32 / 6.0;
        canvas.ground(|_| top, fade(layer as f32 / 6.0) * 0.24, |_| deep);
    }
    for _ in 0..120 {
        let depth = chance.unit();
        let place = at(
            chance.between(0.0, canvas.right()),
            line + depth * (bottom - line),
        );
        let ripple = Shape::ellipse(place, at(0.02 + 0.06 * depth, 0.0008 + 0.0024 * depth));
        let colour = if chance.percent(50) { glow } else { deep };
        canvas.shade(&ripple, 0.001, 0.16, |_| colour);
    }
}
