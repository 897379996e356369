//! Photos, video and link previews: everything that reads bytes from strangers.
//!
//! - [`Kind`] tells what a file is by its first bytes. Names and declared types are never read.
//! - [`photo`] turns a photo into the renditions that are served. Only pixels are kept, so no metadata survives.
//! - [`worker`] runs decoders in a child process with limits. The process of the server never decodes.
//! - [`preview`] fetches a page from public addresses only and reads its title, description, site and picture.
//! - [`video`] checks videos and makes them playable everywhere.
//! - [`storage`] keeps files under the digest of their content.
//!
//! This crate knows no person, no audience and no HTTP route. It depends on no other crate of the workspace.

mod authorities;
mod kind;
mod refusal;

pub mod limits;
pub mod photo;
pub mod preview;
pub mod storage;
pub mod video;
pub mod worker;

pub use kind::{Kind, SNIFF_BYTES_MAX};
pub use refusal::Refusal;
