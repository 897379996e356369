//! A cat on a cushion or by a window.

use sosik_feed::people::Language;

use crate::canvas::{Canvas, Point, Shape, at};
use crate::chance::Chance;
use crate::colour::{Colour, gradient, rgb};

/// The variants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cat {
    coat: Coat,
    asleep: bool,
    window: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coat {
    Ginger,
    Black,
    White,
    Grey,
}

const COATS: [Coat; 4] = [Coat::Ginger, Coat::Black, Coat::White, Coat::Grey];

impl Cat {
    pub(super) fn new(chance: &mut Chance) -> Self {
        Self {
            coat: chance.pick(&COATS),
            asleep: chance.percent(35),
            window: chance.percent(50),
        }
    }

    pub(super) fn alt(self, language: Language) -> String {
        let coat = self.coat.named(language);
        let pick = |texts: [&'static str; 2], which: bool| texts[usize::from(which)];
        match language {
            Language::En => {
                let does = pick(["sits", "sits with its eyes closed"], self.asleep);
                let place = pick(["on a cushion", "by the window"], self.window);
                format!("A {coat} cat {does} {place}")
            }
            Language::Ko => {
                let place = pick(["방석에", "창가에"], self.window);
                let does = pick(["앉아 있는", "앉아 눈을 감은"], self.asleep);
                format!("{place} {does} {coat} 고양이")
            }
            Language::Ja => {
                let place = pick(["クッションに", "窓辺に"], self.window);
                let does = pick(["座る", "座って目を閉じた"], self.asleep);
                format!("{place}{does}{coat}")
            }
        }
    }

    pub(super) fn draw(self, size: [usize; 2], chance: &mut Chance) -> Canvas {
        let mut canvas = room(size, self.window, chance);
        let foot = at(canvas.right() / 2.0, canvas.bottom() * 0.88);
        let scale = canvas.bottom().min(1.15) * 0.8;
        let cushion = rgb(chance.pick(&[0x5B8A8C, 0xB35A5A, 0xD9A44E, 0x6E6AA8]));
        let tail = if chance.percent(50) { 1.0 } else { -1.0 };
        if !self.window {
            pillow(&mut canvas, foot, scale, cushion);
        }
        Body {
            canvas: &mut canvas,
            foot,
            scale,
            coat: self.coat,
        }
        .draw(self.asleep, tail);
        canvas
    }
}

impl Coat {
    const fn named(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::Ginger, Language::En) => "ginger",
            (Self::Black, Language::En) => "black",
            (Self::White, Language::En) => "white",
            (Self::Grey, Language::En) => "grey",
            (Self::Ginger, Language::Ko) => "노란 줄무늬",
            (Self::Black, Language::Ko) => "까만",
            (Self::White, Language::Ko) => "하얀",
            (Self::Grey, Language::Ko) => "회색",
            (Self::Ginger, Language::Ja) => "茶トラの猫",
            (Self::Black, Language::Ja) => "黒猫",
            (Self::White, Language::Ja) => "白猫",
            (Self::Grey, Language::Ja) => "グレーの猫",
        }
    }

    fn fur(self) -> Colour {
        rgb(match self {
            Self::Ginger => 0xE89A4C,
            Self::Black => 0x35333B,
            Self::White => 0xF5F1EA,
            Self::Grey => 0x8E97A3,
        })
    }

    /// Stripes, and the darker parts.
    fn marks(self) -> Colour {
        rgb(match self {
            Self::Ginger => 0xC46F2A,
            Self::Black => 0x222128,
            Self::White => 0xDED6CB,
            Self::Grey => 0x6A7482,
        })
    }

    fn breast(self) -> Colour {
        rgb(match self {
            Self::Ginger => 0xFBE9D0,
            Self::Black => 0x4A4852,
            Self::White => 0xFFFFFF,
            Self::Grey => 0xC9D0D8,
        })
    }

    fn eyes(self) -> Colour {
        rgb(match self {
            Self::Ginger => 0x8FB44A,
            Self::Black => 0xF0C23A,
            Self::White => 0x6AAED9,
            Self::Grey => 0xE0A83C,
        })
    }
}

