//! Pixels in memory, 8 bits per colour.

use fast_image_resize::{
    FilterType, PixelTrait, ResizeAlg, ResizeOptions, Resizer,
    images::{TypedImage, TypedImageRef},
    pixels::{U8x3, U8x4},
};
use image::{DynamicImage, RgbImage, RgbaImage, metadata::Orientation};

use crate::Refusal;

/// The colours of a pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Channels {
    Rgb,
    Rgba,
}

/// A picture in sRGB or, before [`super::color`], in the colours of its profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Raster {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) channels: Channels,
    /// Rows from the top, without padding.
    pub(super) pixels: Vec<u8>,
}

impl Raster {
    /// Takes decoded pixels of any depth.
    pub(super) fn new(picture: DynamicImage) -> Self {
        let (width, height) = (picture.width(), picture.height());
        let (channels, pixels) = if picture.color().has_alpha() {
            (Channels::Rgba, picture.into_rgba8().into_raw())
        } else {
            (Channels::Rgb, picture.into_rgb8().into_raw())
        };
        Self {
            width,
            height,
            channels,
            pixels,
        }
    }

    pub(super) fn longer_side(&self) -> u32 {
        self.width.max(self.height)
    }

    /// The picture with its longer side at most `side`. A smaller picture stays as it is.
    pub(super) fn fit(&self, side: u32) -> Result<Self, Refusal> {
        let longer = self.longer_side();
        if longer <= side {
            return Ok(self.clone());
        }
        let half = u64::from(longer / 2); // rounds to the nearest pixel
        let scaled = |pixels: u32| (u64::from(pixels) * u64::from(side) + half) / u64::from(longer);
        let shrunk = |pixels: u32| u32::try_from(scaled(pixels)).unwrap_or(side).max(1);
        self.resize(
            shrunk(self.width),
            shrunk(self.height),
            ResizeOptions::new(),
        )
    }

    /// The largest square in the middle, at most `side` wide.
    pub(super) fn square(&self, side: u32) -> Result<Self, Refusal> {
        let side = side.min(self.width).min(self.height);
        let middle = ResizeOptions::new().fit_into_destination(Some((0.5, 0.5)));
        self.resize(side, side, middle)
    }

    fn resize(&self, width: u32, height: u32, options: ResizeOptions) -> Result<Self, Refusal> {
        let options = options.resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3));
        let pixels = match self.channels {
            Channels::Rgb => self.resized::<U8x3>(width, height, &options)?,
            Channels::Rgba => self.resized::<U8x4>(width, height, &options)?,
        };
        Ok(Self {
            width,
            height,
            channels: self.channels,
            pixels,
        })
    }

    /// The pixels at another size. The library can find the kind of pixel by itself, but then its code for all 13 kinds is
    /// compiled with this crate.
    fn resized<Pixel: PixelTrait>(
        &self,
        width: u32,
        height: u32,
        options: &ResizeOptions,
    ) -> Result<Vec<u8>, Refusal> {
        let source = TypedImageRef::<Pixel>::from_buffer(self.width, self.height, &self.pixels)
            .map_err(|_wrong_length| Refusal::Unencodable)?;
        let mut pixels = vec![0; width as usize * height as usize * Pixel::size()];
        let mut target = TypedImage::<Pixel>::from_buffer(width, height, &mut pixels)
            .map_err(|_wrong_length| Refusal::Unencodable)?;
        Resizer::new()
            .resize_typed(&source, &mut target, options)
            .map_err(|_wrong_crop| Refusal::Unencodable)?;
        Ok(pixels)
    }

    /// The picture turned and mirrored so that its top is on top.
    pub(super) fn upright(self, orientation: Orientation) -> Result<Self, Refusal> {
        if orientation == Orientation::NoTransforms {
            return Ok(self);
        }
        let mut picture = self.into_dynamic()?;
        picture.apply_orientation(orientation);
        Ok(Self::new(picture))
    }

    fn into_dynamic(self) -> Result<DynamicImage, Refusal> {
        let (width, height, pixels) = (self.width, self.height, self.pixels);
        let picture = match self.channels {
            Channels::Rgb => RgbImage::from_raw(width, height, pixels).map(DynamicImage::from),
            Channels::Rgba => RgbaImage::from_raw(width, height, pixels).map(DynamicImage::from),
        };
        picture.ok_or(Refusal::Unencodable)
    }

    /// The same picture without an alpha channel, if no pixel is transparent. Encoders are faster without.
    pub(super) fn without_idle_alpha(self) -> Result<Self, Refusal> {
        let opaque = |pixels: &[u8]| pixels.chunks_exact(4).all(|pixel| pixel[3] == u8::MAX);
        if self.channels == Channels::Rgb || !opaque(&self.pixels) {
            return Ok(self);
        }
        let rgb = self.into_dynamic()?.into_rgb8();
        Ok(Self::new(DynamicImage::from(rgb)))
    }

    /// The same picture with an alpha channel.
    pub(super) fn into_rgba(self) -> Result<Self, Refusal> {
        let rgba = self.into_dynamic()?.into_rgba8();
        Ok(Self::new(DynamicImage::from(rgba)))
    }

    /// Pixels without alpha, on white.
    pub(super) fn on_white(&self) -> Vec<u8> {
        match self.channels {
            Channels::Rgb => self.pixels.clone(),
            Channels::Rgba => {
                let pixels = self.pixels.chunks_exact(4);
                pixels.flat_map(pixel_on_white).collect()
            }
        }
    }
}

fn pixel_on_white(pixel: &[u8]) -> [u8; 3] {
    let alpha = u32::from(pixel[3]);
    let white = u32::from(u8::MAX);
    let blend = |value: u8| (u32::from(value) * alpha + white * (white - alpha)) / white;
    let narrow = |value: u8| u8::try_from(blend(value)).unwrap_or(u8::MAX);
    [narrow(pixel[0]), narrow(pixel[1]), narrow(pixel[2])]
}
