//! Wrappers around engines, for tests of their callers.
//!
//! A [`Hook`] is asked around every call of a wrapped engine. [`Faults`] fails calls on demand: they return errors, lose
//! their answers, panic or wait. The engine behind the wrapper is the real one, so all other calls work as in a running
//! node.

pub mod faults;
mod hooked;

pub use faults::{Fault, Faults};
pub use hooked::{CALLS, Hook, Refused, hooked};
