//! The characters that a text may contain: one rule for the server and every client.
//!
//! [`class`] classifies each character by its effect on the page; [`check`] checks the sequence. The rule rejects
//! characters that change the page around the text or hide content in it. It never rejects a script. The web client
//! reads the same classes and limits from a file that a test of this crate writes, and both run the same list of
//! examples.
//!
//! To add a class, add a variant of [`Class`], its range in [`class`], its name in [`Class::ALL`], and examples in
//! `tests/allowed-text.json`. The test `allowed_text` then writes the table for clients.

use std::fmt;

use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

use crate::limits::{
    FLAG_TAGS_MAX, FLAG_TAGS_MIN, TEXT_INVISIBLE_IN_A_ROW_MAX, TEXT_MARKS_IN_A_ROW_MAX,
};

/// The effect of a character on the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Visible by itself. Includes private and unassigned characters: the reader may have a font or a newer Unicode for
    /// them.
    Visible,
    /// A space, a line break, a tab, or a letter that is blank by design.
    Blank,
    /// A mark on the character before it.
    Mark,
    /// Invisible. Changes how its neighbours are joined, broken or drawn.
    Invisible,
    /// Spells the region of a flag emoji. Invisible elsewhere.
    Tag,
    /// Ends the region of a flag emoji.
    TagEnd,
    /// The black flag, which a sequence of tags turns into the flag of a region.
    FlagBase,
    /// A control character other than a line break and a tab.
    Control,
    /// Changes the direction of the text after it, even outside of this text.
    Direction,
    /// Never part of a text: noncharacters, annotations and language tags.
    Unusable,
}

impl Class {
    /// Every class except [`Class::Visible`], with its name in the table for clients.
    pub const ALL: &[(Self, &'static str)] = &[
        (Self::Blank, "blank"),
        (Self::Mark, "mark"),
        (Self::Invisible, "invisible"),
        (Self::Tag, "tag"),
        (Self::TagEnd, "tag_end"),
        (Self::FlagBase, "flag_base"),
        (Self::Control, "control"),
        (Self::Direction, "direction"),
        (Self::Unusable, "unusable"),
    ];
}

/// The class of a character.
#[must_use]
pub fn class(character: char) -> Class {
    match character {
        '\n' | '\t' => Class::Blank,
        '\u{1F3F4}' => Class::FlagBase,
        '\u{E007F}' => Class::TagEnd,
        // The tags that Unicode uses in flags: digits and lower-case letters.
        '\u{E0030}'..='\u{E0039}' | '\u{E0061}'..='\u{E007A}' => Class::Tag,
        '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{206F}' => Class::Direction,
        '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007E}' | '\u{FDD0}'..='\u{FDEF}' => {
            Class::Unusable
        }
        _ if u32::from(character) & 0xFFFE == 0xFFFE => Class::Unusable,
        // Variation selectors determine how the previous character is drawn.
        '\u{FE00}'..='\u{FE0F}' | '\u{180B}'..='\u{180F}' | '\u{E0100}'..='\u{E01EF}' => {
            Class::Invisible
        }
        _ if is_blank_letter(character) => Class::Blank,
        _ => class_by_category(character),
    }
}

fn class_by_category(character: char) -> Class {
    match character.general_category() {
        GeneralCategory::Control => Class::Control,
        // Some format characters are visible: the signs of the Arabic script that enclose numbers.
        GeneralCategory::Format if is_drawn_format(character) => Class::Visible,
        GeneralCategory::Format => Class::Invisible,
        GeneralCategory::Surrogate => Class::Unusable,
        GeneralCategory::PrivateUse | GeneralCategory::Unassigned => Class::Visible,
        _ => match character.general_category_group() {
            GeneralCategoryGroup::Mark => Class::Mark,
            GeneralCategoryGroup::Separator => Class::Blank,
            _ => Class::Visible,
        },
    }
}

fn is_drawn_format(character: char) -> bool {
    matches!(character, '\u{600}'..='\u{605}' | '\u{6DD}' | '\u{70F}' | '\u{890}'..='\u{891}' | '\u{8E2}')
}

/// Letters and symbols that are blank by design: the Hangul fillers and the empty Braille cell. They are used for empty
/// names where white space is rejected.
fn is_blank_letter(character: char) -> bool {
    matches!(
        character,
        '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}' | '\u{2800}'
    )
}

/// Whether a character is visible by itself.
pub(crate) fn is_visible(character: char) -> bool {
    matches!(class(character), Class::Visible | Class::FlagBase)
}

/// A character that is not allowed at its position, with the reason.
///
/// `Display` prints the code point and never the character, so that it can be logged and sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Refused {
    /// The first rejected character.
    pub character: char,
    /// The reason.
    pub reason: Reason,
}

/// The reason why a character is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// [`Class::Control`].
    Control,
    /// [`Class::Direction`].
    Direction,
    /// [`Class::Unusable`]; in a name, also any character without a guaranteed glyph.
    Unusable,
    /// A tag that is not part of a flag emoji.
    LooseTag,
    /// More than [`TEXT_MARKS_IN_A_ROW_MAX`] marks on one character; in a name, fewer are allowed.
    Marks,
    /// More than [`TEXT_INVISIBLE_IN_A_ROW_MAX`] invisible characters in a row; in a name, any that does not join its
    /// neighbours.
    Invisible,
    /// In a name: a check mark, which imitates a verified account.
    CheckMark,
    /// In a name: a letter of another script than the previous letters of the same word.
    MixedScripts,
}

