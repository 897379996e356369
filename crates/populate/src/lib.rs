//! Everything that fills a store other than people who use the service.
//!
//! [`import`] reads files, [`world`] computes people to measure on, and [`demo`] puts the demo town into a store. All
//! of them write in bulk through the contract of the store, and keep the rules of the domain.
//!
//! Nothing here reads the command line or writes to the terminal: the caller passes a [`Watch`].

pub mod demo;
pub mod import;
mod watch;
pub mod world;

pub use self::watch::Watch;
