//! The table at the end of a run.

use std::fmt::Write;

use super::stats::{Latency, Report};

/// The report as a table for people, with times in milliseconds.
#[must_use]
pub fn table(report: &Report) -> String {
    let mut out = String::new();
    let head = [
        "", "offered", "served", "shed", "failed", "MB", "p50", "p90", "p99", "p99.9", "max",
    ];
    line(&mut out, &head.map(str::to_owned));
    for of in &report.actions {
        row(
            &mut out,
            of.action.name(),
            [of.offered, of.served, of.shed, of.failed],
            of.bytes,
            of.latency,
        );
        if of.shed > 0 {
            let refused = format!("{} (shed)", of.action.name());
            row(&mut out, &refused, [0; 4], 0, of.shed_latency);
        }
    }
    let sums = [
        report.sum(|of| of.offered),
        report.sum(|of| of.served),
        report.sum(|of| of.shed),
        report.sum(|of| of.failed),
    ];
    row(
        &mut out,
        "all",
        sums,
        report.sum(|of| of.bytes),
        Latency::default(),
    );
    #[expect(clippy::cast_precision_loss, reason = "counts of a run")]
    let per_second = |count: u64| count as f64 / report.seconds.max(0.001);
    // Writing to a string cannot fail.
    let _infallible = writeln!(
        out,
        "\n{:.1} s: {:.0} offered and {:.0} served a second; times in ms from the intended moment",
        report.seconds,
        per_second(sums[0]),
        per_second(sums[1]),
    );
    if report.not_sent > 0 {
        let _infallible = writeln!(
            out,
            "{} not sent: too many requests were in flight",
            report.not_sent
        );
    }
    lags(&mut out, report);
    out
}

fn lags(out: &mut String, report: &Report) {
    if report.streams == 0 {
        return;
    }
    let (streams, resumed) = (report.streams, report.streams_resumed);
    let _infallible = writeln!(out, "{streams} streams held open, resumed {resumed} times");
    for of in &report.lags {
        let readers = match of.readers_to {
            u64::MAX => "any number of".to_owned(),
            most => format!("up to {most}"),
        };
        let Latency {
            count,
            p50,
            p99,
            max,
            ..
        } = of.lag;
        let _infallible = writeln!(
            out,
            "post to visible, authors with {readers} readers: p50 {} p99 {} max {} ({count} seen)",
            millis(p50),
            millis(p99),
            millis(max),
        );
    }
}

fn row(out: &mut String, name: &str, counts: [u64; 4], bytes: u64, latency: Latency) {
    let Latency {
        count,
        p50,
        p90,
        p99,
        p99_9,
        max,
    } = latency;
    let counts = counts.map(|count| count.to_string());
    let [offered, served, shed, failed] = counts;
    let time = |time| {
        if count == 0 {
            String::new()
        } else {
            millis(time)
        }
    };
    let megabytes = format!("{}.{}", bytes / 1_000_000, bytes / 100_000 % 10);
    let times = [time(p50), time(p90), time(p99), time(p99_9), time(max)];
    let [p50, p90, p99, p99_9, max] = times;
    let cells = [
        name.to_owned(),
        offered,
        served,
        shed,
        failed,
        megabytes,
        p50,
        p90,
        p99,
        p99_9,
        max,
    ];
    line(out, &cells);
}

fn line(out: &mut String, cells: &[String; 11]) {
    for (place, cell) in cells.iter().enumerate() {
        let _infallible = match place {
            0 => write!(out, "{cell:<18}"),
            _ => write!(out, "{cell:>9}"),
        };
    }
    out.push('\n');
}

fn millis(micros: u64) -> String {
    format!("{}.{:02}", micros / 1_000, micros / 10 % 100)
}

#[cfg(test)]
mod tests {
    use super::super::mix::Action;
    use super::super::stats::{ActionStats, LagStats};
    use super::*;

    #[test]
    fn the_table_has_a_line_for_each_action_and_says_what_was_not_sent() {
        let latency = Latency {
            count: 9,
            p50: 1_234,
            p90: 2_000,
            p99: 3_000,
            p99_9: 4_000,
            max: 5_000,
        };
        let of = ActionStats {
            action: Action::Newer,
            offered: 12,
            served: 9,
            shed: 2,
            failed: 1,
            bytes: 2_500_000,
            latency,
            shed_latency: latency,
        };
        let report = Report {
            seconds: 2.0,
            actions: vec![of],
            shed_latency: latency,
            distributions: Vec::new(),
            lags: vec![LagStats {
                readers_to: 200,
                lag: latency,
            }],
            streams: 3,
            streams_resumed: 1,
            not_sent: 1,
            by_second: Vec::new(),
        };
        let table = table(&report);
        let newer = table
            .lines()
            .find(|line| line.starts_with("newer "))
            .unwrap();
        let cells: Vec<&str> = newer.split_whitespace().collect();
        assert_eq!(
            cells,
            [
                "newer", "12", "9", "2", "1", "2.5", "1.23", "2.00", "3.00", "4.00", "5.00"
            ]
        );
        for said in [
            "newer (shed)",
            "6 offered and 4 served a second",
            "1 not sent",
            "up to 200 readers: p50 1.23",
        ] {
            assert!(table.contains(said), "{said} is not in\n{table}");
        }
    }
}
