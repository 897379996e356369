//! Faces for avatars.

use crate::canvas::{Canvas, Point, Shape, at};
use crate::chance::Chance;
use crate::colour::{Colour, rgb};

/// Pixels in a row and in a column.
const SIDE: usize = 480;

const BACKGROUNDS: [u32; 8] = [
    0xF2C18D, 0xA9CFC4, 0xB9B8E0, 0xF0B6AE, 0x9FC3E4, 0xE8D38A, 0xC3D8A4, 0xD9B3CF,
];
const SKINS: [u32; 6] = [0xFBDDC4, 0xF5CFAE, 0xECBD94, 0xF9D5BA, 0xDBA378, 0xB57B55];
const HAIRS: [u32; 7] = [
    0x2A2324, 0x3A2A24, 0x5A3A2A, 0x1F1F28, 0x7A4E32, 0xA86A3A, 0x8F8B8B,
];
const CLOTHES: [u32; 8] = [
    0x3F6B8F, 0xC95A4E, 0x4E8666, 0xE0A044, 0x6A5A94, 0xEEE6D8, 0x2F3A4E, 0xB86A8A,
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    Short,
    Bob,
    Long,
    Bun,
    Curls,
}

/// Half of the faces have short hair.
const CUTS: [Cut; 8] = [
    Cut::Short,
    Cut::Short,
    Cut::Short,
    Cut::Short,
    Cut::Bob,
    Cut::Long,
    Cut::Bun,
    Cut::Curls,
];

struct Look {
    skin: Colour,
    hair: Colour,
    clothes: Colour,
    cut: Cut,
    glasses: bool,
    beard: bool,
    fringe: f32,
}

/// A face with shoulders in front of a plain colour.
pub(crate) fn draw(chance: &mut Chance) -> ([usize; 2], Canvas) {
    let background = rgb(chance.pick(&BACKGROUNDS));
    let cut = chance.pick(&CUTS);
    let look = Look {
        skin: rgb(chance.pick(&SKINS)),
        hair: rgb(chance.pick(&HAIRS)),
        clothes: rgb(chance.pick(&CLOTHES)),
        cut,
        glasses: chance.percent(30),
        beard: cut == Cut::Short && chance.percent(35),
        fringe: chance.between(-0.09, 0.09),
    };
    let mut canvas = Canvas::new(SIDE, SIDE, |point| {
        background.lighter(0.06 - 0.12 * point.y)
    });
    let sun = Shape::circle(at(0.5, 0.5), 0.43);
    canvas.shade(&sun, 0.0, 0.35, |_| background.lighter(0.14));
    behind(&mut canvas, &look);
    shoulders(&mut canvas, &look, chance.percent(40));
    head(&mut canvas, &look);
    front(&mut canvas, &look);
    features(&mut canvas, &look, chance);
    ([SIDE, SIDE], canvas)
}

fn oval(x: f32, y: f32, wide: f32, tall: f32) -> Shape {
    Shape::ellipse(at(x, y), at(wide, tall))
}

/// The hair that is behind the neck.
fn behind(canvas: &mut Canvas, look: &Look) {
    let shade = look.hair.lighter(-0.04);
    match look.cut {
        Cut::Short => {}
        Cut::Bob => canvas.fill(&Shape::block(at(0.5, 0.49), at(0.225, 0.2), 0.12), shade),
        Cut::Long => canvas.fill(&Shape::block(at(0.5, 0.57), at(0.235, 0.32), 0.15), shade),
        Cut::Bun => canvas.fill(&Shape::circle(at(0.5, 0.165), 0.085), shade),
        Cut::Curls => {
            for (x, y) in [
                (0.29, 0.42),
                (0.71, 0.42),
                (0.27, 0.52),
                (0.73, 0.52),
                (0.31, 0.6),
                (0.69, 0.6),
            ] {
                canvas.fill(&Shape::circle(at(x, y), 0.09), shade);
            }
        }
    }
}

fn shoulders(canvas: &mut Canvas, look: &Look, collar: bool) {
    let shade = look.skin.mixed(rgb(0x9A4A38), 0.22);
    canvas.fill(&Shape::block(at(0.5, 0.7), at(0.075, 0.13), 0.05), shade);
    let clothes = look.clothes;
    canvas.shade(&oval(0.5, 1.02, 0.36, 0.25), 0.0, 1.0, |point| {
        clothes.lighter(0.25 * (0.86 - point.y))
    });
    canvas.fill(&oval(0.5, 0.785, 0.085, 0.05), shade);
    if collar {
        let tone = rgb(0xFAF6EE);
        for side in [-1.0, 1.0] {
            let flap = [
                at(0.5, 0.85),
                at(0.5 + 0.1 * side, 0.775),
                at(0.5 + 0.13 * side, 0.85),
                at(0.5 + 0.05 * side, 0.9),
            ];
            canvas.fill(&Shape::Polygon(flap.to_vec()), tone);
        }
    }
}

fn head(canvas: &mut Canvas, look: &Look) {
    let skin = look.skin;
    for side in [-1.0, 1.0] {
        canvas.fill(
            &oval(0.5 + 0.185 * side, 0.475, 0.032, 0.045),
            skin.mixed(rgb(0xC46A55), 0.15),
        );
    }
    let jaw = skin.mixed(rgb(0xC46A55), 0.1);
    canvas.shade(&oval(0.5, 0.46, 0.185, 0.22), 0.0, 1.0, |point| {
        skin.mixed(jaw, (point.y - 0.45) * 3.0)
    });
    if look.beard {
        let beard = skin.mixed(look.hair, 0.82);
        canvas.fill(&oval(0.5, 0.55, 0.158, 0.137), beard);
        canvas.shade(&oval(0.5, 0.487, 0.15, 0.1), 0.008, 1.0, |_| skin);
        canvas.fill(&oval(0.5, 0.556, 0.075, 0.02), beard);
    }
    for side in [-1.0, 1.0] {
        let cheek = Shape::circle(at(0.5 + 0.105 * side, 0.535), 0.04);
        canvas.shade(&cheek, 0.03, 0.4, |_| rgb(0xF08A7A));
    }
}

