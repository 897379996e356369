//! The chores of this repository as one command.

fn main() {}
