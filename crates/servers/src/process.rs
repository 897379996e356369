//! A process that may outlive this one.
//!
//! The kernel reuses process ids. So a process is named by its id and its start time, and a signal goes to no other
//! process that got the same id later.

use std::time::Duration;

use anyhow::{Context, ensure};
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, pidfd_open, pidfd_send_signal, waitpid,
};
use serde::{Deserialize, Serialize};

use crate::ready;

/// Time for a process to stop or to continue after its signal. It does so when it is scheduled next.
const SIGNAL_MAX: Duration = Duration::from_secs(10);

/// A process of this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    pid: u32,
    /// Clock ticks from the start of the machine to the start of the process.
    started: u64,
}

/// What a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It runs, or waits for something to do.
    Running,
    /// It was stopped by a signal and can continue.
    Paused,
    /// It does not exist any more.
    Ended,
}

impl Process {
    /// The process that has this id now.
    ///
    /// # Errors
    /// There is none.
    pub fn of(pid: u32) -> anyhow::Result<Self> {
        let stat = Stat::of(pid).with_context(|| format!("there is no process {pid}"))?;
        Ok(Self {
            pid,
            started: stat.started,
        })
    }

    /// Its id.
    #[must_use]
    pub const fn pid(self) -> u32 {
        self.pid
    }

    /// Clock ticks from the start of the machine to its own.
    pub(crate) const fn started(self) -> u64 {
        self.started
    }

    /// What it does now.
    #[must_use]
    pub fn state(self) -> State {
        match Stat::of(self.pid) {
            Some(stat) if stat.started == self.started => stat.state,
            _ => State::Ended,
        }
    }

    /// Whether its id may be reused. The id of a process that has ended stays in use until its parent has read its
    /// result. PostgreSQL does not start while the id of the last postmaster is in use.
    pub(crate) fn is_gone(self) -> bool {
        if let Some(pid) = i32::try_from(self.pid).ok().and_then(Pid::from_raw) {
            // This process may be the parent. Otherwise init is, and this call does nothing.
            let _not_ours = waitpid(Some(pid), WaitOptions::NOHANG);
        }
        Stat::of(self.pid).is_none_or(|stat| stat.started != self.started)
    }

    /// Sends a signal.
    ///
    /// # Errors
    /// It has ended, or belongs to another user.
    pub fn signal(self, signal: Signal) -> anyhow::Result<()> {
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw);
        let handle = pidfd_open(pid.context("0 is no process")?, PidfdFlags::empty());
        let handle = handle.with_context(|| format!("find the process {}", self.pid))?;
        // The handle keeps naming one process. So its start time is read after the handle was opened.
        ensure!(
            self.state() != State::Ended,
            "the process {} has ended",
            self.pid
        );
        pidfd_send_signal(handle, signal)
            .with_context(|| format!("send a signal to the process {}", self.pid))
    }

    /// Stops it and its children from running, without ending them. Their connections stay open.
    pub(crate) fn pause(self) -> anyhow::Result<()> {
        self.signal(Signal::STOP)?;
        self.signal_children(Signal::STOP);
        // The kernel returns before the process has stopped.
        ready::poll(SIGNAL_MAX, || self.state() != State::Running)
    }

    /// Lets it and its children run again.
    pub(crate) fn resume(self) -> anyhow::Result<()> {
        self.signal_children(Signal::CONT);
        self.signal(Signal::CONT)?;
        ready::poll(SIGNAL_MAX, || self.state() != State::Paused)
    }

    /// Ends it and its children at once.
    pub(crate) fn kill(self) {
        // While it is paused it starts no child. If it has ended, there is nothing to do.
        let _ended = self.signal(Signal::STOP);
        self.signal_children(Signal::KILL);
        let _ended = self.signal(Signal::KILL);
    }

    fn signal_children(self, signal: Signal) {
        for (child, _) in self.family().filter(|(process, _)| *process != self) {
            // Children come and go.
            let _ended = child.signal(signal);
        }
    }

    /// CPU time of it and of its children, in user and system mode.
    pub(crate) fn cpu(self) -> Duration {
        self.family().map(|(_, stat)| stat.cpu).sum()
    }

    /// It and its children, or nothing if it has ended. Its id may then belong to another process.
    fn family(self) -> impl Iterator<Item = (Self, Stat)> {
        let lives = self.state() != State::Ended;
        // Not every entry of this folder is a process.
        let entries = std::fs::read_dir("/proc").into_iter().flatten();
        let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        let all = pids.filter_map(|pid| Some((pid, Stat::of(pid)?)));
        all.filter(move |(pid, stat)| lives && (*pid == self.pid || stat.parent == self.pid))
            .map(|(pid, stat)| {
                let started = stat.started;
                (Self { pid, started }, stat)
            })
    }
}