/// The hair that frames the face.
fn front(canvas: &mut Canvas, look: &Look) {
    let hair = look.hair;
    let crown: Vec<Point> = (0..=20_u8)
        .map(|step| {
            let turn = std::f32::consts::PI * (1.0 + f32::from(step) / 20.0);
            at(0.5 + 0.205 * turn.cos(), 0.43 + 0.235 * turn.sin())
        })
        .collect();
    let fringe = [
        at(0.69, 0.46),
        at(0.655, 0.37),
        at(0.5 + look.fringe, 0.3),
        at(0.345, 0.37),
        at(0.31, 0.46),
    ];
    let whole: Vec<_> = crown.into_iter().chain(fringe).collect();
    canvas.fill(&Shape::Polygon(whole), hair);
    match look.cut {
        Cut::Bob | Cut::Long => {
            for side in [-1.0, 1.0] {
                let strand = Shape::line(
                    at(0.5 + 0.19 * side, 0.4),
                    at(0.5 + 0.195 * side, 0.6),
                    0.032,
                );
                canvas.fill(&strand, hair);
            }
        }
        Cut::Curls => {
            for (x, y) in [
                (0.32, 0.33),
                (0.38, 0.26),
                (0.46, 0.225),
                (0.55, 0.225),
                (0.63, 0.265),
                (0.685, 0.335),
                (0.41, 0.3),
                (0.52, 0.29),
                (0.6, 0.31),
            ] {
                canvas.fill(&Shape::circle(at(x, y), 0.058), hair);
            }
        }
        Cut::Short | Cut::Bun => {}
    }
    let gloss = Shape::Ellipse {
        centre: at(0.42, 0.275),
        radii: at(0.075, 0.02),
        turn: -0.45,
    };
    canvas.shade(&gloss, 0.02, 0.3, |_| hair.lighter(0.3));
}

fn features(canvas: &mut Canvas, look: &Look, chance: &mut Chance) {
    let dark = rgb(0x332728);
    let brow = look.hair.mixed(dark, 0.4);
    let happy = chance.percent(30);
    for side in [-1.0, 1.0] {
        let x = 0.5 + 0.08 * side;
        let arc = Shape::line(
            at(x - 0.032, 0.408),
            at(x + 0.032, 0.408 + 0.006 * side),
            0.0075,
        );
        canvas.fill(&arc, brow);
        if happy {
            let lid = [at(x - 0.026, 0.47), at(x, 0.455), at(x + 0.026, 0.47)];
            for pair in lid.windows(2) {
                canvas.fill(&Shape::line(pair[0], pair[1], 0.0065), dark);
            }
        } else {
            canvas.fill(&oval(x, 0.463, 0.0175, 0.0215), dark);
            canvas.fill(&Shape::circle(at(x - 0.005, 0.456), 0.0055), rgb(0xFFFFFF));
        }
        if look.glasses {
            glass(canvas, at(x, 0.465));
        }
    }
    if look.glasses {
        canvas.fill(
            &Shape::line(at(0.475, 0.46), at(0.525, 0.46), 0.005),
            rgb(0x3A3438),
        );
    }
    let nose = look.skin.mixed(rgb(0xB55A48), 0.4);
    let bridge = [at(0.497, 0.5), at(0.51, 0.525), at(0.495, 0.53)];
    for pair in bridge.windows(2) {
        canvas.fill(&Shape::line(pair[0], pair[1], 0.0045), nose);
    }
    smile(canvas, chance.percent(50));
}

fn glass(canvas: &mut Canvas, middle: Point) {
    let frame = rgb(0x3A3438);
    const POINTS: u8 = 28;
    let on = |step: u8| {
        let turn = std::f32::consts::TAU * f32::from(step) / f32::from(POINTS);
        middle + at(0.056 * turn.cos(), 0.05 * turn.sin())
    };
    for step in 0..POINTS {
        canvas.fill(&Shape::line(on(step), on(step + 1), 0.005), frame);
    }
}

fn smile(canvas: &mut Canvas, open: bool) {
    const STEPS: u8 = 12;
    let on = |step: u8, deep: f32| {
        let share = f32::from(step) / f32::from(STEPS) * 2.0 - 1.0;
        at(0.5 + 0.058 * share, 0.577 + deep * (1.0 - share * share))
    };
    if open {
        let lower = (0..=STEPS).rev().map(|step| on(step, 0.05));
        let lips: Vec<_> = (0..=STEPS)
            .map(|step| on(step, 0.01))
            .chain(lower)
            .collect();
        canvas.fill(&Shape::Polygon(lips), rgb(0xA83F42));
        let upper = (0..=STEPS).rev().map(|step| on(step, 0.022));
        let teeth: Vec<_> = (0..=STEPS)
            .map(|step| on(step, 0.01))
            .chain(upper)
            .collect();
        canvas.fill(&Shape::Polygon(teeth), rgb(0xFFFAF4));
        return;
    }
    for step in 0..STEPS {
        canvas.fill(
            &Shape::line(on(step, 0.026), on(step + 1, 0.026), 0.0062),
            rgb(0xA84542),
        );
    }
}
