//! Waiting for another process, which can only be polled.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::bail;

/// Pause between two attempts.
const PAUSE: Duration = Duration::from_millis(20);

/// Time for one attempt.
const ATTEMPT_MAX: Duration = Duration::from_secs(2);

/// Waits until `reached` returns true.
///
/// # Errors
/// That did not happen in this time.
#[expect(
    clippy::disallowed_methods,
    reason = "the state of another process has no channel; it is polled, with a deadline"
)]
pub(crate) fn poll(at_most: Duration, mut reached: impl FnMut() -> bool) -> anyhow::Result<()> {
    let begun = Instant::now();
    while !reached() {
        if begun.elapsed() > at_most {
            bail!("that took more than {at_most:?}");
        }
        std::thread::sleep(PAUSE);
    }
    Ok(())
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
