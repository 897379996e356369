//! Hashtags.

pub(crate) mod stories;
