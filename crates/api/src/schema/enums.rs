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

/// The people who may mention a person, or comment on their stories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AllowedActors)]
pub enum AllowedActorsSchema {
    /// Everybody.
    Everyone,
    /// Friends, and people who have a friend in common with the person.
    FriendsOfFriends,
    /// Friends.
    Friends,
}

/// The people who may send a person a friend request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AllowedAskers)]
pub enum AllowedAskersSchema {
    /// Everybody.
    Everyone,
    /// People who have a friend in common with the person.
    FriendsOfFriends,
    /// Nobody.
    Nobody,
}

#[cfg(test)]
mod tests {
    use super::*;
    use sosik_feed::people::Language;
    use sosik_feed::{AllowedActors, AllowedAskers, Audience};

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
        let told = [
            AllowedActorsSchema::Everyone,
            AllowedActorsSchema::FriendsOfFriends,
            AllowedActorsSchema::Friends,
        ];
        let meant = [
            AllowedActors::Everyone,
            AllowedActors::FriendsOfFriends,
            AllowedActors::Friends,
        ];
        assert_eq!(
            serde_json::to_string(&told).unwrap(),
            serde_json::to_string(&meant).unwrap()
        );
        let told = [
            AllowedAskersSchema::Everyone,
            AllowedAskersSchema::FriendsOfFriends,
            AllowedAskersSchema::Nobody,
        ];
        let meant = [
            AllowedAskers::Everyone,
            AllowedAskers::FriendsOfFriends,
            AllowedAskers::Nobody,
        ];
        assert_eq!(
            serde_json::to_string(&told).unwrap(),
            serde_json::to_string(&meant).unwrap()
        );
    }
}
