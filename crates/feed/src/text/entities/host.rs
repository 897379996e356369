//! The authority of an address: user information, host, port.

use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

use super::address::is_particle;
use super::run_end;
use crate::limits::HOST_CHARACTERS_MAX;
use crate::text::fold::is_word_character;
use crate::text::{Class, class};

/// The host of an address, and the end of the authority.
#[derive(Debug, Clone, Copy)]
pub(super) struct Authority {
    pub(super) host_start: usize,
    pub(super) host_end: usize,
    pub(super) end: usize,
}

/// Reads the authority behind `https://`. Everything up to the last `@` is user information and not the host.
pub(super) fn read_authority(text: &[char], from: usize) -> Authority {
    let mut info_end = run_end(text, from, is_user_info);
    let mut host_start = from;
    while text.get(info_end) == Some(&'@') {
        host_start = info_end + 1;
        info_end = run_end(text, host_start, is_user_info);
    }
    let authority = read_host(text, host_start);
    // `https://a.example!@mina` has no user information: `mina` is no host.
    if host_start > from && !authority.is_dotted(text) {
        return read_host(text, from);
    }
    authority
}

/// Reads a host with an optional port.
pub(super) fn read_host(text: &[char], host_start: usize) -> Authority {
    let host_end = match text.get(host_start) {
        Some('[') => bracket_end(text, host_start),
        _ => name_end(text, host_start),
    };
    Authority {
        host_start,
        host_end,
        end: port_end(text, host_end),
    }
}

impl Authority {
    fn is_dotted(self, text: &[char]) -> bool {
        text[self.host_start..self.host_end]
            .iter()
            .any(|character| matches!(character, '.' | ':'))
    }
}

/// Brackets, commas and quotation marks are excluded, because a sentence can put them between a host and a mention.
fn is_user_info(character: char) -> bool {
    matches!(
        character,
        '.' | '~' | '!' | '$' | '&' | '+' | '=' | ':' | '%'
    ) || is_label_character(character)
}

/// An IPv6 address in brackets.
fn bracket_end(text: &[char], from: usize) -> usize {
    let end = run_end(text, from + 1, |character| {
        character.is_ascii_hexdigit() || matches!(character, ':' | '.')
    });
    match text.get(end) {
        Some(']') => end + 1,
        _ => from,
    }
}

fn name_end(text: &[char], from: usize) -> usize {
    let window = &text[..text.len().min(from + HOST_CHARACTERS_MAX + 1)];
    let mut end = run_end(window, from, is_label_character);
    while end > from
        && let Some(['.', next]) = window.get(end..end + 2)
        && is_label_character(*next)
    {
        end = run_end(window, end + 1, is_label_character);
    }
    if end - from > HOST_CHARACTERS_MAX {
        return from;
    }
    let end = word_end(text, from, end);
    let is_trailing = |character: &&char| !character.is_alphanumeric() && !is_mark(**character);
    end - text[from..end].iter().rev().take_while(is_trailing).count()
}

/// Characters of a label, with emoji, joiners and middle dots. Otherwise the part of a host in front of such a
/// character could be taken for the whole.
///
/// Only the ASCII dot separates labels. UTS 46 also maps `。` to a dot, but in a text it ends a sentence.
fn is_label_character(character: char) -> bool {
    match character {
        '-' | '_' | '\u{200C}' | '\u{200D}' => true,
        _ if character.is_ascii() => character.is_ascii_alphanumeric(),
        _ => {
            is_word_character(character)
                || is_middle_dot(character)
                || character.general_category_group() == GeneralCategoryGroup::Symbol
        }
    }
}

fn is_middle_dot(character: char) -> bool {
    matches!(character, '・' | '·')
}

fn is_mark(character: char) -> bool {
    class(character) == Class::Mark
}

/// Where the host ends if the words of a sentence follow it directly: `www.naver.com에서`.
///
/// The last label of a host is ASCII or not, and never a mixture. Other labels may be mixed; there only particles end
/// the host.
fn word_end(text: &[char], from: usize, end: usize) -> usize {
    let mut start = from;
    for label in text[from..end].split(|character| *character == '.') {
        let ascii = run_end(label, 0, |character| character.is_ascii());
        let is_mixed = 2 <= ascii && ascii < label.len();
        let is_last = start + label.len() == end;
        let is_word =
            |word: &[char]| is_particle(word) || word.first().copied().is_some_and(is_middle_dot);
        if is_mixed && (is_last || (start > from && is_word(&label[ascii..]))) {
            return start + ascii;
        }
        start += label.len() + 1;
    }
    end
}

/// A colon without digits behind it belongs to the sentence.
fn port_end(text: &[char], host_end: usize) -> usize {
    match text.get(host_end) {
        Some(':') => {
            let digits_end = run_end(text, host_end + 1, |character| character.is_ascii_digit());
            if digits_end > host_end + 1 {
                digits_end
            } else {
                host_end
            }
        }
        _ => host_end,
    }
}
