//! Files under the digest of their content, in a folder for each medium.
//!
//! A name is the SHA-256 of the bytes and an ending, so a name never changes its meaning: answers can be cached for ever,
//! and damage is found by reading. Who may see a file, and which stories use it, is not known here.
//!
//! A medium has its own folder, so its files are deleted with it and no references are counted: a person who uploads a
//! photo twice has two copies.
//!
//! The engines are a folder of this machine and a bucket of an object store. A new engine is a function like
//! [`Storage::in_bucket`].

mod client;
mod large;
mod parts;
mod s3;
mod staged;

use std::{
    fmt,
    ops::Range,
    os::unix::fs::FileExt,
    path::{Path as FilePath, PathBuf},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use futures::{
    Stream, StreamExt, TryStreamExt,
    future::ready,
    stream::{BoxStream, try_unfold},
};
use object_store::{
    GetOptions, GetResult, GetResultPayload, ObjectStore, ObjectStoreExt, PutPayload,
    local::LocalFileSystem, path::Path,
};
use sha2::{Digest, Sha256};
use tokio::task::spawn_blocking;
use tokio_util::task::TaskTracker;

pub use object_store::GetRange;
pub use parts::{PART_BYTES_MAX, PART_BYTES_MIN, Parts, WRITERS_MAX};
pub use s3::Bucket;

/// Bytes of a piece of a file that is streamed. At most three pieces of one reader are in memory.
pub const STREAM_PIECE_BYTES: usize = 64 * 1024;

/// Letters of a digest.
const DIGEST_LETTERS: usize = 64;

/// Letters of an ending.
const EXTENSION_LETTERS_MAX: usize = 5;

/// The name of a file: its digest in hexadecimal, a dot and an ending.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(String);

impl Name {
    /// Reads a name, for example from a URL. Anything else than a name is `None`, so a name is never a path.
    pub fn parse(text: &str) -> Option<Self> {
        let (digest, extension) = text.split_once('.')?;
        let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let valid = digest.len() == DIGEST_LETTERS
            && digest.bytes().all(hex)
            && (1..=EXTENSION_LETTERS_MAX).contains(&extension.len())
            && extension.bytes().all(plain);
        valid.then(|| Self(text.to_owned()))
    }

    fn new(digest: &[u8], extension: &str) -> Option<Self> {
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        Self::parse(&format!("{hex}.{extension}"))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The digest in hexadecimal. Fit for an `ETag`.
    pub fn digest(&self) -> &str {
        &self.0[..DIGEST_LETTERS]
    }
}

/// The folder of a medium.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Folder(u64);

impl Folder {
    /// The folder of the medium with this number.
    #[must_use]
    pub const fn of(medium: u64) -> Self {
        Self(medium)
    }

    /// The number of the medium.
    #[must_use]
    pub const fn medium(self) -> u64 {
        self.0
    }

    /// Folders of folders keep listings of a file system short. The last byte is that in which numbers differ most.
    fn path(self) -> Path {
        let [.., last] = self.0.to_be_bytes();
        Path::from_iter([format!("{last:02x}"), self.0.to_string()])
    }

    fn file(self, name: &Name) -> Path {
        self.path().join(name.as_str())
    }

    /// The folder and the name of a file, if it is one of ours.
    fn of_file(path: &Path) -> Option<(Self, Name)> {
        let name = Name::parse(path.filename()?)?;
        let medium = path.parts().nth(1)?.as_ref().parse().ok()?;
        let folder = Self(medium);
        (folder.file(&name) == *path).then_some((folder, name))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why files cannot be stored or read.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The URL names no engine.
    #[error("media.url {0:?} is not supported: use file: and a folder")]
    Scheme(String),
    /// The ending is not made of a few lower-case letters.
    #[error("{0:?} is no ending of a file")]
    Extension(String),
    /// A file on this machine cannot be read or written.
    #[error("cannot read or write a file of this machine")]
    Read(#[from] std::io::Error),
    /// The engine fails.
    #[error("the storage of media fails")]
    Engine(#[from] object_store::Error),
}

impl StorageError {
    /// Whether the engine answered and rejected the request: the bucket does not exist, or the key does not open it.
    #[must_use]
    pub fn is_rejected(&self) -> bool {
        use object_store::Error::{NotFound, PermissionDenied, Unauthenticated};
        match self {
            Self::Engine(error) => matches!(
                error,
                NotFound { .. } | PermissionDenied { .. } | Unauthenticated { .. }
            ),
            Self::Scheme(_) | Self::Extension(_) | Self::Read(_) => false,
        }
    }
}

/// A stored file in a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its folder.
    pub folder: Folder,
    /// Its name.
    pub name: Name,
    /// Its bytes.
    pub bytes: u64,
    /// Time since it was last stored, by the clock that the caller passed.
    pub age: Duration,
}

/// Entry of a listing that is no file of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A file with a name.
    File(Stored),
    /// Something else, with its path.
    Foreign(String),
}

/// The file of [`Storage::check`].
const CHECK_FILE: &str = "check";

/// Stored files.
#[derive(Clone, Debug)]
pub struct Storage {
    engine: Arc<dyn ObjectStore>,
    /// On a file system of this machine.
    local: Option<PathBuf>,
    /// Tasks that send large files or abort them.
    sending: TaskTracker,
}

/// A part of a file, or all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The bytes.
    pub bytes: Bytes,
    /// Their place in the file.
    pub range: Range<u64>,
    /// Bytes of the whole file.
    pub size: u64,
}

/// A file or a part of it, as a stream.
pub struct Content {
    /// The bytes in order. The stream ends at the first error.
    pub pieces: BoxStream<'static, Result<Bytes, StorageError>>,
    /// Their place in the file.
    pub range: Range<u64>,
    /// Bytes of the whole file.
    pub size: u64,
}

impl Storage {
    /// Opens the storage that a URL names: `file:` and a folder. The folder is created.
    ///
    /// # Errors
    ///
    /// The scheme is unknown, or the folder cannot be created.
    pub fn open(url: &str) -> Result<Self, StorageError> {
        let folder = url.strip_prefix("file:");
        let folder = folder.filter(|folder| !folder.is_empty());
        let folder = folder.ok_or_else(|| StorageError::Scheme(url.to_owned()))?;
        std::fs::create_dir_all(folder)?;
        // An upload is acknowledged, so it must survive a power loss.
        let engine = LocalFileSystem::new_with_prefix(folder)?.with_fsync(true);
        Ok(Self {
            engine: Arc::new(engine),
            local: Some(folder.into()),
            sending: TaskTracker::new(),
        })
    }

    /// A storage in a bucket, which all nodes share. Sends no request: [`Storage::check`] tests the access.
    ///
    /// # Errors
    ///
    /// The address of the server is malformed.
    pub fn in_bucket(bucket: Bucket) -> Result<Self, StorageError> {
        Ok(Self::with(Arc::new(bucket.open()?)))
    }

    /// Stores an empty file and deletes it, to find a wrong bucket or key before the first upload. Reading alone would not
    /// show whether the key may write.
    ///
    /// # Errors
    ///
    /// The engine rejects a request or does not answer.
    pub async fn check(&self) -> Result<(), StorageError> {
        let file = Path::from(CHECK_FILE);
        self.engine.put(&file, PutPayload::default()).await?;
        self.engine.delete(&file).await?;
        Ok(())
    }

    /// A storage on a given engine.
    pub fn with(engine: Arc<dyn ObjectStore>) -> Self {
        Self {
            engine,
            local: None,
            sending: TaskTracker::new(),
        }
    }

    /// Free bytes of the disk, for a folder of this machine.
    pub fn free_bytes(&self) -> Option<u64> {
        free_bytes(self.local.as_ref()?)
    }

    /// Stores bytes. Storing the same bytes in the same folder again keeps one file and makes it young.
    ///
    /// # Errors
    ///
    /// The engine fails; nothing is stored then.
    pub async fn put(
        &self,
        folder: Folder,
        bytes: Bytes,
        extension: &str,
    ) -> Result<Name, StorageError> {
        let name = named(&digest(bytes.clone()).await?, extension)?;
        self.engine
            .put(&folder.file(&name), PutPayload::from(bytes))
            .await?;
        Ok(name)
    }

    /// Bytes of a file, or `None` if there is no such file.
    ///
    /// # Errors
    ///
    /// The engine fails.
    pub async fn size(&self, folder: Folder, name: &Name) -> Result<Option<u64>, StorageError> {
        let meta = self.engine.head(&folder.file(name)).await;
        found(meta.map(|meta| meta.size))
    }

    /// The whole file, or `None` if there is no such file.
    ///
    /// # Errors
    ///
    /// The engine fails.
    pub async fn get(&self, folder: Folder, name: &Name) -> Result<Option<Bytes>, StorageError> {
        let file = self.get_range(folder, name, None).await?;
        Ok(file.map(|piece| piece.bytes))
    }

    /// A part of a file, or `None` if there is no such file. Without a range, the whole file.
    ///
    /// # Errors
    ///
    /// The engine fails, or the range starts behind the end.
    pub async fn get_range(
        &self,
        folder: Folder,
        name: &Name,
        range: Option<GetRange>,
    ) -> Result<Option<Piece>, StorageError> {
        let options = GetOptions {
            range,
            ..GetOptions::default()
        };
        let found_file = self.engine.get_opts(&folder.file(name), options).await;
        let Some(file) = found(found_file)? else {
            return Ok(None);
        };
        let (range, size) = (file.range.clone(), file.meta.size);
        let bytes = found(file.bytes().await)?;
        Ok(bytes.map(|bytes| Piece { bytes, range, size }))
    }

    /// A file or a part of it, piece by piece, or `None` if there is no such file. Without a range, the whole file.
    ///
    /// # Errors
    ///
    /// The engine fails, or the range starts behind the end.
    pub async fn stream(
        &self,
        folder: Folder,
        name: &Name,
        range: Option<GetRange>,
    ) -> Result<Option<Content>, StorageError> {
        let options = GetOptions {
            range,
            ..GetOptions::default()
        };
        let file = self.engine.get_opts(&folder.file(name), options).await;
        Ok(found(file)?.map(Content::of))
    }

    /// Deletes a file. Deleting it again changes nothing.
    ///
    /// # Errors
    ///
    /// The engine fails.
    pub async fn delete(&self, folder: Folder, name: &Name) -> Result<(), StorageError> {
        found(self.engine.delete(&folder.file(name)).await).map(|_| ())
    }

    /// Deletes all files of a medium. Deleting them again changes nothing.
    ///
    /// # Errors
    ///
    /// The engine fails; some files may be left.
    pub async fn delete_all(&self, folder: Folder) -> Result<(), StorageError> {
        let path = folder.path();
        let mut files = self.engine.list(Some(&path));
        while let Some(file) = files.next().await {
            let Some(file) = found(file)? else { continue };
            found(self.engine.delete(&file.location).await)?;
        }
        if let Some(local) = &self.local {
            // Object stores have no folders. A killed process leaves files here that are not listed, because they were never
            // complete.
            staged::remove_folder(&local.join(path.as_ref())).await?;
        }
        Ok(())
    }

    /// True if the file exists and its bytes have the digest of its name.
    ///
    /// # Errors
    ///
    /// The engine fails.
    pub async fn is_intact(&self, folder: Folder, name: &Name) -> Result<bool, StorageError> {
        let Some(mut pieces) = self.open_file(folder, name).await? else {
            return Ok(false);
        };
        let mut digest = Sha256::new();
        while let Some(piece) = pieces.next().await {
            digest.update(&piece?);
        }
        let found = Name::new(&digest.finalize(), "x");
        Ok(found.is_some_and(|found| found.digest() == name.digest()))
    }

    /// The content of a file piece by piece, or `None` if there is no such file.
    async fn open_file(
        &self,
        folder: Folder,
        name: &Name,
    ) -> Result<Option<BoxStream<'static, object_store::Result<Bytes>>>, StorageError> {
        let file = found(self.engine.get(&folder.file(name)).await)?;
        Ok(file.map(GetResult::into_stream))
    }

    /// Everything that is stored, in no order. `now` is the time since 1970.
    pub fn list(&self, now: Duration) -> impl Stream<Item = Result<Entry, StorageError>> + use<'_> {
        let files = self.engine.list(None).try_filter(|entry| {
            // A node that starts writes it.
            ready(entry.location.as_ref() != CHECK_FILE)
        });
        files.map(move |entry| {
            let entry = entry?;
            let stored = u64::try_from(entry.last_modified.timestamp()).unwrap_or(0);
            let age = now.saturating_sub(Duration::from_secs(stored));
            Ok(match Folder::of_file(&entry.location) {
                Some((folder, name)) => Entry::File(Stored {
                    folder,
                    name,
                    bytes: entry.size,
                    age,
                }),
                None => Entry::Foreign(entry.location.to_string()),
            })
        })
    }
}

