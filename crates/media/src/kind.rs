//! What a file is, by its first bytes.
//!
//! Names and declared types are chosen by the client, so they decide nothing. A file that could be read as two formats
//! is the one that its first bytes say, and is decoded as that and re-encoded, so the other reading does not survive.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The kind of a file, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// JPEG photo.
    Jpeg,
    /// PNG photo, or an animated one.
    Png,
    /// GIF, often animated.
    Gif,
    /// WebP photo, or an animated one.
    #[serde(rename = "webp")]
    WebP,
    /// HEIF or HEIC photo. Recognised so that the refusal can name it.
    Heic,
    /// AVIF photo. Recognised so that the refusal can name it.
    Avif,
    /// MP4 video.
    Mp4,
    /// QuickTime video.
    Mov,
    /// WebM video.
    #[serde(rename = "webm")]
    WebM,
}

/// Bytes from the start of a file that [`Kind::sniff`] reads at most. The list of brands of an ISO file and the header
/// of a WebM file are shorter.
pub const SNIFF_BYTES_MAX: usize = 256;

/// Magic bytes at the start of a file. Formats without a fixed start follow in [`Kind::sniff`].
const MAGIC: [(&[u8], Kind); 4] = [
    (b"\xFF\xD8\xFF", Kind::Jpeg),
    (b"\x89PNG\r\n\x1A\n", Kind::Png),
    (b"GIF87a", Kind::Gif),
    (b"GIF89a", Kind::Gif),
];

/// Brands of ISO files. The first brand that is in this list decides.
const BRANDS: [(&[u8; 4], Kind); 32] = [
    (b"avif", Kind::Avif),
    (b"avis", Kind::Avif),
    (b"heic", Kind::Heic),
    (b"heix", Kind::Heic),
    (b"heim", Kind::Heic),
    (b"heis", Kind::Heic),
    (b"hevc", Kind::Heic),
    (b"hevx", Kind::Heic),
    (b"hevm", Kind::Heic),
    (b"hevs", Kind::Heic),
    (b"qt  ", Kind::Mov),
    (b"mp41", Kind::Mp4),
    (b"mp42", Kind::Mp4),
    (b"isom", Kind::Mp4),
    (b"iso2", Kind::Mp4),
    (b"iso3", Kind::Mp4),
    (b"iso4", Kind::Mp4),
    (b"iso5", Kind::Mp4),
    (b"iso6", Kind::Mp4),
    (b"iso7", Kind::Mp4),
    (b"iso8", Kind::Mp4),
    (b"iso9", Kind::Mp4),
    (b"avc1", Kind::Mp4),
    (b"M4V ", Kind::Mp4),
    (b"M4VH", Kind::Mp4),
    (b"M4VP", Kind::Mp4),
    (b"MSNV", Kind::Mp4),
    (b"dash", Kind::Mp4),
    (b"3gp4", Kind::Mp4),
    (b"3gp5", Kind::Mp4),
    (b"3gp6", Kind::Mp4),
    (b"3g2a", Kind::Mp4),
];

/// Brands that many kinds of pictures share. They decide only when no other brand does.
const PICTURE_BRANDS: [&[u8; 4]; 2] = [b"mif1", b"msf1"];

/// First boxes of QuickTime files that are older than the list of brands.
const OLD_QUICKTIME: [&[u8; 4]; 3] = [b"moov", b"mdat", b"wide"];

impl Kind {
    /// Tells what a file is from its first bytes. [`SNIFF_BYTES_MAX`] of them are enough.
    ///
    /// ```
    /// use sosik_media::Kind;
    ///
    /// assert_eq!(Kind::sniff(b"GIF89a\x01\x00\x01\x00"), Some(Kind::Gif));
    /// assert_eq!(Kind::sniff(b"<svg onload='alert(1)'>"), None);
    /// ```
    pub fn sniff(head: &[u8]) -> Option<Self> {
        let head = head.get(..SNIFF_BYTES_MAX).unwrap_or(head);
        let fixed = MAGIC.iter().find(|(magic, _)| head.starts_with(magic));
        fixed
            .map(|(_, kind)| *kind)
            .or_else(|| sniff_webp(head))
            .or_else(|| sniff_iso(head))
            .or_else(|| sniff_webm(head))
    }

    /// True for photos, also those without a decoder.
    pub fn is_photo(self) -> bool {
        !self.is_video()
    }

    /// True for videos.
    pub fn is_video(self) -> bool {
        matches!(self, Self::Mp4 | Self::Mov | Self::WebM)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::Gif => "GIF",
            Self::WebP => "WebP",
            Self::Heic => "HEIC",
            Self::Avif => "AVIF",
            Self::Mp4 => "MP4",
            Self::Mov => "MOV",
            Self::WebM => "WebM",
        })
    }
}

fn sniff_webp(head: &[u8]) -> Option<Kind> {
    let matches = head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP");
    matches.then_some(Kind::WebP)
}

fn sniff_iso(head: &[u8]) -> Option<Kind> {
    let name: &[u8; 4] = head.get(4..8)?.try_into().ok()?;
    if name != b"ftyp" {
        return OLD_QUICKTIME.contains(&name).then_some(Kind::Mov);
    }
    let size: [u8; 4] = head.get(..4)?.try_into().ok()?;
    let end = usize::try_from(u32::from_be_bytes(size)).ok()?;
    brand_kind(head.get(8..end.min(head.len()))?)
}

