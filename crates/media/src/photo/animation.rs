//! Animations stay animated: GIF, animated PNG and WebP become animated WebP. The JPEG shows the first frame.
//!
//! Frames are decoded one at a time and kept small. The encoder needs all frames of one size at once, so their pixels
//! are bounded together ([`FRAME_PIXELS_KEPT_MAX`]): a long animation is served smaller, not refused.

use webp::{AnimEncoder, AnimFrame};

use super::{
    Format, Photo, Purpose, Size, color,
    decode::{Animated, refusal, shrink},
    encode,
    raster::Raster,
    rendition, still, thumbhash,
};
use crate::{
    Refusal,
    limits::{FRAME_PIXELS_KEPT_MAX, FRAME_PIXELS_MAX, FRAMES_MAX},
};

/// Sizes of animations: one less than photos have, because each frame counts.
const SIZES: [(Size, u32); 2] = [(Size::Phone, 320), (Size::Page, 640)];

/// Longer side of the frames that are kept. Equals the largest of [`SIZES`].
const SIDE_MAX: u32 = 640;

/// Smallest longer side that a long animation shrinks to. [`FRAMES_MAX`] frames of it fit.
const SIDE_MIN: u32 = 160;

/// A frame that asks for less time gets [`HURRY_MS`], as browsers do.
const DELAY_MS_MIN: u32 = 20;

/// Time of a frame that asks for none.
const HURRY_MS: u32 = 100;

/// Longest time of one frame: what the file format can say.
const DELAY_MS_MAX: u32 = 65_535;

struct Frame {
    picture: Raster,
    delay_ms: u32,
}

/// Makes the renditions of an animation. A file with one frame is a still photo.
pub(super) fn render(animated: Animated<'_>, purpose: Purpose) -> Result<Photo, Refusal> {
    let profile = animated.profile;
    let mut source = animated.frames;
    let first = next(&mut source)?.ok_or(Refusal::Damaged)?;
    let Some(second) = next(&mut source)? else {
        let small = shrink(&first.picture, purpose)?.without_idle_alpha()?;
        return still(color::to_srgb(small, profile), purpose);
    };
    let mut kept = Kept::new(animated.frame_pixels);
    kept.push(&first)?;
    kept.push(&second)?;
    while let Some(frame) = next(&mut source)? {
        kept.push(&frame)?;
    }
    encode_all(&kept.in_srgb(profile.as_deref()), animated.loops)
}

fn next(frames: &mut image::Frames<'_>) -> Result<Option<Frame>, Refusal> {
    let Some(frame) = frames.next() else {
        return Ok(None);
    };
    let frame = frame.map_err(refusal)?;
    let (numerator, denominator) = frame.delay().numer_denom_ms();
    let asked = numerator / denominator.max(1);
    let delay = if asked < DELAY_MS_MIN {
        HURRY_MS
    } else {
        asked
    };
    Ok(Some(Frame {
        picture: Raster::new(frame.into_buffer().into()),
        delay_ms: delay.min(DELAY_MS_MAX),
    }))
}

/// Frames in the size that fits into memory together.
struct Kept {
    frames: Vec<Frame>,
    side: u32,
    /// Pixels of one decoded frame.
    frame_pixels: u64,
    decoded_pixels: u64,
}

impl Kept {
    fn new(frame_pixels: u64) -> Self {
        Self {
            frames: Vec::new(),
            side: SIDE_MAX,
            frame_pixels,
            decoded_pixels: 0,
        }
    }

    fn push(&mut self, frame: &Frame) -> Result<(), Refusal> {
        self.decoded_pixels += self.frame_pixels;
        if self.frames.len() == FRAMES_MAX || self.decoded_pixels > FRAME_PIXELS_MAX {
            return Err(Refusal::TooManyFrames {
                frames_max: FRAMES_MAX,
                pixels_max: FRAME_PIXELS_MAX,
            });
        }
        let picture = frame.picture.fit(self.side)?;
        self.frames.push(Frame { picture, ..*frame });
        self.make_room()
    }

    /// Shrinks all frames until they fit.
    fn make_room(&mut self) -> Result<(), Refusal> {
        while self.pixels() > FRAME_PIXELS_KEPT_MAX && self.side > SIDE_MIN {
            self.side = (self.side * 3 / 4).max(SIDE_MIN);
            for frame in &mut self.frames {
                frame.picture = frame.picture.fit(self.side)?;
            }
        }
        Ok(())
    }

