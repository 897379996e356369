//! Enums of the domain as OpenAPI schemas. The values themselves have the domain's own types; a test compares both.

use serde::Serialize;
use utoipa::ToSchema;

/// The audience of a story.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = Audience)]
pub enum AudienceSchema {
    /// Friends and followers of the author, and everybody who opens the author's page.
    Public,
    /// Friends of the author only.
    Friends,
}

/// A language of the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = Language)]
pub enum LanguageSchema {
    /// Korean.
    Ko,
    /// English.
    En,
    /// Japanese.
    Ja,
}

#[cfg(test)]
mod tests {
    use super::*;
    use sosik_feed::Audience;
    use sosik_feed::people::Language;

    #[test]
    fn the_words_are_those_of_the_domain() {
        let told = [AudienceSchema::Public, AudienceSchema::Friends]
            .map(|word| serde_json::to_string(&word).unwrap());
        let meant =
            [Audience::Public, Audience::Friends].map(|word| serde_json::to_string(&word).unwrap());
        assert_eq!(told, meant);
        let told = [LanguageSchema::Ko, LanguageSchema::En, LanguageSchema::Ja]
            .map(|word| serde_json::to_string(&word).unwrap());
        assert_eq!(
            told,
            Language::ALL.map(|word| serde_json::to_string(&word).unwrap())
        );
    }
}
