//! Finding executables and free ports.

use std::net::TcpListener;
use std::path::{Path, PathBuf};

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
    // Newest version first: 15 is newer than 9.6. These folders come before the search path, which may contain wrappers
    // that drop privileges in their own way.
    debian.sort_by_key(|folder| std::cmp::Reverse(version(folder)));
    let folders = debian.into_iter().chain(std::env::split_paths(&path));
    folders
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// The major version in the path of an executable folder, such as `/usr/lib/postgresql/15/bin`.
fn version(folder: &Path) -> u32 {
    let name = folder.parent().and_then(Path::file_name);
    let major = name.and_then(|name| name.to_str()?.split('.').next()?.parse().ok());
    major.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_numbers() {
        let version = |name| version(&Path::new("/usr/lib/postgresql").join(name).join("bin"));
        assert!(version("15") > version("9.6"));
    }
}
