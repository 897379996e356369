//! The text that is drawn for a link.
//!
//! It shows the host that the link leads to: without user information, with look-alikes in Punycode, and shortened at
//! its start, because the end of a host says who owns it (<https://url.spec.whatwg.org/#url-rendering>).

use std::fmt::Write;

use idna::uts46::{AsciiDenyList, Hyphens, Uts46};
use percent_encoding::percent_decode_str;
use unicode_security::{RestrictionLevel, RestrictionLevelDetection, skeleton};
use unicode_segmentation::UnicodeSegmentation;
use url::{Host, Position, Url};

use crate::limits::{LINK_DISPLAY_CHARACTERS_MAX, LINK_DISPLAY_HOST_CHARACTERS_MAX};
use crate::text::{Class, check, class};

/// The text to draw for an address.
pub(super) fn display(url: &Url) -> String {
    let mut text = match url.host() {
        Some(Host::Domain(name)) => host(name),
        Some(address) => address.to_string(),
        None => String::new(),
    };
    if let Some(port) = url.port() {
        // Writing to a string cannot fail.
        let _written = write!(text, ":{port}");
    }
    match &url[Position::BeforePath..] {
        "/" => {}
        rest => text.push_str(&readable(rest)),
    }
    shortened(&text, LINK_DISPLAY_CHARACTERS_MAX)
}

/// A domain name in Unicode, without `www.`.
fn host(ascii: &str) -> String {
    let bare = ascii.strip_prefix("www.").unwrap_or(ascii);
    let (host, _) = Uts46::new().to_user_interface(
        bare.as_bytes(),
        AsciiDenyList::URL,
        Hyphens::Allow,
        |label, domain, _| is_honest(label, domain),
    );
    shortened_start(&host, LINK_DISPLAY_HOST_CHARACTERS_MAX)
}

/// Whether a label can be shown in Unicode: it mixes no scripts that look alike (UTS 39), and it does not imitate ASCII
/// as a whole, unless its top-level domain is foreign, too.
fn is_honest(label: &[char], domain: &[char]) -> bool {
    let label: String = label.iter().collect();
    let level = label.as_str().detect_restriction_level();
    let imitates = domain.iter().all(char::is_ascii) && label.chars().all(looks_ascii);
    level <= RestrictionLevel::HighlyRestrictive && !imitates
}

fn looks_ascii(letter: char) -> bool {
    let mut buffer = [0; 4];
    let mut shape = skeleton(letter.encode_utf8(&mut buffer));
    shape.next().is_some_and(|first| first.is_ascii()) && shape.next().is_none()
}

/// Decodes percent-encoded letters. Everything that divides an address, hides in it or breaks the page stays encoded.
fn readable(encoded: &str) -> String {
    let mut text = String::with_capacity(encoded.len());
    let mut rest = encoded;
    while let Some(start) = rest.find('%') {
        let (plain, tail) = rest.split_at(start);
        let (run, behind) = tail.split_at(run_length(tail));
        text.push_str(plain);
        decode_into(run, &mut text);
        rest = behind;
    }
    text.push_str(rest);
    match check(&text) {
        Ok(()) => text,
        Err(_) => encoded.to_owned(),
    }
}

/// The length of the run of `%XX` at the start, at least 1.
fn run_length(text: &str) -> usize {
    let is_encoded = |bytes: &&[u8]| matches!(bytes, [b'%', high, low] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit());
    let count = text
        .as_bytes()
        .chunks_exact(3)
        .take_while(is_encoded)
        .count();
    (count * 3).max(1)
}

fn decode_into(run: &str, text: &mut String) {
    match percent_decode_str(run).decode_utf8() {
        Ok(decoded) => decoded
            .chars()
            .zip(spellings(run))
            .for_each(|(character, spelling)| match is_readable(character) {
                true => text.push(character),
                false => text.push_str(spelling),
            }),
        // Another encoding, such as EUC-KR.
        Err(_) => text.push_str(run),
    }
}

/// The percent-encoded spelling of each character of a run that is valid UTF-8.
fn spellings(run: &str) -> impl Iterator<Item = &str> {
    let mut rest = run;
    std::iter::from_fn(move || {
        let first = rest
            .get(1..3)
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        let bytes = first.map_or(1, |first| (first.leading_ones() as usize).max(1));
        let (spelling, behind) = rest.split_at_checked(bytes * 3).unwrap_or((rest, ""));
        rest = behind;
        Some(spelling)
    })
}

fn is_readable(character: char) -> bool {
    match character {
        _ if character.is_ascii_alphanumeric() => true,
        '-' | '.' | '_' | '~' => true,
        _ => !character.is_ascii() && matches!(class(character), Class::Visible | Class::Mark),
    }
}

/// Cuts a text at its end, between two characters that people see.
fn shortened(text: &str, characters_max: usize) -> String {
    if text.chars().count() <= characters_max {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut characters = 1;
    for grapheme in text.graphemes(true) {
        characters += grapheme.chars().count();
        if characters > characters_max {
            break;
        }
        kept.push_str(grapheme);
    }
    kept + "…"
}

/// Cuts a host at its start.
fn shortened_start(host: &str, characters_max: usize) -> String {
    let characters = host.chars().count();
    if characters <= characters_max {
        return host.to_owned();
    }
    std::iter::once('…')
        .chain(host.chars().skip(characters - characters_max + 1))
        .collect()
}
