//! A photo becomes renditions: sizes, colours, orientation, and nothing else of the upload.

#![allow(
    clippy::unwrap_used,
    reason = "an unexpected result must fail the test"
)]

mod common;

use std::io::Cursor;

use common::{Extras, assert_near, exif, file, gif, jpeg, jpeg_with, landscape, png, quadrants};
use image::{
    AnimationDecoder, DynamicImage, ImageDecoder, ImageFormat, Rgba, RgbaImage,
    codecs::webp::WebPDecoder, metadata::Orientation,
};
use proptest::prelude::*;
use sosik_media::{
    Kind, Refusal, limits,
    photo::{Format, Photo, Purpose, Rendition, Size, render},
};

const SECRET: &str = "37.5665N 126.9780E secret";

fn decoded(rendition: &Rendition) -> DynamicImage {
    let format = match rendition.format {
        Format::WebP => ImageFormat::WebP,
        Format::Jpeg => ImageFormat::Jpeg,
    };
    image::load_from_memory_with_format(&rendition.bytes, format).unwrap()
}

fn shape(photo: &Photo) -> Vec<(Size, Format, u32, u32)> {
    let shape = |one: &Rendition| (one.size, one.format, one.width, one.height);
    photo.renditions.iter().map(shape).collect()
}

fn pixel(rendition: &Rendition, x: u32, y: u32) -> [u8; 3] {
    decoded(rendition).to_rgb8().get_pixel(x, y).0
}

fn middle(rendition: &Rendition) -> [u8; 3] {
    pixel(rendition, rendition.width / 2, rendition.height / 2)
}

#[test]
fn a_photo_is_rendered_in_three_sizes_and_two_formats() {
    let photo = render(&jpeg(&landscape(2400, 1600)), Purpose::Story).unwrap();
    let wanted = [
        (Size::Phone, Format::WebP, 480, 320),
        (Size::Phone, Format::Jpeg, 480, 320),
        (Size::Page, Format::WebP, 1080, 720),
        (Size::Page, Format::Jpeg, 1080, 720),
        (Size::Full, Format::WebP, 2048, 1365),
        (Size::Full, Format::Jpeg, 2048, 1365),
    ];
    assert_eq!(shape(&photo), wanted);
    for rendition in &photo.renditions {
        let picture = decoded(rendition);
        let (width, height) = (picture.width(), picture.height());
        assert_eq!((width, height), (rendition.width, rendition.height));
    }
}

#[test]
fn a_small_photo_is_never_enlarged() {
    let photo = render(&jpeg(&landscape(100, 50)), Purpose::Story).unwrap();
    let wanted = [
        (Size::Phone, Format::WebP, 100, 50),
        (Size::Phone, Format::Jpeg, 100, 50),
    ];
    assert_eq!(shape(&photo), wanted);
}

#[test]
fn a_strip_of_one_pixel_keeps_one_pixel() {
    let photo = render(&jpeg(&landscape(6000, 1)), Purpose::Story).unwrap();
    let (_, _, width, height) = shape(&photo)[0];
    assert_eq!((width, height), (480, 1));
}

fn inverse(orientation: Orientation) -> Orientation {
    match orientation {
        Orientation::Rotate90 => Orientation::Rotate270,
        Orientation::Rotate270 => Orientation::Rotate90,
        other => other,
    }
}

#[test]
fn every_orientation_is_shown_upright() {
    for number in 1..=8 {
        let orientation = Orientation::from_exif(number).unwrap();
        let mut stored = DynamicImage::from(quadrants(64, 32));
        stored.apply_orientation(inverse(orientation));
        let exif = Some(exif(number, SECRET));
        let extras = Extras {
            exif,
            ..Extras::default()
        };
        let photo = render(&jpeg_with(&stored.to_rgb8(), extras), Purpose::Story).unwrap();

        for rendition in &photo.renditions {
            let what = format!("orientation {number}, {:?}", rendition.format);
            assert_eq!((rendition.width, rendition.height), (64, 32), "{what}");
            assert_near(pixel(rendition, 8, 8), [255, 0, 0], 12, &what);
            assert_near(pixel(rendition, 56, 8), [0, 255, 0], 12, &what);
            assert_near(pixel(rendition, 8, 24), [0, 0, 255], 12, &what);
        }
    }
}

