//! Hills in a season, one behind the other, with trees and sometimes a house.

use sosik_feed::people::Language;

use super::sky::{self, Light};
use crate::canvas::{Canvas, Point, Shape, at};
use crate::chance::{Chance, Waves};
use crate::colour::{Colour, gradient, rgb};

/// The variants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hills {
    season: Season,
    house: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Season {
    Spring,
    Summer,
    Autumn,
    Winter,
}

const SEASONS: [Season; 4] = [
    Season::Spring,
    Season::Summer,
    Season::Autumn,
    Season::Winter,
];

/// Rows of hills.
const ROWS: usize = 5;

impl Hills {
    pub(super) fn new(chance: &mut Chance) -> Self {
        Self {
            season: chance.pick(&SEASONS),
            house: chance.percent(45),
        }
    }

    pub(super) fn alt(self, language: Language) -> String {
        let season = season(self.season, language);
        match (self.house, language) {
            (false, _) => season.to_owned(),
            (true, Language::En) => format!("{season}, and a small house with a red roof"),
            (true, Language::Ko) => format!("{season}과 빨간 지붕의 작은 집"),
            (true, Language::Ja) => format!("{season}と赤い屋根の小さな家"),
        }
    }

    pub(super) fn draw(self, [width, height]: [usize; 2], chance: &mut Chance) -> Canvas {
        let bottom = height as f32 / width.min(height) as f32;
        let light = match self.season {
            Season::Autumn => Light::Dusk,
            Season::Winter => Light::Dawn,
            Season::Spring | Season::Summer => Light::Day,
        };
        let mut canvas = Canvas::new(width, height, |point| {
            sky::colour(light, bottom * 0.62, point)
        });
        let sun = at(canvas.right() * chance.between(0.15, 0.85), bottom * 0.2);
        sky::disc(&mut canvas, light, sun, 0.05);
        sky::clouds(&mut canvas, light, bottom * 0.6, chance);
        self.rows(&mut canvas, light, chance);
        if self.season == Season::Winter {
            snow(&mut canvas, chance);
        }
        canvas
    }

    fn rows(self, canvas: &mut Canvas, light: Light, chance: &mut Chance) {
        let (right, bottom) = (canvas.right(), canvas.bottom());
        let near = self.season.near();
        let yard = right * chance.between(0.25, 0.75);
        for row in 0..ROWS {
            let share = row as f32 / (ROWS - 1) as f32;
            let height = bottom * (0.42 + 0.4 * share);
            let waves = Waves::new(chance, 0.06 - 0.02 * share, 1.1 - 0.3 * share);
            let top = |x: f32| height + waves.at(x);
            let colour = self.season.far().mixed(near, share);
            let colour = light.haze().mixed(colour, 0.45 + 0.55 * share);
            let lit = colour.lighter(0.07);
            canvas.ground(top, 1.0, |point| {
                gradient(
                    &[lit, colour, colour.lighter(-0.06)],
                    (point.y - top(point.x)) / 0.3,
                )
            });
            let trees = [0, 26, 20, 13, 7][row];
            let size = 0.02 + 0.12 * share * share;
            for _ in 0..trees {
                let x = chance.between(0.0, right);
                if row + 2 >= ROWS && self.house && (x - yard).abs() < 0.17 {
                    continue;
                }
                let tall = size * chance.between(0.75, 1.25);
                let foot = at(x, top(x) + 0.1 * tall);
                self.tree(canvas, foot, tall, colour, chance);
            }
            if row + 2 == ROWS && self.house {
                house(canvas, at(yard, top(yard) + 0.012));
            }
        }
    }

    fn tree(
        self,
        canvas: &mut Canvas,
        foot: Point,
        tall: f32,
        ground: Colour,
        chance: &mut Chance,
    ) {
        let crown = match self.season {
            Season::Spring => chance.pick(&[0xF4B3C8, 0xF8CCD8, 0xEE9DB8]),
            Season::Summer => chance.pick(&[0x2F7D43, 0x3F8F4A, 0x276A3F]),
            Season::Autumn => chance.pick(&[0xC94F2C, 0xE08A2E, 0xD9A43A, 0xA83A2C]),
            Season::Winter => 0x3F5E63,
        };
        let crown = ground.mixed(rgb(crown), 0.45 + 4.0 * tall.min(0.13));
        match self.season {
            Season::Winter => fir(canvas, foot, tall, crown),
            Season::Spring | Season::Summer | Season::Autumn => {
                round_tree(canvas, foot, tall, crown, chance);
            }
        }
    }
}

impl Season {
    fn near(self) -> Colour {
        rgb(match self {
            Self::Spring => 0x6FA84F,
            Self::Summer => 0x3C8645,
            Self::Autumn => 0x7C6B32,
            Self::Winter => 0xE8F0F7,
        })
    }

    fn far(self) -> Colour {
        rgb(match self {
            Self::Spring => 0x9CC79A,
            Self::Summer => 0x7FB5A0,
            Self::Autumn => 0x8F7A58,
            Self::Winter => 0xAFC3DB,
        })
    }
}

