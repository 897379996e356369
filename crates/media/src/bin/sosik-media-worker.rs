//! The worker process as an executable of its own, for tests and measurements. The server starts itself instead.

use std::process::ExitCode;

fn main() -> ExitCode {
    let order = std::env::args().next_back().unwrap_or_default();
    sosik_media::worker::main(&order)
}
