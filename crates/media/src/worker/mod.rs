//! Decoders run in a child process that may crash, hang or be taken over without harm.
//!
//! A process decodes **one** file and ends. So a crash loses one upload, the CPU and memory limits of the kernel apply to
//! exactly one upload, and a decoder that was taken over by one person's file never sees another person's. Starting a
//! process takes a few milliseconds; a photo of 12 megapixels takes hundreds.
//!
//! The order is the argument of the process, the file is its standard input, and the answer its standard output
//! (`protocol`). Before the first byte of the file is read, the process gives up what it does not need
//! (`sandbox`). The parent enforces the deadline and believes nothing: it checks each length and the magic bytes of
//! each rendition.
//!
//! An executable that starts [`Workers`] must call [`main`] for the arguments of its [`Program`], before it starts
//! threads.

mod child;
mod pool;
mod protocol;
mod sandbox;

pub use child::main;
pub use pool::{Failure, Input, Program, Settings, Workers};
pub(crate) use protocol::Execute;
pub use sandbox::Protection;
