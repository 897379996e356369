//! A response continues correctly when the cache evicted a part of the file.

use tempfile::TempDir;

use super::*;

/// Pieces of the file of these tests. The last one is smaller.
const PIECES: u64 = 4;

struct Stored {
    cache: FileCache,
    storage: Storage,
    file: MediaFile,
    bytes: Bytes,
    _folder: TempDir,
}

impl Stored {
    /// A file whose pieces all differ, read once.
    async fn cached() -> Self {
        let folder = TempDir::new().unwrap();
        let storage = Storage::open(&format!("file:{}", folder.path().display())).unwrap();
        let numbers = 0..(PIECES * PIECE_BYTES - 1_000) / 8;
        let bytes: Bytes = numbers.flat_map(u64::to_be_bytes).collect();
        let medium = Folder::of(7);
        let name = storage.put(medium, bytes.clone(), "webp").await.unwrap();
        let file = MediaFile {
            folder: medium,
            name,
        };
        let stored = Self {
            cache: FileCache::new(16 << 20),
            storage,
            file,
            bytes,
            _folder: folder,
        };
        assert!(stored.read().await.is_ok_and(|read| read == stored.bytes));
        assert_eq!(stored.cached_pieces(), [0, 1, 2, 3]);
        stored
    }

    async fn read(&self) -> Result<BytesMut, StorageError> {
        let content = self.cache.read(&self.storage, &self.file).await?.unwrap();
        content.pieces.try_collect().await
    }

    fn evict(&self, number: u64) {
        self.cache.0.remove(&key(&self.file, number)).unwrap();
    }

    fn cached_pieces(&self) -> Vec<u64> {
        let is_cached = |number: &u64| self.cache.0.peek(&key(&self.file, *number)).is_some();
        (0..PIECES).filter(is_cached).collect()
    }
}

#[tokio::test]
async fn pieces_that_were_evicted_are_read_from_their_place_and_cached_again() {
    for evicted in [
        &[1][..],
        &[2],
        &[3],
        &[1, 2],
        &[1, 3],
        &[1, 2, 3],
        &[0],
        &[0, 2],
    ] {
        let stored = Stored::cached().await;
        evicted.iter().for_each(|number| stored.evict(*number));
        let read = stored.read().await.unwrap();
        assert!(read == stored.bytes, "{evicted:?}: {} bytes", read.len());
        assert_eq!(stored.cached_pieces(), [0, 1, 2, 3], "{evicted:?}");
    }
}

#[tokio::test]
async fn a_response_ends_with_an_error_if_the_rest_of_the_file_was_removed() {
    let stored = Stored::cached().await;
    stored.evict(2);
    stored.storage.delete_all(stored.file.folder).await.unwrap();
    assert!(stored.read().await.is_err());
}