    fn pixels(&self) -> u64 {
        let pixels =
            |frame: &Frame| u64::from(frame.picture.width) * u64::from(frame.picture.height);
        self.frames.iter().map(pixels).sum()
    }

    fn in_srgb(self, profile: Option<&[u8]>) -> Vec<Frame> {
        let convert = |frame: Frame| Frame {
            picture: color::to_srgb(frame.picture, profile.map(<[u8]>::to_vec)),
            ..frame
        };
        self.frames.into_iter().map(convert).collect()
    }
}

fn encode_all(frames: &[Frame], loops: u32) -> Result<Photo, Refusal> {
    let mut renditions = Vec::new();
    let mut posters = Vec::new();
    let longer = frames
        .first()
        .map_or(0, |frame| frame.picture.longer_side());
    for (place, (size, side)) in SIZES.iter().enumerate() {
        if place > 0 && longer <= SIZES[place - 1].1 {
            continue;
        }
        let sized = resized(frames, *side)?;
        let poster = sized.first().ok_or(Refusal::Damaged)?.picture.clone();
        renditions.push(rendition(
            *size,
            &poster,
            Format::WebP,
            webp(&sized, loops)?,
        ));
        renditions.push(rendition(
            *size,
            &poster,
            Format::Jpeg,
            encode::jpeg(&poster)?,
        ));
        posters.push((*size, poster));
    }
    Ok(Photo {
        renditions,
        thumbhash: thumbhash(&posters)?,
        animated: true,
    })
}

fn resized(frames: &[Frame], side: u32) -> Result<Vec<Frame>, Refusal> {
    let resize = |frame: &Frame| {
        let picture = frame.picture.fit(side)?;
        Ok(Frame {
            picture,
            delay_ms: frame.delay_ms,
        })
    };
    frames.iter().map(resize).collect()
}

fn webp(frames: &[Frame], loops: u32) -> Result<Vec<u8>, Refusal> {
    let config = encode::webp_config()?;
    let first = frames.first().ok_or(Refusal::Damaged)?;
    let (width, height) = (first.picture.width, first.picture.height);
    let mut encoder = AnimEncoder::new(width, height, &config);
    encoder.set_loop_count(i32::try_from(loops).unwrap_or(0));
    let mut now_ms = 0;
    for frame in frames {
        let picture = &frame.picture;
        if (picture.width, picture.height) != (width, height) {
            return Err(Refusal::Damaged);
        }
        let layout = encode::layout(picture);
        encoder.add_frame(AnimFrame::new(
            &picture.pixels,
            layout,
            width,
            height,
            now_ms,
            None,
        ));
        now_ms += i32::try_from(frame.delay_ms).unwrap_or(0);
    }
    let encoded = encoder.try_encode();
    let mut file = encoded.map_err(|_encoded| Refusal::Unencodable)?.to_vec();
    set_duration(&mut file, now_ms);
    Ok(file)
}

/// Gives the last frame the time that is missing to `total_ms`. The encoder is not told when the last frame ends and
/// gives it the average, but the last frame of an animation is often held longer.
fn set_duration(file: &mut [u8], total_ms: i32) {
    let frames = frame_places(file);
    let Some((last, others)) = frames.split_last() else {
        return;
    };
    let spent: i32 = others.iter().map(|place| duration(file, *place)).sum();
    let rest = (total_ms - spent).clamp(0, 0x00FF_FFFF);
    file[*last..*last + 3].copy_from_slice(&rest.to_le_bytes()[..3]);
}

fn duration(file: &[u8], place: usize) -> i32 {
    i32::from_le_bytes([file[place], file[place + 1], file[place + 2], 0])
}

/// Where the durations of all frames stand: in each chunk `ANMF`, after its header and 12 bytes of geometry.
fn frame_places(file: &[u8]) -> Vec<usize> {
    const HEADER: usize = 8;
    const DURATION: usize = HEADER + 12;
    let mut places = Vec::new();
    let mut at = 12;
    while let Some(header) = file.get(at..at + HEADER) {
        let size = u32::from_le_bytes([header[4], header[5], header[6], header[7]]);
        if header.starts_with(b"ANMF") && file.len() >= at + DURATION + 3 {
            places.push(at + DURATION);
        }
        let padded = usize::try_from(size.saturating_add(size % 2)).unwrap_or(usize::MAX);
        at = at.saturating_add(HEADER).saturating_add(padded);
    }
    places
}
