//! The description of an attachment.

use super::normalized::{Fault, normalized};
use super::stored_text;
use crate::limits::ALT_TEXT_CHARACTERS_MAX;
use crate::rules::RuleBroken;

/// A description of an attachment for people who cannot see it: at most [`ALT_TEXT_CHARACTERS_MAX`] characters. May be
/// empty.
#[derive(Clone, Default, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct AltText(String);

stored_text!(AltText, private);

impl AltText {
    /// Checks a description and normalises it: NFC, line breaks as `\n`, no white space at the end.
    ///
    /// # Errors
    /// [`RuleBroken::AltTextTooLong`] or [`RuleBroken::AltTextCharacters`].
    pub fn parse(text: &str) -> Result<Self, RuleBroken> {
        normalized(text, ALT_TEXT_CHARACTERS_MAX)
            .map(Self)
            .map_err(|fault| match fault {
                Fault::TooLong { characters } => RuleBroken::AltTextTooLong { characters },
                Fault::Characters(refused) => RuleBroken::AltTextCharacters(refused),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Reason, Refused};

    const CONTROL: Refused = Refused::new('\0', Reason::Control);

    #[test]
    fn a_description_may_be_empty_and_is_refused_when_it_is_too_long() {
        assert_eq!(AltText::parse(" ").unwrap(), AltText::default());
        assert_eq!(
            AltText::parse("고양이 두 마리").unwrap().as_str(),
            "고양이 두 마리"
        );
        assert_eq!(
            AltText::parse(&"x".repeat(501)),
            Err(RuleBroken::AltTextTooLong { characters: 501 })
        );
        assert_eq!(
            AltText::parse("\0"),
            Err(RuleBroken::AltTextCharacters(CONTROL))
        );
    }
}
