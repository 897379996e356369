//! Wide gamut to sRGB.
//!
//! Renditions carry no profile, and a picture without a profile is shown as sRGB. Phones take photos in Display P3:
//! without conversion their colours would be dull.

use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};

use super::raster::{Channels, Raster};

/// Bytes of a colour profile. Profiles of cameras and monitors have less than 1 MB; printers' ones, which are ignored
/// anyway, have more.
const PROFILE_BYTES_MAX: usize = 4_000_000;

/// Converts the picture from its profile to sRGB. A profile that is damaged, too large or not for RGB is ignored: the
/// pixels are most likely sRGB then.
pub(super) fn to_srgb(picture: Raster, profile: Option<Vec<u8>>) -> Raster {
    let usable = profile.filter(|profile| profile.len() <= PROFILE_BYTES_MAX);
    let parsed = usable.and_then(|profile| ColorProfile::new_from_slice(&profile).ok());
    let rgb = parsed.filter(|profile| profile.color_space == DataColorSpace::Rgb);
    match rgb.and_then(|profile| converted(&picture, &profile)) {
        Some(pixels) => Raster { pixels, ..picture },
        None => picture,
    }
}

fn converted(picture: &Raster, profile: &ColorProfile) -> Option<Vec<u8>> {
    let layout = match picture.channels {
        Channels::Rgb => Layout::Rgb,
        Channels::Rgba => Layout::Rgba,
    };
    let srgb = ColorProfile::new_srgb();
    let transform =
        profile.create_transform_8bit(layout, &srgb, layout, TransformOptions::default());
    let mut pixels = vec![0; picture.pixels.len()];
    transform
        .ok()?
        .transform(&picture.pixels, &mut pixels)
        .ok()?;
    Some(pixels)
}
