//! A canvas with floating point colours, and shapes with smooth edges.
//! The shorter side of a canvas is 1 unit long. The origin is the upper left corner, and `y` grows downwards. A shape
//! is a signed distance function: negative inside. The coverage of a pixel follows from its distance to the edge, so
//! edges are smooth without more samples.

use std::ops::{Add, Mul, Sub};

use crate::chance::Chance;
use crate::colour::Colour;

/// A place on a canvas.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Point {
    pub(crate) x: f32,
    pub(crate) y: f32,
}

/// The point at these coordinates.
pub(crate) const fn at(x: f32, y: f32) -> Point {
    Point { x, y }
}

impl Add for Point {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        at(self.x + other.x, self.y + other.y)
    }
}

impl Sub for Point {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        at(self.x - other.x, self.y - other.y)
    }
}

impl Mul<f32> for Point {
    type Output = Self;
    fn mul(self, by: f32) -> Self {
        at(self.x * by, self.y * by)
    }
}

impl Point {
    pub(crate) fn dot(self, other: Self) -> f32 {
        self.x * other.x + self.y * other.y
    }

    pub(crate) fn length(self) -> f32 {
        self.dot(self).sqrt()
    }

    /// Turned around the origin, clockwise on the canvas.
    pub(crate) fn turned(self, angle: f32) -> Self {
        let (sin, cos) = angle.sin_cos();
        at(self.x * cos - self.y * sin, self.x * sin + self.y * cos)
    }
}

/// An area with an edge.
#[derive(Debug, Clone)]
pub(crate) enum Shape {
    Circle {
        centre: Point,
        radius: f32,
    },
    Ellipse {
        centre: Point,
        radii: Point,
        /// In radians, clockwise.
        turn: f32,
    },
    /// A line with round ends.
    Line {
        from: Point,
        to: Point,
        radius: f32,
    },
    /// A rectangle with round corners.
    Block {
        centre: Point,
        half: Point,
        corner: f32,
        turn: f32,
    },
    /// At least three corners.
    Polygon(Vec<Point>),
}

impl Shape {
    pub(crate) fn circle(centre: Point, radius: f32) -> Self {
        Self::Circle { centre, radius }
    }

    pub(crate) fn ellipse(centre: Point, radii: Point) -> Self {
        Self::Ellipse {
            centre,
            radii,
            turn: 0.0,
        }
    }

    pub(crate) fn line(from: Point, to: Point, radius: f32) -> Self {
        Self::Line { from, to, radius }
    }

    /// An upright rectangle.
    pub(crate) fn block(centre: Point, half: Point, corner: f32) -> Self {
        Self::Block {
            centre,
            half,
            corner,
            turn: 0.0,
        }
    }

    /// The distance from the edge; negative inside.
    pub(crate) fn distance(&self, point: Point) -> f32 {
        match self {
            Self::Circle { centre, radius } => (point - *centre).length() - radius,
            Self::Ellipse {
                centre,
                radii,
                turn,
            } => to_ellipse((point - *centre).turned(-turn), *radii),
            Self::Line { from, to, radius } => to_segment(point, *from, *to) - radius,
            Self::Block {
                centre,
                half,
                corner,
                turn,
            } => to_block((point - *centre).turned(-turn), *half, *corner),
            Self::Polygon(corners) => to_polygon(point, corners),
        }
    }

    /// The upper left and the lower right corner of a box around the shape.
    fn bounds(&self) -> (Point, Point) {
        let around = |centre: Point, reach: Point| (centre - reach, centre + reach);
        match self {
            Self::Circle { centre, radius } => around(*centre, at(*radius, *radius)),
            Self::Ellipse { centre, radii, .. } => {
                let reach = radii.x.max(radii.y);
                around(*centre, at(reach, reach))
            }
            Self::Line { from, to, radius } => {
                let (low, high) = bounds_of(&[*from, *to]);
                (low - at(*radius, *radius), high + at(*radius, *radius))
            }
            Self::Block { centre, half, .. } => {
                let reach = half.length();
                around(*centre, at(reach, reach))
            }
            Self::Polygon(corners) => bounds_of(corners),
        }
    }
}

fn bounds_of(points: &[Point]) -> (Point, Point) {
    let nothing = (at(f32::MAX, f32::MAX), at(f32::MIN, f32::MIN));
    points.iter().fold(nothing, |(low, high), point| {
        (
            at(low.x.min(point.x), low.y.min(point.y)),
            at(high.x.max(point.x), high.y.max(point.y)),
        )
    })
}

