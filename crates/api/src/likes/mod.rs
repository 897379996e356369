//! Likes.

pub(crate) mod like;
pub(crate) mod list;
