//! For operators and balancers only: lists dead delivery orders and retries them, and lists the nodes.

pub(crate) mod nodes;
pub(crate) mod orders;
