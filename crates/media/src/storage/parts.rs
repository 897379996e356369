//! Uploads that arrive in several requests, stored as parts: consecutive files in the folder of a medium.
//!
//! Each request that appends gives its parts an ending of its own. So a request that lost its hold never overwrites or
//! deletes a part of its successor, even if both store the same bytes. An upload with one part has the same form as an
//! upload in one request.

use std::fmt;

use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use tokio::io::{AsyncWrite, AsyncWriteExt};

use super::{Folder, Name, Storage, StorageError, found};

/// Maximum bytes of a part. A request that appends has one part in memory.
pub const PART_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Minimum bytes of every part except the last: object stores take no smaller pieces. When an upload continues after a
/// shorter part, that part is stored again together with the new bytes. This bounds the number of parts.
pub const PART_BYTES_MIN: usize = 5 * 1024 * 1024;

/// Maximum number of requests that append to one upload. The ending of a part has four hexadecimal digits for it.
pub const WRITERS_MAX: u32 = 0xffff;

/// The ending of files that were uploaded whole.
const WHOLE: &str = "up";

/// The files of an upload, in order. Its text form is their names, separated by spaces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts(Vec<Name>);

impl Parts {
    /// Parses the text form. `None` if a name is malformed or missing.
    pub fn parse(text: &str) -> Option<Self> {
        text.split(' ')
            .map(Name::parse)
            .collect::<Option<_>>()
            .map(Self)
    }

    /// The names.
    pub fn names(&self) -> &[Name] {
        &self.0
    }

    /// Adds a part at the end.
    pub fn push(&mut self, name: Name) {
        self.0.push(name);
    }

    /// Removes the last part and returns its name.
    pub fn pop(&mut self) -> Option<Name> {
        self.0.pop()
    }
}

impl fmt::Display for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, name) in self.0.iter().enumerate() {
            let space = if place == 0 { "" } else { " " };
            write!(f, "{space}{name}")?;
        }
        Ok(())
    }
}

impl Name {
    /// True for files of an upload. They are never served.
    pub fn is_upload(&self) -> bool {
        let ending = &self.as_str()[self.digest().len() + 1..];
        let is_part = ending.strip_prefix('p').is_some_and(|it| it.len() == 4);
        ending == WHOLE || is_part
    }
}

impl Storage {
    /// Stores a file that was uploaded whole.
    ///
    /// # Errors
    ///
    /// The engine fails; nothing is stored then.
    pub async fn put_upload(&self, folder: Folder, bytes: Bytes) -> Result<Name, StorageError> {
        self.put(folder, bytes, WHOLE).await
    }

    /// Stores a part of an upload. `writer` is the number of the request, at most [`WRITERS_MAX`].
    ///
    /// # Errors
    ///
    /// The engine fails; nothing is stored then.
    pub async fn put_part(
        &self,
        folder: Folder,
        bytes: Bytes,
        writer: u32,
    ) -> Result<Name, StorageError> {
        self.put(folder, bytes, &format!("p{writer:04x}")).await
    }

    /// Reads the whole upload into memory. `None` if a part is missing. Only for photos, whose size is limited.
    ///
    /// # Errors
    ///
    /// The engine fails.
    pub async fn get_parts(
        &self,
        folder: Folder,
        parts: &Parts,
    ) -> Result<Option<Bytes>, StorageError> {
        let mut whole = BytesMut::new();
        for name in parts.names() {
            match self.get(folder, name).await? {
                Some(part) if parts.names().len() == 1 => return Ok(Some(part)),
                Some(part) => whole.extend_from_slice(&part),
                None => return Ok(None),
            }
        }
        Ok(Some(whole.freeze()))
    }

    /// Writes an upload to `to` piece by piece. Returns the number of bytes, or `None` if a part is missing.
    ///
    /// # Errors
    ///
    /// The engine fails, or the file cannot be written.
    pub async fn copy_parts(
        &self,
        folder: Folder,
        parts: &Parts,
        to: &mut (impl AsyncWrite + Unpin),
    ) -> Result<Option<u64>, StorageError> {
        let mut written = 0;
        for name in parts.names() {
            let file = self.open_file(folder, name).await?;
            let Some(mut pieces) = file else {
                return Ok(None);
            };
            while let Some(piece) = pieces.next().await {
                let piece = piece?;
                to.write_all(&piece).await?;
                written += piece.len() as u64;
            }
        }
        to.flush().await?;
        Ok(Some(written))
    }

    /// Deletes all files of an upload, including those that the store does not know. Keeps the other files of the
    /// medium.
    ///
    /// # Errors
    ///
    /// The engine fails; some files may be left.
    pub async fn delete_parts(&self, folder: Folder) -> Result<(), StorageError> {
        for name in self.names(folder).await? {
            if name.is_upload() {
                self.delete(folder, &name).await?;
            }
        }
        Ok(())
    }

    /// The names of all files of a medium.
    async fn names(&self, folder: Folder) -> Result<Vec<Name>, StorageError> {
        let path = folder.path();
        let mut files = self.engine.list(Some(&path));
        let mut names = Vec::new();
        while let Some(file) = files.next().await {
            let Some(file) = found(file)? else { continue };
            names.extend(Folder::of_file(&file.location).map(|(_, name)| name));
        }
        Ok(names)
    }
}