/// A wall and a floor, with a window or a plant.
fn room([width, height]: [usize; 2], window: bool, chance: &mut Chance) -> Canvas {
    let wall = rgb(chance.pick(&[0xE9D8C3, 0xCFDBD0, 0xD9D2E4, 0xF0DCD0]));
    let mut canvas = Canvas::new(width, height, |point| wall.lighter(0.05 - 0.09 * point.y));
    let (right, bottom) = (canvas.right(), canvas.bottom());
    let floor = bottom * 0.8;
    if window {
        pane(&mut canvas, chance);
        let sill = rgb(0xF4EEE4);
        canvas.ground(
            |_| floor,
            1.0,
            |point| sill.lighter(-0.35 * (point.y - floor)),
        );
        canvas.ground(|_| floor + 0.2, 1.0, |_| wall.lighter(-0.08));
        canvas.ground(|_| floor + 0.2, 0.35, |_| rgb(0x8A7460));
    } else {
        let boards = rgb(0xB88A62);
        canvas.ground(
            |_| floor,
            1.0,
            |point| {
                let board =
                    ((point.x - right / 2.0) / (0.4 + point.y - floor) * 5.0).rem_euclid(1.0);
                boards.lighter(if board < 0.04 {
                    -0.08
                } else {
                    0.04 * (point.y - floor)
                })
            },
        );
        let skirting = Shape::block(at(right / 2.0, floor), at(right, 0.014), 0.0);
        canvas.fill(&skirting, rgb(0xF7F2EA));
        picture(&mut canvas, at(right * 0.2, bottom * 0.26));
        plant(&mut canvas, at(right * 0.86, floor + 0.05), chance);
    }
    canvas
}

fn pane(canvas: &mut Canvas, chance: &mut Chance) {
    let (right, bottom) = (canvas.right(), canvas.bottom());
    let middle = at(right / 2.0, bottom * 0.4);
    let half = at(right * 0.4, bottom * 0.42);
    let skies = [
        [0x7FBCE8, 0xDDF0F8],
        [0x9A8FC9, 0xFFCFA8],
        [0x232C5C, 0x5A5F9A],
    ];
    let [high, low] = chance.pick(&skies).map(rgb);
    canvas.fill(
        &Shape::block(middle, half + at(0.03, 0.03), 0.008),
        rgb(0xF8F4EC),
    );
    canvas.shade(&Shape::block(middle, half, 0.0), 0.0, 1.0, |point| {
        gradient(&[high, low], point.y / (middle.y + half.y))
    });
    for (x, y, size) in [(-0.2, 0.3, 0.34), (0.24, 0.34, 0.4)] {
        let hill = Shape::ellipse(middle + at(x * right, y * bottom), at(size * right, 0.18));
        let tone = low.mixed(rgb(0x4E7D5A), 0.55);
        canvas.fill(&hill, tone);
    }
    canvas.fill(&Shape::block(middle, at(0.011, half.y), 0.0), rgb(0xF8F4EC));
    let bar = Shape::block(middle - at(0.0, half.y * 0.25), at(half.x, 0.009), 0.0);
    canvas.fill(&bar, rgb(0xF8F4EC));
    for side in [-1.0, 1.0] {
        let edge = middle.x + side * (half.x + 0.06);
        let cloth = Shape::block(at(edge, bottom * 0.36), at(0.09, bottom * 0.44), 0.02);
        canvas.shade(&cloth, 0.0, 1.0, |point| {
            rgb(0xD86F5C).lighter(0.05 * (point.x * 120.0).sin())
        });
    }
}