#[test]
fn wide_gamut_is_converted() {
    // The red of sRGB has these coordinates in Display P3.
    let red_in_p3 = image::RgbImage::from_pixel(32, 32, image::Rgb([234, 51, 35]));
    let profile = moxcms::ColorProfile::new_display_p3().encode().unwrap();
    let icc = Some(profile);
    let with = jpeg_with(
        &red_in_p3,
        Extras {
            icc,
            ..Extras::default()
        },
    );

    let converted = render(&with, Purpose::Story).unwrap();
    let kept = render(&jpeg(&red_in_p3), Purpose::Story).unwrap();

    for rendition in &converted.renditions {
        assert_near(middle(rendition), [255, 0, 0], 6, "with the profile");
    }
    for rendition in &kept.renditions {
        assert_near(middle(rendition), [234, 51, 35], 6, "without a profile");
    }
}

#[test]
fn a_damaged_profile_is_ignored() {
    let grey = image::RgbImage::from_pixel(32, 32, image::Rgb([90, 90, 90]));
    for icc in [vec![0; 200], b"acsp".repeat(64)] {
        let extras = Extras {
            icc: Some(icc),
            ..Extras::default()
        };
        let photo = render(&jpeg_with(&grey, extras), Purpose::Story).unwrap();
        assert_near(middle(&photo.renditions[0]), [90, 90, 90], 4, "grey");
    }
}

/// Names of the chunks of a WebP file, also inside of frames.
fn chunks(file: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    let mut at = 12;
    while at + 8 <= file.len() {
        let name = String::from_utf8_lossy(&file[at..at + 4]).into_owned();
        let size = u32::from_le_bytes(file[at + 4..at + 8].try_into().unwrap());
        names.push(name);
        at += 8 + usize::try_from(size + size % 2).unwrap();
    }
    assert_eq!(at, file.len(), "bytes after the last chunk");
    names
}

/// Markers of a JPEG file up to its scan.
fn markers(file: &[u8]) -> Vec<u8> {
    let mut markers = Vec::new();
    let mut at = 2;
    loop {
        let marker = file[at + 1];
        markers.push(marker);
        if marker == 0xDA {
            break markers;
        }
        let size = u16::from_be_bytes([file[at + 2], file[at + 3]]);
        at += 2 + usize::from(size);
    }
}

/// Checks that a file holds pixels and what is needed to decode them.
fn assert_only_pixels(rendition: &Rendition) {
    match rendition.format {
        Format::WebP => {
            let known = ["VP8 ", "VP8L", "VP8X", "ALPH", "ANIM", "ANMF"];
            let found = chunks(&rendition.bytes);
            assert!(
                found.iter().all(|name| known.contains(&name.as_str())),
                "{found:?}"
            );
        }
        Format::Jpeg => {
            // APP0 (JFIF), tables, frame and scan. No APP1 (EXIF, XMP), APP2 (ICC), APP13 (IPTC) and no comment.
            let known = [0xE0, 0xDB, 0xC0, 0xC2, 0xC4, 0xDA, 0xDD];
            let found = markers(&rendition.bytes);
            assert!(
                found.iter().all(|marker| known.contains(marker)),
                "{found:x?}"
            );
            assert!(
                rendition.bytes.ends_with(&[0xFF, 0xD9]),
                "bytes after the picture"
            );
        }
    }
}

