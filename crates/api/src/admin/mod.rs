//! For operators only: what is stuck, and trying it again.

pub(crate) mod orders;
