//! Small files in memory. Many people look at the same photos at about the same time, and without this cache each look
//! reads the disk or the bucket.
//!
//! A file never changes, because its name has the digest of its content. So the cache needs no invalidation. Every
//! request checks the audience before it looks here.

use bytes::{Bytes, BytesMut};
use futures::TryStreamExt;
use quick_cache::Weighter;
use quick_cache::sync::{Cache, DefaultLifecycle};
use sosik_media::storage::{Content, Folder, Name, STREAM_PIECE_BYTES, Storage};

use super::{Media, MediaFile};
use crate::{ServiceError, ServiceResult};

/// Largest file, in bytes, that is read into memory as a whole. Most files of photos are smaller. Videos are larger.
pub const WHOLE_BYTES_MAX: u64 = 3 * STREAM_PIECE_BYTES as u64;

/// Expected bytes of a file, for the size of the cache's table.
const FILE_BYTES: u64 = 48 << 10;

/// The content of a file.
pub enum FileContent {
    /// The whole file.
    Whole(Bytes),
    /// A file with more than [`WHOLE_BYTES_MAX`], read while it is consumed.
    Streamed(Content),
}

/// Why a file is not in the cache.
enum Uncached {
    Missing,
    Large(Content),
    Failed(ServiceError),
}

type Key = (Folder, Name);

#[derive(Clone)]
struct FileWeight;

impl Weighter<Key, Bytes> for FileWeight {
    fn weight(&self, (_, name): &Key, file: &Bytes) -> u64 {
        (size_of::<Key>() + name.as_str().len() + size_of::<Bytes>() + file.len()) as u64
    }
}

/// The files that were read last.
pub(super) struct FileCache(Cache<Key, Bytes, FileWeight>);

impl FileCache {
    /// A cache with room for this number of bytes.
    pub(super) fn new(bytes: u64) -> Self {
        let files = usize::try_from(bytes / FILE_BYTES).unwrap_or(usize::MAX);
        let (hash, lifecycle) = (Default::default(), DefaultLifecycle::default());
        Self(Cache::with(files, bytes, FileWeight, hash, lifecycle))
    }
}

impl Media {
    /// The content of a file. Concurrent requests for a small file read it once. `None` if it was removed meanwhile.
    ///
    /// # Errors
    /// The storage fails.
    pub async fn read_whole(&self, file: &MediaFile) -> ServiceResult<Option<FileContent>> {
        let storage = &self.engine()?.storage;
        let key = (file.folder, file.name.clone());
        let cached = &self.shared.files.0;
        match cached
            .get_or_insert_async(&key, read_small(storage, file))
            .await
        {
            Ok(file) => Ok(Some(FileContent::Whole(file))),
            Err(Uncached::Large(content)) => Ok(Some(FileContent::Streamed(content))),
            Err(Uncached::Missing) => Ok(None),
            Err(Uncached::Failed(error)) => Err(error),
        }
    }
}

async fn read_small(storage: &Storage, file: &MediaFile) -> Result<Bytes, Uncached> {
    let failed = |error| Uncached::Failed(ServiceError::Storage(error));
    let content = storage.stream(file.folder, &file.name, None).await;
    let content = content.map_err(failed)?.ok_or(Uncached::Missing)?;
    if content.size > WHOLE_BYTES_MAX {
        return Err(Uncached::Large(content));
    }
    let pieces: Vec<Bytes> = content.pieces.try_collect().await.map_err(failed)?;
    Ok(joined(pieces))
}

/// The bytes of all pieces. One piece is not copied.
fn joined(mut pieces: Vec<Bytes>) -> Bytes {
    if pieces.len() == 1 {
        return pieces.remove(0);
    }
    let length = pieces.iter().map(Bytes::len).sum();
    let mut whole = BytesMut::with_capacity(length);
    for piece in pieces {
        whole.extend_from_slice(&piece);
    }
    whole.freeze()
}