impl Content {
    fn of(file: GetResult) -> Self {
        let (range, size) = (file.range, file.meta.size);
        let pieces = match file.payload {
            GetResultPayload::File(file, _) => local_pieces(file, range.clone()),
            GetResultPayload::Stream(pieces) => pieces.map_err(StorageError::from).boxed(),
        };
        Self {
            pieces,
            range,
            size,
        }
    }
}

/// Reads a file of this machine in pieces of [`STREAM_PIECE_BYTES`]. The engine's pieces are smaller, and each costs a
/// switch of threads. A file of tokio copies each piece once more.
fn local_pieces(
    file: std::fs::File,
    range: Range<u64>,
) -> BoxStream<'static, Result<Bytes, StorageError>> {
    try_unfold((file, range.start), move |(file, at)| async move {
        let length = range.end.saturating_sub(at).min(STREAM_PIECE_BYTES as u64);
        if length == 0 {
            return Ok(None);
        }
        let read = spawn_blocking(move || read_piece(&file, at, length).map(|piece| (piece, file)));
        let (piece, file) = read.await.map_err(std::io::Error::other)??;
        Ok(Some((piece, (file, at + length))))
    })
    .boxed()
}

fn read_piece(file: &std::fs::File, at: u64, length: u64) -> std::io::Result<Bytes> {
    let mut piece = vec![0; usize::try_from(length).unwrap_or(STREAM_PIECE_BYTES)];
    file.read_exact_at(&mut piece, at)?;
    Ok(Bytes::from(piece))
}

/// Computes the digest on a thread that may block: 8 MiB take up to 30 ms.
async fn digest(bytes: Bytes) -> Result<Vec<u8>, StorageError> {
    let digest = spawn_blocking(move || Sha256::digest(&bytes).to_vec()).await;
    digest.map_err(|stopped| std::io::Error::other(stopped).into())
}

/// Bytes of a folder's disk that are available to this user. `None` if they cannot be determined.
pub(crate) fn free_bytes(folder: &FilePath) -> Option<u64> {
    let free = rustix::fs::statvfs(folder).ok()?;
    Some(free.f_bavail.saturating_mul(free.f_frsize))
}

fn named(digest: &[u8], extension: &str) -> Result<Name, StorageError> {
    Name::new(digest, extension).ok_or_else(|| StorageError::Extension(extension.to_owned()))
}

fn found<T>(result: object_store::Result<T>) -> Result<Option<T>, StorageError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(object_store::Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
