//! Files and folders that only their owner can open: mode 0600 and 0700, regardless of the umask.
//!
//! A store contains password hashes, session tokens and private texts. SQLite gives the write-ahead log and the shared
//! memory file the mode of the database file, so that mode decides.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Mode of a file.
const FILE_MODE: u32 = 0o600;
/// Mode of a folder.
const FOLDER_MODE: u32 = 0o700;
/// Permissions of all accounts except the owner.
const OTHERS: u32 = 0o077;
/// In a folder with this bit only the owner of a file can remove it. Many accounts share such a folder, for example
/// `/tmp`.
const STICKY: u32 = 0o1000;

/// Creates a folder and its missing parents. Existing folders keep their mode.
///
/// # Errors
/// Errors of the system; `AlreadyExists` if a file has this name; `NotFound` where no folder can be made, as in `/proc`
/// or in a working directory that was removed.
pub fn create_folder(path: &Path) -> io::Result<()> {
    if path.as_os_str().is_empty() {
        return Ok(());
    }
    match create_last_folder(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            create_folder(path.parent().ok_or(error)?)?;
            // Only once: the system also returns "not found" if the parent exists.
            create_last_folder(path)
        }
        made => made,
    }
}

/// Creates a folder in an existing parent.
fn create_last_folder(path: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(FOLDER_MODE).create(path) {
        Ok(()) => fs::set_permissions(path, Permissions::from_mode(FOLDER_MODE)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(error) => Err(error),
    }
}

/// Creates a folder in the system's folder for temporary files. Dropping the result removes it.
///
/// # Errors
/// I/O errors, with the path.
pub fn temporary_folder(prefix: &str) -> io::Result<tempfile::TempDir> {
    let mut folder = tempfile::Builder::new();
    folder
        .prefix(prefix)
        .permissions(Permissions::from_mode(FOLDER_MODE))
        .tempdir()
}

/// Opens a file for reading and writing, and creates it if it is missing. An existing file keeps its mode.
///
/// # Errors
/// Errors of the system.
pub fn open_or_create(path: &Path) -> io::Result<File> {
    match create_file(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => options()
            // A dangling symbolic link gets here, too.
            .create(true)
            .truncate(false)
            .open(path),
        created => created,
    }
}

/// Creates a file for reading and writing.
///
/// # Errors
/// Errors of the system; `AlreadyExists` if the file exists.
pub fn create_file(path: &Path) -> io::Result<File> {
    let file = options().create_new(true).open(path)?;
    // The umask may have removed permissions of the owner, too.
    file.set_permissions(Permissions::from_mode(FILE_MODE))?;
    Ok(file)
}

/// Removes the permissions of other accounts from a file.
///
/// # Errors
/// Errors of the system.
pub fn restrict_to_owner(path: &Path) -> io::Result<()> {
    fs::set_permissions(path, Permissions::from_mode(FILE_MODE))
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(FILE_MODE);
    options
}

/// The shell command that removes the permissions of other accounts from a folder and files in it; `None` if they have
/// none. Missing files are omitted, and so is a folder that accounts share.
#[must_use]
pub fn chmod_command(folder: &Path, files: &[PathBuf]) -> Option<String> {
    let shared = mode(folder).is_some_and(|mode| mode & STICKY != 0);
    let folders = (!shared && is_open(folder)).then(|| quoted(folder));
    let files: Vec<_> = files
        .iter()
        .filter(|file| is_open(file))
        .map(|file| quoted(file))
        .collect();
    let folders = folders.map(|folder| format!("chmod 700 {folder}"));
    let files = (!files.is_empty()).then(|| format!("chmod 600 {}", files.join(" ")));
    let commands: Vec<_> = folders.into_iter().chain(files).collect();
    (!commands.is_empty()).then(|| commands.join(" && "))
}

/// The shell command that removes the permissions of other accounts from a file; `None` if they have none.
#[must_use]
pub fn command_to_close_file(file: &Path) -> Option<String> {
    is_open(file).then(|| format!("chmod 600 {}", quoted(file)))
}

fn is_open(path: &Path) -> bool {
    mode(path).is_some_and(|mode| mode & OTHERS != 0)
}

fn mode(path: &Path) -> Option<u32> {
    Some(fs::metadata(path).ok()?.permissions().mode())
}

/// A path as a word of the shell.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+,:@".contains(&byte);
    if text.bytes().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_and_files_are_the_owners_and_what_exists_keeps_its_mode() {
        let root = temporary_folder("sosik-test-").unwrap();
        assert_eq!(mode(root.path()).unwrap() & 0o7777, FOLDER_MODE);
        let folder = root.path().join("a/b");
        create_folder(&folder).unwrap();
        for made in [&folder, &root.path().join("a")] {
            assert_eq!(mode(made).unwrap() & 0o7777, FOLDER_MODE);
        }
        let file = folder.join("file");
        open_or_create(&file).unwrap();
        assert_eq!(mode(&file).unwrap() & 0o7777, FILE_MODE);
        assert_eq!(
            create_file(&file).unwrap_err().kind(),
            io::ErrorKind::AlreadyExists
        );
        for (path, mode) in [(&file, 0o640), (&folder, 0o750)] {
            fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        }
        open_or_create(&file).unwrap();
        create_folder(&folder).unwrap();
        assert_eq!(mode(&file).unwrap() & 0o7777, 0o640);
        assert_eq!(mode(&folder).unwrap() & 0o7777, 0o750);
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_an_error() {
        for path in ["/proc/nope", "/proc/nope/below"] {
            let error = create_folder(Path::new(path)).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::NotFound, "{path}");
        }
    }

    #[test]
    fn the_command_names_what_others_can_open_and_nothing_else() {
        let root = temporary_folder("sosik-test-").unwrap();
        let (ours, open) = (root.path().join("ours"), root.path().join("it's open"));
        create_file(&ours).unwrap();
        create_file(&open).unwrap();
        let files = [ours, open.clone(), root.path().join("missing")];
        assert_eq!(chmod_command(root.path(), &files), None);
        fs::set_permissions(&open, Permissions::from_mode(0o604)).unwrap();
        let path = root.path().display();
        let command = format!(r"chmod 600 '{path}/it'\''s open'");
        assert_eq!(chmod_command(root.path(), &files), Some(command.clone()));
        fs::set_permissions(root.path(), Permissions::from_mode(0o755)).unwrap();
        let both = format!("chmod 700 {path} && {command}");
        assert_eq!(chmod_command(root.path(), &files), Some(both));
        fs::set_permissions(root.path(), Permissions::from_mode(0o1777)).unwrap();
        assert_eq!(chmod_command(root.path(), &files), Some(command));
    }
}
