//! People.

use serde::{Deserialize, Serialize};
use sosik_feed::PersonId;
use sosik_feed::people::Language;
use sosik_service::caches::PersonEntry;
use utoipa::ToSchema;

use super::Entity;

/// A person. `relation` is on profiles and in lists of people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// Never changes.
    #[schema(value_type = String, example = "181193933823426725")]
    pub id: PersonId,
    /// Lower case, unique, without the `@`.
    #[schema(example = "mina")]
    pub handle: String,
    /// The name to show, in any script.
    #[schema(example = "김미나")]
    pub display_name: String,
    /// May be empty.
    pub bio: String,
    /// On profiles: the links, mentions and tags of the bio.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bio_entities: Option<Vec<Entity>>,
    /// URL of a picture. Always null, because uploads are not supported yet.
    pub avatar: Option<String>,
    /// Language of the interface, and a hint for the `lang` attribute of their texts.
    #[schema(value_type = super::LanguageSchema)]
    pub language: Language,
    /// Their relation to you. Omitted where it does not matter, and for yourself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relation: Option<Relation>,
    /// Whether you muted them. Omitted if not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub muted: Option<bool>,
    /// In lists of people: the start of the relation (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// On profiles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<PersonCounts>,
}

/// The relation of a person to you. If several apply, the first one in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// You blocked them.
    Blocked,
    /// You are friends.
    Friend,
    /// You sent them a friend request.
    Requested,
    /// They sent you a friend request.
    Asked,
    /// You follow them.
    Following,
    /// None of these.
    None,
}

/// The counts of a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonCounts {
    /// Friends.
    pub friends: u32,
    /// People they follow.
    pub follows: u32,
    /// People who follow them.
    pub followers: u32,
    /// Their stories that you may see: all if you are friends, otherwise the public ones.
    pub stories: u32,
}

impl Person {
    /// The person without a relation, as an author.
    #[must_use]
    pub fn of(person: &PersonEntry) -> Self {
        let record = &person.record;
        Self {
            id: record.id,
            handle: record.handle.clone(),
            display_name: record.display_name.clone(),
            bio: record.bio.clone(),
            bio_entities: None,
            avatar: None,
            language: record.language,
            relation: None,
            muted: None,
            since: None,
            counts: None,
        }
    }

    /// Adds the relation to the viewer.
    #[must_use]
    pub fn related(self, relation: sosik_feed::Relation) -> Self {
        Self {
            relation: Some(relation.into()),
            muted: relation.muted.then_some(true),
            ..self
        }
    }
}

impl From<sosik_feed::Relation> for Relation {
    fn from(relation: sosik_feed::Relation) -> Self {
        if relation.blocked {
            Self::Blocked
        } else if relation.friend {
            Self::Friend
        } else if relation.requested {
            Self::Requested
        } else if relation.asked {
            Self::Asked
        } else if relation.following {
            Self::Following
        } else {
            Self::None
        }
    }
}

impl From<sosik_store::PersonCounts> for PersonCounts {
    fn from(counts: sosik_store::PersonCounts) -> Self {
        let sosik_store::PersonCounts {
            friends,
            follows,
            followers,
            stories,
            public_stories: _,
        } = counts;
        Self {
            friends,
            follows,
            followers,
            stories,
        }
    }
}
