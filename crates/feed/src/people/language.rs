//! The languages of the service.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::rules::RuleBroken;

/// The language in which the service addresses a person. People may write in any language.
///
/// The default is English. A client that sends no language is most likely a developer trying the API, and English is
/// the one that most people understand whose own language is missing here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Korean.
    Ko,
    /// English.
    #[default]
    En,
    /// Japanese.
    Ja,
}

impl Language {
    /// Every language, in the order in which clients offer them.
    pub const ALL: [Self; 3] = [Self::Ko, Self::En, Self::Ja];

    /// The language with this ISO 639-1 code.
    ///
    /// # Errors
    /// [`RuleBroken::LanguageUnknown`] for every other text.
    pub fn parse(code: &str) -> Result<Self, RuleBroken> {
        Self::ALL
            .into_iter()
            .find(|language| language.as_str() == code)
            .ok_or(RuleBroken::LanguageUnknown)
    }

    /// The language with a code of the store. A code that this build does not know (written by a newer one) reads as
    /// the default, because a person in the wrong language is better than one who cannot be read.
    pub fn from_stored(code: &str) -> Self {
        Self::parse(code).unwrap_or_default()
    }

    /// The ISO 639-1 code, as in JSON and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ko => "ko",
            Self::En => "en",
            Self::Ja => "ja",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_reads_back_from_its_code_and_from_json() {
        for language in Language::ALL {
            assert_eq!(Language::parse(language.as_str()), Ok(language));
            let json = serde_json::to_string(&language).unwrap();
            assert_eq!(json, format!("\"{language}\""));
            assert_eq!(serde_json::from_str::<Language>(&json).unwrap(), language);
        }
    }

    #[test]
    fn an_unknown_language_is_refused_from_clients_and_english_from_the_store() {
        for code in ["", "KO", "de", "ko-KR"] {
            assert_eq!(
                Language::parse(code),
                Err(RuleBroken::LanguageUnknown),
                "{code}"
            );
            assert_eq!(Language::from_stored(code), Language::En, "{code}");
        }
    }
}
