//! Waiting for a server to accept requests.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::bail;

/// Time for a server to start. PostgreSQL on a busy machine takes seconds.
const START_MAX: Duration = Duration::from_secs(60);

/// Pause between two attempts.
const PAUSE: Duration = Duration::from_millis(20);

/// Time for one attempt.
const ATTEMPT_MAX: Duration = Duration::from_secs(2);

/// Waits until `attempt` succeeds.
///
/// # Errors
/// The server did not start within [`START_MAX`]. The error has the last failure.
#[expect(
    clippy::disallowed_methods,
    reason = "the readiness of another process has no channel; it is polled, with a deadline"
)]
pub(crate) fn wait(
    name: &str,
    mut attempt: impl FnMut() -> std::io::Result<bool>,
) -> anyhow::Result<()> {
    let started = Instant::now();
    loop {
        let outcome = attempt();
        if matches!(outcome, Ok(true)) {
            return Ok(());
        }
        if started.elapsed() > START_MAX {
            bail!("{name} did not start within {START_MAX:?}: {outcome:?}");
        }
        std::thread::sleep(PAUSE);
    }
}

/// Sends `request` and returns whether the response begins with `expected`.
pub(crate) fn answers(port: u16, request: &[u8], expected: &[u8]) -> std::io::Result<bool> {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let mut stream = TcpStream::connect_timeout(&address, ATTEMPT_MAX)?;
    stream.set_read_timeout(Some(ATTEMPT_MAX))?;
    stream.set_write_timeout(Some(ATTEMPT_MAX))?;
    stream.write_all(request)?;
    let mut response = vec![0; expected.len()];
    stream.read_exact(&mut response)?;
    Ok(response == expected)
}
