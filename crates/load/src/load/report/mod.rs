//! The report as one HTML file that opens offline, without scripts or external resources.

mod plot;

use std::fmt::Write;

use self::plot::{Axis, Line, Plot};
use super::stats::{Report, SecondStats};
use super::table::table;

/// Marks below the time axis.
const MARKS: u32 = 8;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;\
color:#222;background:#fff}h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}pre{overflow-x:auto;font-size:.8rem}\
svg{width:100%;height:auto}svg.dash{width:2.2em;height:.6em}polyline,svg.dash line{fill:none;stroke-width:1.6}\
.grid{stroke:#ccc;stroke-width:.6}text{font-size:11px;fill:#444}.key{white-space:nowrap;margin-right:1em}\
@media(prefers-color-scheme:dark){body{color:#ddd;background:#161616}text{fill:#bbb}.grid{stroke:#444}}";

/// The report with its plots. `title` describes the load. `check` is the output of the checker, if it was used.
#[must_use]
pub fn html(report: &Report, title: &str, check: Option<&str>) -> String {
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n\
<meta name=\"viewport\" content=\"width=device-width\">\n<title>{0}</title>\n<style>{STYLE}</style></head>\n\
<body><h1>{0}</h1>\n<pre>{1}</pre>\n",
        escaped(title),
        escaped(&table(report))
    );
    for plot in [
        requests(report),
        latencies(report),
        distributions(report),
        lags(report),
    ] {
        out.push_str(&plot.draw());
    }
    if let Some(check) = check {
        // Writing to a string cannot fail.
        let _infallible = writeln!(
            out,
            "<section><h2>Promises</h2>\n<pre>{}</pre></section>",
            escaped(check)
        );
    }
    out.push_str("</body></html>\n");
    out
}

fn requests(report: &Report) -> Plot {
    let line = |name, figure: fn(&SecondStats) -> u64| by_second(report, name, figure, 1.0);
    Plot {
        title: "Requests a second, by the intended moments",
        unit: "requests a second",
        vertical: Axis::Linear,
        marks: moments(report),
        lines: vec![
            line("offered", |of| of.offered),
            line("served", |of| of.served),
            line("shed", |of| of.shed),
            line("failed", |of| of.failed),
        ],
    }
}

fn latencies(report: &Report) -> Plot {
    let line = |name, figure: fn(&SecondStats) -> u64| by_second(report, name, figure, 1_000.0);
    Plot {
        title: "Latency of served requests, from the intended moment",
        unit: "milliseconds",
        vertical: Axis::Logarithmic,
        marks: moments(report),
        lines: vec![
            line("median (p50)", |of| of.p50),
            line("99th percentile (p99)", |of| of.p99),
            line("slowest", |of| of.slowest),
        ],
    }
}

fn by_second(report: &Report, name: &str, figure: fn(&SecondStats) -> u64, unit: f64) -> Line {
    let seconds = (0_u32..).zip(&report.by_second);
    let points = seconds.map(|(second, of)| (f64::from(second), number(figure(of)) / unit));
    // A second without a served request has no latency.
    let points = points.filter(|(_, value)| *value > 0.0 || unit == 1.0);
    Line {
        name: name.to_owned(),
        points: points.collect(),
    }
}

fn moments(report: &Report) -> Vec<(f64, String)> {
    let seconds = u32::try_from(report.by_second.len()).unwrap_or(u32::MAX);
    let step = seconds.div_ceil(MARKS).max(1) as usize;
    (0..seconds)
        .step_by(step)
        .map(|second| (f64::from(second), format!("{second} s")))
        .collect()
}

/// The horizontal axis is the number of nines, so that rare latencies have room.
fn distributions(report: &Report) -> Plot {
    let nines = |share: f64| -(1.0 - share.min(0.999_99)).log10();
    let marks = [0.0, 0.9, 0.99, 0.999, 0.999_9].map(|share| (nines(share), percent(share)));
    let lines = report.distributions.iter().map(|of| Line {
        name: of.action.name().to_owned(),
        points: (of.quantiles.iter())
            .map(|(share, latency)| (nines(*share), number(*latency) / 1_000.0))
            .collect(),
    });
    Plot {
        title: "Distribution of latencies: the share of requests that are no slower",
        unit: "milliseconds; the right end is the slowest",
        vertical: Axis::Logarithmic,
        marks: marks.to_vec(),
        lines: lines.collect(),
    }
}

fn lags(report: &Report) -> Plot {
    let places = [
        ("p50", 0.0),
        ("p90", 1.0),
        ("p99", 2.0),
        ("p99.9", 3.0),
        ("max", 4.0),
    ];
    let lines = report.lags.iter().map(|of| {
        let lag = of.lag;
        let values = [lag.p50, lag.p90, lag.p99, lag.p99_9, lag.max];
        let points = places.iter().zip(values);
        Line {
            name: match of.readers_to {
                u64::MAX => "authors with any number of readers".to_owned(),
                most => format!("authors with up to {most} readers"),
            },
            points: points
                .map(|((_, place), value)| (*place, number(value) / 1_000.0))
                .collect(),
        }
    });
    Plot {
        title: "Post to visible in live streams, by the size of the author",
        unit: "milliseconds",
        vertical: Axis::Logarithmic,
        marks: places
            .map(|(name, place)| (place, name.to_owned()))
            .to_vec(),
        lines: lines.collect(),
    }
}

fn percent(share: f64) -> String {
    let percent = format!("{:.2}", share * 100.0);
    format!("{} %", percent.trim_end_matches('0').trim_end_matches('.'))
}

#[expect(clippy::cast_precision_loss, reason = "figures to be drawn")]
const fn number(figure: u64) -> f64 {
    figure as f64
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::super::mix::Action;
    use super::super::stats::{Distribution, LagStats, Latency};
    use super::*;

    #[test]
    fn a_report_holds_its_plots_and_asks_for_nothing_from_elsewhere() {
        let second = |served| SecondStats {
            offered: 9,
            served,
            shed: 1,
            p50: 900,
            p99: 2_000,
            slowest: 3_000,
            ..SecondStats::default()
        };
        let lag = Latency {
            count: 3,
            p50: 2_000,
            p90: 3_000,
            p99: 4_000,
            p99_9: 5_000,
            max: 5_000,
        };
        let report = Report {
            seconds: 3.0,
            actions: Vec::new(),
            shed_latency: Latency::default(),
            distributions: vec![Distribution {
                action: Action::Newer,
                quantiles: vec![(0.0, 100), (0.5, 900), (1.0, 3_000)],
            }],
            lags: vec![LagStats {
                readers_to: 200,
                lag,
            }],
            streams: 1,
            streams_resumed: 0,
            not_sent: 0,
            by_second: vec![second(8), second(0), second(5)],
        };
        let page = html(&report, "Load on <here> & there", Some("check: 7 < 8"));
        assert_eq!(page.matches("<polyline").count(), 4 + 3 + 1 + 1);
        for said in [
            "Load on &lt;here&gt; &amp; there",
            "check: 7 &lt; 8",
            "99.9 %",
            "authors with up to 200 readers",
            "newer</span>",
        ] {
            assert!(page.contains(said), "{said} is not in\n{page}");
        }
        for foreign in ["<script", "http://", "https://", "src=", "url("] {
            assert!(!page.contains(foreign), "{foreign} is in\n{page}");
        }
    }
}
