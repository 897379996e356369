//! Friend requests.

pub(crate) mod accept;
pub(crate) mod ask;
pub(crate) mod drop;
pub(crate) mod list;
pub(crate) mod show;
