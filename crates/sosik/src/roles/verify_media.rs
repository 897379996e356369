//! `sosik verify --media`: compares the files of photos with the rows that refer to them.

use anyhow::Context;
use serde::Serialize;
use sosik_service::Service;
use sosik_service::media::{FileFinding, FilesCompared};

use super::Outcome;
use super::verify::REPORTED_MAX;
use crate::config::Loaded;
use crate::{media, print, progress};

/// The counts and findings of a comparison.
#[derive(Debug, Serialize)]
struct Report {
    media: u64,
    intact: u64,
    files: u64,
    bytes: u64,
    pending: u64,
    findings: u64,
    seconds: f64,
    /// The first [`REPORTED_MAX`] findings.
    told: Vec<ReportedFinding>,
}

#[derive(Debug, Serialize)]
struct ReportedFinding {
    what: &'static str,
    finding: String,
}

/// Compares all files, and prints every finding.
///
/// # Errors
/// This configuration has no folder for media, or the store or the storage fails.
pub(super) async fn run(loaded: &Loaded, service: &Service, json: bool) -> anyhow::Result<Outcome> {
    let engine = media::open_media(&loaded.config).await?;
    let engine = engine.context("this configuration keeps no media: set media.url")?;
    service.media().attach(engine);
    let begin = service.clock().monotonic();
    let bar = progress::spinner("comparing files");
    let mut told = Vec::new();
    let mut findings = 0;
    let tell = |finding: FileFinding| {
        findings += 1;
        bar.set_position(findings);
        if told.len() < REPORTED_MAX {
            told.push(ReportedFinding {
                what: finding.code(),
                finding: finding.to_string(),
            });
        }
    };
    let compared = service.media().compare_files(tell).await?;
    bar.finish_and_clear();
    let seconds = (service.clock().monotonic() - begin).as_secs_f64();
    let report = report(compared, findings, told, seconds);
    print::out(&match json {
        true => serde_json::to_string(&report)? + "\n",
        false => sentences(&report),
    })?;
    Ok(match report.findings {
        0 => Outcome::Fine,
        _ => Outcome::Difference,
    })
}

fn report(
    compared: FilesCompared,
    findings: u64,
    told: Vec<ReportedFinding>,
    seconds: f64,
) -> Report {
    let FilesCompared {
        media,
        intact,
        files,
        bytes,
        pending,
    } = compared;
    Report {
        media,
        intact,
        files,
        bytes,
        pending,
        findings,
        seconds,
        told,
    }
}

fn sentences(report: &Report) -> String {
    let mut text = String::new();
    for told in &report.told {
        text.push_str(&told.finding);
        text.push('\n');
    }
    let untold = report.findings - report.told.len() as u64;
    if untold > 0 {
        text.push_str(&format!("and {untold} further findings\n"));
    }
    let found = match report.findings {
        0 => "no wrong file".to_owned(),
        1 => "1 wrong file".to_owned(),
        many => format!("{many} wrong files"),
    };
    let Report {
        media,
        intact,
        files,
        bytes,
        pending,
        seconds,
        ..
    } = report;
    text + &format!(
        "{found}: {media} media with {intact} intact files, {files} files of {bytes} bytes stored, {pending} to be removed \
         by the server, in {seconds:.1} s\n"
    )
}
