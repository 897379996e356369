//! The home feed: read, followed live, read up to.

pub(crate) mod events;
pub(crate) mod read;
pub(crate) mod read_position;
pub(crate) mod stream;
mod streams;

pub(crate) use streams::Streams;
