//! Texts by people: [`StoryText`], [`CommentText`], [`AltText`], and the links, mentions and tags in them:
//! [`entities`].
//!
//! Text is stored normalised (NFC, `\n` for line breaks, at most one blank line in a row, no white space at the end)
//! and never as HTML; the client that displays it escapes it. No type prints its text with `Debug`, so that no text
//! reaches a log.

mod allowed;
mod alt;
mod beginning;
mod comment;
mod entities;
pub(crate) mod fold;
pub(crate) mod normalized;
mod stored;
mod story;

pub use allowed::{Class, Reason, Refused, check, class};
pub(crate) use allowed::{Runs, check_runs, is_visible};
pub use alt::AltText;
pub use beginning::beginning;
pub use comment::CommentText;
pub use entities::{Entity, EntityKind, Link, entities, first_link, hashtag, hashtags, mentions};
pub(crate) use stored::stored_text;
pub use story::{StoryText, TextRequirement};
