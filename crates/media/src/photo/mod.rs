//! A photo becomes renditions: a few sizes, each as WebP and as JPEG.
//!
//! Only pixels go from the upload into a rendition. EXIF, GPS positions, XMP, IPTC, colour profiles, embedded
//! thumbnails, comments and trailing data have no way there. Before the profile and the orientation are dropped, they
//! are applied to the pixels.
//!
//! [`render`] decodes bytes from strangers. Only the worker process calls it ([`crate::worker`]).

mod animation;
mod color;
mod decode;
mod encode;
mod raster;

use serde::{Deserialize, Serialize};

use crate::{Refusal, photo::raster::Raster};

/// What a photo is for. It decides sizes and crop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Part of a story. Animations stay animated.
    Story,
    /// Profile picture: a square from the middle. Animations stand still.
    Avatar,
    /// Picture of a link preview. Animations stand still.
    Card,
}

/// The place on screen that a rendition is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Size {
    /// Profile picture in a list.
    Icon,
    /// Profile picture on the page of a person.
    Portrait,
    /// In the feed on a phone.
    Phone,
    /// In the feed on a desktop, and link cards.
    Page,
    /// The whole screen.
    Full,
}

/// How a rendition is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Smaller. Keeps transparency and animation.
    #[serde(rename = "webp")]
    WebP,
    /// For clients without WebP. Transparent pixels become white, and an animation shows its first frame.
    Jpeg,
}

impl Format {
    /// The type in the header `Content-Type`.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::WebP => "image/webp",
            Self::Jpeg => "image/jpeg",
        }
    }

    /// The ending of a file name, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::WebP => "webp",
            Self::Jpeg => "jpg",
        }
    }
}

/// One encoded size of a photo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendition {
    /// The place that it is made for.
    pub size: Size,
    /// How it is encoded.
    pub format: Format,
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// The file.
    pub bytes: Vec<u8>,
}

/// The renditions of a photo. The upload itself is not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Photo {
    /// Smallest first, WebP before JPEG. A size that would repeat a smaller one is left out, because photos are never
    /// enlarged.
    pub renditions: Vec<Rendition>,
    /// About 25 bytes that draw a blurred picture before the first rendition is there.
    pub thumbhash: Vec<u8>,
    /// True if the WebP renditions move.
    pub animated: bool,
}

impl Purpose {
    /// Sizes from small to large, with their longer side in pixels.
    pub fn sizes(self) -> &'static [(Size, u32)] {
        match self {
            Self::Story => &[(Size::Phone, 480), (Size::Page, 1080), (Size::Full, 2048)],
            Self::Avatar => &[(Size::Icon, 96), (Size::Portrait, 384)],
            Self::Card => &[(Size::Page, 720)],
        }
    }

    fn largest(self) -> u32 {
        self.sizes()
            .iter()
            .map(|(_, side)| *side)
            .max()
            .unwrap_or(1)
    }
}

/// Decodes a photo and makes its renditions.
///
/// # Errors
///
/// The reason for the author if the file is no photo, damaged or above a limit. Limits are checked before decoding.
pub fn render(file: &[u8], purpose: Purpose) -> Result<Photo, Refusal> {
    match decode::open(file, purpose)? {
        decode::Opened::Still(decoder) => still(decode::still(decoder, purpose)?, purpose),
        decode::Opened::Animated(frames) => animation::render(frames, purpose),
    }
}

/// Makes the renditions of a picture that has its final orientation and colours.
fn still(picture: Raster, purpose: Purpose) -> Result<Photo, Refusal> {
    let pictures = ladder(picture, purpose.sizes())?;
    let mut renditions = Vec::with_capacity(2 * pictures.len());
    for (size, picture) in &pictures {
        renditions.push(rendition(
            *size,
            picture,
            Format::WebP,
            encode::webp(picture)?,
        ));
        renditions.push(rendition(
            *size,
            picture,
            Format::Jpeg,
            encode::jpeg(picture)?,
        ));
    }
    let thumbhash = thumbhash(&pictures)?;
    Ok(Photo {
        renditions,
        thumbhash,
        animated: false,
    })
}

fn rendition(size: Size, picture: &Raster, format: Format, bytes: Vec<u8>) -> Rendition {
    Rendition {
        size,
        format,
        width: picture.width,
        height: picture.height,
        bytes,
    }
}

/// The picture in each size, smallest first. Each is made from the next larger one, which costs less than starting from
/// the original each time.
fn ladder(largest: Raster, sizes: &[(Size, u32)]) -> Result<Vec<(Size, Raster)>, Refusal> {
    let mut pictures = Vec::with_capacity(sizes.len());
    let mut source = largest;
    for (place, (size, side)) in sizes.iter().enumerate().rev() {
        let repeats_smaller = place > 0 && source.longer_side() <= sizes[place - 1].1;
        if repeats_smaller {
            continue;
        }
        let picture = source.fit(*side)?;
        source = picture.clone();
        pictures.push((*size, picture));
    }
    pictures.reverse();
    Ok(pictures)
}

/// Longest side that the algorithm of thumbhash takes.
const THUMBHASH_SIDE: u32 = 100;

fn thumbhash(pictures: &[(Size, Raster)]) -> Result<Vec<u8>, Refusal> {
    let (_, smallest) = pictures.first().ok_or(Refusal::Unencodable)?;
    let small = smallest.fit(THUMBHASH_SIDE)?.into_rgba()?;
    let side = |pixels: u32| usize::try_from(pixels).unwrap_or_default();
    let (width, height) = (side(small.width), side(small.height));
    Ok(thumbhash::rgba_to_thumb_hash(width, height, &small.pixels))
}
