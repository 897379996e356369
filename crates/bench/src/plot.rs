//! Bars as SVG: plain text, no scripts, readable on light and dark pages.

use std::fmt::Write as _;

/// A bar.
pub(crate) struct Bar {
    pub(crate) label: String,
    pub(crate) length: f64,
    /// The figure at its end.
    pub(crate) figure: String,
}

const WIDTH: f64 = 760.0;
const LABELS: f64 = 250.0;
const FIGURES: f64 = 110.0;
const ROW: f64 = 26.0;
const HEAD: f64 = 44.0;

/// Horizontal bars under a title. If `mark` is set, a line shows that value, such as 1 for "as cheap as static".
pub(crate) fn bars(title: &str, bars: &[Bar], mark: Option<f64>) -> String {
    let longest = bars.iter().map(|bar| bar.length).fold(1e-9, f64::max);
    let scale = (WIDTH - LABELS - FIGURES) / longest;
    let rows = bars.iter().fold(0.0, |rows, _| rows + 1.0);
    let height = HEAD + rows * ROW + 16.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         font-family=\"system-ui, sans-serif\" font-size=\"13\" role=\"img\" aria-label=\"{title}\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
         <text x=\"16\" y=\"26\" font-size=\"15\" font-weight=\"600\" fill=\"#1b1f24\">{title}</text>\n",
        title = escaped(title),
    );
    let mut top = HEAD;
    for bar in bars {
        let length = (bar.length * scale).max(1.0);
        let (middle, end) = (top + 15.0, LABELS + length + 8.0);
        // Writing to a string cannot fail.
        let _ = writeln!(
            svg,
            "<text x=\"{right:.0}\" y=\"{middle:.0}\" text-anchor=\"end\" fill=\"#1b1f24\">{label}</text>\
             <rect x=\"{LABELS:.0}\" y=\"{y:.0}\" width=\"{length:.1}\" height=\"17\" rx=\"2\" fill=\"#2f6f9f\"/>\
             <text x=\"{end:.0}\" y=\"{middle:.0}\" fill=\"#1b1f24\">{figure}</text>",
            right = LABELS - 10.0,
            y = top + 2.0,
            label = escaped(&bar.label),
            figure = escaped(&bar.figure),
        );
        top += ROW;
    }
    if let Some(mark) = mark {
        let x = LABELS + mark * scale;
        let _ = writeln!(
            svg,
            "<line x1=\"{x:.1}\" y1=\"{HEAD}\" x2=\"{x:.1}\" y2=\"{top}\" stroke=\"#b3541e\" stroke-width=\"2\" stroke-dasharray=\"4 3\"/>",
        );
    }
    svg + "</svg>\n"
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_bar_fills_the_room_and_labels_are_escaped() {
        let bar = |label: &str, length| Bar {
            label: label.to_owned(),
            length,
            figure: format!("{length}×"),
        };
        let svg = bars("A & B", &[bar("<one>", 1.0), bar("two", 4.0)], Some(2.0));
        assert!(
            svg.contains("width=\"400.0\"") && svg.contains("width=\"100.0\""),
            "{svg}"
        );
        assert!(svg.contains("x1=\"450.0\""), "{svg}");
        assert!(
            svg.contains("A &amp; B") && svg.contains("&lt;one>"),
            "{svg}"
        );
        assert!(!svg.contains("script"));
    }
}