fn picture(canvas: &mut Canvas, middle: Point) {
    let frame = Shape::block(middle, at(0.11, 0.14), 0.004);
    canvas.shade(&frame, 0.016, 0.25, |_| rgb(0x3A2E24));
    canvas.fill(&frame, rgb(0x8A5F3E));
    canvas.fill(&Shape::block(middle, at(0.094, 0.124), 0.0), rgb(0xF7EEDC));
    let sea = Shape::block(middle + at(0.0, 0.03), at(0.07, 0.06), 0.0);
    canvas.fill(&sea, rgb(0x4E8FB8));
    canvas.fill(
        &Shape::circle(middle - at(0.01, 0.06), 0.028),
        rgb(0xF09A4C),
    );
}

fn plant(canvas: &mut Canvas, foot: Point, chance: &mut Chance) {
    for leaf in 0..9 {
        let turn = (leaf as f32 - 4.0) * 0.3 + chance.between(-0.1, 0.1);
        let stem = foot - at(0.0, 0.15);
        let tip = stem + at(0.0, -chance.between(0.18, 0.28)).turned(turn);
        let green = rgb(0x4E8A5A).lighter(chance.between(-0.07, 0.07));
        let blade = Shape::Ellipse {
            centre: stem + (tip - stem) * 0.6,
            radii: at(0.03, 0.11),
            turn,
        };
        canvas.fill(&Shape::line(stem, tip, 0.004), green);
        canvas.fill(&blade, green);
        canvas.fill(
            &Shape::line(stem, stem + (tip - stem) * 0.95, 0.0022),
            green.lighter(0.1),
        );
    }
    let pot = [
        foot + at(-0.085, -0.17),
        foot + at(0.085, -0.17),
        foot + at(0.062, 0.0),
        foot + at(-0.062, 0.0),
    ];
    canvas.fill(&Shape::Polygon(pot.to_vec()), rgb(0xC9744E));
    let rim = Shape::block(foot - at(0.0, 0.165), at(0.095, 0.02), 0.006);
    canvas.fill(&rim, rgb(0xD98660));
}

fn pillow(canvas: &mut Canvas, foot: Point, scale: f32, colour: Colour) {
    let on = |x: f32, y: f32| foot + at(x, y) * scale;
    let under = Shape::ellipse(on(0.0, 0.045), at(0.46, 0.06) * scale);
    canvas.shade(&under, 0.04, 0.35, |_| rgb(0x2A1C14));
    let soft = Shape::ellipse(on(0.0, 0.0), at(0.44, 0.085) * scale);
    canvas.shade(&soft, 0.0, 1.0, |point| {
        colour.lighter(0.5 * (foot.y - point.y))
    });
}

/// A sitting cat, seen from the front.
struct Body<'c> {
    canvas: &'c mut Canvas,
    foot: Point,
    scale: f32,
    coat: Coat,
}

