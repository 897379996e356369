//! Notifications.

pub(crate) mod list;
pub(crate) mod mark_read;
