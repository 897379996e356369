//! Stories: post, show one or several, edit, delete.

pub(crate) mod delete;
pub(crate) mod edit;
pub(crate) mod open;
pub(crate) mod post;
pub(crate) mod states;