/// A line of `/proc/…/stat`.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    state: State,
    parent: u32,
    cpu: Duration,
    started: u64,
}

impl Stat {
    fn of(pid: u32) -> Option<Self> {
        Self::parse(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    /// The kernel keeps CPU time in nanoseconds and shows it in hundredths of a second.
    fn parse(line: &str) -> Option<Self> {
        const TICK: Duration = Duration::from_millis(10);
        // The name is in parentheses and may contain any character.
        let (_, rest) = line.rsplit_once(") ")?;
        let fields: Vec<&str> = rest.trim_end().split(' ').collect();
        let ticks = |field: usize| fields.get(field)?.parse::<u32>().ok();
        Some(Self {
            state: match *fields.first()? {
                "T" | "t" => State::Paused,
                // A process that has ended keeps its id until its parent has read its result.
                "Z" | "X" | "x" => State::Ended,
                _ => State::Running,
            },
            parent: fields.get(1)?.parse().ok()?,
            cpu: TICK * (ticks(11)? + ticks(12)?),
            started: fields.get(19)?.parse().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_line_of_the_kernel_is_read_whatever_the_process_is_called() {
        let line = "42 (a) b) c) T 7 42 42 0 -1 4194304 100 0 0 0 150 50 0 0 20 0 1 0 5123 1 1\n";
        let expected = Stat {
            state: State::Paused,
            parent: 7,
            cpu: Duration::from_secs(2),
            started: 5_123,
        };
        assert_eq!(Stat::parse(line), Some(expected));
        assert_eq!(Stat::parse("nonsense"), None);
    }

    #[test]
    fn no_signal_reaches_another_process_that_got_the_same_id() {
        let mut child = Command::new("sleep").arg("600").spawn().unwrap();
        let process = Process::of(child.id()).unwrap();
        let earlier = Process {
            started: process.started - 1,
            ..process
        };
        assert_eq!(earlier.state(), State::Ended);
        assert!(earlier.signal(Signal::KILL).is_err());
        assert_eq!(earlier.family().count(), 0);
        earlier.kill();
        // A killed process could not be paused, so `earlier.kill()` did not kill this one.
        process.pause().unwrap();
        assert_eq!(process.state(), State::Paused);
        process.kill();
        assert!(!child.wait().unwrap().success());
        assert_eq!(process.state(), State::Ended);
    }

    #[test]
    fn a_process_is_paused_and_continued_with_its_children() {
        let script = "sleep 600 & echo $!; wait";
        let mut shell = Command::new("sh");
        let piped = shell
            .args(["-c", script])
            .stdout(std::process::Stdio::piped());
        let mut shell = piped.spawn().unwrap();
        let mut line = String::new();
        let output = shell.stdout.take().unwrap();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(output), &mut line).unwrap();
        let parent = Process::of(shell.id()).unwrap();
        let child = Process::of(line.trim().parse().unwrap()).unwrap();
        let both = || [parent.state(), child.state()];
        let reach = |state| ready::poll(SIGNAL_MAX, || both() == [state; 2]).unwrap();
        parent.pause().unwrap();
        reach(State::Paused);
        parent.resume().unwrap();
        reach(State::Running);
        parent.kill();
        shell.wait().unwrap();
        reach(State::Ended);
    }
}
