//! Food and drinks on a table, seen from above.

use std::f32::consts::TAU;

use sosik_feed::people::Language;

use crate::canvas::{Canvas, Point, Shape, at};
use crate::chance::{Chance, Waves};
use crate::colour::{Colour, gradient, rgb};

/// The variants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Food {
    Bibimbap,
    Ramen,
    Pancakes,
    Coffee,
}

const ALL: [Food; 4] = [Food::Bibimbap, Food::Ramen, Food::Pancakes, Food::Coffee];

impl Food {
    pub(super) fn new(chance: &mut Chance) -> Self {
        chance.pick(&ALL)
    }

    pub(super) const fn alt(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::Bibimbap, Language::En) => "A bowl of bibimbap with a fried egg on top",
            (Self::Ramen, Language::En) => {
                "A bowl of ramen with egg halves, nori and spring onions"
            }
            (Self::Pancakes, Language::En) => "Pancakes with butter, strawberries and blueberries",
            (Self::Coffee, Language::En) => "A cup of coffee with a heart in the milk foam",
            (Self::Bibimbap, Language::Ko) => "달걀프라이를 올린 비빔밥 한 그릇",
            (Self::Ramen, Language::Ko) => "반숙 달걀과 김, 파를 올린 라멘 한 그릇",
            (Self::Pancakes, Language::Ko) => "버터와 딸기, 블루베리를 올린 팬케이크",
            (Self::Coffee, Language::Ko) => "우유 거품에 하트를 그린 커피 한 잔",
            (Self::Bibimbap, Language::Ja) => "目玉焼きをのせたビビンバ",
            (Self::Ramen, Language::Ja) => "味玉とのりとねぎをのせたラーメン",
            (Self::Pancakes, Language::Ja) => "バターといちごとブルーベリーをのせたパンケーキ",
            (Self::Coffee, Language::Ja) => "ミルクの泡にハートを描いたコーヒー",
        }
    }

    pub(super) fn draw(self, [width, height]: [usize; 2], chance: &mut Chance) -> Canvas {
        let mut canvas = table([width, height], chance);
        let middle = at(canvas.right() / 2.0, canvas.bottom() / 2.0);
        match self {
            Self::Bibimbap => {
                cutlery(&mut canvas, middle);
                bowl(&mut canvas, middle, 0.37, rgb(0x3A383B), rgb(0x4A474A));
                bibimbap(&mut canvas, middle, chance);
            }
            Self::Ramen => {
                cutlery(&mut canvas, middle);
                bowl(&mut canvas, middle, 0.38, rgb(0xF3ECDF), rgb(0xB53B34));
                ramen(&mut canvas, middle, chance);
            }
            Self::Pancakes => {
                plate(&mut canvas, middle, 0.4);
                pancakes(&mut canvas, middle, chance);
            }
            Self::Coffee => {
                plate(&mut canvas, middle, 0.33);
                coffee(&mut canvas, middle);
            }
        }
        canvas
    }
}

/// Wooden boards, or a cloth with stripes.
fn table(size: [usize; 2], chance: &mut Chance) -> Canvas {
    let cloth = chance.percent(40);
    let tone = match cloth {
        true => rgb(chance.pick(&[0xDDE6E4, 0xEFDFD0, 0xCFDDEA, 0xE9D3D3])),
        false => rgb(chance.pick(&[0xB98658, 0x9A6B45, 0xC9A276, 0x7C5840])),
    };
    let grain = Waves::new(chance, 0.5, 11.0);
    Canvas::new(size[0], size[1], |point| match cloth {
        true => {
            let stripe = (point.x * 10.0).rem_euclid(1.0);
            tone.lighter(if stripe < 0.14 { -0.09 } else { 0.0 })
        }
        false => {
            let board = (point.y * 4.2).floor();
            let seam = (point.y * 4.2).rem_euclid(1.0);
            let vein = grain.at(point.y * 6.0 + 0.05 * grain.at(point.x * 0.13) + board);
            let tone = tone.lighter(0.018 * vein + 0.03 * (board * 2.4).sin());
            tone.lighter(if seam < 0.02 { -0.14 } else { 0.0 })
        }
    })
}

/// A shadow to the lower right.
fn shadow(canvas: &mut Canvas, middle: Point, radius: f32) {
    let dark = rgb(0x1D1410);
    let under = Shape::circle(middle + at(0.02, 0.03), radius);
    canvas.shade(&under, 0.05, 0.5, |_| dark);
}

