//! People.

use serde::{Deserialize, Serialize};
use sosik_feed::people::Language;
use sosik_feed::{AllowedActors, AllowedAskers, PersonId};
use sosik_service::caches::PersonEntry;
use sosik_service::people::PersonWithRelation;
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
    /// The paths of their picture; null if they have none.
    pub avatar: Option<Avatar>,
    /// Language of the interface, and a hint for the `lang` attribute of their texts.
    #[schema(value_type = super::LanguageSchema)]
    pub language: Language,
    /// Their relation to you. Omitted where it does not matter, and for yourself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relation: Option<Relation>,
    /// Whether you muted them. Omitted if not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub muted: Option<bool>,
    /// With `relation`: `false` if they take no friend request from you. Omitted otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub can_request: Option<bool>,
    /// With `relation`: `false` if your mentions of them stay plain text and do not notify them. Omitted otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub can_mention: Option<bool>,
    /// On your own profile: your privacy settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub privacy: Option<Privacy>,
    /// In lists of people: the start of the relation (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// On profiles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<PersonCounts>,
}

/// The picture of a person: square WebP files, served to those who may see the person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Avatar {
    /// The path of the file for lists: 96 pixels wide and high, less if the photo was smaller.
    pub small: String,
    /// The path of the file for profiles: 384 pixels wide and high, less if the photo was smaller.
    pub large: String,
}

impl Avatar {
    fn of(person: PersonId, avatar: &sosik_store::Avatar) -> Self {
        let path = |name: &str| format!("/avatars/{person}/{name}");
        Self {
            small: path(&avatar.small),
            large: path(&avatar.large),
        }
    }
}

/// Privacy settings. They limit new acts. Blocks and the audience of a story come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Privacy {
    /// Who may mention you. A mention by others stays in the text as plain text and does not notify you.
    #[schema(value_type = super::AllowedActorsSchema)]
    pub mentions: AllowedActors,
    /// Who may comment on your stories, of those who may see them.
    #[schema(value_type = super::AllowedActorsSchema)]
    pub comments: AllowedActors,
    /// Who may send you a friend request.
    #[schema(value_type = super::AllowedAskersSchema)]
    pub requests: AllowedAskers,
}

impl From<sosik_feed::Privacy> for Privacy {
    fn from(privacy: sosik_feed::Privacy) -> Self {
        let sosik_feed::Privacy {
            mentions,
            comments,
            requests,
        } = privacy;
        Self {
            mentions,
            comments,
            requests,
        }
    }
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
            avatar: record.avatar.as_ref().map(|it| Avatar::of(record.id, it)),
            language: record.language,
            relation: None,
            muted: None,
            can_request: None,
            can_mention: None,
            privacy: None,
            since: None,
            counts: None,
        }
    }

    /// Adds the relation to the viewer of a person in a list.
    #[must_use]
    pub fn listed(found: &PersonWithRelation) -> Self {
        Self::of(&found.person)
            .related(found.relation)
            .permitting(found.can_request, found.can_mention)
    }

    /// Adds what the privacy settings of the person refuse the viewer. Nothing for a person whom the viewer blocked.
    #[must_use]
    pub fn permitting(self, can_request: bool, can_mention: bool) -> Self {
        let blocked = self.relation == Some(Relation::Blocked);
        let refused = |permitted: bool| (!permitted && !blocked).then_some(false);
        Self {
            can_request: refused(can_request),
            can_mention: refused(can_mention),
            ..self
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