impl Reason {
    /// Its name in the list of examples and in clients.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Control => "control",
            Self::Direction => "direction",
            Self::Unusable => "unusable",
            Self::LooseTag => "loose_tag",
            Self::Marks => "marks",
            Self::Invisible => "invisible",
            Self::CheckMark => "check_mark",
            Self::MixedScripts => "mixed_scripts",
        }
    }

    const fn advice(self) -> &'static str {
        match self {
            Self::Control => "is a control character: leave it out",
            Self::Direction => "changes the direction of the text around it: leave it out",
            Self::Unusable => "cannot be shown: leave it out",
            Self::LooseTag => "is invisible outside of a flag emoji: leave it out",
            Self::Marks => "is one mark too many on one character: use fewer marks",
            Self::Invisible => "is invisible: leave it out",
            Self::CheckMark => "passes for the mark of a verified account: leave it out",
            Self::MixedScripts => {
                "is of another script than the rest of its word: write each word in one script"
            }
        }
    }
}

impl Refused {
    pub(crate) const fn new(character: char, reason: Reason) -> Self {
        Self { character, reason }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code_point = u32::from(self.character);
        write!(f, "U+{code_point:04X} {}", self.reason.advice())
    }
}

/// Maximum length of a run of each kind.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Runs {
    pub(crate) marks_max: usize,
    pub(crate) invisible_max: usize,
}

impl Runs {
    /// The limits for stories, comments, bios and descriptions.
    pub(crate) const TEXT: Self = Self {
        marks_max: TEXT_MARKS_IN_A_ROW_MAX,
        invisible_max: TEXT_INVISIBLE_IN_A_ROW_MAX,
    };
}

/// Finds the first character that a text may not contain. The text is in NFC.
///
/// # Errors
/// The character and the reason.
pub fn check(text: &str) -> Result<(), Refused> {
    check_runs(text, Runs::TEXT)
}

pub(crate) fn check_runs(text: &str, runs: Runs) -> Result<(), Refused> {
    let (mut marks, mut invisible) = (0, 0);
    let mut flag = Flag::default();
    for character in text.chars() {
        let class = class(character);
        flag.step(character, class)?;
        let reason = match class {
            Class::Control => Some(Reason::Control),
            Class::Direction => Some(Reason::Direction),
            Class::Unusable => Some(Reason::Unusable),
            Class::Tag | Class::TagEnd => None,
            Class::Mark => {
                marks += 1;
                (marks > runs.marks_max).then_some(Reason::Marks)
            }
            Class::Invisible => {
                invisible += 1;
                (invisible > runs.invisible_max).then_some(Reason::Invisible)
            }
            Class::Visible | Class::Blank | Class::FlagBase => {
                (marks, invisible) = (0, 0);
                None
            }
        };
        if let Some(reason) = reason {
            return Err(Refused::new(character, reason));
        }
    }
    flag.end()
}

/// Parses the tags of a flag emoji: the black flag, [`FLAG_TAGS_MIN`] to [`FLAG_TAGS_MAX`] tags, the end.
#[derive(Debug, Default)]
struct Flag {
    is_open: bool,
    first: Option<char>,
    tags: usize,
}

impl Flag {
    fn step(&mut self, character: char, class: Class) -> Result<(), Refused> {
        match class {
            Class::FlagBase => {
                self.end()?;
                *self = Self {
                    is_open: true,
                    ..Self::default()
                };
            }
            Class::Tag if self.is_open && self.tags < FLAG_TAGS_MAX => {
                self.first.get_or_insert(character);
                self.tags += 1;
            }
            Class::TagEnd if self.tags >= FLAG_TAGS_MIN => *self = Self::default(),
            Class::Tag | Class::TagEnd => {
                return Err(Refused::new(
                    self.first.unwrap_or(character),
                    Reason::LooseTag,
                ));
            }
            _ => {
                self.end()?;
                *self = Self::default();
            }
        }
        Ok(())
    }

    /// Rejects a flag with tags that ends without the end tag.
    fn end(&self) -> Result<(), Refused> {
        match self.first {
            Some(tag) => Err(Refused::new(tag, Reason::LooseTag)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_character_is_named_by_its_code_point_with_what_to_do() {
        assert_eq!(
            check("a\u{202e}b").unwrap_err().to_string(),
            "U+202E changes the direction of the text around it: leave it out"
        );
        assert_eq!(
            check("\0").unwrap_err().to_string(),
            "U+0000 is a control character: leave it out"
        );
    }

    #[test]
    fn an_unfinished_flag_is_refused_at_its_first_tag() {
        for text in [
            "\u{1f3f4}\u{e0067}\u{e0062}",
            "\u{1f3f4}\u{e0067}\u{e0062}\u{e007f}",
            "\u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{1f3f4}",
        ] {
            let refused = Refused::new('\u{e0067}', Reason::LooseTag);
            assert_eq!(check(text), Err(refused), "{text:?}");
        }
    }

    #[test]
    fn classes_have_names_of_their_own() {
        let mut names: Vec<_> = Class::ALL.iter().map(|(_, name)| name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Class::ALL.len());
    }
}