fn plate(canvas: &mut Canvas, middle: Point, radius: f32) {
    shadow(canvas, middle, radius);
    let light = |point: Point| {
        let side = (point - middle).dot(at(-0.6, -0.8)) / radius;
        rgb(0xF4F1EC).lighter(0.03 * side)
    };
    canvas.shade(&Shape::circle(middle, radius), 0.0, 1.0, light);
    let inner = radius * 0.72;
    canvas.shade(&Shape::circle(middle, inner), 0.012, 0.5, |_| rgb(0xD3CEC8));
    canvas.shade(
        &Shape::circle(middle + at(0.003, 0.004), inner * 0.985),
        0.008,
        1.0,
        |_| rgb(0xF7F5F1),
    );
}

fn bowl(canvas: &mut Canvas, middle: Point, radius: f32, rim: Colour, outside: Colour) {
    shadow(canvas, middle, radius);
    canvas.fill(&Shape::circle(middle, radius), outside);
    canvas.fill(&Shape::circle(middle, radius * 0.975), rim);
    let inner = |point: Point| {
        let side = (point - middle).dot(at(0.6, 0.8)) / radius;
        rim.lighter(-0.1 + 0.07 * side)
    };
    canvas.shade(&Shape::circle(middle, radius * 0.92), 0.004, 1.0, inner);
}

fn cutlery(canvas: &mut Canvas, middle: Point) {
    let x = middle.x + 0.44;
    for (offset, lean) in [(0.0, 0.012), (0.03, -0.004)] {
        let (top, foot) = (
            at(x + offset + lean, middle.y - 0.3),
            at(x + offset, middle.y + 0.32),
        );
        let under = Shape::line(top + at(0.008, 0.012), foot + at(0.008, 0.012), 0.008);
        canvas.shade(&under, 0.008, 0.35, |_| rgb(0x1D1410));
        canvas.fill(&Shape::line(top, foot, 0.0075), rgb(0x6E3F2C));
        canvas.fill(
            &Shape::line(top + (foot - top) * 0.86, foot, 0.0078),
            rgb(0xC89B4A),
        );
    }
}

/// A place on a circle.
fn around(middle: Point, radius: f32, angle: f32) -> Point {
    middle + at(0.0, -radius).turned(angle)
}

fn bibimbap(canvas: &mut Canvas, middle: Point, chance: &mut Chance) {
    const RADIUS: f32 = 0.325;
    canvas.fill(&Shape::circle(middle, RADIUS), rgb(0xF5EEDD));
    let sorts = [0x3F7A3A, 0xE88A2E, 0xE9DFB8, 0x6B4834, 0xD9C46A, 0x9C4A3A];
    let first = chance.between(0.0, TAU);
    let wedge = TAU / sorts.len() as f32;
    for (number, code) in sorts.iter().enumerate() {
        let begin = first + wedge * number as f32;
        for _ in 0..95 {
            let angle = begin + wedge * chance.between(0.06, 0.94);
            let place = around(middle, RADIUS * (0.3 + 0.63 * chance.unit().sqrt()), angle);
            let along = at(0.03, 0.0).turned(angle + chance.between(-0.9, 0.9));
            let strip = Shape::line(place - along, place + along, chance.between(0.0045, 0.0075));
            let tone = rgb(*code).lighter(chance.between(-0.09, 0.1));
            canvas.shade(&strip, 0.0, 1.0, |_| tone);
        }
    }
    egg(canvas, middle, 0.15, chance);
    for _ in 0..60 {
        let seed = around(
            middle,
            RADIUS * chance.unit().sqrt(),
            chance.between(0.0, TAU),
        );
        let shape = Shape::Ellipse {
            centre: seed,
            radii: at(0.0052, 0.003),
            turn: chance.between(0.0, TAU),
        };
        canvas.fill(&shape, rgb(0xF7EBC4));
    }
}

/// A fried egg.
fn egg(canvas: &mut Canvas, middle: Point, radius: f32, chance: &mut Chance) {
    let uneven: Vec<_> = (0..9).map(|_| chance.between(0.8, 1.1)).collect();
    let puff = |number: usize, size: f32| {
        let angle = TAU * number as f32 / uneven.len() as f32;
        let place = around(middle, radius * 0.42 * uneven[number], angle);
        Shape::circle(place, radius * 0.56 * size)
    };
    for number in 0..uneven.len() {
        canvas.shade(&puff(number, 1.06), 0.012, 0.3, |_| rgb(0x5A3A20));
    }
    for (size, code) in [(1.0, 0xF3E6CB), (0.94, 0xFDFBF5)] {
        for number in 0..uneven.len() {
            canvas.fill(&puff(number, size), rgb(code));
        }
    }
    let yolk = middle + at(0.01, -0.005);
    canvas.shade(
        &Shape::circle(yolk + at(0.004, 0.006), radius * 0.42),
        0.012,
        0.35,
        |_| rgb(0xB07A20),
    );
    let shine = |point: Point| {
        let away = (point - yolk + at(0.02, 0.025)).length() / (radius * 0.6);
        gradient(&[rgb(0xFFC838), rgb(0xFBAE22), rgb(0xEC9212)], away)
    };
    canvas.shade(&Shape::circle(yolk, radius * 0.4), 0.0, 1.0, shine);
    let spot = Shape::ellipse(yolk - at(0.018, 0.024), at(0.014, 0.009));
    canvas.shade(&spot, 0.006, 0.8, |_| rgb(0xFFF4D2));
}