const fn season(season: Season, language: Language) -> &'static str {
    match (season, language) {
        (Season::Spring, Language::En) => "Green hills in spring with cherry trees in blossom",
        (Season::Summer, Language::En) => "Green summer hills under a blue sky",
        (Season::Autumn, Language::En) => "Hills with autumn trees at sunset",
        (Season::Winter, Language::En) => "Snowy hills with fir trees on a winter morning",
        (Season::Spring, Language::Ko) => "벚꽃이 핀 봄 언덕 풍경",
        (Season::Summer, Language::Ko) => "파란 하늘 아래 푸른 여름 언덕 풍경",
        (Season::Autumn, Language::Ko) => "노을 속 단풍 든 가을 언덕 풍경",
        (Season::Winter, Language::Ko) => "전나무가 서 있는 겨울 아침 눈 덮인 언덕 풍경",
        (Season::Spring, Language::Ja) => "桜が咲く春の丘の風景",
        (Season::Summer, Language::Ja) => "青空の下の夏の丘の風景",
        (Season::Autumn, Language::Ja) => "夕焼けに染まる紅葉の丘の風景",
        (Season::Winter, Language::Ja) => "もみの木が立つ冬の朝の雪の丘の風景",
    }
}

fn round_tree(canvas: &mut Canvas, foot: Point, tall: f32, crown: Colour, chance: &mut Chance) {
    let top = foot - at(0.0, 0.65 * tall);
    canvas.fill(&Shape::line(foot, top, 0.035 * tall), rgb(0x5C4538));
    let shadow = Shape::ellipse(foot + at(0.12 * tall, 0.02 * tall), at(0.42, 0.06) * tall);
    canvas.shade(&shadow, 0.05 * tall, 0.22, |_| rgb(0x1E2A24));
    for puff in 0..7 {
        let place = top + at(chance.between(-0.26, 0.26), chance.between(-0.2, 0.16)) * tall;
        let tone = crown.lighter(0.05 * (puff as f32 - 3.0) / 3.0);
        canvas.fill(
            &Shape::circle(place, chance.between(0.17, 0.26) * tall),
            tone,
        );
    }
}

fn fir(canvas: &mut Canvas, foot: Point, tall: f32, crown: Colour) {
    canvas.fill(
        &Shape::line(foot, foot - at(0.0, 0.3 * tall), 0.03 * tall),
        rgb(0x554540),
    );
    for (low, high, half) in [(0.15, 0.62, 0.27), (0.4, 0.85, 0.21), (0.65, 1.1, 0.14)] {
        let on = |x: f32, y: f32| foot + at(x, -y) * tall;
        let level = [on(-half, low), on(half, low), on(0.0, high)];
        canvas.fill(&Shape::Polygon(level.to_vec()), crown);
        let white = [
            on(-0.45 * half, low + 0.55 * (high - low)),
            on(0.12 * half, low + 0.62 * (high - low)),
            on(0.0, high),
        ];
        canvas.shade(&Shape::Polygon(white.to_vec()), 0.01 * tall, 0.85, |_| {
            rgb(0xF6FAFD)
        });
    }
}

fn house(canvas: &mut Canvas, foot: Point) {
    const SIZE: f32 = 0.13;
    let on = |x: f32, y: f32| foot + at(x, -y) * SIZE;
    let wall = Shape::block(on(0.0, 0.22), at(0.42, 0.24) * SIZE, 0.0);
    canvas.fill(&wall, rgb(0xF3E9D8));
    let chimney = Shape::block(on(0.22, 0.72), at(0.05, 0.16) * SIZE, 0.0);
    canvas.fill(&chimney, rgb(0x9C5B4B));
    let roof = [
        on(-0.52, 0.44),
        on(0.52, 0.44),
        on(0.3, 0.82),
        on(-0.3, 0.82),
    ];
    canvas.fill(&Shape::Polygon(roof.to_vec()), rgb(0xC7453B));
    canvas.fill(
        &Shape::block(on(0.02, 0.14), at(0.07, 0.14) * SIZE, 0.0),
        rgb(0x7A4E36),
    );
    for x in [-0.24, 0.26] {
        let window = Shape::block(on(x, 0.25), at(0.08, 0.08) * SIZE, 0.0);
        canvas.fill(&window, rgb(0xFFD985));
    }
}

fn snow(canvas: &mut Canvas, chance: &mut Chance) {
    let (right, bottom) = (canvas.right(), canvas.bottom());
    for _ in 0..220 {
        let flake = at(chance.between(0.0, right), chance.between(0.0, bottom));
        let size = 0.0018 + 0.0045 * chance.unit().powi(2);
        let opacity = chance.between(0.4, 0.9);
        canvas.shade(&Shape::circle(flake, size), size * 0.6, opacity, |_| {
            rgb(0xFFFFFF)
        });
    }
}
