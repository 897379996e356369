//! Pixels to files. The encoders write pixels only: no profile, no time, no comment.

use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use webp::{PixelLayout, WebPConfig};

use super::raster::{Channels, Raster};
use crate::Refusal;

/// Quality of JPEG, from 1 to 100.
const JPEG_QUALITY: u8 = 80;

/// Quality of WebP, from 0 to 100. Looks like JPEG at [`JPEG_QUALITY`].
const WEBP_QUALITY: f32 = 77.0;

/// Effort of WebP, from 0 to 6. The default 4 takes half as long again and saves one to two percent of bytes.
const WEBP_METHOD: i32 = 3;

/// Encodes as WebP, with transparency if there is any.
pub(super) fn webp(picture: &Raster) -> Result<Vec<u8>, Refusal> {
    let (width, height) = (picture.width, picture.height);
    let encoder = webp::Encoder::new(&picture.pixels, layout(picture), width, height);
    let encoded = encoder.encode_advanced(&webp_config()?);
    Ok(encoded.map_err(|_encoded| Refusal::Unencodable)?.to_vec())
}

pub(super) fn webp_config() -> Result<WebPConfig, Refusal> {
    let mut config = WebPConfig::new().map_err(|()| Refusal::Unencodable)?;
    config.quality = WEBP_QUALITY;
    config.method = WEBP_METHOD;
    Ok(config)
}

pub(super) fn layout(picture: &Raster) -> PixelLayout {
    match picture.channels {
        Channels::Rgb => PixelLayout::Rgb,
        Channels::Rgba => PixelLayout::Rgba,
    }
}

/// Encodes as JPEG, with transparent pixels on white.
pub(super) fn jpeg(picture: &Raster) -> Result<Vec<u8>, Refusal> {
    let side = |pixels: u32| u16::try_from(pixels).map_err(|_wide| Refusal::Unencodable);
    let (width, height) = (side(picture.width)?, side(picture.height)?);
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, JPEG_QUALITY);
    encoder.set_sampling_factor(SamplingFactor::R_4_2_0);
    let encoded = encoder.encode(&picture.on_white(), width, height, ColorType::Rgb);
    encoded.map_err(|_encoded| Refusal::Unencodable)?;
    Ok(file)
}