fn ramen(canvas: &mut Canvas, middle: Point, chance: &mut Chance) {
    const RADIUS: f32 = 0.335;
    let broth = |point: Point| {
        let away = (point - middle).length() / RADIUS;
        gradient(&[rgb(0xD99A4E), rgb(0xC98037), rgb(0xA86026)], away)
    };
    canvas.shade(&Shape::circle(middle, RADIUS), 0.0, 1.0, broth);
    noodles(canvas, middle, RADIUS, chance);
    for _ in 0..34 {
        let drop = around(
            middle,
            RADIUS * 0.92 * chance.unit().sqrt(),
            chance.between(0.0, TAU),
        );
        let oil = Shape::circle(drop, chance.between(0.004, 0.012));
        canvas.shade(&oil, 0.001, 0.28, |_| rgb(0xF7D58A));
    }
    nori(canvas, middle);
    for angle in [-1.25, -0.55] {
        meat(canvas, around(middle, 0.19, angle), angle);
    }
    for angle in [2.5, 3.25] {
        half_egg(canvas, around(middle, 0.185, angle), angle);
    }
    fish_cake(canvas, around(middle, 0.19, 4.2));
    for _ in 0..46 {
        let place = middle
            + at(0.03, 0.01)
            + at(0.095 * chance.unit().sqrt(), 0.0).turned(chance.between(0.0, TAU));
        let green = rgb(chance.pick(&[0x6FB04A, 0x8FC75E, 0x4E913D]));
        canvas.fill(&Shape::circle(place, 0.0105), green);
        canvas.fill(&Shape::circle(place, 0.0052), green.lighter(0.2));
    }
}

fn noodles(canvas: &mut Canvas, middle: Point, radius: f32, chance: &mut Chance) {
    for strand in 0..26 {
        let wave = Waves::new(chance, 0.012, 1.5);
        let y = (strand as f32 / 25.0 - 0.5) * 1.5 * radius;
        let half = (radius * radius * 0.8 - y * y).max(0.0).sqrt();
        let tone = rgb(0xF3D78C).lighter(chance.between(-0.05, 0.04));
        let on = |x: f32| middle + at(x, y + wave.at(x)).turned(-0.35);
        let mut x = -half;
        while x < half {
            let next = (x + 0.02).min(half);
            let shade = Shape::line(on(x) + at(0.0, 0.006), on(next) + at(0.0, 0.006), 0.0075);
            canvas.shade(&shade, 0.002, 0.16, |_| rgb(0x8A551E));
            canvas.fill(&Shape::line(on(x), on(next), 0.0068), tone);
            x = next;
        }
    }
}

fn nori(canvas: &mut Canvas, middle: Point) {
    for (angle, turn) in [(0.85, 0.7), (1.2, 1.05)] {
        let sheet = Shape::Block {
            centre: around(middle, 0.275, angle),
            half: at(0.075, 0.105),
            corner: 0.006,
            turn,
        };
        canvas.shade(&sheet, 0.016, 0.35, |_| rgb(0x3A2210));
        canvas.shade(&sheet, 0.0, 1.0, |point| {
            let fibre = (point.x * 260.0).sin() * (point.y * 190.0).cos();
            rgb(0x1F332A).lighter(0.018 * fibre)
        });
    }
}

fn meat(canvas: &mut Canvas, centre: Point, turn: f32) {
    let disc = |size: f32| Shape::Ellipse {
        centre,
        radii: at(0.088, 0.076) * size,
        turn,
    };
    canvas.shade(&disc(1.06), 0.012, 0.35, |_| rgb(0x4A2810));
    canvas.fill(&disc(1.0), rgb(0x8E5236));
    canvas.fill(&disc(0.9), rgb(0xE3B495));
    canvas.fill(&disc(0.78), rgb(0xBE7E60));
    canvas.fill(&disc(0.5), rgb(0xDDAC8C));
    canvas.fill(&disc(0.36), rgb(0xB57357));
}

