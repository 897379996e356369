//! Bytes of a page to text, in any charset.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// Bytes from the start in which a page may declare its charset, by the standard of HTML.
const DECLARATION_BYTES_MAX: usize = 1024;

/// Decodes a page. In this order: a byte order mark, the header, a declaration in the page, a guess from the bytes.
pub(super) fn decode(bytes: &[u8], header: Option<&str>) -> String {
    let marked = Encoding::for_bom(bytes).map(|(encoding, _)| encoding);
    let encoding = marked
        .or_else(|| Encoding::for_label(header?.as_bytes()))
        .or_else(|| declared(bytes))
        .unwrap_or_else(|| guessed(bytes));
    encoding.decode(bytes).0.into_owned()
}

/// The charset of `<meta charset=…>` or `<meta http-equiv=Content-Type content="…; charset=…">`.
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    const NAME: &[u8] = b"charset";
    let head = bytes.get(..DECLARATION_BYTES_MAX).unwrap_or(bytes);
    let places = head.windows(NAME.len()).enumerate();
    let mut places = places.filter(|(_, part)| part.eq_ignore_ascii_case(NAME));
    let encoding = places.find_map(|(place, _)| label(&head[place + NAME.len()..]))?;
    // A page that could be read so far is not in UTF-16.
    let wide = encoding == UTF_16LE || encoding == UTF_16BE;
    Some(if wide { UTF_8 } else { encoding })
}

/// The encoding whose name follows an equals sign.
fn label(rest: &[u8]) -> Option<&'static Encoding> {
    let value = rest
        .trim_ascii_start()
        .strip_prefix(b"=")?
        .trim_ascii_start();
    let value = value
        .strip_prefix(b"\"")
        .or_else(|| value.strip_prefix(b"'"))
        .unwrap_or(value);
    let end = value
        .iter()
        .position(|byte| b"\"' ;/>\t\r\n".contains(byte));
    Encoding::for_label(&value[..end.unwrap_or(value.len())])
}

fn guessed(bytes: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    detector.guess(None, Utf8Detection::Allow)
}
