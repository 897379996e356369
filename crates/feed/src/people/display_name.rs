//! The display name of a person.
//!
//! Names come in every script and with emoji, so characters are rejected for their effect on the page, and never for
//! their script. Within one word the letters of look-alike scripts do not mix. Display names are not unique: clients
//! show the handle next to them. Only a name that imitates the service or its staff is rejected.

use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};
use unicode_script::{Script, ScriptExtension, UnicodeScript};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::imitation::imitates_the_service;
use crate::limits::{
    DISPLAY_NAME_CHARACTERS_MAX, DISPLAY_NAME_COLUMNS_MAX, DISPLAY_NAME_GRAPHEMES_MAX,
    DISPLAY_NAME_INVISIBLE_IN_A_ROW_MAX, DISPLAY_NAME_MARKS_IN_A_ROW_MAX, EMOJI_JOINERS_MAX,
};
use crate::rules::RuleBroken;
use crate::text::fold::is_word_character;
use crate::text::{Class, Reason, Refused, Runs, check_runs, class, is_visible, stored_text};

/// The name of a person: 1 to [`DISPLAY_NAME_GRAPHEMES_MAX`] characters as people count them on one line, with at least
/// one visible character.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct DisplayName(String);

stored_text!(DisplayName, printed);

/// Marks and invisible characters in a row in a name.
const RUNS: Runs = Runs {
    marks_max: DISPLAY_NAME_MARKS_IN_A_ROW_MAX,
    invisible_max: DISPLAY_NAME_INVISIBLE_IN_A_ROW_MAX,
};

impl DisplayName {
    /// Checks a name and normalises it: NFC, no white space at the ends, single spaces elsewhere.
    ///
    /// # Errors
    /// [`RuleBroken::DisplayNameEmpty`] without a visible character, [`RuleBroken::DisplayNameTooLong`],
    /// [`RuleBroken::DisplayNameTooWide`], [`RuleBroken::DisplayNameCharacters`] with the first rejected character, or
    /// [`RuleBroken::DisplayNameReserved`].
    pub fn parse(text: &str) -> Result<Self, RuleBroken> {
        let composed: String = text.nfc().collect();
        let name = composed.split_whitespace().collect::<Vec<_>>().join(" ");
        check_length(&name)?;
        if !name.chars().any(is_visible) {
            return Err(RuleBroken::DisplayNameEmpty);
        }
        check_characters(&name).map_err(RuleBroken::DisplayNameCharacters)?;
        if columns(&name) > DISPLAY_NAME_COLUMNS_MAX {
            return Err(RuleBroken::DisplayNameTooWide);
        }
        // Imitation is checked first, because advice about scripts would not help such a name.
        if imitates_the_service(&name) {
            return Err(RuleBroken::DisplayNameReserved);
        }
        check_scripts(&name).map_err(RuleBroken::DisplayNameCharacters)?;
        Ok(Self(name))
    }
}

fn check_length(name: &str) -> Result<(), RuleBroken> {
    let characters = name.chars().count();
    // A longer name is rejected without segmentation, and its code points are reported as its length.
    let graphemes = match characters > DISPLAY_NAME_CHARACTERS_MAX {
        true => characters,
        false => name.graphemes(true).count(),
    };
    if graphemes > DISPLAY_NAME_GRAPHEMES_MAX {
        return Err(RuleBroken::DisplayNameTooLong { graphemes });
    }
    Ok(())
}

fn check_characters(name: &str) -> Result<(), Refused> {
    check_runs(name, RUNS)?;
    let characters: Vec<char> = name.chars().collect();
    for (at, &character) in characters.iter().enumerate() {
        let (before, after) = (&characters[..at], characters.get(at + 1));
        if let Some(reason) = fault(before, character, after.copied()) {
            return Err(Refused::new(character, reason));
        }
    }
    check_badge(&characters)
}