fn half_egg(canvas: &mut Canvas, centre: Point, turn: f32) {
    let oval = |size: f32| Shape::Ellipse {
        centre,
        radii: at(0.056, 0.072) * size,
        turn,
    };
    canvas.shade(&oval(1.08), 0.014, 0.4, |_| rgb(0x4A2810));
    canvas.fill(&oval(1.0), rgb(0xD9B080));
    canvas.fill(&oval(0.93), rgb(0xFBF5E8));
    canvas.fill(&Shape::circle(centre, 0.034), rgb(0xEE9A1E));
    canvas.shade(
        &Shape::circle(centre - at(0.006, 0.008), 0.02),
        0.012,
        0.8,
        |_| rgb(0xFFBE3F),
    );
}

fn fish_cake(canvas: &mut Canvas, centre: Point) {
    canvas.shade(&Shape::circle(centre, 0.06), 0.012, 0.35, |_| rgb(0x4A2810));
    let petals = 12;
    for petal in 0..petals {
        let place = around(centre, 0.044, TAU * petal as f32 / petals as f32);
        canvas.fill(&Shape::circle(place, 0.0145), rgb(0xFCFAF6));
    }
    canvas.fill(&Shape::circle(centre, 0.048), rgb(0xFCFAF6));
    let mut last = centre;
    for step in 1..30_u8 {
        let turn = f32::from(step) * 0.33;
        let next = around(centre, 0.0011 * f32::from(step), turn);
        canvas.fill(&Shape::line(last, next, 0.005), rgb(0xE97A93));
        last = next;
    }
}

fn pancakes(canvas: &mut Canvas, middle: Point, chance: &mut Chance) {
    let mut top = middle;
    for layer in 0..4 {
        top = middle + at(chance.between(-0.012, 0.012), 0.012 - 0.011 * layer as f32);
        let cake = |size: f32| Shape::circle(top, 0.232 * size);
        canvas.shade(&cake(1.03), 0.016, 0.4, |_| rgb(0x5A3414));
        canvas.fill(&cake(1.0), rgb(0xE9BE78));
        let brown = |point: Point| {
            let away = (point - top).length() / 0.22;
            let spots = (point.x * 95.0).sin() * (point.y * 80.0).cos();
            gradient(&[rgb(0xC87F38), rgb(0xC27630), rgb(0xD99A50)], away).lighter(0.02 * spots)
        };
        canvas.shade(&cake(0.93), 0.008, 1.0, brown);
    }
    syrup(canvas, top, chance);
    butter(canvas, top - at(0.01, 0.01));
    for number in 0..5 {
        let angle = TAU * number as f32 / 5.0 + 0.5;
        strawberry(canvas, around(top, 0.155, angle), angle);
    }
    for number in 0..11 {
        let angle = TAU * number as f32 / 11.0;
        let away = chance.between(0.26, 0.3);
        let spot = if number % 3 == 0 {
            around(top, 0.1, angle + 1.0)
        } else {
            around(middle, away, angle)
        };
        blueberry(canvas, spot);
    }
}

fn syrup(canvas: &mut Canvas, top: Point, chance: &mut Chance) {
    let sweet = rgb(0xA2571E);
    for number in 0..8 {
        let angle = TAU * number as f32 / 8.0 + chance.between(-0.2, 0.2);
        let end = around(top, chance.between(0.15, 0.24), angle);
        canvas.shade(
            &Shape::line(top, end, chance.between(0.018, 0.03)),
            0.004,
            0.94,
            |_| sweet,
        );
    }
    canvas.shade(&Shape::circle(top, 0.125), 0.005, 0.94, |_| sweet);
    let shine = Shape::ellipse(top - at(0.06, 0.075), at(0.03, 0.012));
    canvas.shade(&shine, 0.01, 0.4, |_| rgb(0xFFE2B0));
}

fn butter(canvas: &mut Canvas, centre: Point) {
    let pat = |size: f32, offset: f32| Shape::Block {
        centre: centre + at(0.0, offset),
        half: at(0.052, 0.045) * size,
        corner: 0.01,
        turn: 0.35,
    };
    canvas.shade(&pat(1.1, 0.012), 0.012, 0.4, |_| rgb(0x5A3414));
    canvas.fill(&pat(1.0, 0.008), rgb(0xE5BF4F));
    canvas.fill(&pat(0.98, 0.0), rgb(0xFFE992));
}

