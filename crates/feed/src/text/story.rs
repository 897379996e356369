//! The text of a story.

use super::normalized::{Fault, normalized};
use super::stored_text;
use crate::limits::STORY_TEXT_CHARACTERS_MAX;
use crate::rules::RuleBroken;

/// Whether a story needs text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextRequirement {
    /// The story consists of its text only, so the text must not be empty.
    Required,
    /// The story has attachments, so the text may be empty.
    Optional,
}

impl TextRequirement {
    /// Whether a story with this number of attachments needs text.
    pub fn beside(attachments: usize) -> Self {
        if attachments == 0 {
            Self::Required
        } else {
            Self::Optional
        }
    }
}

/// The text of a story: at most [`STORY_TEXT_CHARACTERS_MAX`] characters. Empty only with attachments.
#[derive(Clone, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct StoryText(String);

stored_text!(StoryText, private);

impl StoryText {
    /// Checks the text of a story and normalises it: NFC, line breaks as `\n`, at most one blank line in a row, no
    /// white space at the end. A text without a visible character counts as empty.
    ///
    /// # Errors
    /// [`RuleBroken::StoryTextEmpty`], [`RuleBroken::StoryTextTooLong`] or [`RuleBroken::StoryTextCharacters`].
    pub fn parse(text: &str, text_requirement: TextRequirement) -> Result<Self, RuleBroken> {
        let kept = normalized(text, STORY_TEXT_CHARACTERS_MAX).map_err(|fault| match fault {
            Fault::TooLong { characters } => RuleBroken::StoryTextTooLong { characters },
            Fault::Characters(refused) => RuleBroken::StoryTextCharacters(refused),
        })?;
        if kept.is_empty() && text_requirement == TextRequirement::Required {
            return Err(RuleBroken::StoryTextEmpty);
        }
        Ok(Self(kept))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Reason, Refused};

    const CONTROL: Refused = Refused::new('\0', Reason::Control);

    fn check_parse(
        text: &str,
        text_requirement: TextRequirement,
        expected: Result<&str, RuleBroken>,
    ) {
        assert_eq!(
            StoryText::parse(text, text_requirement)
                .as_ref()
                .map(StoryText::as_str),
            expected.as_ref().copied()
        );
    }

    #[test]
    fn a_story_needs_text_unless_it_has_attachments() {
        check_parse(
            "오늘은 맑음 ☀️ ",
            TextRequirement::beside(0),
            Ok("오늘은 맑음 ☀️"),
        );
        check_parse(
            " \n",
            TextRequirement::beside(0),
            Err(RuleBroken::StoryTextEmpty),
        );
        check_parse(
            "\u{200b}",
            TextRequirement::beside(0),
            Err(RuleBroken::StoryTextEmpty),
        );
        check_parse(" \n", TextRequirement::beside(1), Ok(""));
        check_parse("\u{200b}", TextRequirement::beside(1), Ok(""));
    }

    #[test]
    fn a_story_has_at_most_five_thousand_characters_and_no_control_characters() {
        check_parse(
            &"🎉".repeat(5_000),
            TextRequirement::Required,
            Ok(&"🎉".repeat(5_000)),
        );
        let too_long = RuleBroken::StoryTextTooLong { characters: 5_001 };
        check_parse(
            &"🎉".repeat(5_001),
            TextRequirement::Required,
            Err(too_long),
        );
        check_parse(
            "a\0b",
            TextRequirement::Optional,
            Err(RuleBroken::StoryTextCharacters(CONTROL)),
        );
    }

    #[test]
    fn the_text_of_a_story_does_not_get_into_a_log() {
        let text = StoryText::parse("a secret", TextRequirement::Required).unwrap();
        assert_eq!(format!("{text:?}"), "StoryText(8 characters)");
        assert_eq!(serde_json::to_string(&text).unwrap(), "\"a secret\"");
    }
}
