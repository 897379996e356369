//! How words are compared: in search and among hashtags.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The text with everything that does not matter for finding it taken out: full width, half width and other
/// compatibility forms (NFKC) and capitals.
///
/// Capitals are folded character by character: the rule for the Greek final sigma would make a word's form depend on
/// where the text was cut, and a prefix would not be found. NFKC runs again because folding can leave marks apart.
pub(crate) fn fold(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).nfkc().collect()
}

/// Whether a character belongs to a word: letters and digits of any script, and the marks on them.
pub(crate) fn is_word_character(character: char) -> bool {
    character.is_alphanumeric() || is_combining_mark(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn width_capitals_and_composition_do_not_matter() {
        for (text, expected) in [
            ("ＭＩＮＡ", "mina"),
            ("ﾐﾅ ｶﾞ", "ミナ ガ"),
            ("E\u{301}COLE", "école"),
            ("\u{1112}\u{1161}\u{11ab}", "한"),
            ("ΣΑΣ", "σασ"),
            ("①㈱", "1(株)"),
        ] {
            assert_eq!(fold(text), expected);
        }
    }
}
