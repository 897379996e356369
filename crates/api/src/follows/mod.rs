//! Follows.

pub(crate) mod add;
pub(crate) mod followers;
pub(crate) mod list;
pub(crate) mod remove;
