//! `sosik balance` in front of nodes: real ones, and some that misbehave in any way.

#![expect(
    clippy::unwrap_used,
    unreachable_pub,
    reason = "an unexpected result must fail the test; modules of a test offer things to each other"
)]

#[path = "../common/mod.rs"]
mod common;
mod fake;
mod faults;
mod nodes;
mod operating;
mod passing;
mod smuggling;
mod support;
