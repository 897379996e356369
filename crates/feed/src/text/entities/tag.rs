//! Hashtags: `#봄_나들이`.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

use super::run_end;
use crate::limits::HASHTAG_CHARACTERS_MAX;
use crate::text::fold::{fold, is_word_character};

/// Whether a character in front of the `#` makes it part of a word or of an HTML entity (`&#x41;`).
pub(super) fn joins(before: char) -> bool {
    is_plain(before) || before == '&'
}

/// The folded tag that starts here, and where reading continues.
///
/// A tag consists of letters, digits, marks and `_` of any script, with at least one letter: `#1` is a number. A few
/// signs that words of some languages contain are part of it between two letters.
pub(super) fn read(text: &[char], from: usize) -> (Option<String>, usize) {
    let end = end(text, from);
    let written: String = text[from..end].iter().collect();
    let tag = fold(&written);
    (is_tag(&tag).then_some(tag), end)
}

fn end(text: &[char], from: usize) -> usize {
    let mut end = run_end(text, from, is_tag_character);
    while end > from
        && let [joiner, next, ..] = text[end..]
        && is_joiner(joiner)
        && is_tag_character(next)
    {
        end = run_end(text, end + 1, is_tag_character);
    }
    end
}

/// A mark at the start belongs to the `#`: together they are a keycap emoji and not a tag.
fn is_tag(folded: &str) -> bool {
    !folded.starts_with(is_combining_mark)
        && folded.chars().any(char::is_alphabetic)
        && folded.chars().count() <= HASHTAG_CHARACTERS_MAX
}

/// Compatibility characters such as the ligature of a whole sentence are excluded if their folded form is no word.
fn is_tag_character(character: char) -> bool {
    is_plain(character) && (character.is_ascii() || std::iter::once(character).nfkc().all(is_plain))
}

/// Letters, digits and their marks. The marks that turn a character into an emoji do not make it a letter.
fn is_plain(character: char) -> bool {
    let is_emoji_mark = || {
        character == '\u{FE0F}' || character.general_category() == GeneralCategory::EnclosingMark
    };
    character == '_'
        || character.is_ascii_alphanumeric()
        || (!character.is_ascii() && is_word_character(character) && !is_emoji_mark())
}

/// Signs inside words: the middle dots of Japanese and Catalan, the joiners of Persian and of Indic scripts, the
/// quotation-like letters of Hebrew abbreviations, and the dot between Tibetan syllables.
fn is_joiner(character: char) -> bool {
    matches!(
        character,
        '・' | '･' | '·' | '\u{200C}' | '\u{200D}' | '\u{5F3}' | '\u{5F4}' | '\u{F0B}' | '\u{F0C}'
    )
}
