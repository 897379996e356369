//! A server as a child process. It is stopped by its process id.

use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use anyhow::Context;
use rustix::process::{Pid, Signal, kill_process};

/// A running server. Dropping it stops the server.
pub(crate) struct Daemon {
    child: Child,
    stop: Signal,
}

impl Daemon {
    pub(crate) fn start(command: &mut Command, stop: Signal) -> anyhow::Result<Self> {
        let child = command
            .spawn()
            .with_context(|| format!("start {}", command.get_program().display()))?;
        Ok(Self { child, stop })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Stops the server from running, without ending it. Its connections stay open.
    pub(crate) fn pause(&self) -> anyhow::Result<()> {
        self.signal(Signal::STOP)
    }

    /// Lets a paused server run again.
    pub(crate) fn resume(&self) -> anyhow::Result<()> {
        self.signal(Signal::CONT)
    }

    fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        kill_process(pid.context("the server has no process id")?, signal)?;
        Ok(())
    }

    /// Kills the server without giving it time to finish.
    pub(crate) fn kill(mut self) {
        // If it has ended by itself, there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// CPU time of the server and of the processes it started, in user and system mode.
    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        let mut all = Duration::ZERO;
        for entry in std::fs::read_dir("/proc")? {
            let stat = std::fs::read_to_string(entry?.path().join("stat"));
            // Processes come and go, and not every entry of this folder is a process.
            let used = stat.ok().and_then(|stat| cpu_in(&stat, self.child.id()));
            all += used.unwrap_or_default();
        }
        Ok(all)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // If it has ended by itself, there is nothing to stop. If it is paused, it cannot act on the signal.
        if self.signal(self.stop).and_then(|()| self.resume()).is_err() {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

/// CPU time in a line of `/proc/…/stat`, if the process is `server` or its child. The kernel keeps it in nanoseconds
/// and shows it in hundredths of a second.
fn cpu_in(stat: &str, server: u32) -> Option<Duration> {
    const TICK: Duration = Duration::from_millis(10);
    // The name is in parentheses and may contain any character.
    let (head, rest) = stat.rsplit_once(") ")?;
    let pid: u32 = head.split(' ').next()?.parse().ok()?;
    let fields: Vec<&str> = rest.split(' ').collect();
    let parent: u32 = fields.get(1)?.parse().ok()?;
    let ticks = |field: usize| fields.get(field)?.parse::<u32>().ok();
    (pid == server || parent == server).then_some(())?;
    Some(TICK * (ticks(11)? + ticks(12)?))
}

/// A port without a listener.
pub(crate) fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Finds an executable in the folders where Debian installs servers, then in the search path.
pub fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten();
    let mut debian: Vec<_> = versions
        .filter_map(|version| Some(version.ok()?.path().join("bin")))
        .collect();
    // Newest version first. These folders come before the search path, which may contain wrappers that drop privileges
    // in their own way.
    debian.sort();
    debian.reverse();
    let folders = debian.into_iter().chain(std::env::split_paths(&path));
    folders
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// Runs a command as the user of that name if this process is root: PostgreSQL refuses root.
pub(crate) fn drop_root(command: &mut Command, user: &str, folder: &Path) -> anyhow::Result<()> {
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let (uid, gid) = user_ids(user).with_context(|| format!("there is no user {user}"))?;
    std::os::unix::fs::chown(folder, Some(uid), Some(gid))?;
    command.uid(uid).gid(gid);
    Ok(())
}

fn user_ids(user: &str) -> Option<(u32, u32)> {
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    let fields = users
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>());
    let found = fields
        .into_iter()
        .find(|fields| fields.first() == Some(&user))?;
    Some((found.get(2)?.parse().ok()?, found.get(3)?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_of_a_server_and_its_children_is_read_whatever_they_are_called() {
        let stat = "42 (a) b) c) S 7 42 42 0 -1 4194304 100 0 0 0 150 50 0 0 20 0 1 0 5 1 1";
        let two_seconds = Some(Duration::from_secs(2));
        assert_eq!(cpu_in(stat, 42), two_seconds);
        assert_eq!(cpu_in(stat, 7), two_seconds, "of a child");
        assert_eq!(cpu_in(stat, 8), None, "of a stranger");
        assert_eq!(cpu_in("nonsense", 8), None);
    }
}