fn strawberry(canvas: &mut Canvas, centre: Point, turn: f32) {
    let on = |x: f32, y: f32| centre + at(x, y).turned(turn);
    let heart = [
        on(-0.036, -0.028),
        on(0.036, -0.028),
        on(0.026, 0.014),
        on(0.0, 0.045),
        on(-0.026, 0.014),
    ];
    let body = [
        Shape::Polygon(heart.to_vec()),
        Shape::circle(on(-0.018, -0.02), 0.021),
        Shape::circle(on(0.018, -0.02), 0.021),
    ];
    for part in &body {
        canvas.shade(part, 0.012, 0.3, |_| rgb(0x3A1208));
    }
    for part in &body {
        canvas.fill(part, rgb(0xDC2F3A));
    }
    for (x, y) in [
        (-0.018, -0.018),
        (0.016, -0.016),
        (0.0, 0.0),
        (-0.012, 0.014),
        (0.013, 0.013),
        (0.0, 0.028),
    ] {
        canvas.fill(&Shape::circle(on(x, y), 0.0028), rgb(0xFBD58A));
    }
    for leaf in [-0.9_f32, 0.0, 0.9] {
        let tip = on(0.0, -0.034) + at(0.0, -0.02).turned(turn + leaf);
        canvas.fill(&Shape::line(on(0.0, -0.032), tip, 0.0065), rgb(0x4E933E));
    }
}

fn blueberry(canvas: &mut Canvas, centre: Point) {
    canvas.shade(
        &Shape::circle(centre + at(0.004, 0.006), 0.021),
        0.008,
        0.35,
        |_| rgb(0x2A1610),
    );
    canvas.fill(&Shape::circle(centre, 0.02), rgb(0x3A4883));
    canvas.shade(
        &Shape::circle(centre - at(0.006, 0.006), 0.009),
        0.006,
        0.6,
        |_| rgb(0x8A9ACC),
    );
    canvas.fill(
        &Shape::circle(centre + at(0.002, 0.002), 0.006),
        rgb(0x26305C),
    );
}

fn coffee(canvas: &mut Canvas, middle: Point) {
    let handle = [middle + at(0.2, -0.02), middle + at(0.295, -0.05)];
    canvas.shade(
        &Shape::line(handle[0] + at(0.01, 0.02), handle[1] + at(0.01, 0.02), 0.03),
        0.014,
        0.3,
        |_| rgb(0x1D1410),
    );
    canvas.fill(&Shape::line(handle[0], handle[1], 0.024), rgb(0xE9EFF0));
    canvas.shade(
        &Shape::circle(middle + at(0.012, 0.018), 0.225),
        0.02,
        0.4,
        |_| rgb(0x4A403A),
    );
    canvas.fill(&Shape::circle(middle, 0.22), rgb(0xF3F7F7));
    canvas.shade(&Shape::circle(middle, 0.203), 0.004, 1.0, |point| {
        let side = (point - middle).dot(at(0.6, 0.8)) / 0.2;
        rgb(0xD5DBDA).lighter(0.06 * side)
    });
    let crema = |point: Point| {
        let away = (point - middle).length() / 0.19;
        gradient(&[rgb(0xB07542), rgb(0x9C6032), rgb(0x6E3E1E)], away * away)
    };
    canvas.shade(&Shape::circle(middle, 0.19), 0.0, 1.0, crema);
    let foam = rgb(0xF7E6CE);
    for (size, opacity) in [(1.22, 0.35), (1.08, 0.45), (0.9, 1.0)] {
        heart(canvas, middle + at(0.0, 0.012), 0.125 * size, opacity, foam);
    }
    heart(canvas, middle + at(0.0, 0.0), 0.055, 0.8, rgb(0xB88050));
    heart(canvas, middle + at(0.0, -0.002), 0.036, 1.0, foam);
    canvas.shade(
        &Shape::ellipse(middle - at(0.1, 0.12), at(0.035, 0.016)),
        0.014,
        0.35,
        |_| rgb(0xFFFFFF),
    );
}

fn heart(canvas: &mut Canvas, centre: Point, size: f32, opacity: f32, colour: Colour) {
    let outline: Vec<_> = (0..48_u8)
        .map(|step| {
            let turn = TAU * f32::from(step) / 48.0;
            let x = 16.0 * turn.sin().powi(3);
            let y = 13.0 * turn.cos()
                - 5.0 * (2.0 * turn).cos()
                - 2.0 * (3.0 * turn).cos()
                - (4.0 * turn).cos();
            centre + at(x, -y) * (size / 16.0)
        })
        .collect();
    canvas.shade(&Shape::Polygon(outline), 0.003, opacity, |_| colour);
}