/// The kind that the brands tell: the major brand, four bytes of version, then the compatible brands.
fn brand_kind(brands: &[u8]) -> Option<Kind> {
    let listed = |brand: &[u8]| BRANDS.iter().find(|(name, _)| *name == brand);
    let words = || brands.chunks_exact(4).enumerate();
    let named = words().filter(|(place, _)| *place != 1);
    let known = named.clone().find_map(|(_, brand)| listed(brand));
    let picture = |(_, brand): (usize, &[u8])| PICTURE_BRANDS.iter().any(|name| *name == brand);
    match known {
        Some((_, kind)) => Some(*kind),
        None => named.into_iter().any(picture).then_some(Kind::Heic),
    }
}

/// WebM is Matroska with the document type `webm`. Other Matroska files are refused: browsers do not play them.
fn sniff_webm(head: &[u8]) -> Option<Kind> {
    const DOCUMENT_TYPE: &[u8] = b"\x42\x82\x84webm";
    let rest = head.strip_prefix(b"\x1A\x45\xDF\xA3")?;
    let found = rest
        .windows(DOCUMENT_TYPE.len())
        .any(|part| part == DOCUMENT_TYPE);
    found.then_some(Kind::WebM)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn iso(brands: &[&[u8; 4]]) -> Vec<u8> {
        let size = u32::try_from(12 + 4 * brands.len()).unwrap();
        let mut file = size.to_be_bytes().to_vec();
        file.extend(b"ftyp");
        file.extend(brands[0]);
        file.extend([0; 4]);
        file.extend(brands[1..].iter().copied().flatten());
        file
    }

    #[test]
    fn the_first_bytes_decide() {
        let webm = b"\x1A\x45\xDF\xA3\x9F\x42\x86\x81\x01\x42\x82\x84webm";
        let cases: [(&[u8], Option<Kind>); 14] = [
            (b"\xFF\xD8\xFF\xE0", Some(Kind::Jpeg)),
            (b"\x89PNG\r\n\x1A\n", Some(Kind::Png)),
            (b"GIF87a", Some(Kind::Gif)),
            (b"RIFF\0\0\0\0WEBPVP8 ", Some(Kind::WebP)),
            (b"RIFF\0\0\0\0WAVEfmt ", None),
            (b"\0\0\0\x08wide\0\0", Some(Kind::Mov)),
            (webm, Some(Kind::WebM)),
            (b"\x1A\x45\xDF\xA3\x42\x82\x88matroska", None),
            (b"BM\x36\0", None),
            (b"%PDF-1.7", None),
            (b"<!DOCTYPE html>", None),
            (b"II*\0", None),
            (b"\xFF\xD8", None),
            (b"", None),
        ];
        for (head, kind) in cases {
            assert_eq!(Kind::sniff(head), kind, "{head:?}");
        }
    }

    #[test]
    fn brands_tell_pictures_from_videos() {
        let cases: [(&[&[u8; 4]], Option<Kind>); 8] = [
            (&[b"heic", b"mif1"], Some(Kind::Heic)),
            (&[b"mif1", b"avif", b"miaf"], Some(Kind::Avif)),
            (&[b"mif1", b"heic"], Some(Kind::Heic)),
            (&[b"mif1", b"miaf"], Some(Kind::Heic)),
            (&[b"isom", b"avc1"], Some(Kind::Mp4)),
            (&[b"qt  "], Some(Kind::Mov)),
            (&[b"none", b"mp42"], Some(Kind::Mp4)),
            (&[b"crx "], None),
        ];
        for (brands, kind) in cases {
            assert_eq!(Kind::sniff(&iso(brands)), kind, "{brands:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_sniffed_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = Kind::sniff(&bytes);
        }

        #[test]
        fn any_list_of_brands_is_sniffed_without_a_panic(size in any::<u32>(), rest in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut file = size.to_be_bytes().to_vec();
            file.extend(b"ftyp");
            file.extend(rest);
            let _ = Kind::sniff(&file);
        }

        #[test]
        fn a_magic_decides_whatever_follows(which in 0..MAGIC.len(), rest in prop::collection::vec(any::<u8>(), 0..300)) {
            let (magic, kind) = MAGIC[which];
            prop_assert_eq!(Kind::sniff(&[magic, &rest].concat()), Some(kind));
        }

        #[test]
        fn a_known_major_brand_decides_whatever_follows(which in 0..BRANDS.len(), size in 12..=u32::MAX, rest in prop::collection::vec(any::<u8>(), 4..300)) {
            let (brand, kind) = BRANDS[which];
            let file = [&size.to_be_bytes(), b"ftyp", &brand[..], &rest].concat();
            prop_assert_eq!(Kind::sniff(&file), Some(kind));
        }

        #[test]
        fn a_file_that_is_cut_is_unknown_or_what_it_was(which in 0..MAGIC.len(), rest in prop::collection::vec(any::<u8>(), 0..300), cut in 0usize..300) {
            let (magic, kind) = MAGIC[which];
            let mut file = [magic, &rest].concat();
            file.truncate(cut);
            prop_assert!([None, Some(kind)].contains(&Kind::sniff(&file)));
        }

        #[test]
        fn bytes_after_the_head_change_nothing(head in prop::collection::vec(any::<u8>(), SNIFF_BYTES_MAX), tail in prop::collection::vec(any::<u8>(), 0..64)) {
            let whole = [head.clone(), tail].concat();
            prop_assert_eq!(Kind::sniff(&whole), Kind::sniff(&head));
        }
    }
}
