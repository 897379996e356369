//! Copies an MP4 box by box: the index first, then the samples, and nothing else.
//!
//! Boxes that playing does not need hold positions, names of devices, comments, covers and whatever else. So only boxes of
//! a list are kept. Inside of the index a box that is not on the list is overwritten with zeros in place and named
//! `free`; outside it is left out. Times of creation and names of handlers and encoders become zeros.

use std::io::{self, Read, Seek, SeekFrom, Write};

use super::boxes::{self, BOXES_MAX, HEADER, LONG_HEADER, Name, Place};
use crate::{Refusal, worker::Failure};

/// Bytes of an index. Ten minutes have less than 1 MB.
const INDEX_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Boxes at the top of a file. Files of cameras have fewer than ten.
const TOP_BOXES_MAX: usize = 256;

/// The head of each file that is written.
const FILE_TYPE: &[u8; 28] = b"\0\0\0\x1Cftypisom\0\0\x02\0isomavc1mp41";

/// Boxes that hold boxes, with those that are kept inside.
const KEPT: [(&Name, &[&Name]); 6] = [
    (b"moov", &[b"mvhd", b"trak"]),
    (b"trak", &[b"tkhd", b"edts", b"mdia"]),
    (b"edts", &[b"elst"]),
    (b"mdia", &[b"mdhd", b"hdlr", b"minf"]),
    (b"minf", &[b"vmhd", b"smhd", b"dinf", b"stbl"]),
    (
        b"stbl",
        &[
            b"stsd", b"stts", b"ctts", b"stss", b"stsc", b"stsz", b"stz2", b"stco", b"co64",
        ],
    ),
];

/// Boxes at the top that must be whole. Anything else that breaks the format is no box, and ends the file.
const NEEDED: [&Name; 3] = [b"moov", b"mdat", b"moof"];

/// Samples in the input, and how far they move.
struct Moved {
    start: u64,
    end: u64,
    to: u64,
}

/// Copies an MP4 to an empty file. The copy must be checked: its tracks may be of any kind.
///
/// # Errors
///
/// [`Refusal::Damaged`] if the file breaks the format, [`Refusal::NotPlayable`] if its index is in pieces, or an error of
/// the file system.
pub fn remux(mut input: impl Read + Seek, mut output: impl Write) -> Result<(), Failure> {
    let top = top_boxes(&mut input)?;
    if top.iter().any(|one| &one.name == b"moof") {
        return Err(Refusal::NotPlayable("it is made of fragments".to_owned()).into());
    }
    let mut index = read_index(&mut input, &top)?;
    let content = boxes::header(&index).ok_or(Refusal::Damaged)?.1;
    let whole = Place {
        name: *b"moov",
        start: 0,
        content,
        end: index.len(),
    };
    scrub(&mut index, whole)?;
    let moved = layout(&top, &index);
    shift(&mut index, &moved)?;
    write(&mut input, &mut output, &index, &moved).map_err(Failure::Unavailable)
}

struct Top {
    name: Name,
    start: u64,
    content: u64,
    end: u64,
}

/// The boxes of the file, without their content.
fn top_boxes(input: &mut (impl Read + Seek)) -> Result<Vec<Top>, Failure> {
    let length = input.seek(SeekFrom::End(0)).map_err(Failure::Unavailable)?;
    let mut top = Vec::new();
    let mut at = 0;
    while at < length && top.len() < TOP_BOXES_MAX {
        let head = read_at(input, at, LONG_HEADER as u64).map_err(Failure::Unavailable)?;
        let Some((name, header, size)) = boxes::header(&head) else {
            break;
        };
        let size = if size == 0 { length - at } else { size };
        let end = at.checked_add(size).filter(|end| *end <= length);
        let Some(end) = end.filter(|_| size >= header as u64) else {
            if NEEDED.contains(&&name) {
                return Err(Refusal::Damaged.into());
            }
            break;
        };
        top.push(Top {
            name,
            start: at,
            content: at + header as u64,
            end,
        });
        at = end;
    }
    Ok(top)
}

fn read_at(input: &mut (impl Read + Seek), at: u64, bytes: u64) -> io::Result<Vec<u8>> {
    let mut read = Vec::new();
    input.seek(SeekFrom::Start(at))?;
    input.take(bytes).read_to_end(&mut read)?;
    Ok(read)
}

fn read_index(input: &mut (impl Read + Seek), top: &[Top]) -> Result<Vec<u8>, Failure> {
    let mut found = top.iter().filter(|one| &one.name == b"moov");
    let (Some(one), None) = (found.next(), found.next()) else {
        return Err(Refusal::Damaged.into());
    };
    let bytes = one.end - one.start;
    if bytes > INDEX_BYTES_MAX {
        return Err(Refusal::Damaged.into());
    }
    read_at(input, one.start, bytes).map_err(Failure::Unavailable)
}

