//! For operators only: lists dead delivery orders and retries them.

pub(crate) mod orders;
