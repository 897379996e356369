//! The display name: what a person is called.
//!
//! Names come in every script and with emoji, so this refuses characters by what they do to the page and never by the
//! script they belong to. Display names are not unique, so they need no skeleton: the handle stands beside them.

use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

use crate::limits::{DISPLAY_NAME_CHARACTERS_MAX, DISPLAY_NAME_MARKS_IN_A_ROW_MAX};
use crate::rules::RuleBroken;
use crate::text::stored_text;
use crate::text::written::{is_blank_letter, is_visible};

/// What a person is called: 1 to [`DISPLAY_NAME_CHARACTERS_MAX`] characters on one line, something visible among them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct DisplayName(String);

stored_text!(DisplayName, printed);

impl DisplayName {
    /// Checks a name: NFC, white space at the ends dropped and elsewhere made one space.
    ///
    /// # Errors
    /// [`RuleBroken::DisplayNameEmpty`] without a visible character, [`RuleBroken::DisplayNameTooLong`], or
    /// [`RuleBroken::DisplayNameCharacters`] for control characters, characters that change the direction of the
    /// text around them, blank letters, private and unassigned characters, a mark at the start and towers of marks.
    pub fn parse(text: &str) -> Result<Self, RuleBroken> {
        let composed: String = text.nfc().collect();
        let name = composed.split_whitespace().collect::<Vec<_>>().join(" ");
        let characters = name.chars().count();
        if characters > DISPLAY_NAME_CHARACTERS_MAX {
            Err(RuleBroken::DisplayNameTooLong { characters })
        } else if !name.chars().all(is_name_character) || has_loose_marks(&name) {
            Err(RuleBroken::DisplayNameCharacters)
        } else if !name.chars().any(is_visible) {
            Err(RuleBroken::DisplayNameEmpty)
        } else {
            Ok(Self(name))
        }
    }
}

fn is_name_character(character: char) -> bool {
    match character.general_category_group() {
        // The joiners hold emoji families and Persian and Indic words together; the tags spell the flags of countries
        // within countries. Everything else in `Format` is invisible or turns the direction of the text.
        GeneralCategoryGroup::Other => {
            matches!(
                character,
                '\u{200C}' | '\u{200D}' | '\u{E0020}'..='\u{E007F}'
            ) && character.general_category() == GeneralCategory::Format
        }
        GeneralCategoryGroup::Separator => character == ' ',
        GeneralCategoryGroup::Letter
        | GeneralCategoryGroup::Mark
        | GeneralCategoryGroup::Number
        | GeneralCategoryGroup::Punctuation
        | GeneralCategoryGroup::Symbol => !is_blank_letter(character),
    }
}

/// Marks belong to the letter before them. At the start they would sit on whatever the page shows before the name; in
/// towers they reach into the lines above and below. A joiner does not start a new letter, so it does not end a tower.
fn has_loose_marks(name: &str) -> bool {
    let mut in_a_row = DISPLAY_NAME_MARKS_IN_A_ROW_MAX;
    name.chars().any(|character| {
        match character.general_category_group() {
            GeneralCategoryGroup::Mark => in_a_row += 1,
            GeneralCategoryGroup::Other => {}
            GeneralCategoryGroup::Letter
            | GeneralCategoryGroup::Number
            | GeneralCategoryGroup::Punctuation
            | GeneralCategoryGroup::Separator
            | GeneralCategoryGroup::Symbol => in_a_row = 0,
        }
        in_a_row > DISPLAY_NAME_MARKS_IN_A_ROW_MAX
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check_parse(text: &str, expected: Result<&str, RuleBroken>) {
        assert_eq!(
            DisplayName::parse(text).as_ref().map(DisplayName::as_str),
            expected.as_ref().copied(),
            "{text:?}"
        );
    }

    #[test]
    fn names_of_every_script_and_emoji_are_welcome() {
        for name in [
            "김미나",
            "山田 花子",
            "ミナ・キム",
            "Mina Kim",
            "Nguyễn Văn A",
            "محمد",
            "สมศรี",
            "नरेंद्र",
            "O’Brien-Smith",
            "👩‍👩‍👧 Kims",
            "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
            "葛\u{e0100}城",
            "❤️",
            "1️⃣",
            "می‌نا",
            "x",
            "7",
        ] {
            check_parse(name, Ok(name));
        }
    }

    #[test]
    fn white_space_is_trimmed_and_collapsed_and_letters_are_composed() {
        check_parse("  Mina \t\n  Kim\u{3000}", Ok("Mina Kim"));
        check_parse("山田\u{3000}花子", Ok("山田 花子"));
        check_parse("Jose\u{301}", Ok("José"));
        check_parse("\u{1112}\u{1161}\u{11ab}", Ok("한"));
    }

    #[test]
    fn a_name_without_anything_visible_is_refused() {
        for text in [
            "",
            "   ",
            "\u{3000}",
            "\u{200d}",
            "\u{200c}\u{200d} \u{200c}",
        ] {
            check_parse(text, Err(RuleBroken::DisplayNameEmpty));
        }
    }

    #[test]
    fn characters_that_harm_the_page_are_refused() {
        for text in [
            "mi\0na",
            "mi\u{1b}na",
            "mi\u{202e}na",
            "mi\u{2066}na",
            "mi\u{200f}na",
            "mi\u{200b}na",
            "\u{200b}",
            "mi\u{feff}na",
            "\u{3164}",
            "\u{ffa0}\u{115f}",
            "\u{2800}",
            "mi\u{ad}na",
            "mi\u{e000}na",
            "mi\u{378}na",
            "mi\u{ffff}na",
            "\u{301}mina",
            "\u{200d}\u{301}mina",
            "na\u{323}\u{330}\u{331}\u{332}\u{333}\u{334}",
        ] {
            check_parse(text, Err(RuleBroken::DisplayNameCharacters));
        }
    }

    #[test]
    fn a_name_has_at_most_fifty_characters_after_composing() {
        check_parse(&"가".repeat(50), Ok(&"가".repeat(50)));
        check_parse(&"\u{1100}\u{1161}".repeat(50), Ok(&"가".repeat(50)));
        check_parse(
            &"가".repeat(51),
            Err(RuleBroken::DisplayNameTooLong { characters: 51 }),
        );
    }

    proptest! {
        #[test]
        fn reading_any_text_never_panics_and_reading_twice_changes_nothing(text in any::<String>(), plain in "[ \\t\\pL\\pM]{0,60}") {
            for text in [text, plain] {
                if let Ok(name) = DisplayName::parse(&text) {
                    prop_assert!((1..=50).contains(&name.as_str().chars().count()));
                    prop_assert_eq!(DisplayName::parse(name.as_str()), Ok(name));
                }
            }
        }
    }
}
