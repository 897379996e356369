//! Backup files: their names, incomplete copies, and which backups are kept.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context;
use sosik_feed::Timestamp;
use tempfile::NamedTempFile;

use crate::config::{Loaded, Problem, Problems, Source};
use crate::engines::SQLITE;

/// The extension of the checksum file beside a backup.
pub const CHECKSUM: &str = ".sha256";
/// The prefix and the suffix of the names of backups in a folder.
const NAME: (&str, &str) = ("sosik-", ".db");
/// The prefix and the suffix of the name of an incomplete copy.
const PARTIAL: (&str, &str) = (".sosik-", ".partial");

/// The name of a backup made at this moment. Names sort by time.
pub fn name_of(now: Timestamp) -> String {
    let time = now.to_string().replace(['-', ':'], "");
    format!("{}{time}{}", NAME.0, NAME.1)
}

/// Whether [`name_of`] makes this name. Other databases of a folder may have similar names.
fn is_name(name: &str) -> bool {
    let time = name
        .strip_prefix(NAME.0)
        .and_then(|name| name.strip_suffix(NAME.1));
    let time = time.and_then(|time| time.parse::<jiff::Timestamp>().ok());
    let millis = time.and_then(|time| u64::try_from(time.as_millisecond()).ok());
    millis.is_some_and(|millis| name_of(Timestamp::from_millis(millis)) == name)
}

/// The file of the store. `advice` says what to do if the store is not a file.
///
/// # Errors
/// The store is not an SQLite file. The error does not contain the URL, which may contain a password.
pub fn store_file(loaded: &Loaded, advice: &str) -> Result<PathBuf, Problems> {
    let url = &loaded.config.urls.store;
    if url.scheme() == SQLITE {
        return Ok(PathBuf::from(url.rest()));
    }
    let source = loaded.source("store.url").unwrap_or(&Source::Default);
    Err(Problems(vec![Problem {
        source: source.clone(),
        what: format!(
            "store.url selects a {}: store, which is not an SQLite file",
            url.scheme()
        ),
        advice: advice.to_owned(),
    }]))
}

/// The path with a suffix appended.
pub fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// The folder that a file is in.
pub fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// A file for an incomplete copy. It is locked until it is dropped, and then removed.
///
/// # Errors
/// The file cannot be made.
pub fn partial_in(folder: &Path) -> anyhow::Result<NamedTempFile> {
    let named = || format!("make a file in {}", folder.display());
    // Its mode is 0600.
    let partial = tempfile::Builder::new()
        .prefix(PARTIAL.0)
        .suffix(PARTIAL.1)
        .tempfile_in(folder)
        .with_context(named)?;
    partial.as_file().lock().with_context(named)?;
    Ok(partial)
}

/// Removes incomplete copies that a killed process left. Those of a running process are locked.
///
/// # Errors
/// The folder cannot be read, or a file in it cannot be removed.
pub fn remove_leftovers(folder: &Path) -> anyhow::Result<()> {
    let is_partial = |name: &str| name.starts_with(PARTIAL.0) && name.ends_with(PARTIAL.1);
    for path in files_named(folder, is_partial)? {
        let is_left = File::open(&path).is_ok_and(|file| file.try_lock().is_ok());
        if is_left {
            remove(&path)?;
        }
    }
    Ok(())
}

/// Removes the oldest backups in a folder until `keep` are left, and returns the removed ones. `made` is the new backup
/// in this folder: it is one of the `keep` and stays, also if other names sort after it because the clock was ahead. Only
/// names that [`name_of`] makes count as backups. Other files are not touched.
///
/// # Errors
/// The folder cannot be read, or a file in it cannot be removed.
pub fn remove_older(folder: &Path, made: &Path, keep: usize) -> anyhow::Result<Vec<PathBuf>> {
    let mut backups = files_named(folder, is_name)?;
    backups.retain(|backup| backup != made);
    backups.sort();
    let count = (backups.len() + 1).saturating_sub(keep.max(1));
    backups.truncate(count);
    for backup in &backups {
        remove(backup)?;
        let checksum = beside(backup, CHECKSUM);
        if checksum.exists() {
            remove(&checksum)?;
        }
    }
    Ok(backups)
}

/// Makes the names in a folder durable. Otherwise a new file may be missing after a power failure.
///
/// # Errors
/// The disk fails.
pub fn sync(folder: &Path) -> anyhow::Result<()> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .with_context(|| format!("write {}", folder.display()))
}

fn files_named(folder: &Path, is_meant: impl Fn(&str) -> bool) -> anyhow::Result<Vec<PathBuf>> {
    let is_named = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(&is_meant) && path.is_file()
    };
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let entries = entries.with_context(|| format!("read {}", folder.display()))?;
    Ok(entries
        .iter()
        .map(fs::DirEntry::path)
        .filter(is_named)
        .collect())
}

fn remove(path: &Path) -> anyhow::Result<()> {
    fs::remove_file(path).with_context(|| format!("remove {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_sort_by_time() {
        let name = |millis| name_of(Timestamp::from_millis(millis));
        assert_eq!(name(1_790_000_000_123), "sosik-20260921T141320.123Z.db");
        assert!(name(1_790_000_000_123) < name(1_790_000_000_124));
    }

    #[test]
    fn a_name_is_one_of_a_backup_only_with_a_whole_time() {
        assert!(is_name(&name_of(Timestamp::from_millis(1_790_000_000_123))));
        for name in [
            "sosik-before-upgrade.db",
            "sosik-1.db",
            "sosik-20260921.db",
            "sosik-20260921T141320Z.db",
            "sosik-20261321T141320.123Z.db",
            "sosik-2026-09-21T14:13:20.123Z.db",
            "sosik-20260921T141320.123Z.db.sha256",
        ] {
            assert!(!is_name(name), "{name}");
        }
    }

    #[test]
    fn copies_that_a_killed_process_left_are_removed_and_those_of_a_running_one_stay() {
        let folder = tempfile::tempdir().unwrap();
        let left = folder.path().join(".sosik-left.partial");
        fs::write(&left, "").unwrap();
        let running = partial_in(folder.path()).unwrap();
        remove_leftovers(folder.path()).unwrap();
        assert!(!left.exists() && running.path().exists());
    }

    #[test]
    fn the_newest_backups_stay_and_files_of_others_are_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        let names = [
            "sosik-20260101T000000.000Z.db",
            "sosik-20260102T000000.000Z.db",
            "sosik-20260103T000000.000Z.db",
            "mine.db",
        ];
        for name in names {
            let path = folder.path().join(name);
            fs::write(beside(&path, CHECKSUM), "").unwrap();
            fs::write(path, "").unwrap();
        }
        let made = folder.path().join(names[2]);
        let removed = remove_older(folder.path(), &made, 2).unwrap();
        assert_eq!(removed, [folder.path().join(names[0])]);
        assert!(!beside(&removed[0], CHECKSUM).exists());
        for name in &names[1..] {
            let path = folder.path().join(name);
            assert!(path.exists() && beside(&path, CHECKSUM).exists(), "{name}");
        }
        assert_eq!(
            remove_older(folder.path(), &made, 2).unwrap(),
            Vec::<PathBuf>::new()
        );
    }
}
