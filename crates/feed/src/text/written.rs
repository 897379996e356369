//! The one form in which written text is kept, and which characters can be seen.

use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

/// What is wrong with a text, whatever kind of text it is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// More characters than allowed.
    TooLong {
        /// How many there are.
        characters: usize,
    },
    /// A control character other than a line break or a tab.
    Control,
}

/// The text in the form in which it is kept: `\n` for every kind of line break that systems write, NFC, no white space
/// at the end, empty when nothing in it can be seen.
///
/// NUL in particular would be refused by PostgreSQL much later; escape characters would reach an operator's terminal.
pub(crate) fn written(text: &str, characters_max: usize) -> Result<String, Fault> {
    let mut kept: String = text
        .replace("\r\n", "\n")
        .replace('\r', "\n")
        .nfc()
        .collect();
    kept.truncate(kept.trim_end().len());
    let characters = kept.chars().count();
    if characters > characters_max {
        return Err(Fault::TooLong { characters });
    }
    if kept
        .chars()
        .any(|character| character.is_control() && !matches!(character, '\n' | '\t'))
    {
        return Err(Fault::Control);
    }
    if !kept.chars().any(is_visible) {
        kept.clear();
    }
    Ok(kept)
}

/// Whether a character leaves something on the page by itself. Private and unassigned characters count: the reader may
/// have a font or a newer Unicode for them.
pub(crate) fn is_visible(character: char) -> bool {
    match character.general_category_group() {
        GeneralCategoryGroup::Letter
        | GeneralCategoryGroup::Number
        | GeneralCategoryGroup::Punctuation
        | GeneralCategoryGroup::Symbol => !is_blank_letter(character),
        GeneralCategoryGroup::Other => {
            matches!(
                character.general_category(),
                GeneralCategory::PrivateUse | GeneralCategory::Unassigned
            )
        }
        GeneralCategoryGroup::Mark | GeneralCategoryGroup::Separator => false,
    }
}

/// Letters and symbols that are blank by design: the Hangul fillers and the empty Braille cell. The usual way to make an
/// empty name where white space is refused.
pub(crate) fn is_blank_letter(character: char) -> bool {
    matches!(
        character,
        '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}' | '\u{2800}'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check_written(text: &str, expected: &str) {
        assert_eq!(written(text, 100).as_deref(), Ok(expected), "{text:?}");
    }

    #[test]
    fn line_breaks_letters_and_the_end_have_one_form() {
        check_written("a\r\nb\rc\nd", "a\nb\nc\nd");
        check_written("  two  spaces\tand a tab \n\n", "  two  spaces\tand a tab");
        check_written("e\u{301}", "é");
        check_written("\u{1112}\u{1161}\u{11ab}\u{3000}", "한");
    }

    #[test]
    fn a_text_of_which_nothing_can_be_seen_is_empty() {
        for text in [
            "",
            " \n\t",
            "\u{200b}",
            "\u{3164}\u{200d}",
            "\u{2800}\n",
            "\u{feff}",
        ] {
            check_written(text, "");
        }
        check_written("\u{f8ff}", "\u{f8ff}");
    }

    #[test]
    fn control_characters_are_refused_and_lengths_are_told() {
        for text in ["a\0", "\u{1b}[2Jx", "a\u{7f}b", "a\u{9b}b", "a\u{b}b"] {
            assert_eq!(written(text, 100), Err(Fault::Control), "{text:?}");
        }
        assert_eq!(written("abcd", 3), Err(Fault::TooLong { characters: 4 }));
        assert_eq!(written("abc   ", 3).as_deref(), Ok("abc"));
    }

    proptest! {
        #[test]
        fn writing_any_text_never_panics_and_writing_twice_changes_nothing(text in any::<String>(), tight in "[ae\\r\\n\\t \u{301}\u{1100}-\u{11ff}]*") {
            for text in [text, tight] {
                if let Ok(kept) = written(&text, 10_000) {
                    prop_assert!(!kept.contains('\r'));
                    prop_assert_eq!(written(&kept, 10_000), Ok(kept));
                }
            }
        }
    }
}
