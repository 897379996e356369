//! The search terms of a person.

use foldhash::HashSet;

use super::form::searchable;
use super::keys::{Typed, initials, keys, typed};
use crate::limits::{SEARCH_TERM_BYTES_MAX, SEARCH_TERMS_MAX};
use crate::people::{DisplayName, Handle};
use crate::text::fold::is_word_character;

/// The version of the terms. When [`terms`] gives other terms for the same names, increment it: stores then replace the
/// terms of everybody when they open.
pub const TERMS_VERSION: u32 = 1;

/// The strings that find a person: the handle, its parts between `_`, the words of the name, every suffix of words with
/// Korean, Japanese or Chinese characters, and the initial consonants of these. All in the form of `keys`. Each
/// occurs once, the most specific first, at most [`SEARCH_TERMS_MAX`] of at most [`SEARCH_TERM_BYTES_MAX`] bytes.
pub fn terms(handle: &Handle, display_name: &DisplayName) -> Vec<String> {
    let name = searchable(display_name.as_str());
    let of_handle = std::iter::once(handle.as_str()).chain(words(handle.as_str()));
    let names: Vec<Vec<Typed>> = words(&name).map(typed).collect();
    let whole = names.iter().map(|word| keys(word));
    let parted: Vec<_> = (words(&name).zip(&names))
        .filter(|(word, _)| is_cut_anywhere(word))
        .map(|(_, word)| word.as_slice())
        .collect();
    let pieces = parted.iter().copied().flat_map(suffixes).map(keys);
    let initials = parted
        .iter()
        .copied()
        .flat_map(suffixes)
        .filter_map(initials);

    let mut seen = HashSet::default();
    of_handle
        .map(str::to_owned)
        .chain(whole)
        .chain(pieces)
        .chain(initials)
        .map(|term| cut(&term).to_owned())
        .filter(|term| seen.insert(term.clone()))
        .take(SEARCH_TERMS_MAX)
        .collect()
}

/// The words of a searchable text: runs of letters, digits and marks.
pub(super) fn words(searchable: &str) -> impl Iterator<Item = &str> {
    searchable
        .split(|character| !is_word_character(character))
        .filter(|word| !word.is_empty())
}

/// Whether any part of the word is searchable, and not only its beginning.
pub(super) fn is_cut_anywhere(word: &str) -> bool {
    word.chars().any(is_cjk)
}

/// The first characters, up to [`SEARCH_TERM_BYTES_MAX`] bytes.
pub(super) fn cut(term: &str) -> &str {
    &term[..term.floor_char_boundary(SEARCH_TERM_BYTES_MAX)]
}

/// The word and its parts down to the last character.
pub(super) fn suffixes(word: &[Typed]) -> impl Iterator<Item = &[Typed]> {
    (0..word.len()).map(|start| &word[start..])
}

/// Whether a character is Hangul, kana or Han, by the blocks of Unicode 17. Folding has removed half-width forms.
fn is_cjk(character: char) -> bool {
    matches!(character,
        '\u{1100}'..='\u{11FF}' // Hangul Jamo
        | '\u{2E80}'..='\u{2FDF}' // CJK and Kangxi radicals
        | '\u{3005}'..='\u{3007}' // iteration mark, closing mark, zero
        | '\u{3021}'..='\u{3029}' // Hangzhou numerals
        | '\u{3040}'..='\u{318F}' // Hiragana, Katakana, Bopomofo, Hangul Compatibility Jamo
        | '\u{31F0}'..='\u{31FF}' // small Katakana
        | '\u{3400}'..='\u{4DBF}' // Han, extension A
        | '\u{4E00}'..='\u{9FFF}' // Han
        | '\u{A960}'..='\u{A97F}' // Hangul Jamo, extended A
        | '\u{AC00}'..='\u{D7FF}' // Hangul syllables and Jamo, extended B
        | '\u{F900}'..='\u{FAFF}' // Han, compatibility
        | '\u{1AFF0}'..='\u{1B16F}' // historic and extended kana
        | '\u{20000}'..='\u{3FFFF}' // Han, extensions B and on
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_terms(handle: &str, name: &str, expected: &[&str]) {
        let found = terms(
            &Handle::from_stored(handle.into()),
            &DisplayName::parse(name).unwrap(),
        );
        let expected: Vec<_> = expected.iter().map(|term| keys(&typed(term))).collect();
        assert_eq!(found, expected, "@{handle} {name}");
    }

    #[test]
    fn handles_and_names_are_found_by_their_words() {
        check_terms(
            "mina_kim",
            "Mina Kim-Lee",
            &["mina_kim", "mina", "kim", "lee"],
        );
        check_terms("mina", "ＭＩＮＡ", &["mina"]);
        check_terms("bora", "🎉", &["bora"]);
        check_terms("jose", "José O’Hara", &["jose", "o", "hara"]);
    }

    #[test]
    fn words_without_spaces_between_their_parts_are_found_by_every_suffix() {
        let initials = ["\u{1100}\u{1106}\u{1102}", "\u{1106}\u{1102}"];
        let pieces = ["mina", "김미나", "미나", "나", initials[0], initials[1]];
        check_terms("mina", "김미나", &pieces);
        check_terms("hana", "山田 花子", &["hana", "山田", "花子", "田", "子"]);
        check_terms("abc", "ﾐﾅａ", &["abc", "ミナa", "ナa", "a"]);
    }

    #[test]
    fn nobody_has_more_or_longer_terms_than_the_limits_say() {
        // Fifty Han characters stay fifty. Fifty syllables with one initial consonant have 39 more, down to the cut. Fifty
        // squared words fold into about four letters each.
        for (first, count) in [
            ('\u{4E00}', 51),
            ('\u{AC00}', 90),
            ('\u{3300}', SEARCH_TERMS_MAX),
        ] {
            let name: String = (first..).take(50).collect();
            let name = DisplayName::from_stored(name);
            let found = terms(&Handle::from_stored("mina".into()), &name);
            assert_eq!(found.len(), count);
            assert!(found.iter().all(|term| term.len() <= SEARCH_TERM_BYTES_MAX));
        }
    }
}
