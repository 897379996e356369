//! Opens photos. Limits are checked on the header, before any pixel is decoded.

use std::io::Cursor;

use image::{
    AnimationDecoder, DynamicImage, Frames, ImageDecoder, ImageError, Limits,
    codecs::{gif::GifDecoder, jpeg::JpegDecoder, png::PngDecoder, webp::WebPDecoder},
    metadata::LoopCount,
};

use super::{Purpose, color, raster::Raster};
use crate::{
    Kind, Refusal,
    limits::{DECODED_BYTES_MAX, PHOTO_BYTES_MAX, PHOTO_PIXELS_MAX},
};

/// Extra bytes for each pixel of a progressive JPEG: the decoder holds 16-bit coefficients of three colours until the
/// last scan. Counted for each JPEG, because the header does not tell early enough.
const JPEG_COEFFICIENT_BYTES: u64 = 5;

type Bytes<'a> = Cursor<&'a [u8]>;

/// A file with a valid header.
pub(super) enum Opened<'a> {
    Still(Box<dyn ImageDecoder + 'a>),
    Animated(Animated<'a>),
}

/// Frames that are decoded one at a time.
pub(super) struct Animated<'a> {
    pub(super) frames: Frames<'a>,
    /// Pixels of one frame.
    pub(super) frame_pixels: u64,
    /// How often it plays; 0 means for ever.
    pub(super) loops: u32,
    /// Colours of all frames.
    pub(super) profile: Option<Vec<u8>>,
}

/// Opens a file. Only stories move, so the frames of other animations are never decoded.
pub(super) fn open(file: &[u8], purpose: Purpose) -> Result<Opened<'_>, Refusal> {
    let kind = photo_kind(file)?;
    let bytes = Cursor::new(file);
    let moves = purpose == Purpose::Story;
    match kind {
        Kind::Jpeg => checked(
            JpegDecoder::new(bytes).map_err(refusal)?,
            JPEG_COEFFICIENT_BYTES,
        ),
        Kind::Png => open_png(bytes, moves),
        Kind::Gif => open_gif(bytes, moves),
        Kind::WebP => open_webp(bytes, moves),
        Kind::Heic | Kind::Avif => Err(Refusal::NoDecoder(kind)),
        Kind::Mp4 | Kind::Mov | Kind::WebM => Err(Refusal::WrongKind(kind)),
    }
}

fn photo_kind(file: &[u8]) -> Result<Kind, Refusal> {
    if file.is_empty() {
        return Err(Refusal::Empty);
    }
    if u64::try_from(file.len()).is_ok_and(|bytes| bytes > PHOTO_BYTES_MAX) {
        let max = PHOTO_BYTES_MAX;
        return Err(Refusal::TooManyBytes { max });
    }
    Kind::sniff(file).ok_or(Refusal::Unknown)
}

fn open_png(bytes: Bytes<'_>, moves: bool) -> Result<Opened<'_>, Refusal> {
    let decoder = PngDecoder::with_limits(bytes, decoder_limits()).map_err(refusal)?;
    if !(moves && decoder.is_apng().map_err(refusal)?) {
        return checked(decoder, 0);
    }
    let (decoder, frame_pixels, profile) = checked_frames(decoder)?;
    let decoder = decoder.apng().map_err(refusal)?;
    Ok(animated(decoder, frame_pixels, profile))
}

fn open_gif(bytes: Bytes<'_>, moves: bool) -> Result<Opened<'_>, Refusal> {
    let decoder = GifDecoder::new(bytes).map_err(refusal)?;
    if !moves {
        return checked(decoder, 0);
    }
    let (decoder, frame_pixels, profile) = checked_frames(decoder)?;
    Ok(animated(decoder, frame_pixels, profile))
}

fn open_webp(bytes: Bytes<'_>, moves: bool) -> Result<Opened<'_>, Refusal> {
    let decoder = WebPDecoder::new(bytes).map_err(refusal)?;
    if !(moves && decoder.has_animation()) {
        return checked(decoder, 0);
    }
    let (decoder, frame_pixels, profile) = checked_frames(decoder)?;
    Ok(animated(decoder, frame_pixels, profile))
}

fn animated<'a>(
    decoder: impl AnimationDecoder<'a>,
    frame_pixels: u64,
    profile: Option<Vec<u8>>,
) -> Opened<'a> {
    let loops = match decoder.loop_count() {
        LoopCount::Infinite => 0,
        LoopCount::Finite(times) => times.get(),
    };
    Opened::Animated(Animated {
        frames: decoder.into_frames(),
        frame_pixels,
        loops,
        profile,
    })
}

fn checked<'a>(decoder: impl ImageDecoder + 'a, extra: u64) -> Result<Opened<'a>, Refusal> {
    Ok(Opened::Still(Box::new(bounded(decoder, extra)?)))
}

fn checked_frames<D: ImageDecoder>(decoder: D) -> Result<(D, u64, Option<Vec<u8>>), Refusal> {
    let mut decoder = bounded(decoder, 0)?;
    let (width, height) = decoder.dimensions();
    let profile = decoder.icc_profile().ok().flatten();
    Ok((decoder, u64::from(width) * u64::from(height), profile))
}

/// The decoder, if the picture that its header describes is within the limits. `extra` are bytes for each pixel that the
/// decoder takes beside the decoded picture.
fn bounded<D: ImageDecoder>(mut decoder: D, extra: u64) -> Result<D, Refusal> {
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 {
        return Err(Refusal::Damaged);
    }
    if pixels > PHOTO_PIXELS_MAX {
        let max = PHOTO_PIXELS_MAX;
        return Err(Refusal::TooManyPixels { width, height, max });
    }
    if decoder.total_bytes() + extra * pixels > DECODED_BYTES_MAX {
        return Err(Refusal::TooMuchMemory);
    }
    decoder.set_limits(decoder_limits()).map_err(refusal)?;
    Ok(decoder)
}

fn decoder_limits() -> Limits {
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(DECODED_BYTES_MAX);
    limits
}

/// Decodes a still picture in the largest size of its purpose, upright and in sRGB.
///
/// It is made smaller first, because turning and converting a small picture costs less.
pub(super) fn still(
    mut decoder: Box<dyn ImageDecoder + '_>,
    purpose: Purpose,
) -> Result<Raster, Refusal> {
    let orientation = decoder.orientation().map_err(refusal)?;
    let profile = decoder.icc_profile().ok().flatten();
    let decoded = DynamicImage::from_decoder(decoder).map_err(refusal)?;
    let small = shrink(&Raster::new(decoded), purpose)?;
    let picture = color::to_srgb(small.without_idle_alpha()?, profile);
    picture.upright(orientation)
}

/// The picture in the largest size of its purpose.
pub(super) fn shrink(picture: &Raster, purpose: Purpose) -> Result<Raster, Refusal> {
    match purpose {
        Purpose::Avatar => picture.square(purpose.largest()),
        Purpose::Story | Purpose::Card => picture.fit(purpose.largest()),
    }
}

/// What the author learns from an error of a decoder.
#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
pub(super) fn refusal(error: ImageError) -> Refusal {
    match error {
        ImageError::Limits(_) => Refusal::TooMuchMemory,
        ImageError::Unsupported(_) => Refusal::Unsupported,
        ImageError::Decoding(_)
        | ImageError::Encoding(_)
        | ImageError::Parameter(_)
        | ImageError::IoError(_) => Refusal::Damaged,
    }
}
