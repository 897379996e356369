//! The machine that the figures were measured on.

use std::process::Command;

use sosik_service::{Clock, SystemClock};

/// A machine and a moment.
#[derive(Debug, Clone)]
pub(crate) struct Machine {
    pub(crate) cores: usize,
    pub(crate) processor: String,
    pub(crate) memory_gib: u64,
    pub(crate) kernel: String,
    /// The system's load average of the last minute.
    pub(crate) load_before: String,
    pub(crate) commit: String,
    pub(crate) date: String,
}

impl Machine {
    /// Describes this machine now.
    pub(crate) fn look() -> Self {
        let now = SystemClock.now();
        let now = jiff::Timestamp::from_millisecond(now.as_i64()).unwrap_or_default();
        let cores = std::thread::available_parallelism();
        Self {
            cores: cores.map_or(1, std::num::NonZeroUsize::get),
            processor: after_colon("/proc/cpuinfo", "model name").unwrap_or_default(),
            memory_gib: memory_gib(),
            kernel: read("/proc/sys/kernel/osrelease"),
            load_before: read("/proc/loadavg")
                .split(' ')
                .next()
                .unwrap_or_default()
                .to_owned(),
            commit: commit(),
            date: now.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        }
    }
}

fn read(path: &str) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.trim().to_owned()
}

fn after_colon(path: &str, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    let (_, value) = line.split_once(':')?;
    Some(value.trim().to_owned())
}

fn memory_gib() -> u64 {
    let kib = after_colon("/proc/meminfo", "MemTotal").unwrap_or_default();
    let kib = kib.trim_end_matches(" kB").parse::<u64>();
    (kib.unwrap_or_default() + (1 << 19)) >> 20
}

/// The commit that was measured, and whether the working tree had other changes.
fn commit() -> String {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).output().ok()?;
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        output.status.success().then_some(text)
    };
    let Some(commit) = git(&["rev-parse", "--short", "HEAD"]) else {
        return "unknown".to_owned();
    };
    match git(&[
        "status",
        "--porcelain",
        "--untracked-files=no",
        "--",
        "crates",
        "Cargo.lock",
    ]) {
        Some(changes) if changes.is_empty() => commit,
        _ => format!("{commit}, with uncommitted changes"),
    }
}
