//! The files that a server keeps in a folder.

use std::path::{Path, PathBuf};

/// The paths of all files in a folder and its subfolders, sorted. A folder that does not exist has none, because a server
/// removes folders while a test looks.
///
/// # Panics
/// If an entry of a folder cannot be read.
#[must_use]
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let paths = entries.map(|entry| entry.expect("an entry of the folder").path());
    let mut files: Vec<_> = paths
        .flat_map(|path| match path.is_dir() {
            true => files_below(&path),
            false => vec![path],
        })
        .collect();
    files.sort();
    files
}

/// The names of all files in a folder and its subfolders, sorted. As [`files_below`].
///
/// # Panics
/// If a name is not UTF-8.
#[must_use]
pub fn file_names_below(folder: &Path) -> Vec<String> {
    let name = |path: PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.expect("a name in UTF-8").to_owned()
    };
    let mut names: Vec<_> = files_below(folder).into_iter().map(name).collect();
    names.sort();
    names
}
