//! The sea: the sun or the moon above the horizon, its light on the water, and a boat, a lighthouse or islands.

use sosik_feed::people::Language;

use super::sky::{self, Light};
use crate::canvas::{Canvas, Point, Shape, at, smooth};
use crate::chance::{Chance, Waves};
use crate::colour::{Colour, gradient, rgb};

/// The variants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sea {
    light: Light,
    landmark: Landmark,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Landmark {
    Boat,
    Lighthouse,
    Islands,
}

const LANDMARKS: [Landmark; 3] = [Landmark::Boat, Landmark::Lighthouse, Landmark::Islands];

impl Sea {
    pub(super) fn new(chance: &mut Chance) -> Self {
        Self {
            light: chance.pick(&Light::ALL),
            landmark: chance.pick(&LANDMARKS),
        }
    }

    pub(super) fn alt(self, language: Language) -> String {
        let Self { light, landmark } = self;
        match language {
            Language::En => format!("{}{}", english(light), english_landmark(landmark)),
            Language::Ko => format!("{} {}", korean_landmark(landmark), korean(light)),
            Language::Ja => format!("{}{}", japanese_landmark(landmark), japanese(light)),
        }
    }

    pub(super) fn draw(self, [width, height]: [usize; 2], chance: &mut Chance) -> Canvas {
        let light = self.light;
        let bottom = height as f32 / width.min(height) as f32;
        let horizon = bottom * chance.between(0.52, 0.6);
        let mut canvas = Canvas::new(width, height, |point| sky::colour(light, horizon, point));
        let right = canvas.right();
        if light == Light::Night {
            sky::stars(&mut canvas, horizon * 0.9, chance);
        }
        let rises = match light {
            Light::Dawn | Light::Dusk => chance.between(0.06, 0.12),
            Light::Day | Light::Night => chance.between(0.3, 0.4),
        };
        let disc = at(right * chance.between(0.3, 0.7), horizon - rises);
        sky::disc(&mut canvas, light, disc, 0.055);
        if light != Light::Night {
            sky::clouds(&mut canvas, light, horizon, chance);
        }
        if self.landmark == Landmark::Islands {
            islands(&mut canvas, light, horizon, chance);
        }
        water(&mut canvas, light, horizon, disc.x, chance);
        match self.landmark {
            Landmark::Boat => boat(&mut canvas, light, horizon, disc.x, chance),
            Landmark::Lighthouse => lighthouse(&mut canvas, light, horizon, chance),
            Landmark::Islands => {}
        }
        canvas
    }
}

const fn english(light: Light) -> &'static str {
    match light {
        Light::Dawn => "Sunrise over the sea",
        Light::Day => "The sea on a clear day",
        Light::Dusk => "Sunset over the sea",
        Light::Night => "The moon over the sea at night",
    }
}

const fn english_landmark(landmark: Landmark) -> &'static str {
    match landmark {
        Landmark::Boat => ", with a sailing boat",
        Landmark::Lighthouse => ", with a lighthouse on a rock",
        Landmark::Islands => ", with islands on the horizon",
    }
}

const fn korean(light: Light) -> &'static str {
    match light {
        Light::Dawn => "해 뜰 무렵의 바다",
        Light::Day => "맑은 날의 바다",
        Light::Dusk => "해 질 녘의 바다",
        Light::Night => "달이 뜬 밤바다",
    }
}

const fn korean_landmark(landmark: Landmark) -> &'static str {
    match landmark {
        Landmark::Boat => "돛단배가 떠 있는",
        Landmark::Lighthouse => "바위 위에 등대가 서 있는",
        Landmark::Islands => "수평선에 섬들이 보이는",
    }
}

const fn japanese(light: Light) -> &'static str {
    match light {
        Light::Dawn => "日の出の海",
        Light::Day => "晴れた日の海",
        Light::Dusk => "夕暮れの海",
        Light::Night => "月夜の海",
    }
}

const fn japanese_landmark(landmark: Landmark) -> &'static str {
    match landmark {
        Landmark::Boat => "帆船が浮かぶ",
        Landmark::Lighthouse => "岩の上に灯台が立つ",
        Landmark::Islands => "水平線に島々が見える",
    }
}

