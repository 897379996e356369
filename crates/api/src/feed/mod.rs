//! The home feed: pages, the live stream, and the read position.

mod events;
pub(crate) mod read;
pub(crate) mod read_position;
pub(crate) mod stream;
mod streams;

pub(crate) use streams::Streams;
