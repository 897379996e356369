//! The search terms of a person.

use foldhash::HashSet;

use crate::limits::{SEARCH_TERM_CHARACTERS_MAX, SEARCH_TERMS_MAX};
use crate::people::{DisplayName, Handle};
use crate::text::fold::{fold, is_word_character};

/// The strings that find a person: the handle, its parts between `_`, the words of the name, and every suffix of words
/// with Korean, Japanese or Chinese characters. Each occurs once, the most specific first, at most [`SEARCH_TERMS_MAX`]
/// of at most [`SEARCH_TERM_CHARACTERS_MAX`] characters.
pub fn terms(handle: &Handle, display_name: &DisplayName) -> Vec<String> {
    let name = fold(display_name.as_str());
    let whole = std::iter::once(handle.as_str())
        .chain(words(handle.as_str()))
        .chain(words(&name));
    let pieces = words(&name)
        .filter(|word| is_cut_anywhere(word))
        .flat_map(suffixes);

    let mut seen = HashSet::default();
    whole
        .chain(pieces)
        .map(cut)
        .filter(|term| seen.insert(*term))
        .take(SEARCH_TERMS_MAX)
        .map(str::to_owned)
        .collect()
}

/// The words of a folded text: runs of letters, digits and marks.
pub(super) fn words(folded: &str) -> impl Iterator<Item = &str> {
    folded
        .split(|character| !is_word_character(character))
        .filter(|word| !word.is_empty())
}

/// Whether any part of the word is searchable, and not only its beginning.
pub(super) fn is_cut_anywhere(word: &str) -> bool {
    word.chars().any(is_cjk)
}

/// The first [`SEARCH_TERM_CHARACTERS_MAX`] characters.
pub(super) fn cut(word: &str) -> &str {
    word.char_indices()
        .nth(SEARCH_TERM_CHARACTERS_MAX)
        .map_or(word, |(end, _)| &word[..end])
}

fn suffixes(word: &str) -> impl Iterator<Item = &str> {
    word.char_indices().skip(1).map(|(start, _)| &word[start..])
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
        check_terms("jose", "José O’Hara", &["jose", "josé", "o", "hara"]);
    }

    #[test]
    fn words_without_spaces_between_their_parts_are_found_by_every_suffix() {
        check_terms("mina", "김미나", &["mina", "김미나", "미나", "나"]);
        check_terms("hana", "山田 花子", &["hana", "山田", "花子", "田", "子"]);
        check_terms("abc", "ﾐﾅａ", &["abc", "ミナa", "ナa", "a"]);
    }

    #[test]
    fn nobody_has_more_or_longer_terms_than_the_limits_say() {
        // Fifty Han characters stay fifty; fifty squared words fold into about four letters each.
        for (first, count) in [('\u{4E00}', 51), ('\u{3300}', SEARCH_TERMS_MAX)] {
            let name: String = (first..).take(50).collect();
            let name = DisplayName::from_stored(name);
            let found = terms(&Handle::from_stored("mina".into()), &name);
            assert_eq!(found.len(), count);
            assert!(
                found
                    .iter()
                    .all(|term| term.chars().count() <= SEARCH_TERM_CHARACTERS_MAX)
            );
        }
    }
}