#[test]
fn no_metadata_survives() {
    let xmp = format!("http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>{SECRET}</x:xmpmeta>");
    let extras = Extras {
        exif: Some(exif(1, SECRET)),
        icc: Some(moxcms::ColorProfile::new_adobe_rgb().encode().unwrap()),
        segments: vec![
            (1, xmp.into_bytes()),
            (13, format!("Photoshop 3.0\0{SECRET}").into_bytes()),
            (4, SECRET.as_bytes().to_vec()),
        ],
    };
    let mut upload = jpeg_with(&landscape(700, 500), extras);
    upload.extend(SECRET.as_bytes());
    assert!(
        upload
            .windows(SECRET.len())
            .filter(|part| *part == SECRET.as_bytes())
            .count()
            >= 5
    );

    for purpose in [Purpose::Story, Purpose::Avatar, Purpose::Card] {
        for rendition in render(&upload, purpose).unwrap().renditions {
            assert_only_pixels(&rendition);
            let found = rendition.bytes.windows(6).any(|part| part == b"secret");
            assert!(!found, "{purpose:?} {:?}", rendition.format);
        }
    }
}

#[test]
fn transparency_stays_in_webp_and_is_white_in_jpeg() {
    let glass = RgbaImage::from_fn(64, 64, |x, _| match x < 32 {
        true => Rgba([0, 0, 0, 0]),
        false => Rgba([200, 0, 0, 255]),
    });
    let photo = render(&png(&glass), Purpose::Story).unwrap();
    let [webp, jpeg] = &photo.renditions[..] else {
        panic!("{:?}", shape(&photo));
    };
    let webp = decoded(webp).to_rgba8();
    assert_eq!(webp.get_pixel(8, 32).0[3], 0);
    assert_eq!(webp.get_pixel(56, 32).0[3], 255);
    assert_near(pixel(jpeg, 8, 32), [255, 255, 255], 6, "transparent");
    assert_near(pixel(jpeg, 56, 32), [200, 0, 0], 12, "opaque");
}

#[test]
fn a_picture_of_sixteen_bits_per_colour_is_accepted() {
    let deep = DynamicImage::from(landscape(300, 200)).to_rgba16();
    let photo = render(&file(&deep.into(), ImageFormat::Png), Purpose::Story).unwrap();
    assert_eq!(photo.renditions.len(), 2);
}

fn delays(webp: &[u8]) -> Vec<u32> {
    let decoder = WebPDecoder::new(Cursor::new(webp)).unwrap();
    let frames = decoder.into_frames().collect_frames().unwrap();
    frames
        .iter()
        .map(|frame| frame.delay().numer_denom_ms().0)
        .collect()
}

#[test]
fn an_animation_stays_animated_with_its_times() {
    let frames = [([250, 0, 0], 100), ([0, 250, 0], 250), ([0, 0, 250], 2000)];
    let photo = render(&gif(800, 400, &frames), Purpose::Story).unwrap();

    assert!(photo.animated);
    let wanted = [
        (Size::Phone, Format::WebP, 320, 160),
        (Size::Phone, Format::Jpeg, 320, 160),
        (Size::Page, Format::WebP, 640, 320),
        (Size::Page, Format::Jpeg, 640, 320),
    ];
    assert_eq!(shape(&photo), wanted);
    for rendition in &photo.renditions {
        assert_only_pixels(rendition);
        assert_near(middle(rendition), [250, 0, 0], 12, "first frame");
    }
    assert_eq!(delays(&photo.renditions[0].bytes), [100, 250, 2000]);
    assert_eq!(delays(&photo.renditions[2].bytes), [100, 250, 2000]);
}

#[test]
fn a_frame_without_a_time_gets_a_tenth_of_a_second() {
    let frames = [([250, 0, 0], 0), ([0, 250, 0], 10), ([0, 0, 250], 40)];
    let photo = render(&gif(40, 40, &frames), Purpose::Story).unwrap();
    assert_eq!(delays(&photo.renditions[0].bytes), [100, 100, 40]);
}

#[test]
fn an_animation_of_one_frame_is_a_photo() {
    let photo = render(&gif(900, 600, &[([10, 200, 30], 100)]), Purpose::Story).unwrap();
    assert!(!photo.animated);
    assert_eq!(
        shape(&photo).last(),
        Some(&(Size::Page, Format::Jpeg, 900, 600))
    );
}