/// A disc or a diamond behind a name. Elsewhere, and in a name of symbols alone, it is an ornament.
fn check_badge(characters: &[char]) -> Result<(), Refused> {
    let mut from_end = characters
        .iter()
        .rev()
        .skip_while(|last| **last == '\u{FE0F}');
    match from_end.next() {
        Some(&last) if is_badge(last) && from_end.any(|one| one.is_alphanumeric()) => {
            Err(Refused::new(last, Reason::CheckMark))
        }
        _ => Ok(()),
    }
}

/// The reason why a character is not allowed at this position of a name.
fn fault(before: &[char], character: char, after: Option<char>) -> Option<Reason> {
    match (class(character), character.general_category()) {
        (Class::Visible, GeneralCategory::PrivateUse | GeneralCategory::Unassigned) => {
            Some(Reason::Unusable)
        }
        (Class::Visible, GeneralCategory::Format) => Some(Reason::Unusable),
        (Class::Visible, _) => is_check_mark(character).then_some(Reason::CheckMark),
        (Class::Blank, _) => (character != ' ').then_some(Reason::Invisible),
        (Class::Mark, category) => {
            let is_keycap = character == '\u{20E3}' && before.last().is_some_and(is_key);
            let encloses = category == GeneralCategory::EnclosingMark && !is_keycap;
            // At the start it would combine with the text before the name.
            let harms = encloses || strikes_out(character) || !follows_something(before);
            harms.then_some(Reason::Marks)
        }
        (Class::Invisible, GeneralCategory::Format) => {
            (!joins(before, character, after)).then_some(Reason::Invisible)
        }
        (Class::Invisible, _) => (!follows_something(before)).then_some(Reason::Invisible),
        // Checked together with their neighbours.
        (Class::Tag | Class::TagEnd | Class::FlagBase, _) => None,
        (Class::Control | Class::Direction | Class::Unusable, _) => Some(Reason::Unusable),
    }
}

fn follows_something(before: &[char]) -> bool {
    before.iter().any(|&character| is_visible(character))
}

/// Check marks and encircled V, with which other services mark verified accounts.
fn is_check_mark(character: char) -> bool {
    matches!(
        character,
        '\u{2705}'
            | '\u{2611}'
            | '\u{2713}'
            | '\u{2714}'
            | '\u{221A}'
            | '\u{237B}'
            | '\u{10102}'
            | '\u{24CB}'
            | '\u{24E5}'
            | '\u{1F165}'
            | '\u{1F5F8}'
            | '\u{1F5F9}'
            | '\u{1FBB1}'
    )
}

/// Discs and diamonds in one colour, which are drawn like the badge of a verified account.
fn is_badge(character: char) -> bool {
    matches!(
        character,
        '\u{1F534}'..='\u{1F539}' | '\u{1F7E0}'..='\u{1F7E4}' | '\u{26AA}'..='\u{26AB}' | '\u{1F4A0}'
    )
}

/// Marks that strike a letter out. The letters of languages that have a stroke (ø, ł, đ) are characters of their own.
fn strikes_out(mark: char) -> bool {
    matches!(
        mark,
        '\u{334}'..='\u{338}'
            | '\u{20D2}'..='\u{20D3}'
            | '\u{20D8}'..='\u{20DA}'
            | '\u{20E5}'..='\u{20E6}'
            | '\u{20EA}'..='\u{20EB}'
    )
}

/// Whether an enclosing keycap may follow this character: a key, or the variation selector between the two.
fn is_key(character: &char) -> bool {
    matches!(character, '0'..='9' | '#' | '*' | '\u{FE0F}')
}

/// Whether a joiner has an effect here: between the parts of an emoji, or after a letter of a script whose letters
/// join. Other format characters are only invisible.
fn joins(before: &[char], character: char, after: Option<char>) -> bool {
    let base = before
        .iter()
        .rev()
        .find(|character| !matches!(class(**character), Class::Mark | Class::Invisible));
    let (Some(base), Some(after)) = (base, after) else {
        return false;
    };
    let between_emoji = character == '\u{200D}' && is_symbol(*base) && is_symbol(after);
    let between_letters = matches!(character, '\u{200C}' | '\u{200D}')
        && JOINING
            .iter()
            .any(|script| base.script_extension().contains_script(*script))
        && base.is_alphabetic()
        && is_word_character(after);
    between_emoji || between_letters
}

