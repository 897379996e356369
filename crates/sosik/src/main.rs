//! The news feed server.

fn main() {}