#[test]
fn a_long_animation_is_served_smaller() {
    let frames: Vec<_> = (0..64_u8)
        .map(|shade| ([shade * 4, 90, 255 - shade * 4], 50))
        .collect();
    let photo = render(&gif(640, 640, &frames), Purpose::Story).unwrap();
    let largest = photo.renditions.last().unwrap();
    assert!(largest.width < 640, "{} pixels in a row", largest.width);
    let webp = &photo.renditions[photo.renditions.len() - 2];
    assert_eq!(delays(&webp.bytes).iter().sum::<u32>(), 64 * 50);
}

#[test]
fn a_profile_picture_is_the_middle_square_and_stands_still() {
    let banner = image::RgbImage::from_fn(900, 300, |x, _| match (300..600).contains(&x) {
        true => image::Rgb([0, 120, 240]),
        false => image::Rgb([255, 0, 0]),
    });
    let photo = render(&jpeg(&banner), Purpose::Avatar).unwrap();
    let wanted = [
        (Size::Icon, Format::WebP, 96, 96),
        (Size::Icon, Format::Jpeg, 96, 96),
        (Size::Portrait, Format::WebP, 300, 300),
        (Size::Portrait, Format::Jpeg, 300, 300),
    ];
    assert_eq!(shape(&photo), wanted);
    for rendition in &photo.renditions {
        let edge = pixel(rendition, 2, rendition.height / 2);
        assert_near(edge, [0, 120, 240], 12, "left edge");
    }
    let moving = gif(200, 200, &[([250, 0, 0], 100), ([0, 250, 0], 100)]);
    assert!(!render(&moving, Purpose::Avatar).unwrap().animated);
}

#[test]
fn a_thumbhash_has_the_colour_of_the_photo() {
    let green = image::RgbImage::from_pixel(500, 300, image::Rgb([20, 160, 60]));
    let photo = render(&jpeg(&green), Purpose::Story).unwrap();
    assert!(photo.thumbhash.len() <= 32);
    let (red, green, blue, _) = thumbhash::thumb_hash_to_average_rgba(&photo.thumbhash).unwrap();
    let near = |found: f32, wanted: f32| (found * 255.0 - wanted).abs() < 12.0;
    assert!(near(red, 20.0) && near(green, 160.0) && near(blue, 60.0));
}

/// A PNG that claims to be large.
fn png_of(width: u32, height: u32) -> Vec<u8> {
    let mut file = png(&RgbaImage::new(1, 1));
    file[16..20].copy_from_slice(&width.to_be_bytes());
    file[20..24].copy_from_slice(&height.to_be_bytes());
    let checksum = crc32(&file[12..29]);
    file[29..33].copy_from_slice(&checksum.to_be_bytes());
    file
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |value: u32| (value >> 1) ^ (0xEDB8_8320 & (value & 1).wrapping_neg());
    let byte =
        |value: u32, byte: &u8| (0..8).fold(value ^ u32::from(*byte), |value, _| step(value));
    !bytes.iter().fold(u32::MAX, byte)
}

#[test]
fn a_file_above_a_limit_is_refused_before_it_is_decoded() {
    let large = vec![0xFF; usize::try_from(limits::PHOTO_BYTES_MAX).unwrap() + 1];
    assert!(matches!(
        render(&large, Purpose::Story),
        Err(Refusal::TooManyBytes { .. })
    ));

    let huge = render(&png_of(50_000, 1_001), Purpose::Story);
    assert!(
        matches!(huge, Err(Refusal::TooManyPixels { width: 50_000, .. })),
        "{huge:?}"
    );
    let allowed = render(&png_of(50_000, 1_000), Purpose::Story);
    assert_eq!(
        allowed,
        Err(Refusal::Damaged),
        "the limit itself is allowed, and its pixels are missing"
    );
}

