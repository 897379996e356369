//! The text of a comment.

use super::normalized::{Fault, normalized};
use super::stored_text;
use crate::limits::COMMENT_CHARACTERS_MAX;
use crate::rules::RuleBroken;

/// The text of a comment: 1 to [`COMMENT_CHARACTERS_MAX`] characters, with at least one visible character.
#[derive(Clone, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct CommentText(String);

stored_text!(CommentText, private);

impl CommentText {
    /// Checks the text of a comment and normalises it: NFC, line breaks as `\n`, at most one blank line in a row, no
    /// white space at the end.
    ///
    /// # Errors
    /// [`RuleBroken::CommentTextEmpty`], [`RuleBroken::CommentTextTooLong`] or [`RuleBroken::CommentTextCharacters`].
    pub fn parse(text: &str) -> Result<Self, RuleBroken> {
        let kept = normalized(text, COMMENT_CHARACTERS_MAX).map_err(|fault| match fault {
            Fault::TooLong { characters } => RuleBroken::CommentTextTooLong { characters },
            Fault::Characters(refused) => RuleBroken::CommentTextCharacters(refused),
        })?;
        if kept.is_empty() {
            Err(RuleBroken::CommentTextEmpty)
        } else {
            Ok(Self(kept))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Reason, Refused};

    const CONTROL: Refused = Refused::new('\u{7}', Reason::Control);

    fn check_parse(text: &str, expected: Result<&str, RuleBroken>) {
        assert_eq!(
            CommentText::parse(text).as_ref().map(CommentText::as_str),
            expected.as_ref().copied()
        );
    }

    #[test]
    fn a_comment_has_one_to_a_thousand_characters() {
        check_parse("축하해요!\r\n🎂", Ok("축하해요!\n🎂"));
        check_parse(" ", Err(RuleBroken::CommentTextEmpty));
        check_parse(&"x".repeat(1_000), Ok(&"x".repeat(1_000)));
        check_parse(
            &"x".repeat(1_001),
            Err(RuleBroken::CommentTextTooLong { characters: 1_001 }),
        );
        check_parse(
            "bell \u{7}!",
            Err(RuleBroken::CommentTextCharacters(CONTROL)),
        );
    }
}
