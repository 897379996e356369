//! Hand-written histories: each broken promise is found, and nothing else is; edges where either is right are let be.

mod bad;
mod comments;
mod counts;
mod edges;
mod prompt;
mod stored;
mod tale;
