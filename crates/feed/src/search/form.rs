//! The form in which words are compared: without the differences that people leave out when they type a name.
//!
//! Width, case and composition do not matter, nor do accents and vowel points of the scripts that write them as marks.
//! A voiced kana stays different from an unvoiced one, and the vowel signs of Indic scripts stay, because there a mark
//! makes another letter.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_script::{Script, UnicodeScript};

/// The searchable form of a text. Hangul is composed.
pub(super) fn searchable(text: &str) -> String {
    let mut base = Script::Common;
    text.nfkd()
        .filter(|character| {
            let is_mark = is_combining_mark(*character);
            if !is_mark {
                base = character.script();
            }
            !(is_mark && has_optional_marks(base))
        })
        .flat_map(folded)
        .nfkc()
        .collect()
}

/// Whether people often leave out the marks of this script: accents, Arabic and Hebrew vowels.
const fn has_optional_marks(script: Script) -> bool {
    matches!(
        script,
        Script::Latin | Script::Greek | Script::Cyrillic | Script::Arabic | Script::Hebrew
    )
}

/// The character without the difference of case: `ß` and `ẞ` become `ss`, and `ς` becomes `σ`. Upper case expands what
/// lower case leaves alone.
fn folded(character: char) -> impl Iterator<Item = char> {
    character
        .to_lowercase()
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_leave_out_when_they_type_does_not_matter() {
        for (text, expected) in [
            ("José", "jose"),
            ("JOSE\u{301}", "jose"),
            ("Straße", "strasse"),
            ("STRAẞE", "strasse"),
            ("ＭＩＮＡ ﾐﾅ ｶﾞ", "mina ミナ ガ"),
            ("Σωκράτης", "σωκρατησ"),
            ("ΣΩΚΡΆΤΗΣ", "σωκρατησ"),
            ("Алёна", "алена"),
            ("İstanbul ılık", "istanbul ilik"),
            ("Nguyễn", "nguyen"),
            ("أحمد مُحَمَّد", "احمد محمد"),
            ("\u{1112}\u{1161}\u{11ab} 한", "한 한"),
            ("हिन्दी", "हिन्दी"),
            ("①㈱ ﬁ", "1(株) fi"),
        ] {
            assert_eq!(searchable(text), expected, "{text}");
        }
    }
}
