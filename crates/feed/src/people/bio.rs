//! The bio: a person's description of themselves.

use crate::limits::BIO_CHARACTERS_MAX;
use crate::rules::RuleBroken;
use crate::text::normalized::{Fault, normalized};
use crate::text::stored_text;

/// A description of a person, at most [`BIO_CHARACTERS_MAX`] characters. May be empty.
#[derive(Clone, Default, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct Bio(String);

stored_text!(Bio, private);

impl Bio {
    /// Checks a bio and normalises it: NFC, line breaks as `\n`, at most one blank line in a row, no white
    /// space at the end.
    ///
    /// # Errors
    /// [`RuleBroken::BioTooLong`] or [`RuleBroken::BioCharacters`].
    pub fn parse(text: &str) -> Result<Self, RuleBroken> {
        normalized(text, BIO_CHARACTERS_MAX)
            .map(Self)
            .map_err(|fault| match fault {
                Fault::TooLong { characters } => RuleBroken::BioTooLong { characters },
                Fault::Characters(refused) => RuleBroken::BioCharacters(refused),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Reason, Refused};

    const CONTROL: Refused = Refused::new('\0', Reason::Control);

    #[test]
    fn a_bio_may_be_empty_and_may_have_lines() {
        assert_eq!(Bio::parse("").unwrap().as_str(), "");
        assert_eq!(Bio::parse(" \n ").unwrap().as_str(), "");
        assert_eq!(
            Bio::parse("서울\r\n커피 ☕\n").unwrap().as_str(),
            "서울\n커피 ☕"
        );
    }

    #[test]
    fn a_bio_is_refused_when_it_is_too_long_or_has_control_characters() {
        assert!(Bio::parse(&"가".repeat(300)).is_ok());
        assert_eq!(
            Bio::parse(&"가".repeat(301)),
            Err(RuleBroken::BioTooLong { characters: 301 })
        );
        assert_eq!(Bio::parse("a\0b"), Err(RuleBroken::BioCharacters(CONTROL)));
    }
}
