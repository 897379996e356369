//! Fills stores without a running server.
//!
//! [`import`] reads files, [`world`] generates people for measurements, and [`demo`] writes the demo town. All of them
//! write in bulk through the contract of the store and keep the rules of the domain.
//!
//! This crate neither reads the command line nor writes to the terminal. The caller passes a [`Watch`].

pub mod demo;
pub mod import;
mod target;
mod watch;
pub mod world;

pub use self::target::Target;
pub use self::watch::Watch;