#[test]
fn an_animation_above_a_limit_is_refused() {
    let frames = vec![([1, 2, 3], 20); limits::FRAMES_MAX + 1];
    let many = render(&gif(2, 2, &frames), Purpose::Story);
    assert!(
        matches!(many, Err(Refusal::TooManyFrames { .. })),
        "{many:?}"
    );
    assert!(render(&gif(2, 2, &frames[1..]), Purpose::Story).is_ok());
}

#[test]
fn other_files_are_refused_with_a_reason() {
    let heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic";
    let avif = b"\0\0\0\x18ftypavif\0\0\0\0mif1miaf";
    let mp4 = b"\0\0\0\x18ftypisom\0\0\0\0isommp42";
    let cases: [(&[u8], Refusal); 6] = [
        (b"", Refusal::Empty),
        (b"hello", Refusal::Unknown),
        (
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            Refusal::Unknown,
        ),
        (heic, Refusal::NoDecoder(Kind::Heic)),
        (avif, Refusal::NoDecoder(Kind::Avif)),
        (mp4, Refusal::WrongKind(Kind::Mp4)),
    ];
    for (file, refusal) in cases {
        assert_eq!(render(file, Purpose::Story), Err(refusal));
    }
    let text = Refusal::NoDecoder(Kind::Heic).to_string();
    assert_eq!(
        text,
        "HEIC files cannot be read here: save the photo as JPEG and try again"
    );
}

fn samples() -> Vec<Vec<u8>> {
    let picture = DynamicImage::from(landscape(40, 30));
    let formats = [
        ImageFormat::Jpeg,
        ImageFormat::Png,
        ImageFormat::Gif,
        ImageFormat::WebP,
    ];
    let mut samples: Vec<Vec<u8>> = formats
        .iter()
        .map(|format| file(&picture, *format))
        .collect();
    samples.push(gif(20, 20, &[([250, 0, 0], 100), ([0, 250, 0], 250)]));
    samples
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_file_with_changed_bytes_is_refused_or_rendered(
        sample in 0_usize..5,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut file = samples().swap_remove(sample);
        for (place, byte) in changes {
            let place = place.index(file.len());
            file[place] = byte;
        }
        file.truncate(cut.index(file.len()) + 1);
        if let Ok(photo) = render(&file, Purpose::Story) {
            prop_assert!(!photo.renditions.is_empty());
            photo.renditions.iter().for_each(assert_only_pixels);
        }
    }
}

#[test]
fn real_photos_are_rendered_without_metadata() {
    for path in common::real_files("photos") {
        let upload = std::fs::read(&path).unwrap();
        match render(&upload, Purpose::Story) {
            Ok(photo) => photo.renditions.iter().for_each(assert_only_pixels),
            Err(refusal) => {
                let heif = path
                    .extension()
                    .is_some_and(|extension| extension == "heif");
                assert!(heif, "{}: {refusal}", path.display());
            }
        }
    }
}

#[test]
fn real_photos_with_every_orientation_look_the_same() {
    let paths = common::real_files("photos");
    let landscapes = paths
        .iter()
        .filter(|path| path.to_string_lossy().contains("landscape_"));
    let mut shown = Vec::new();
    for path in landscapes {
        let photo = render(&std::fs::read(path).unwrap(), Purpose::Card).unwrap();
        let size = (photo.renditions[0].width, photo.renditions[0].height);
        shown.push((
            size,
            decoded(&photo.renditions[1])
                .resize_exact(4, 3, image::imageops::FilterType::Triangle)
                .to_rgb8(),
        ));
    }
    for (size, picture) in &shown {
        assert_eq!(*size, shown[0].0);
        for (found, wanted) in picture.pixels().zip(shown[0].1.pixels()) {
            assert_near(found.0, wanted.0, 24, "a twelfth of the picture");
        }
    }
}

#[test]
fn an_icon_of_a_photo_is_decoded_by_its_header() {
    let photo = render(&jpeg(&landscape(1000, 1000)), Purpose::Avatar).unwrap();
    let icon = WebPDecoder::new(Cursor::new(&photo.renditions[0].bytes)).unwrap();
    assert_eq!(icon.dimensions(), (96, 96));
}