/// The distance from an ellipse around the origin: exact on the edge, approximate elsewhere.
fn to_ellipse(point: Point, radii: Point) -> f32 {
    let scaled = at(point.x / radii.x, point.y / radii.y);
    let slope = at(scaled.x / radii.x, scaled.y / radii.y).length();
    let length = scaled.length();
    if slope < 1e-6 {
        return -radii.x.min(radii.y);
    }
    length * (length - 1.0) / slope
}

fn to_segment(point: Point, from: Point, to: Point) -> f32 {
    let (along, whole) = (point - from, to - from);
    let share = (along.dot(whole) / whole.dot(whole).max(1e-9)).clamp(0.0, 1.0);
    (along - whole * share).length()
}

fn to_block(point: Point, half: Point, corner: f32) -> f32 {
    let beyond = at(
        point.x.abs() - half.x + corner,
        point.y.abs() - half.y + corner,
    );
    let outside = at(beyond.x.max(0.0), beyond.y.max(0.0)).length();
    outside + beyond.x.max(beyond.y).min(0.0) - corner
}

fn to_polygon(point: Point, corners: &[Point]) -> f32 {
    let mut nearest = f32::MAX;
    let mut inside = false;
    let mut previous = corners[corners.len() - 1];
    for &corner in corners {
        nearest = nearest.min(to_segment(point, previous, corner));
        let crosses = (corner.y > point.y) != (previous.y > point.y);
        let rise = (point.y - corner.y) / (previous.y - corner.y);
        if crosses && point.x < corner.x + rise * (previous.x - corner.x) {
            inside = !inside;
        }
        previous = corner;
    }
    if inside { -nearest } else { nearest }
}

/// The pixels of a picture.
#[derive(Debug)]
pub(crate) struct Canvas {
    width: usize,
    height: usize,
    /// Pixels in a unit.
    scale: f32,
    pixels: Vec<Colour>,
}

impl Canvas {
    /// A canvas of this many pixels, with this background.
    pub(crate) fn new(width: usize, height: usize, paint: impl Fn(Point) -> Colour) -> Self {
        let scale = width.min(height) as f32;
        let place = |pixel: usize| {
            let (x, y) = (pixel % width, pixel / width);
            at(x as f32 + 0.5, y as f32 + 0.5) * (1.0 / scale)
        };
        let pixels = (0..width * height).map(|pixel| paint(place(pixel)));
        Self {
            width,
            height,
            scale,
            pixels: pixels.collect(),
        }
    }

    /// Units from left to right.
    pub(crate) fn right(&self) -> f32 {
        self.width as f32 / self.scale
    }

    /// Units from top to bottom.
    pub(crate) fn bottom(&self) -> f32 {
        self.height as f32 / self.scale
    }

    /// Fills a shape with one colour.
    pub(crate) fn fill(&mut self, shape: &Shape, colour: Colour) {
        self.shade(shape, 0.0, 1.0, |_| colour);
    }

    /// Fills a shape whose edge is blurred over `soft` units, with an opacity from 0 to 1.
    pub(crate) fn shade(
        &mut self,
        shape: &Shape,
        soft: f32,
        opacity: f32,
        paint: impl Fn(Point) -> Colour,
    ) {
        let (low, high) = shape.bounds();
        let margin = soft + 1.0 / self.scale;
        let width = (2.0 * soft).max(1.0 / self.scale);
        let (from, to) = (low - at(margin, margin), high + at(margin, margin));
        let covers = |point, _| {
            let covered = (0.5 - shape.distance(point) / width).clamp(0.0, 1.0);
            match soft > 0.0 {
                true => smooth(covered) * opacity,
                false => covered * opacity,
            }
        };
        self.mix(from, to, covers, paint);
    }

    /// Fills everything below a curve.
    pub(crate) fn ground(
        &mut self,
        top: impl Fn(f32) -> f32,
        opacity: f32,
        paint: impl Fn(Point) -> Colour,
    ) {
        let pixel = 1.0 / self.scale;
        let edge = |x: usize| {
            let column = (x as f32 + 0.5) * pixel;
            let curve = top(column);
            let slope = (top(column + pixel) - curve) / pixel;
            (curve, pixel * (1.0 + slope * slope).sqrt())
        };
        let edges: Vec<_> = (0..self.width).map(edge).collect();
        let highest = edges.iter().map(|(curve, width)| curve - width);
        let highest = highest.fold(f32::MAX, f32::min);
        let (from, to) = (at(0.0, highest), at(self.right(), self.bottom()));
        let covers = |point: Point, column: usize| {
            let (curve, width) = edges[column];
            (0.5 + (point.y - curve) / width).clamp(0.0, 1.0) * opacity
        };
        self.mix(from, to, covers, paint);
    }

