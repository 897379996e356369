//! Is an MP4 playable everywhere? Reads the index with a library, in a worker process.

use std::{
    io::{Read, Seek},
    time::Duration,
};

use re_mp4::{Mp4, StsdBoxContent, Track};

use super::Facts;
use crate::{Refusal, limits::VIDEO_DURATION_MAX};

/// Longer and shorter side of 1080p.
const SIDES_MAX: (u32, u32) = (1920, 1080);

/// Profiles of H.264 that every device decodes: baseline, main, extended and high, 8 bits and 4:2:0.
const PROFILES: [u8; 4] = [66, 77, 88, 100];

/// One picture track and one sound track. Others hold data, for example positions.
const TRACKS_MAX: usize = 2;

/// Tells what is known of a playable MP4 of `bytes` bytes.
///
/// # Errors
///
/// [`Refusal::Damaged`], [`Refusal::TooLong`] or [`Refusal::NotPlayable`] with the reason.
pub(crate) fn facts(file: impl Read + Seek, bytes: u64) -> Result<Facts, Refusal> {
    let mp4 = Mp4::read(file, bytes).map_err(|_read| not_playable("its index is unusual"))?;
    let duration = duration(&mp4)?;
    if mp4.tracks().len() > TRACKS_MAX || mp4.moov.traks.len() != mp4.tracks().len() {
        return Err(not_playable(
            "it has other tracks than one of pictures and one of sound",
        ));
    }
    let mut size = None;
    let mut sound = false;
    for track in mp4.tracks().values() {
        check_samples(track, bytes)?;
        match &track.trak(&mp4).mdia.minf.stbl.stsd.contents {
            StsdBoxContent::Avc1(codec) if size.is_none() => {
                check_profile(codec.avcc.avc_profile_indication)?;
                size = Some(shown_size(&mp4, track)?);
            }
            StsdBoxContent::Mp4a(_) if !sound => sound = true,
            other => return Err(not_playable(&format!("codec {}", name(other)))),
        }
    }
    let (width, height) = size.ok_or_else(|| not_playable("it has no pictures"))?;
    Ok(Facts {
        width,
        height,
        duration,
        sound,
    })
}

fn not_playable(reason: &str) -> Refusal {
    Refusal::NotPlayable(reason.to_owned())
}

fn name(codec: &StsdBoxContent) -> String {
    match codec {
        StsdBoxContent::Unknown(code) => code.to_string(),
        known => known.codec_string().unwrap_or_default(),
    }
}

fn check_profile(profile: u8) -> Result<(), Refusal> {
    if PROFILES.contains(&profile) {
        Ok(())
    } else {
        Err(not_playable("a profile of H.264 that phones do not decode"))
    }
}

/// The longest track. The header of the file is not trusted.
fn duration(mp4: &Mp4) -> Result<Duration, Refusal> {
    let seconds = |track: &Track| {
        let ticks: u64 = track.samples.iter().map(|sample| sample.duration).sum();
        Duration::from_millis(ticks.saturating_mul(1000) / track.timescale.max(1))
    };
    let longest = mp4.tracks().values().map(seconds).max().unwrap_or_default();
    if longest > VIDEO_DURATION_MAX {
        let max_s = VIDEO_DURATION_MAX.as_secs();
        return Err(Refusal::TooLong { max_s });
    }
    if longest.is_zero() {
        return Err(Refusal::Damaged);
    }
    Ok(longest)
}

/// Each sample lies inside the file, and playing can start at the first one.
fn check_samples(track: &Track, bytes: u64) -> Result<(), Refusal> {
    let inside = |end: Option<u64>| end.is_some_and(|end| end <= bytes);
    let mut samples = track.samples.iter();
    let whole = samples.all(|sample| inside(sample.offset.checked_add(sample.size)));
    let starts = track.samples.first().is_some_and(|first| first.is_sync);
    if whole && starts {
        Ok(())
    } else {
        Err(Refusal::Damaged)
    }
}

/// Size after the rotation that the track asks for.
fn shown_size(mp4: &Mp4, track: &Track) -> Result<(u32, u32), Refusal> {
    let (width, height) = (u32::from(track.width), u32::from(track.height));
    let (longer, shorter) = (width.max(height), width.min(height));
    if shorter == 0 {
        return Err(Refusal::Damaged);
    }
    if longer > SIDES_MAX.0 || shorter > SIDES_MAX.1 {
        return Err(not_playable("it has more than 1920 × 1080 pixels"));
    }
    let matrix = &track.trak(mp4).tkhd.matrix;
    let turned = matrix.a == 0 && matrix.d == 0;
    Ok(if turned {
        (height, width)
    } else {
        (width, height)
    })
}