impl Body<'_> {
    fn on(&self, x: f32, y: f32) -> Point {
        self.foot + at(x, y) * self.scale
    }

    fn oval(&self, [x, y]: [f32; 2], [wide, tall]: [f32; 2], turn: f32) -> Shape {
        Shape::Ellipse {
            centre: self.on(x, y),
            radii: at(wide, tall) * self.scale,
            turn,
        }
    }

    fn draw(mut self, asleep: bool, tail: f32) {
        let shadow = self.oval([0.0, 0.0], [0.33, 0.045], 0.0);
        self.canvas.shade(&shadow, 0.03, 0.4, |_| rgb(0x2A1C14));
        self.tail(tail);
        self.trunk();
        self.ears();
        self.head();
        self.face(asleep);
    }

    fn tail(&mut self, side: f32) {
        let fur = self.coat.fur();
        let marks = self.coat.marks();
        for step in 0..26_u8 {
            let share = f32::from(step) / 25.0;
            let x = side * (0.16 + 0.2 * (share * 2.4).sin());
            let y = -0.05 - 0.36 * share * share;
            let place = self.on(x, y);
            let ring = self.coat == Coat::Ginger && step % 7 > 4;
            let dark = ring || (step > 22 && self.coat != Coat::White);
            let colour = if dark { marks } else { fur };
            let size = (0.05 - 0.012 * share) * self.scale;
            self.canvas.fill(&Shape::circle(place, size), colour);
        }
    }

    fn trunk(&mut self) {
        let (fur, marks) = (self.coat.fur(), self.coat.marks());
        for side in [-1.0, 1.0] {
            let haunch = self.oval([0.15 * side, -0.12], [0.14, 0.135], 0.0);
            self.canvas.fill(&haunch, fur.mixed(marks, 0.25));
        }
        let torso = self.oval([0.0, -0.24], [0.175, 0.245], 0.0);
        let (top, low) = (fur.lighter(0.03), fur.mixed(marks, 0.18));
        let (foot, scale) = (self.foot, self.scale);
        self.canvas.shade(&torso, 0.0, 1.0, |point| {
            gradient(&[low, top], (foot.y - point.y) / (0.45 * scale))
        });
        let breast = self.oval([0.0, -0.26], [0.085, 0.17], 0.0);
        let light = self.coat.breast();
        self.canvas
            .shade(&breast, 0.03 * self.scale, 0.9, |_| light);
        if self.coat == Coat::Ginger {
            self.stripes();
        }
        for side in [-1.0, 1.0] {
            let leg = Shape::line(
                self.on(0.065 * side, -0.26),
                self.on(0.062 * side, -0.05),
                0.046 * self.scale,
            );
            self.canvas
                .shade(&leg, 0.008, 0.18, |_| marks.lighter(-0.1));
            let leg = Shape::line(
                self.on(0.065 * side, -0.26),
                self.on(0.062 * side, -0.05),
                0.042 * self.scale,
            );
            self.canvas.fill(&leg, fur);
            let paw = self.oval([0.066 * side, -0.028], [0.062, 0.04], 0.0);
            self.canvas.fill(&paw, light.mixed(fur, 0.25));
            for toe in [-0.02, 0.02] {
                let line = Shape::line(
                    self.on(0.066 * side + toe, -0.03),
                    self.on(0.066 * side + toe, -0.008),
                    0.003 * self.scale,
                );
                self.canvas.shade(&line, 0.0, 0.5, |_| marks);
            }
        }
    }

    fn stripes(&mut self) {
        let marks = self.coat.marks();
        for side in [-1.0, 1.0] {
            for (y, long) in [(-0.33, 0.05), (-0.26, 0.06), (-0.19, 0.06)] {
                let line = Shape::line(
                    self.on(0.158 * side, y),
                    self.on((0.158 - long) * side, y + 0.012),
                    0.011 * self.scale,
                );
                self.canvas.shade(&line, 0.004, 0.8, |_| marks);
            }
        }
    }

    fn ears(&mut self) {
        let fur = self.coat.fur();
        let tip = if self.coat == Coat::White {
            fur
        } else {
            fur.mixed(self.coat.marks(), 0.5)
        };
        for side in [-1.0, 1.0] {
            let ear = |size: f32| {
                let corner = |x: f32, y: f32| [x * side, y];
                let middle = [0.115, -0.66];
                let corners = [[0.045, -0.62], [0.185, -0.575], [0.165, -0.79]];
                corners.map(|[x, y]| {
                    corner(
                        middle[0] + (x - middle[0]) * size,
                        middle[1] + (y - middle[1]) * size,
                    )
                })
            };
            let outer = ear(1.0).map(|[x, y]| self.on(x, y));
            let inner = ear(0.6).map(|[x, y]| self.on(x, y));
            self.canvas.fill(&Shape::Polygon(outer.to_vec()), tip);
            self.canvas
                .fill(&Shape::Polygon(inner.to_vec()), rgb(0xE8A9A4));
        }
    }

    fn head(&mut self) {
        let (fur, marks) = (self.coat.fur(), self.coat.marks());
        let under = self.oval([0.0, -0.43], [0.15, 0.07], 0.0);
        self.canvas
            .shade(&under, 0.04 * self.scale, 0.4, |_| marks.lighter(-0.08));
        let head = self.oval([0.0, -0.545], [0.195, 0.16], 0.0);
        self.canvas.fill(&head, fur);
        for side in [-1.0, 1.0] {
            let cheek = self.oval([0.115 * side, -0.5], [0.095, 0.085], 0.0);
            self.canvas.fill(&cheek, fur);
        }
        if self.coat == Coat::Ginger || self.coat == Coat::Grey {
            for (x, long) in [(-0.045, 0.06), (0.0, 0.075), (0.045, 0.06)] {
                let line = Shape::line(
                    self.on(x, -0.69),
                    self.on(x * 0.75, -0.69 + long),
                    0.0105 * self.scale,
                );
                self.canvas.shade(&line, 0.004, 0.85, |_| marks);
            }
        }
    }

    fn face(&mut self, asleep: bool) {
        let light = self.coat.breast();
        for side in [-1.0, 1.0] {
            let muzzle = self.oval([0.036 * side, -0.478], [0.052, 0.04], 0.0);
            self.canvas
                .fill(&muzzle, light.mixed(self.coat.fur(), 0.12));
            self.eye(side, asleep);
        }
        let dark = rgb(0x4A3330);
        let nose = [
            self.on(-0.02, -0.512),
            self.on(0.02, -0.512),
            self.on(0.0, -0.49),
        ];
        self.canvas
            .fill(&Shape::Polygon(nose.to_vec()), rgb(0xE08A8A));
        for side in [-1.0, 1.0] {
            let mouth = [
                self.on(0.0, -0.485),
                self.on(0.012 * side, -0.468),
                self.on(0.032 * side, -0.466),
            ];
            for pair in mouth.windows(2) {
                self.canvas
                    .fill(&Shape::line(pair[0], pair[1], 0.0035 * self.scale), dark);
            }
            for (rise, end) in [(-0.018, -0.53), (0.0, -0.487), (0.016, -0.445)] {
                let hair = Shape::line(
                    self.on(0.06 * side, -0.485 + rise * 0.6),
                    self.on(0.265 * side, end),
                    0.0022 * self.scale,
                );
                let tone = if self.coat == Coat::Black {
                    rgb(0xC9C7CC)
                } else {
                    rgb(0x6A5C55)
                };
                self.canvas.shade(&hair, 0.0, 0.65, |_| tone);
            }
        }
    }

    fn eye(&mut self, side: f32, asleep: bool) {
        let dark = rgb(0x262022);
        let x = 0.088 * side;
        if asleep {
            let lid = if self.coat == Coat::Black {
                rgb(0x9A97A0)
            } else {
                dark
            };
            let curve = [
                [-0.034, -0.552],
                [-0.014, -0.541],
                [0.014, -0.541],
                [0.034, -0.552],
            ];
            let curve = curve.map(|[dx, y]| self.on(x + dx, y));
            for pair in curve.windows(2) {
                self.canvas
                    .fill(&Shape::line(pair[0], pair[1], 0.0055 * self.scale), lid);
            }
            return;
        }
        let rim = self.oval([x, -0.556], [0.046, 0.042], 0.0);
        self.canvas.fill(&rim, dark);
        let iris = self.oval([x, -0.556], [0.04, 0.037], 0.0);
        let colour = self.coat.eyes();
        self.canvas.fill(&iris, colour);
        let pupil = self.oval([x, -0.556], [0.019, 0.033], 0.0);
        self.canvas.fill(&pupil, dark);
        let spark = Shape::circle(self.on(x - 0.012, -0.57), 0.0095 * self.scale);
        self.canvas.fill(&spark, rgb(0xFFFFFF));
    }
}