/// The colours of the water, from the horizon to the front.
fn sea(light: Light) -> [Colour; 3] {
    match light {
        Light::Dawn => [0xC9B8C6, 0x7F98BE, 0x3E5F90],
        Light::Day => [0x8CCBDE, 0x3A9AC4, 0x155E90],
        Light::Dusk => [0xE8936C, 0x8B4D7A, 0x2C2A5C],
        Light::Night => [0x334378, 0x182250, 0x0A0F2B],
    }
    .map(rgb)
}

fn water(canvas: &mut Canvas, light: Light, horizon: f32, sun: f32, chance: &mut Chance) {
    let (right, bottom) = (canvas.right(), canvas.bottom());
    let depth = bottom - horizon;
    let colours = sea(light);
    canvas.ground(
        |_| horizon,
        1.0,
        |point| gradient(&colours, ((point.y - horizon) / depth).max(0.0).sqrt()),
    );
    // Waves are longer and further apart towards the front.
    for _ in 0..260 {
        let far = chance.unit().powf(1.6);
        let y = horizon + 0.012 + depth * far;
        let half = 0.012 + 0.075 * far * chance.unit();
        let middle = at(chance.between(-0.05, right + 0.05), y);
        let ripple = Shape::ellipse(middle, at(half, 0.0011 + 0.0045 * far));
        let bright = chance.percent(55);
        let colour = if bright { colours[0] } else { colours[2] };
        let opacity = if bright { 0.34 } else { 0.3 };
        canvas.shade(&ripple, 0.001 + 0.002 * far, opacity, |_| colour);
    }
    let shine = light.disc();
    for _ in 0..190 {
        let far = chance.unit();
        let y = horizon + 0.004 + depth * far;
        let spread = (0.03 + 0.16 * far) * (chance.unit() + chance.unit() - 1.0);
        let half = (0.006 + 0.035 * far) * chance.between(0.4, 1.0);
        let glint = Shape::ellipse(at(sun + spread, y), at(half, 0.0014 + 0.004 * far));
        let opacity = (0.85 - 0.6 * far) * chance.between(0.5, 1.0);
        canvas.shade(&glint, 0.0015, opacity, |_| shine);
    }
}

fn islands(canvas: &mut Canvas, light: Light, horizon: f32, chance: &mut Chance) {
    let (right, haze) = (canvas.right(), light.haze());
    let near = sea(light)[2];
    for (far, height) in [(0.72, 0.15), (0.5, 0.11), (0.28, 0.07)] {
        let middle = chance.between(0.05, 0.95) * right;
        let half = chance.between(0.2, 0.34);
        let rough = Waves::new(chance, 0.012, 3.0);
        let colour = near.mixed(haze, far);
        let top = |x: f32| {
            let share = (1.0 - ((x - middle) / half).powi(2)).max(0.0);
            horizon - height * smooth(share) * share.sqrt() - share * rough.at(x)
        };
        canvas.ground(top, 1.0, |_| colour);
    }
}

fn boat(canvas: &mut Canvas, light: Light, horizon: f32, sun: f32, chance: &mut Chance) {
    let side = if sun > canvas.right() / 2.0 {
        -1.0
    } else {
        1.0
    };
    let place = at(
        canvas.right() / 2.0 + side * chance.between(0.12, 0.34),
        horizon + chance.between(0.05, 0.12),
    );
    let size = chance.between(0.16, 0.22);
    let shadow = if light == Light::Day { 0.05 } else { 0.5 };
    let dim = |code: u32| rgb(code).mixed(sea(light)[2], shadow);
    let on = |x: f32, y: f32| place + at(x * side, y) * size;
    let reflection = Shape::ellipse(on(0.0, 0.16), at(0.5 * size, 0.07 * size));
    canvas.shade(&reflection, 0.03 * size, 0.45, |_| sea(light)[2]);
    let hull = [
        on(-0.42, -0.06),
        on(0.46, -0.09),
        on(0.3, 0.09),
        on(-0.3, 0.09),
    ];
    let main = [on(-0.02, -0.95), on(-0.02, -0.14), on(-0.4, -0.14)];
    let fore = [on(0.03, -0.86), on(0.03, -0.14), on(0.38, -0.14)];
    canvas.fill(
        &Shape::line(on(0.0, 0.0), on(0.0, -1.0), 0.012 * size),
        dim(0x5A4333),
    );
    canvas.fill(&Shape::Polygon(main.to_vec()), dim(0xFBF7EC));
    canvas.fill(&Shape::Polygon(fore.to_vec()), dim(0xE95D4C));
    canvas.fill(&Shape::Polygon(hull.to_vec()), dim(0x2F4A6B));
    let stripe = Shape::line(on(-0.39, -0.03), on(0.42, -0.055), 0.014 * size);
    canvas.fill(&stripe, dim(0xF5EEDD));
}