/// Blanks what is not on the list, and personal fields of what is.
fn scrub(index: &mut [u8], place: Place) -> Result<(), Refusal> {
    let Some((_, kept)) = KEPT.iter().find(|(name, _)| **name == place.name) else {
        return scrub_fields(index, place);
    };
    for child in boxes::children(index, place.content, place.end)? {
        if kept.contains(&&child.name) {
            scrub(index, child)?;
        } else {
            index[child.start + 4..child.start + HEADER].copy_from_slice(b"free");
            index[child.content..child.end].fill(0);
        }
    }
    Ok(())
}

fn scrub_fields(index: &mut [u8], place: Place) -> Result<(), Refusal> {
    let content = index
        .get_mut(place.content..place.end)
        .ok_or(Refusal::Damaged)?;
    match &place.name {
        b"mvhd" | b"tkhd" | b"mdhd" => blank(content, times(content)?),
        // Version, flags, reserved, kind of the track and reserved; the name follows.
        b"hdlr" => blank(content, 24..content.len()),
        b"stsd" if content.get(12..16) == Some(b"avc1") => {
            // Version, flags and count; then the header of the entry, 42 bytes of numbers and the name of the encoder.
            blank(content, 58..90)
        }
        _ => Ok(()),
    }
}

fn blank(content: &mut [u8], range: std::ops::Range<usize>) -> Result<(), Refusal> {
    content.get_mut(range).ok_or(Refusal::Damaged)?.fill(0);
    Ok(())
}

/// Times of creation and change follow version and flags, with 32 or 64 bits each.
fn times(content: &[u8]) -> Result<std::ops::Range<usize>, Refusal> {
    match content.first() {
        Some(0) => Ok(4..12),
        Some(1) => Ok(4..20),
        _ => Err(Refusal::Damaged),
    }
}

/// Where the content of each `mdat` goes: behind the file type, the index and its own header.
fn layout(top: &[Top], index: &[u8]) -> Vec<Moved> {
    let mut at = (FILE_TYPE.len() + index.len()) as u64;
    let samples = top.iter().filter(|one| &one.name == b"mdat");
    let place = |one: &Top| {
        let to = at + LONG_HEADER as u64;
        at = to + (one.end - one.content);
        Moved {
            start: one.content,
            end: one.end,
            to,
        }
    };
    samples.map(place).collect()
}

/// Corrects the places of samples in the index.
fn shift(index: &mut [u8], moved: &[Moved]) -> Result<(), Refusal> {
    for place in offset_boxes(index)? {
        let width = if &place.name == b"co64" { 8 } else { 4 };
        let content = &mut index[place.content..place.end];
        let count = content.get(4..8).and_then(|count| count.first_chunk());
        let count = u32::from_be_bytes(*count.ok_or(Refusal::Damaged)?) as usize;
        let bytes = count
            .checked_mul(width)
            .and_then(|bytes| bytes.checked_add(8));
        let entries = bytes.and_then(|bytes| content.get_mut(8..bytes));
        for entry in entries.ok_or(Refusal::Damaged)?.chunks_exact_mut(width) {
            shift_entry(entry, moved)?;
        }
    }
    Ok(())
}

fn shift_entry(entry: &mut [u8], moved: &[Moved]) -> Result<(), Refusal> {
    let old = entry
        .iter()
        .fold(0, |old, byte| (old << 8) | u64::from(*byte));
    let home = moved.iter().find(|one| (one.start..one.end).contains(&old));
    let home = home.ok_or(Refusal::Damaged)?;
    let new = (old - home.start + home.to).to_be_bytes();
    let (high, low) = new.split_at(new.len() - entry.len());
    if high.iter().any(|byte| *byte != 0) {
        return Err(Refusal::Damaged); // above 4 GiB, and files are smaller
    }
    entry.copy_from_slice(low);
    Ok(())
}

/// The boxes with places of samples, of each track.
fn offset_boxes(index: &[u8]) -> Result<Vec<Place>, Refusal> {
    let mut level = boxes::children(index, 0, index.len())?;
    for name in [b"trak", b"mdia", b"minf", b"stbl"] {
        level = inside(index, &level)?;
        level.retain(|place| &place.name == name);
    }
    let mut offsets = inside(index, &level)?;
    offsets.retain(|place| matches!(&place.name, b"stco" | b"co64"));
    Ok(offsets)
}

fn inside(index: &[u8], places: &[Place]) -> Result<Vec<Place>, Refusal> {
    let mut found = Vec::new();
    for place in places {
        found.extend(boxes::children(index, place.content, place.end)?);
        if found.len() > BOXES_MAX {
            return Err(Refusal::Damaged);
        }
    }
    Ok(found)
}

fn write(
    input: &mut (impl Read + Seek),
    output: &mut impl Write,
    index: &[u8],
    moved: &[Moved],
) -> io::Result<()> {
    output.write_all(FILE_TYPE)?;
    output.write_all(index)?;
    for one in moved {
        let bytes = one.end - one.start;
        output.write_all(b"\0\0\0\x01mdat")?;
        output.write_all(&(bytes + LONG_HEADER as u64).to_be_bytes())?;
        input.seek(SeekFrom::Start(one.start))?;
        io::copy(&mut input.take(bytes), output)?;
    }
    output.flush()
}
