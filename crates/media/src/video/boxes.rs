//! Boxes of an MP4 file.

use crate::Refusal;

/// The name of a box.
pub(super) type Name = [u8; 4];

/// A box in memory: where it starts, where its content starts, and where it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) name: Name,
    pub(super) start: usize,
    pub(super) content: usize,
    pub(super) end: usize,
}

/// Length of a header with a size of 32 bits.
pub(super) const HEADER: usize = 8;

/// Length of a header with a size of 64 bits.
pub(super) const LONG_HEADER: usize = 16;

/// Maximum number of boxes on one level. The index of a track has about ten. Each box takes memory of the server.
pub(super) const BOXES_MAX: usize = 4_096;

/// A header of at least [`HEADER`] bytes: the name, the length of the header, and the size with it. A size of 0 means up
/// to the end of the file.
pub(super) fn header(bytes: &[u8]) -> Option<(Name, usize, u64)> {
    let size = u32::from_be_bytes(*bytes.first_chunk()?);
    let name = *bytes.get(4..)?.first_chunk()?;
    match size {
        1 => {
            let size = u64::from_be_bytes(*bytes.get(HEADER..)?.first_chunk()?);
            Some((name, LONG_HEADER, size))
        }
        size => Some((name, HEADER, u64::from(size))),
    }
}

/// The consecutive boxes between two offsets, at most [`BOXES_MAX`].
pub(super) fn children(bytes: &[u8], start: usize, end: usize) -> Result<Vec<Place>, Refusal> {
    let mut places = Vec::new();
    let mut at = start;
    while at < end {
        if places.len() == BOXES_MAX {
            return Err(Refusal::Damaged);
        }
        let (name, length, size) = header(&bytes[at..end]).ok_or(Refusal::Damaged)?;
        let size = usize::try_from(size).map_err(|_large| Refusal::Damaged)?;
        let next = at.checked_add(size).filter(|next| *next <= end);
        let next = next.filter(|_| size >= length).ok_or(Refusal::Damaged)?;
        places.push(Place {
            name,
            start: at,
            content: at + length,
            end: next,
        });
        at = next;
    }
    Ok(places)
}