fn lighthouse(canvas: &mut Canvas, light: Light, horizon: f32, chance: &mut Chance) {
    let left = chance.percent(50);
    let x = canvas.right() * if left { 0.2 } else { 0.8 };
    let foot = at(x, horizon + 0.06);
    let shadow = if light == Light::Day { 0.0 } else { 0.45 };
    let dark = sea(light)[2];
    let dim = |code: u32| rgb(code).mixed(dark, shadow);
    rock(canvas, foot, dim(0x6B625E), chance);
    let on = |x: f32, y: f32| foot + at(x, y);
    let rings = 6;
    let width = |share: f32| 0.05 - 0.018 * share;
    for ring in 0..rings {
        let share = |ring: usize| ring as f32 / rings as f32;
        let (low, high) = (share(ring), share(ring + 1));
        let (y, top) = (-0.02 - 0.36 * low, -0.02 - 0.36 * high - 0.002);
        let band = [
            on(-width(low), y),
            on(width(low), y),
            on(width(high), top),
            on(-width(high), top),
        ];
        let colour = if ring % 2 == 0 { 0xF7F3EA } else { 0xD94B41 };
        canvas.fill(&Shape::Polygon(band.to_vec()), dim(colour));
    }
    let shade = [
        on(0.008, -0.02),
        on(0.05, -0.02),
        on(0.032, -0.38),
        on(0.008, -0.38),
    ];
    canvas.shade(&Shape::Polygon(shade.to_vec()), 0.004, 0.16, |_| {
        rgb(0x1B203A)
    });
    canvas.fill(
        &Shape::block(on(0.0, -0.385), at(0.046, 0.008), 0.002),
        dim(0x3A3F4C),
    );
    canvas.fill(
        &Shape::block(on(0.0, -0.412), at(0.026, 0.024), 0.003),
        rgb(0xFFE99A),
    );
    let roof = [on(-0.036, -0.434), on(0.036, -0.434), on(0.0, -0.475)];
    canvas.fill(&Shape::Polygon(roof.to_vec()), dim(0xB53A33));
    if light != Light::Day {
        beam(canvas, on(0.0, -0.412), if left { 1.0 } else { -1.0 });
    }
}

fn rock(canvas: &mut Canvas, foot: Point, colour: Colour, chance: &mut Chance) {
    for _ in 0..9 {
        let place = foot + at(chance.between(-0.15, 0.15), chance.between(-0.005, 0.035));
        let radii = at(chance.between(0.04, 0.085), chance.between(0.02, 0.042));
        let tone = colour.lighter(chance.between(-0.05, 0.04));
        canvas.fill(&Shape::ellipse(place, radii), tone);
    }
}

/// The light of a lighthouse, fading with the distance.
fn beam(canvas: &mut Canvas, lamp: Point, side: f32) {
    const LAYERS: usize = 14;
    let glow = Shape::circle(lamp, 0.05);
    canvas.shade(&glow, 0.05, 0.55, |_| rgb(0xFFEEB0));
    for layer in 1..=LAYERS {
        let reach = 0.55 * layer as f32 / LAYERS as f32;
        let ray = [
            lamp,
            lamp + at(side * reach, -0.17 * reach),
            lamp + at(side * reach, 0.05 * reach),
        ];
        canvas.shade(&Shape::Polygon(ray.to_vec()), 0.006, 0.032, |_| {
            rgb(0xFFF1C0)
        });
    }
}