    /// Mixes colours into the pixels of a box. `covers` returns the opacity at a place in a column.
    fn mix(
        &mut self,
        from: Point,
        to: Point,
        covers: impl Fn(Point, usize) -> f32,
        paint: impl Fn(Point) -> Colour,
    ) {
        let columns = self.range(from.x, to.x, self.width);
        let pixel = 1.0 / self.scale;
        for y in self.range(from.y, to.y, self.height) {
            for x in columns.clone() {
                let point = at(x as f32 + 0.5, y as f32 + 0.5) * pixel;
                let opacity = covers(point, x);
                if opacity > 0.0 {
                    let under = &mut self.pixels[y * self.width + x];
                    *under = under.mixed(paint(point), opacity);
                }
            }
        }
    }

    /// The pixels whose middles are between two places of an axis.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to the length of the axis"
    )]
    fn range(&self, from: f32, to: f32, length: usize) -> std::ops::Range<usize> {
        let pixel = |place: f32| (place * self.scale + 0.5).floor().clamp(0.0, length as f32);
        pixel(from) as usize..pixel(to) as usize
    }

    /// Draws a reflection: mirrors everything above a line to the area below it, shifted sideways by `shift`.
    pub(crate) fn reflect(&mut self, line: f32, opacity: f32, shift: impl Fn(Point) -> f32) {
        let mirror = self.range(line, self.bottom(), self.height);
        let above = self.pixels.clone();
        for y in mirror.clone() {
            let source = mirror.start.saturating_sub(y - mirror.start + 1);
            for x in 0..self.width {
                let point = at(x as f32, y as f32) * (1.0 / self.scale);
                let moved = x as f32 + shift(point) * self.scale;
                let column = self.range(0.0, moved / self.scale, self.width).end;
                let colour = above[source * self.width + column.min(self.width - 1)];
                let under = &mut self.pixels[y * self.width + x];
                *under = under.mixed(colour, opacity);
            }
        }
    }

    /// Returns the finished picture as bytes of red, green and blue. Darkens the corners, and adds grain against
    /// banding.
    pub(crate) fn finish(self, chance: &mut Chance) -> Vec<u8> {
        const CORNERS: f32 = 0.16;
        const GRAIN: f32 = 0.008;
        let middle = at(self.right(), self.bottom()) * 0.5;
        let mut bytes = Vec::with_capacity(3 * self.pixels.len());
        for (pixel, colour) in self.pixels.iter().enumerate() {
            let (x, y) = (pixel % self.width, pixel / self.width);
            let away = (at(x as f32, y as f32) * (1.0 / self.scale) - middle).length();
            let light = 1.0 - CORNERS * smooth((away / middle.length()).powi(2));
            let grain = GRAIN * (chance.unit() - 0.5);
            bytes.extend((*colour * light).lighter(grain).bytes());
        }
        bytes
    }
}

/// Smoothstep: maps 0 to 0 and 1 to 1, with slope 0 at both ends.
pub(crate) fn smooth(share: f32) -> f32 {
    let share = share.clamp(0.0, 1.0);
    share * share * (3.0 - 2.0 * share)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::colour::rgb;

    #[test]
    fn distances_are_negative_inside_and_grow_outside() {
        let square = [at(0.0, 0.0), at(1.0, 0.0), at(1.0, 1.0), at(0.0, 1.0)];
        let shapes = [
            Shape::circle(at(0.5, 0.5), 0.5),
            Shape::ellipse(at(0.5, 0.5), at(0.5, 0.4)),
            Shape::line(at(0.2, 0.5), at(0.8, 0.5), 0.3),
            Shape::block(at(0.5, 0.5), at(0.5, 0.5), 0.1),
            Shape::Polygon(square.to_vec()),
        ];
        for shape in shapes {
            assert!(shape.distance(at(0.5, 0.5)) < 0.0, "{shape:?}");
            let away = [2.0, 3.0].map(|x| shape.distance(at(x, 0.5)));
            assert!(0.5 < away[0] && away[0] < away[1], "{shape:?}: {away:?}");
        }
    }

    #[test]
    fn a_pixel_on_an_edge_is_half_covered() {
        let mut canvas = Canvas::new(3, 3, |_| rgb(0));
        let edge = at(0.5, 0.5);
        let half = Shape::block(edge - at(0.5, 0.0), at(0.5, 2.0), 0.0);
        canvas.fill(&half, rgb(0xFFFFFF));
        let shades: Vec<_> = canvas.pixels[3..6].iter().map(|it| it.bytes()[0]).collect();
        assert_eq!((shades[0], shades[2]), (255, 0));
        assert!((120..136).contains(&shades[1]), "{shades:?}");
    }
}
