//! A plot of shapes, as one SVG file without scripts or external resources.

use std::fmt::Write as _;

use super::measure::Measured;

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 460.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 20.0;
const BOTTOM: f64 = 56.0;
/// Decades of friends, from 1.
const X_DECADES: u32 = 4;
/// Decades of people, from all of them down.
const Y_DECADES: u32 = 6;
/// Each line has a dash of its own, so that it can be distinguished without colour.
const LINES: [(&str, &str); 6] = [
    ("#0b5fa5", ""),
    ("#b3480a", "8 4"),
    ("#2e7d32", "2 4"),
    ("#7b1fa2", "12 4 2 4"),
    ("#8a6d00", "4 2"),
    ("#444444", "1 3"),
];
/// Points closer than this, in pixels, are merged.
const POINT_GAP: f64 = 1.0;

/// The part of people with at least a number of friends, with both axes logarithmic. One curve for each graph, at most
/// six.
pub fn svg(graphs: &[(&str, &Measured)]) -> String {
    let mut svg = String::new();
    let mut draw = |part: std::fmt::Arguments<'_>| {
        let _into_a_string_this_cannot_fail = svg.write_fmt(part);
    };
    draw(format_args!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"12\" role=\"img\">\n<title>Part of the people who have at least this many friends</title>\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n"
    ));
    for decade in 0..=X_DECADES {
        let (at, bottom) = (x(f64::from(10_u32.pow(decade))), HEIGHT - BOTTOM);
        draw(format_args!(
            "<path d=\"M{at:.1} {TOP}V{bottom}\" stroke=\"#ddd\"/>\
             <text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\n",
            bottom + 18.0,
            10_u32.pow(decade)
        ));
    }
    for decade in 0..=Y_DECADES {
        let part = 1.0 / f64::from(10_u32.pow(decade));
        draw(format_args!(
            "<path d=\"M{LEFT} {at:.1}H{:.1}\" stroke=\"#ddd\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{part}</text>\n",
            WIDTH - RIGHT,
            LEFT - 6.0,
            y(part) + 4.0,
            at = y(part),
        ));
    }
    draw(format_args!(
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">friends</text>\n\
         <text transform=\"translate(14 {:.1}) rotate(-90)\" text-anchor=\"middle\">\
         part of the people with at least this many</text>\n",
        LEFT.midpoint(WIDTH - RIGHT),
        HEIGHT - 14.0,
        TOP.midpoint(HEIGHT - BOTTOM),
    ));
    for (place, ((name, measured), (colour, dash))) in (0_u8..).zip(graphs.iter().zip(LINES)) {
        let line = format!(
            "fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" stroke-dasharray=\"{dash}\""
        );
        let below = HEIGHT - BOTTOM - 20.0 * f64::from(place) - 16.0;
        draw(format_args!(
            "<path d=\"{}\" {line}/>\n<path d=\"M{:.1} {below:.1}h34\" {line}/>\
             <text x=\"{:.1}\" y=\"{:.1}\">{} (clustering {:.2})</text>\n",
            curve(&measured.distribution),
            LEFT + 12.0,
            LEFT + 54.0,
            below + 4.0,
            escaped(name),
            measured.clustering,
        ));
    }
    draw(format_args!("</svg>\n"));
    svg
}

fn x(friends: f64) -> f64 {
    LEFT + friends.log10() / f64::from(X_DECADES) * (WIDTH - LEFT - RIGHT)
}

fn y(part: f64) -> f64 {
    TOP - part.log10() / f64::from(Y_DECADES) * (HEIGHT - TOP - BOTTOM)
}

fn curve(points: &[(u32, f64)]) -> String {
    let mut path = String::new();
    let mut last = (f64::NEG_INFINITY, f64::NEG_INFINITY);
    for (friends, part) in points {
        let at = (x(f64::from(*friends)), y(*part));
        if (at.0 - last.0).abs() + (at.1 - last.1).abs() < POINT_GAP {
            continue;
        }
        let step = if path.is_empty() { 'M' } else { 'L' };
        let _into_a_string_this_cannot_fail = write!(path, "{step}{:.1} {:.1}", at.0, at.1);
        last = at;
    }
    path
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::measure::measure;

    #[test]
    fn each_graph_has_a_curve_and_its_name_cannot_break_the_file() {
        let friends: [&[u32]; 4] = [&[1, 2], &[0, 2], &[0, 1, 3], &[2]];
        let measured = measure(&friends);
        let svg = svg(&[("ours", &measured), ("a<b", &measured)]);
        assert_eq!(svg.matches("(clustering 0.78)").count(), 2, "{svg}");
        assert!(svg.contains("a&lt;b") && !svg.contains("a<b"));
        assert_eq!(svg.matches("<path d=\"M70.0 20.0L").count(), 2, "{svg}");
    }
}
