//! Wrappers around engines, for tests of their callers.
//!
//! A wrapped engine calls a [`Hook`] before and after every call. [`Faults`] makes calls fail on demand: they return
//! errors, lose their responses, panic or wait. The engine behind the wrapper is the real one, so all other calls work
//! as in a running node.

pub mod faults;
mod hooked;

pub use faults::{Fault, Faults};
pub use hooked::{CALLS, Hook, Refused, hooked};
