//! Finding executables and free ports.

use std::net::TcpListener;
use std::path::PathBuf;

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
