//! Tells systemd that the balancer serves, and which process it is: units of the type `notify`. Without this, systemd
//! would take a successor for a stray process when its parent ends.

use std::env;
use std::ffi::OsStr;
use std::io;
use std::os::unix::net::UnixDatagram;

/// Names the socket of systemd.
const SOCKET: &str = "NOTIFY_SOCKET";

/// Reports this process as the one that serves. Does nothing if it was not started by systemd.
pub(super) fn serving() {
    let told = env::var_os(SOCKET).map(|socket| tell(&socket));
    if let Some(Err(error)) = told {
        tracing::warn!(%error, "cannot tell systemd that this process serves");
    }
}

fn tell(socket: &OsStr) -> io::Result<()> {
    let state = format!("READY=1\nMAINPID={}\n", std::process::id());
    UnixDatagram::unbound()?.send_to(state.as_bytes(), socket)?;
    Ok(())
}
