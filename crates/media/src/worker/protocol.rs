//! What parent and child say to each other.
//!
//! The order is JSON in one argument. The answer is a length (four bytes, little endian), a header of that length in
//! JSON, and then the bytes of all renditions in the order of the header.

use std::{
    io::{self, Write},
    path::PathBuf,
};

use serde::{Deserialize, Serialize};

use crate::{
    Kind, Refusal,
    photo::{Format, Photo, Purpose, Rendition, Size},
    video::Facts,
    worker::sandbox::Protection,
};

/// Bytes of the header of an answer. It has at most a few renditions of about 100 bytes.
const HEADER_BYTES_MAX: usize = 16 * 1024;

/// Bytes of an answer. Six renditions of a photo have less than 3 MB, an animation less than 30 MB.
pub(super) const ANSWER_BYTES_MAX: u64 = 64_000_000;

/// Renditions in an answer: three sizes in two formats.
const RENDITIONS_MAX: usize = 6;

/// Bytes of a thumbhash, by its definition.
const THUMBHASH_BYTES_MAX: usize = 32;

/// What a worker process does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Job {
    /// Make the renditions of the photo on the standard input.
    Photo(Purpose),
    /// Check the video on the standard input.
    Video,
    /// Become another program.
    Execute(Execute),
    /// Report which protections hold while files are decoded.
    Check,
    /// Report which protections hold for another program.
    CheckProgram,
}

/// The argument of a worker process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Order {
    pub(super) job: Job,
    pub(super) memory_bytes: u64,
    pub(super) cpu_s: u64,
}

/// Another program to run, and the files that its sandbox lets it use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Execute {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<String>,
    /// The file that it reads.
    pub(crate) reads: PathBuf,
    /// The folder in which it makes files. Without one it writes to its standard output only.
    pub(crate) writes: Option<PathBuf>,
    /// Maximum bytes of each file that it writes.
    pub(crate) file_bytes_max: u64,
}

/// Header of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Answer {
    Photo(PhotoHeader),
    Video(Facts),
    Checked(Protection),
    Refused(Refusal),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PhotoHeader {
    renditions: Vec<RenditionHeader>,
    thumbhash: Vec<u8>,
    animated: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct RenditionHeader {
    size: Size,
    format: Format,
    width: u32,
    height: u32,
    bytes: usize,
}

impl PhotoHeader {
    pub(super) fn new(photo: &Photo) -> Self {
        let header = |rendition: &Rendition| RenditionHeader {
            size: rendition.size,
            format: rendition.format,
            width: rendition.width,
            height: rendition.height,
            bytes: rendition.bytes.len(),
        };
        Self {
            renditions: photo.renditions.iter().map(header).collect(),
            thumbhash: photo.thumbhash.clone(),
            animated: photo.animated,
        }
    }

    /// The photo, if the header and the bytes after it agree. A process that was taken over may send anything.
    pub(super) fn with_bytes(self, mut bytes: &[u8]) -> Option<Photo> {
        let count = 1..=RENDITIONS_MAX;
        if !count.contains(&self.renditions.len()) || self.thumbhash.len() > THUMBHASH_BYTES_MAX {
            return None;
        }
        let mut renditions = Vec::with_capacity(self.renditions.len());
        for header in self.renditions {
            let (own, rest) = bytes.split_at_checked(header.bytes)?;
            renditions.push(header.with_bytes(own)?);
            bytes = rest;
        }
        bytes.is_empty().then_some(Photo {
            renditions,
            thumbhash: self.thumbhash,
            animated: self.animated,
        })
    }
}

impl RenditionHeader {
    fn with_bytes(self, bytes: &[u8]) -> Option<Rendition> {
        let kind = match self.format {
            Format::WebP => Kind::WebP,
            Format::Jpeg => Kind::Jpeg,
        };
        let plausible = Kind::sniff(bytes) == Some(kind) && self.width > 0 && self.height > 0;
        plausible.then(|| Rendition {
            size: self.size,
            format: self.format,
            width: self.width,
            height: self.height,
            bytes: bytes.to_vec(),
        })
    }
}

/// Writes an answer without renditions.
pub(super) fn write(mut output: impl Write, answer: &Answer) -> io::Result<()> {
    let header = serde_json::to_vec(answer)?;
    let length = u32::try_from(header.len()).map_err(io::Error::other)?;
    output.write_all(&length.to_le_bytes())?;
    output.write_all(&header)
}

/// Writes an answer with its renditions.
pub(super) fn write_photo(mut output: impl Write, photo: &Photo) -> io::Result<()> {
    write(&mut output, &Answer::Photo(PhotoHeader::new(photo)))?;
    for rendition in &photo.renditions {
        output.write_all(&rendition.bytes)?;
    }
    Ok(())
}

/// The header of an answer and the bytes after it, or nothing if the answer breaks the protocol.
pub(super) fn read(answer: &[u8]) -> Option<(Answer, &[u8])> {
    let (length, rest) = answer.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    if length > HEADER_BYTES_MAX {
        return None;
    }
    let (header, bytes) = rest.split_at_checked(length)?;
    Some((serde_json::from_slice(header).ok()?, bytes))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn photo() -> Photo {
        let rendition = |format, bytes: &[u8]| Rendition {
            size: Size::Phone,
            format,
            width: 2,
            height: 1,
            bytes: bytes.to_vec(),
        };
        Photo {
            renditions: vec![
                rendition(Format::WebP, b"RIFF\0\0\0\0WEBPVP8 "),
                rendition(Format::Jpeg, b"\xFF\xD8\xFF\xD9"),
            ],
            thumbhash: vec![1, 2, 3],
            animated: false,
        }
    }

    fn answer(photo: &Photo) -> Vec<u8> {
        let mut bytes = Vec::new();
        write_photo(&mut bytes, photo).unwrap();
        bytes
    }

    fn accepted(answer: &[u8]) -> Option<Photo> {
        match read(answer)? {
            (Answer::Photo(header), bytes) => header.with_bytes(bytes),
            (Answer::Video(_) | Answer::Checked(_) | Answer::Refused(_), _) => None,
        }
    }

    #[test]
    fn a_photo_arrives_as_it_was_sent() {
        assert_eq!(accepted(&answer(&photo())), Some(photo()));
    }

    #[test]
    fn an_answer_that_is_cut_or_too_long_is_not_accepted() {
        let whole = answer(&photo());
        for length in 0..whole.len() {
            assert_eq!(accepted(&whole[..length]), None, "{length} bytes");
        }
        assert_eq!(accepted(&[whole, vec![0]].concat()), None);
    }

    #[test]
    fn a_rendition_that_is_not_what_it_claims_is_not_accepted() {
        let mut page = photo();
        page.renditions[1].bytes = b"<script>alert(1)</script>".to_vec();
        assert_eq!(accepted(&answer(&page)), None);
    }

    #[test]
    fn too_many_renditions_are_not_accepted() {
        let mut many = photo();
        let one = many.renditions[0].clone();
        many.renditions = vec![one.clone(); RENDITIONS_MAX];
        assert!(accepted(&answer(&many)).is_some());
        many.renditions.push(one);
        assert_eq!(accepted(&answer(&many)), None);
    }

    proptest! {
        #[test]
        fn any_answer_is_read_without_a_panic(length in 0_u32..64, bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let answer = [length.to_le_bytes().to_vec(), bytes].concat();
            let _ = accepted(&answer);
        }
    }
}
