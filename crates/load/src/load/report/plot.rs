//! Line plots as SVG, for a report that opens anywhere without scripts.
//!
//! Lines differ in their dashes as well as in their colours, because not everybody can distinguish colours.

use std::fmt::Write;

/// Size of a plot, in units of the drawing.
const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 260.0;
/// Room for the axes' labels.
const LEFT: f64 = 64.0;
const BELOW: f64 = 40.0;
const ABOVE: f64 = 12.0;
const RIGHT: f64 = 12.0;

/// Most points of a line: more than there are pixels would only enlarge the file.
const POINTS_MAX: usize = 700;

/// How each line is drawn, in turn: colour and dashes.
const STYLES: [(&str, &str); 8] = [
    ("#2266cc", ""),
    ("#cc5500", "6 3"),
    ("#228844", "2 2"),
    ("#8844aa", "8 2 2 2"),
    ("#aa2244", "1 3"),
    ("#448899", "10 4"),
    ("#997711", "4 1"),
    ("#666666", "3 3"),
];

/// The scale of an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Axis {
    /// Linear, from zero.
    Linear,
    /// Logarithmic, by powers of ten.
    Logarithmic,
}

/// A line, by points from left to right.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) name: String,
    pub(super) points: Vec<(f64, f64)>,
}

/// A plot with its lines.
#[derive(Debug)]
pub(super) struct Plot {
    pub(super) title: &'static str,
    pub(super) unit: &'static str,
    pub(super) vertical: Axis,
    /// Labels below the horizontal axis, each with its position.
    pub(super) marks: Vec<(f64, String)>,
    pub(super) lines: Vec<Line>,
}

impl Plot {
    /// Draws the plot as SVG, with a legend below. Without data it is a sentence.
    pub(super) fn draw(&self) -> String {
        let points = self.lines.iter().flat_map(|line| &line.points);
        let (mut right, mut low, mut high) = (0.0_f64, f64::INFINITY, 0.0_f64);
        for (x, y) in points.filter(|(_, y)| self.vertical == Axis::Linear || *y > 0.0) {
            (right, low, high) = (right.max(*x), low.min(*y), high.max(*y));
        }
        let mut out = format!("<section><h2>{}</h2>\n", self.title);
        if high <= 0.0 || right <= 0.0 {
            out.push_str("<p>Nothing was measured.</p></section>\n");
            return out;
        }
        let ticks = self.ticks(low, high);
        let field = Field {
            right,
            low: ticks.first().copied().unwrap_or_default(),
            high: ticks.last().copied().unwrap_or(high),
            vertical: self.vertical,
        };
        write_to(&mut out, |out| {
            writeln!(
                out,
                "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">",
                self.title
            )?;
            self.axes(out, &field, &ticks)?;
            for (line, style) in self.lines.iter().zip(STYLES.iter().cycle()) {
                field.line(out, line, *style)?;
            }
            out.push_str("</svg>\n<p>");
            for (line, (colour, dashes)) in self.lines.iter().zip(STYLES.iter().cycle()) {
                write!(
                    out,
                    "<span class=\"key\"><svg viewBox=\"0 0 30 8\" class=\"dash\"><line x1=\"0\" y1=\"4\" x2=\"30\" \
y2=\"4\" stroke=\"{colour}\" stroke-dasharray=\"{dashes}\"/></svg> {}</span> ",
                    line.name
                )?;
            }
            writeln!(out, "</p></section>")
        });
        out
    }

    /// The positions of the horizontal lines. The first and the last are the bounds.
    fn ticks(&self, low: f64, high: f64) -> Vec<f64> {
        match self.vertical {
            Axis::Linear => {
                let rough = high / 5.0;
                let power = 10.0_f64.powf(rough.log10().floor());
                let step = [1.0, 2.0, 5.0, 10.0]
                    .into_iter()
                    .map(|times| times * power)
                    .find(|step| *step >= rough)
                    .unwrap_or(rough);
                (0..=5_u8).map(|place| f64::from(place) * step).collect()
            }
            Axis::Logarithmic => {
                let (mut tick, most) = (10.0_f64.powf(low.log10().floor()), high);
                let mut ticks = vec![tick];
                while tick < most {
                    tick *= 10.0;
                    ticks.push(tick);
                }
                ticks
            }
        }
    }

