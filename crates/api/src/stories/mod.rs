//! Stories: post, show, edit, delete.

pub(crate) mod delete;
pub(crate) mod edit;
pub(crate) mod open;
pub(crate) mod post;
