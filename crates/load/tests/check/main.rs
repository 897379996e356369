//! Histories written by hand: every broken promise is found and nothing else is reported. Cases in which either result
//! is allowed are not reported.

mod bad;
mod comments;
mod counts;
mod edges;
mod prompt;
mod stored;
mod tale;
