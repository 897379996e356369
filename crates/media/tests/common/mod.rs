//! Files that the tests make themselves, and folders of real files where they are present.

#![allow(dead_code, reason = "each test binary uses a part of this module")]

pub(crate) mod mp4;

use std::{
    io::Cursor,
    path::{Path, PathBuf},
};

use image::{
    Delay, DynamicImage, Frame, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage,
    codecs::gif::GifEncoder,
};
use jpeg_encoder::{ColorType, Encoder};

/// A photo with soft colours and some detail.
pub(crate) fn landscape(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let wave = (x / 7 + y / 5) % 32;
        let sky = (255 * y / height).to_le_bytes()[0];
        let ground = (255 * x / width).to_le_bytes()[0];
        Rgb([sky, ground, wave.to_le_bytes()[0] * 8])
    })
}

/// Four squares: red, green, blue, white. Tells every orientation from every other.
pub(crate) fn quadrants(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        match (x < width / 2, y < height / 2) {
            (true, true) => Rgb([255, 0, 0]),
            (false, true) => Rgb([0, 255, 0]),
            (true, false) => Rgb([0, 0, 255]),
            (false, false) => Rgb([255, 255, 255]),
        }
    })
}

pub(crate) fn file(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    picture.write_to(&mut file, format).unwrap();
    file.into_inner()
}

pub(crate) fn png(picture: &RgbaImage) -> Vec<u8> {
    file(&picture.clone().into(), ImageFormat::Png)
}

/// Segments of a JPEG beside the picture.
#[derive(Default)]
pub(crate) struct Extras {
    pub(crate) exif: Option<Vec<u8>>,
    pub(crate) icc: Option<Vec<u8>>,
    pub(crate) segments: Vec<(u8, Vec<u8>)>,
}

pub(crate) fn jpeg_with(picture: &RgbImage, extras: Extras) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, 95);
    if let Some(exif) = extras.exif {
        encoder.add_exif_metadata(&exif).unwrap();
    }
    if let Some(icc) = extras.icc {
        encoder.add_icc_profile(&icc).unwrap();
    }
    for (number, bytes) in extras.segments {
        encoder.add_app_segment(number, bytes).unwrap();
    }
    let side = |pixels: u32| u16::try_from(pixels).unwrap();
    let (width, height) = (side(picture.width()), side(picture.height()));
    encoder
        .encode(picture, width, height, ColorType::Rgb)
        .unwrap();
    file
}

pub(crate) fn jpeg(picture: &RgbImage) -> Vec<u8> {
    jpeg_with(picture, Extras::default())
}

/// EXIF with an orientation, and a text that must not survive.
pub(crate) fn exif(orientation: u8, secret: &str) -> Vec<u8> {
    let mut exif = b"II*\0\x08\0\0\0\x02\0".to_vec();
    exif.extend([0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0]);
    let length = u32::try_from(secret.len()).unwrap();
    exif.extend([0x0E, 0x01, 2, 0]);
    exif.extend(length.to_le_bytes());
    exif.extend(38_u32.to_le_bytes());
    exif.extend([0; 4]);
    exif.extend(secret.as_bytes());
    exif
}

/// An animation: one colour for each frame, with its milliseconds.
pub(crate) fn gif(width: u32, height: u32, frames: &[([u8; 3], u32)]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = GifEncoder::new_with_speed(&mut file, 30);
    for ([red, green, blue], delay_ms) in frames {
        let picture = RgbaImage::from_pixel(width, height, Rgba([*red, *green, *blue, 255]));
        let delay = Delay::from_numer_denom_ms(*delay_ms, 1);
        let frame = Frame::from_parts(picture, 0, 0, delay);
        encoder.encode_frame(frame).unwrap();
    }
    drop(encoder);
    file
}

/// Real files for a test, or none. `SOSIK_TEST_DATA` names their folder; otherwise it is `shared/data` beside the
/// checkout. They are not ours to ship, so a test must also hold without them.
pub(crate) fn real_files(folder: &str) -> Vec<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let root = std::env::var_os("SOSIK_TEST_DATA").map_or(beside, PathBuf::from);
    let Ok(entries) = std::fs::read_dir(root.join(folder)) else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// Colour of a pixel, near enough for lossy files.
pub(crate) fn assert_near(found: [u8; 3], wanted: [u8; 3], tolerance: u8, what: &str) {
    let near = found
        .iter()
        .zip(wanted)
        .all(|(found, wanted)| found.abs_diff(wanted) <= tolerance);
    assert!(near, "{what}: {found:?} is not near {wanted:?}");
}
