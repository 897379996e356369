//! Pages of lists. All have `items`, the cursors `before` and `after` for the next call, and `end`.
//!
//! A cursor that is null cannot be followed. A short page is not the end; `end` says when there is nothing more.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Comment, Notification, Person, Session, Story};

/// A page of the home feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FeedPage {
    /// Newest first.
    pub items: Vec<Story>,
    /// For older stories.
    pub before: Option<String>,
    /// For what comes after this; on the first page and on pages of newer stories. Never expires.
    pub after: Option<String>,
    /// There is nothing more in the direction that was asked for.
    pub end: bool,
    /// Stories of others above your read position, counted up to a maximum; on the first page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread: Option<u32>,
    /// True when what came since `after` could not be told: this is the first page, to be shown in place of what
    /// you have. Left out otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reset: Option<bool>,
}

/// A page of stories, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StoryPage {
    /// Newest first.
    pub items: Vec<Story>,
    /// For older stories.
    pub before: Option<String>,
    /// Always null: start over to see newer ones.
    pub after: Option<String>,
    /// There is nothing older.
    pub end: bool,
}

/// A page of people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonPage {
    /// Latest first; of a search, best first.
    pub items: Vec<Person>,
    /// For earlier ones.
    pub before: Option<String>,
    /// Always null: start over to see newer ones.
    pub after: Option<String>,
    /// There is nobody more.
    pub end: bool,
    /// In lists of likes: how many likes are not available to you. The story's `likes` counts them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden: Option<u32>,
}

/// A page of comments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CommentPage {
    /// Oldest first.
    pub items: Vec<Comment>,
    /// Always null: start over to see the first ones.
    pub before: Option<String>,
    /// For later comments.
    pub after: Option<String>,
    /// There is nothing later.
    pub end: bool,
    /// How many comments on the story are not available to you. The story's `comments` counts them.
    pub hidden: u32,
}

/// A page of notifications.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NotificationPage {
    /// Newest first.
    pub items: Vec<Notification>,
    /// For older ones.
    pub before: Option<String>,
    /// Always null: start over to see newer ones.
    pub after: Option<String>,
    /// There is nothing older.
    pub end: bool,
    /// How many you have not seen, counted up to a maximum.
    pub unread: u32,
}

/// Your sessions; there are at most 50, so this is always all of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionPage {
    /// Most recently used first.
    pub items: Vec<Session>,
    /// Always null.
    pub before: Option<String>,
    /// Always null.
    pub after: Option<String>,
    /// Always true.
    pub end: bool,
}
