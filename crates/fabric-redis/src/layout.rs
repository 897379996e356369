//! The bytes of a timeline.
//!
//! A ready timeline is a header of [`READY`] bytes and its ids, ascending, 8 bytes each, big-endian like all numbers
//! here. The header: incarnation, server, position in the log of large authors, floor, number of late arrivals, the last
//! [`LATE_MAX`] late arrivals (newest first), and an id below all others.
//!
//! A timeline that is being built is a header of [`BUILDING`] bytes and the ids that arrived, ascending. The header:
//! incarnation, server, position, the time until which its builder holds it, one byte, and an id below all others.
//!
//! So the last 8 bytes are the largest id, or one below every id that may be inserted. The length tells the two apart:
//! only that of a build is odd. A delivery needs no other look at the header.

use std::collections::VecDeque;

use sosik_feed::StoryId;
use sosik_feed::pulled::LogPosition;
use sosik_feed::timeline::{LATE_MAX, Timeline};

use crate::server::ServerId;

/// Bytes of an id and of every number in a header.
pub(crate) const NUMBER: usize = 8;
pub(crate) const SERVER: usize = NUMBER;
const LOG_FROM: usize = 2 * NUMBER;
pub(crate) const FLOOR: usize = 3 * NUMBER;
/// In a build, in the place of the floor.
pub(crate) const HELD_UNTIL: usize = FLOOR;
pub(crate) const LATE_COUNT: usize = 4 * NUMBER;
pub(crate) const LATE_IDS: usize = 5 * NUMBER;
/// Length of the header of a ready timeline.
pub(crate) const READY: usize = LATE_IDS + (LATE_MAX + 1) * NUMBER;
/// Length of the header of a build.
pub(crate) const BUILDING: usize = HELD_UNTIL + NUMBER + 1 + NUMBER;

/// A ready timeline, or its newest part.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) incarnation: u64,
    pub(crate) server: ServerId,
    pub(crate) log_from: LogPosition,
    pub(crate) timeline: Timeline,
    /// Whether the part has all ids.
    pub(crate) whole: bool,
}

impl Stored {
    /// Reads a timeline from the beginning of its header, its length, and its last bytes. Late arrivals that are not in
    /// `header` are missing in the result. `None` if there is no timeline, or if it is being built.
    pub(crate) fn parse(header: &[u8], length: usize, tail: &[u8]) -> Option<Self> {
        let ids_bytes = length.checked_sub(READY)?;
        if !length.is_multiple_of(NUMBER) {
            return None;
        }
        let known = tail.len().min(ids_bytes);
        let ids = numbers(&tail[tail.len() - known..]).map(StoryId::from_u64);
        let late_count = u32::try_from(number(header, LATE_COUNT)?).unwrap_or(u32::MAX);
        let late = late_ids(header, late_count);
        let floor = StoryId::from_u64(number(header, FLOOR)?);
        Some(Self {
            incarnation: number(header, 0)?,
            server: ServerId::from_u64(number(header, SERVER)?),
            log_from: LogPosition::from_u64(number(header, LOG_FROM)?),
            timeline: Timeline::newest_part(ids.collect(), floor, late, late_count),
            whole: known == ids_bytes,
        })
    }

    /// Reads a timeline from all its bytes.
    pub(crate) fn parse_whole(bytes: &[u8]) -> Option<Self> {
        let (header, ids) = bytes.split_at_checked(READY)?;
        Self::parse(header, bytes.len(), ids)
    }
}

/// The first part of the header of a build.
pub(crate) fn begin_of_header(
    incarnation: u64,
    server: ServerId,
    log_from: LogPosition,
) -> [u8; FLOOR] {
    let mut header = [0; FLOOR];
    header[..SERVER].copy_from_slice(&incarnation.to_be_bytes());
    header[SERVER..LOG_FROM].copy_from_slice(&server.as_u64().to_be_bytes());
    header[LOG_FROM..].copy_from_slice(&log_from.as_u64().to_be_bytes());
    header
}

/// Ids as bytes.
pub(crate) fn bytes_of(ids: &[StoryId]) -> Vec<u8> {
    ids.iter()
        .flat_map(|id| id.as_u64().to_be_bytes())
        .collect()
}

/// The late arrivals in the header, in the order of their arrival.
fn late_ids(header: &[u8], count: u32) -> VecDeque<StoryId> {
    let known = LATE_MAX.min(usize::try_from(count).unwrap_or(LATE_MAX));
    let bytes = header.get(LATE_IDS..LATE_IDS + known * NUMBER);
    let newest_first = numbers(bytes.unwrap_or_default()).map(StoryId::from_u64);
    newest_first.rev().collect()
}

fn number(bytes: &[u8], at: usize) -> Option<u64> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    Some(u64::from_be_bytes(*bytes))
}

fn numbers(bytes: &[u8]) -> impl DoubleEndedIterator<Item = u64> {
    let (numbers, _) = bytes.as_chunks();
    numbers.iter().map(|number| u64::from_be_bytes(*number))
}
