//! Links, mentions and tags of texts.

use serde::{Deserialize, Serialize};
use sosik_feed::PersonId;
use sosik_feed::text::{self, EntityKind};
use utoipa::ToSchema;

/// A link, mention or tag in a text. Entities are ordered and never overlap.
///
/// Positions count code points (Unicode scalar values) of the text. Draw what the entities say and search the text for
/// nothing else: the server notifies and indexes by the same entities.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Entity {
    /// What it is. It determines which of the other fields are present.
    pub kind: Kind,
    /// The position of its first character.
    pub start: u32,
    /// The position behind its last character.
    pub end: u32,
    /// For links: the absolute address, `http` or `https`, in ASCII.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "https://namu.wiki/w/%EA%B9%8C%EC%B9%98")]
    pub url: Option<String>,
    /// For links: the text to show in place of the address. It contains the real host of the link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "namu.wiki/w/까치")]
    pub display: Option<String>,
    /// For mentions in stories: the person. Absent in comments and bios: the server does not look up their mentions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub person: Option<PersonId>,
    /// For tags: the normal form, without the `#`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "소식")]
    pub tag: Option<String>,
}

/// What an entity is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = EntityKind)]
pub enum Kind {
    /// A web address.
    Link,
    /// A handle behind an `@`.
    Mention,
    /// A word behind a `#`.
    Tag,
}

impl Entity {
    /// The entities of a comment or bio. Nobody has checked whether the mentioned people exist.
    #[must_use]
    pub fn of_text(text: &str) -> Vec<Self> {
        text::entities(text).into_iter().map(Self::of).collect()
    }

    /// The entities of a story that mentions these people. Other handles are plain text.
    #[must_use]
    pub fn of_story(text: &str, mentions: &[sosik_store::Mention]) -> Vec<Self> {
        let known = |entity: text::Entity| {
            let person = match &entity.kind {
                EntityKind::Mention(handle) => Some(
                    mentions
                        .iter()
                        .find(|mention| mention.handle == handle.as_str())?
                        .person,
                ),
                EntityKind::Link(_) | EntityKind::Tag(_) => None,
            };
            Some(Self {
                person,
                ..Self::of(entity)
            })
        };
        text::entities(text).into_iter().filter_map(known).collect()
    }

    fn of(entity: text::Entity) -> Self {
        let (kind, url, display, tag) = match entity.kind {
            EntityKind::Link(link) => (Kind::Link, Some(link.url), Some(link.display), None),
            EntityKind::Mention(_) => (Kind::Mention, None, None, None),
            EntityKind::Tag(tag) => (Kind::Tag, None, None, Some(tag)),
        };
        Self {
            kind,
            start: entity.start,
            end: entity.end,
            url,
            display,
            person: None,
            tag,
        }
    }
}