fn is_symbol(character: char) -> bool {
    character.general_category_group() == GeneralCategoryGroup::Symbol
}

/// Living scripts with joining letters, which need joiners in ordinary words.
const JOINING: &[Script] = &[
    Script::Arabic,
    Script::Syriac,
    Script::Thaana,
    Script::Nko,
    Script::Mongolian,
    Script::Adlam,
    Script::Hanifi_Rohingya,
    Script::Devanagari,
    Script::Bengali,
    Script::Gurmukhi,
    Script::Gujarati,
    Script::Oriya,
    Script::Tamil,
    Script::Telugu,
    Script::Kannada,
    Script::Malayalam,
    Script::Sinhala,
    Script::Khmer,
    Script::Myanmar,
    Script::Tibetan,
    Script::Balinese,
    Script::Javanese,
    Script::Sundanese,
];

/// Scripts that one word may mix: East Asian scripts and Latin. Their letters do not look alike.
const MIXING: &[Script] = &[
    Script::Latin,
    Script::Han,
    Script::Hangul,
    Script::Hiragana,
    Script::Katakana,
    Script::Bopomofo,
];

/// Each word is in one script or mixes those of [`MIXING`]: the highly restrictive level of UTS 39, applied to words.
fn check_scripts(name: &str) -> Result<(), Refused> {
    let plain: String = name.nfkc().collect();
    plain
        .split(|character| !is_word_character(character))
        .try_for_each(check_word)
}

fn check_word(word: &str) -> Result<(), Refused> {
    let (mut shared, mut all_mix) = (ScriptExtension::default(), true);
    for character in word.chars() {
        let scripts = character.script_extension();
        shared.intersect_with(scripts);
        all_mix &= matches!(character.script(), Script::Common | Script::Inherited)
            || MIXING.iter().any(|script| scripts.contains_script(*script));
        if shared.is_empty() && !all_mix {
            return Err(Refused::new(character, Reason::MixedScripts));
        }
    }
    Ok(())
}

/// Columns on the page. Ligatures count as the text that they spell.
fn columns(name: &str) -> usize {
    let plain: String = name.nfkc().collect();
    plain.graphemes(true).map(columns_of).sum()
}

/// Columns of one grapheme. An emoji that consists of several counts once.
fn columns_of(grapheme: &str) -> usize {
    let joiners = grapheme
        .chars()
        .filter(|character| *character == '\u{200D}');
    if joiners.count() > EMOJI_JOINERS_MAX
        || grapheme.chars().any(|each| wide_columns(each).is_some())
    {
        let columns = |each: char| wide_columns(each).or(each.width()).unwrap_or(0);
        return grapheme.chars().map(columns).sum();
    }
    grapheme.width()
}

