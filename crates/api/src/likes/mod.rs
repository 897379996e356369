//! Likes.

pub(crate) mod give;
pub(crate) mod list;
