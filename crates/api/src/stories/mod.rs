//! Stories: posted, shown, changed, deleted.

pub(crate) mod delete;
pub(crate) mod edit;
pub(crate) mod open;
pub(crate) mod post;