/// Columns of signs that are much wider than two.
fn wide_columns(character: char) -> Option<usize> {
    match character {
        // Cuneiform, the widest Tamil, Burmese and Javanese signs, and dashes of two and three em.
        '\u{12000}'..='\u{1254F}'
        | '\u{BF5}'
        | '\u{BF8}'
        | '\u{102A}'
        | '\u{A9C4}'..='\u{A9C5}' => Some(4),
        '\u{2E3A}'..='\u{2E3B}' => Some(6),
        // A ligature of a whole sentence, which has no decomposition.
        '\u{FDFD}' => Some(20),
        _ => None,
    }
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
        for blank in [
            "\u{200b}",
            "\u{3164}",
            "\u{ffa0}\u{115f}",
            "\u{2800}",
            "\u{feff}\u{feff}",
        ] {
            check_parse(blank, Err(RuleBroken::DisplayNameEmpty));
        }
    }

    #[track_caller]
    fn check_refused(text: &str, character: char, reason: Reason) {
        let refused = Refused::new(character, reason);
        check_parse(text, Err(RuleBroken::DisplayNameCharacters(refused)));
    }

    #[test]
    fn characters_that_harm_the_page_are_refused() {
        check_refused("mi\0na", '\0', Reason::Control);
        check_refused("mi\u{1b}na", '\u{1b}', Reason::Control);
        check_refused("mi\u{202e}na", '\u{202e}', Reason::Direction);
        check_refused("mi\u{2066}na", '\u{2066}', Reason::Direction);
        for hidden in [
            '\u{200f}', '\u{200b}', '\u{200c}', '\u{200d}', '\u{feff}', '\u{ad}', '\u{2800}',
            '\u{3164}',
        ] {
            check_refused(&format!("mi{hidden}na"), hidden, Reason::Invisible);
        }
        check_refused("mina\u{200d}", '\u{200d}', Reason::Invisible);
        for unusable in [
            '\u{e000}',
            '\u{378}',
            '\u{ffff}',
            '\u{fdd0}',
            '\u{e0001}',
            '\u{fff9}',
        ] {
            check_refused(&format!("mi{unusable}na"), unusable, Reason::Unusable);
        }
        check_refused("mina\u{e0061}\u{e0062}", '\u{e0061}', Reason::LooseTag);
        check_refused("\u{301}mina", '\u{301}', Reason::Marks);
        check_refused("\u{200d}\u{301}mina", '\u{200d}', Reason::Invisible);
        check_refused(
            "na\u{323}\u{330}\u{331}\u{332}\u{333}\u{334}",
            '\u{333}',
            Reason::Marks,
        );
        check_refused("mina\u{20dd}", '\u{20dd}', Reason::Marks);
    }

    #[test]
    fn a_check_mark_that_passes_for_a_verified_account_is_refused() {
        for mark in ['✓', '✔', '✅', '☑', '√', '🗸', '🗹', 'Ⓥ', 'ⓥ', '🅥'] {
            check_refused(&format!("Mina {mark}"), mark, Reason::CheckMark);
        }
        check_refused("민아✔\u{fe0f}", '✔', Reason::CheckMark);
    }

    #[test]
    fn a_disc_or_a_diamond_behind_a_name_is_refused_and_welcome_elsewhere() {
        for badge in ['🔵', '🔴', '🔷', '🔹', '💠', '🟢', '🟤', '⚪', '⚫'] {
            for name in [format!("Mina {badge}"), format!("민아{badge}\u{fe0f}")] {
                check_refused(&name, badge, Reason::CheckMark);
            }
        }
        check_refused("Mina 🔵🔵", '🔵', Reason::CheckMark);
        for name in ["🔵", "🔵⚪🔵", "🔵 Mina", "Mina 🔵 Kim", "Mina 💙"] {
            check_parse(name, Ok(name));
        }
    }

    #[test]
    fn letters_that_are_struck_out_are_refused_and_letters_with_a_stroke_are_welcome() {
        for mark in [
            '\u{335}', '\u{336}', '\u{337}', '\u{338}', '\u{20d2}', '\u{20e5}',
        ] {
            check_refused(
                &format!("M{mark}i{mark}n{mark}a{mark}"),
                mark,
                Reason::Marks,
            );
            check_refused(&format!("민{mark}아{mark}"), mark, Reason::Marks);
        }
        for name in ["Søren", "Łucja", "Đặng", "Ħal"] {
            check_parse(name, Ok(name));
        }
    }

    #[test]
    fn a_name_that_passes_for_the_service_is_refused() {
        for name in [
            "Аdmin",
            "Ｓｏｓｉｋ",
            "Mina Official",
            "소식 운영자",
            "さくら公式",
        ] {
            check_parse(name, Err(RuleBroken::DisplayNameReserved));
        }
    }

    #[test]
    fn a_word_is_in_one_script_or_mixes_those_of_east_asia() {
        check_refused("Мina", 'i', Reason::MixedScripts);
        check_refused("Minа", 'а', Reason::MixedScripts);
        check_refused("Ελenα", 'e', Reason::MixedScripts);
        for name in [
            "민아Mina",
            "ミナmina花子",
            "민아ミナ",
            "Мария Maria",
            "Ελένη Kim",
            "(´･ω･`) みな",
            "BTS짱",
            "AさんB",
            "ㅇㅅㅇ",
        ] {
            check_parse(name, Ok(name));
        }
    }

    #[test]
    fn ligatures_and_signs_as_wide_as_sentences_are_counted_by_their_width() {
        check_parse(&"\u{fdfd}".repeat(50), Err(RuleBroken::DisplayNameTooWide));
        check_parse(&"\u{fdfa}".repeat(10), Err(RuleBroken::DisplayNameTooWide));
        check_parse(&"𒐫".repeat(50), Err(RuleBroken::DisplayNameTooWide));
        check_parse("\u{fdfd}", Ok("\u{fdfd}"));
    }

    #[test]
    fn emoji_flags_and_joined_letters_are_welcome() {
        for name in [
            "👩\u{200d}👩\u{200d}👧\u{200d}👦 family",
            "👩🏽\u{200d}🚀",
            "🏳\u{fe0f}\u{200d}🌈",
            "🏴\u{200d}☠\u{fe0f}",
            "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f} Isla",
            "🇰🇷 민아 🇯🇵",
            "1\u{fe0f}\u{20e3} first",
            "می\u{200c}خواهم",
            "क्\u{200d}ष",
            "葛\u{e0100}城",
        ] {
            check_parse(name, Ok(name));
        }
    }

    #[test]
    fn a_name_has_at_most_fifty_characters_as_people_count_them() {
        check_parse(&"가".repeat(50), Ok(&"가".repeat(50)));
        check_parse(&"\u{1100}\u{1161}".repeat(50), Ok(&"가".repeat(50)));
        check_parse(
            &"가".repeat(51),
            Err(RuleBroken::DisplayNameTooLong { graphemes: 51 }),
        );
        for (grapheme, count) in [
            ("👩\u{200d}👩\u{200d}👧\u{200d}👦", 28),
            ("नि", 50),
            ("🇰🇷", 50),
            ("葛\u{e0100}", 50),
        ] {
            check_parse(&grapheme.repeat(count), Ok(&grapheme.repeat(count)));
            assert!(
                DisplayName::parse(&grapheme.repeat(count + 1)).is_err(),
                "{grapheme}"
            );
        }
    }

    #[test]
    fn a_name_has_at_most_two_hundred_code_points_and_no_emoji_is_a_row_of_them() {
        let letter = "n\u{330}\u{331}\u{332}";
        check_parse(&letter.repeat(50), Ok(&letter.repeat(50)));
        let long = format!("{}n\u{330}\u{331}\u{332}\u{333}", letter.repeat(49));
        check_parse(
            &long,
            Err(RuleBroken::DisplayNameTooLong { graphemes: 201 }),
        );
        let row = ["👩"; 60].join("\u{200d}");
        check_parse(&row, Err(RuleBroken::DisplayNameTooWide));
    }

    proptest! {
        #[test]
        fn reading_any_text_never_panics_and_reading_twice_changes_nothing(text in any::<String>(), plain in "[ \\t\\pL\\pM]{0,60}") {
            for text in [text, plain] {
                if let Ok(name) = DisplayName::parse(&text) {
                    prop_assert!((1..=50).contains(&name.as_str().graphemes(true).count()));
                    prop_assert!(name.as_str().chars().count() <= DISPLAY_NAME_CHARACTERS_MAX);
                    prop_assert_eq!(DisplayName::parse(name.as_str()), Ok(name));
                }
            }
        }
    }
}
