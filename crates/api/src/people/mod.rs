//! People: sign-up, profiles, search.

pub(crate) mod handles;
pub(crate) mod profile;
pub(crate) mod search;
pub(crate) mod sign_up;
pub(crate) mod stories;