    fn axes(&self, out: &mut String, field: &Field, ticks: &[f64]) -> std::fmt::Result {
        let (end, bottom) = (WIDTH - RIGHT, HEIGHT - BELOW);
        for tick in ticks {
            let y = field.y(*tick);
            writeln!(
                out,
                "<line class=\"grid\" x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{end}\" y2=\"{y:.1}\"/>\
<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                LEFT - 6.0,
                y + 4.0,
                short(*tick)
            )?;
        }
        for (at, text) in &self.marks {
            writeln!(
                out,
                "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{text}</text>",
                field.x(*at),
                bottom + 16.0
            )?;
        }
        writeln!(
            out,
            "<text x=\"4\" y=\"{:.1}\">{}</text>",
            HEIGHT - 6.0,
            self.unit
        )
    }
}

/// Maps figures to positions in the drawing.
struct Field {
    right: f64,
    low: f64,
    high: f64,
    vertical: Axis,
}

impl Field {
    fn x(&self, x: f64) -> f64 {
        LEFT + x / self.right * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, y: f64) -> f64 {
        let share = match self.vertical {
            Axis::Linear => (y - self.low) / (self.high - self.low),
            Axis::Logarithmic => (y / self.low).log10() / (self.high / self.low).log10(),
        };
        HEIGHT - BELOW - share.clamp(0.0, 1.0) * (HEIGHT - BELOW - ABOVE)
    }

    fn line(
        &self,
        out: &mut String,
        line: &Line,
        (colour, dashes): (&str, &str),
    ) -> std::fmt::Result {
        write!(
            out,
            "<polyline stroke=\"{colour}\" stroke-dasharray=\"{dashes}\" points=\""
        )?;
        for (x, y) in thinned(&line.points) {
            write!(out, "{:.1},{:.1} ", self.x(x), self.y(y))?;
        }
        writeln!(out, "\"><title>{}</title></polyline>", line.name)
    }
}

/// Merges neighbouring points and keeps the highest, because peaks matter most.
fn thinned(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let highest = |some: &[(f64, f64)]| {
        some.iter()
            .copied()
            .max_by(|one, two| one.1.total_cmp(&two.1))
    };
    let chunk = points.len().div_ceil(POINTS_MAX).max(1);
    points.chunks(chunk).filter_map(highest).collect()
}

/// A number in few characters.
fn short(number: f64) -> String {
    match number {
        0.0 => "0".to_owned(),
        number if number >= 1_000_000.0 => format!("{} M", number / 1_000_000.0),
        number if number >= 10_000.0 => format!("{} k", number / 1_000.0),
        number if number >= 1.0 => format!("{number:.0}"),
        number => format!("{number:.4}").trim_end_matches('0').to_owned(),
    }
}

/// Writing to a string cannot fail.
fn write_to(out: &mut String, write: impl FnOnce(&mut String) -> std::fmt::Result) {
    let _infallible = write(out);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot(vertical: Axis, points: Vec<(f64, f64)>) -> String {
        let name = "served".to_owned();
        Plot {
            title: "Requests",
            unit: "a second",
            vertical,
            marks: vec![(0.0, "0 s".to_owned())],
            lines: vec![Line { name, points }],
        }
        .draw()
    }

    #[test]
    fn a_line_goes_from_corner_to_corner_of_its_box() {
        let drawn = plot(Axis::Linear, vec![(0.0, 0.0), (10.0, 500.0)]);
        assert!(
            drawn.contains("points=\"64.0,220.0 708.0,12.0 \""),
            "{drawn}"
        );
        assert!(
            drawn.contains(">500</text>") && drawn.contains(">0 s</text>"),
            "{drawn}"
        );
    }

    #[test]
    fn powers_of_ten_are_evenly_spread() {
        let drawn = plot(
            Axis::Logarithmic,
            vec![(0.0, 1.0), (5.0, 10.0), (10.0, 100.0)],
        );
        assert!(
            drawn.contains("points=\"64.0,220.0 386.0,116.0 708.0,12.0 \""),
            "{drawn}"
        );
    }

    #[test]
    fn a_long_line_is_thinned_and_keeps_its_peak() {
        let points: Vec<(f64, f64)> = (0..86_400_u32)
            .map(|at| (f64::from(at), if at == 50_000 { 9.0 } else { 1.0 }))
            .collect();
        let thin = thinned(&points);
        assert!(thin.len() <= POINTS_MAX && thin.contains(&(50_000.0, 9.0)));
    }

    #[test]
    fn nothing_is_said_to_be_nothing() {
        assert!(plot(Axis::Linear, Vec::new()).contains("Nothing was measured"));
    }
}
