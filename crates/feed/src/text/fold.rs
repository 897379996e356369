//! Case folding, for comparing words in search and hashtags.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The folded text: without the differences of full width, half width and other compatibility forms (NFKC), and of
/// upper and lower case.
///
/// Case is folded character by character, and the Greek final sigma becomes an ordinary one. Otherwise the form of a
/// word would depend on where the text is cut, and a prefix would not match. NFKC runs again because folding can leave
/// marks separate.
pub(crate) fn fold(text: &str) -> String {
    text.nfkc()
        .flat_map(char::to_lowercase)
        .map(|character| if character == 'ς' { 'σ' } else { character })
        .nfkc()
        .collect()
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
            ("σας", "σασ"),
            ("①㈱", "1(株)"),
        ] {
            assert_eq!(fold(text), expected);
        }
    }
}
