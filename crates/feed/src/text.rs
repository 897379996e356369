//! What people write: [`StoryText`], [`CommentText`], [`AltText`], and what is found in it: [`mentions`], [`hashtags`].
//!
//! Text is text. It is stored as it was meant (NFC, `\n` for line breaks, no white space at the end) and never as HTML;
//! whoever shows it escapes it. None of the types prints its text with `Debug`, so that it cannot get into a log.

mod allowed;
mod alt;
mod comment;
pub(crate) mod fold;
mod hashtags;
mod mentions;
mod stored;
mod story;
pub(crate) mod written;

pub use allowed::{Class, Reason, Refused, check, class};
pub(crate) use allowed::{Runs, check_runs, is_visible};
pub use alt::AltText;
pub use comment::CommentText;
pub use hashtags::hashtags;
pub use mentions::mentions;
pub(crate) use stored::stored_text;
pub use story::{StoryText, TextIs};
