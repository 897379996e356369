//! The listening sockets, and a restart that does not close them.
//!
//! The balancer starts its successor with one end of a socket as standard input, and copies of the listeners wait in
//! that socket. Both processes hold the listeners, so connections that arrive meanwhile wait in one queue. When the
//! successor has checked the nodes, it accepts and writes a byte into the socket. Its parent completes its requests and
//! ends. If the successor cannot start, the parent continues as if nothing had happened.

use std::env;
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use rustix::cmsg_space;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use socket2::{SockRef, TcpKeepalive};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, UnixStream as Channel};
use tokio::process::{Child, Command};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::StartError;
use crate::Settings;

/// Set for a successor.
const INHERITS: &str = "BALANCER_INHERITS_LISTENERS";

/// The listeners that are handed over: public, administration, and with TLS the secure one.
const LISTENERS_MAX: usize = 3;

/// What a successor writes when it serves.
const SERVES: &[u8] = b"S";

/// The first process of a container. The system ends all others with it.
const FIRST_PROCESS: u32 = 1;

/// A connection of a client ends when its peer acknowledges nothing for this time, or does not open its receive window.
/// Nodes do the same.
pub(super) const UNACKNOWLEDGED_MAX: Duration = Duration::from_secs(45);

/// A silent peer is probed after this time, then `PROBES` times at this interval. A peer that vanished is detected
/// within 50 seconds.
pub(super) const PROBE_AFTER: Duration = Duration::from_secs(20);
pub(super) const PROBE_EVERY: Duration = Duration::from_secs(10);
pub(super) const PROBES: u32 = 3;

/// The listening sockets of this process.
pub(super) struct Sockets {
    public: StdListener,
    secure: Option<StdListener>,
    admin: StdListener,
}

impl Sockets {
    /// Opens the listeners, or takes those of the predecessor.
    pub(super) async fn open(settings: &Settings, tls: bool) -> Result<Self, StartError> {
        if is_successor() {
            return Self::inherited(settings, tls).await;
        }
        Ok(Self {
            public: bind(settings.listen, "balance.listen").await?,
            secure: secure(settings, tls).await?,
            admin: bind(settings.admin_listen, "balance.admin_listen").await?,
        })
    }

    /// The listeners of the predecessor. It may have had no TLS, and this process may have none.
    async fn inherited(settings: &Settings, tls: bool) -> Result<Self, StartError> {
        let inherited = received(io::stdin().as_fd()).map_err(StartError::Inherited)?;
        let mut inherited = inherited.into_iter();
        let (Some(public), Some(admin)) = (inherited.next(), inherited.next()) else {
            let missing = io::Error::other("the predecessor sent too few");
            return Err(StartError::Inherited(missing));
        };
        let secure = match inherited.next().filter(|_| tls) {
            Some(secure) => Some(secure),
            None => secure(settings, tls).await?,
        };
        Ok(Self {
            public,
            secure,
            admin,
        })
    }

    pub(super) fn public(&self) -> io::Result<TcpListener> {
        TcpListener::from_std(self.public.try_clone()?)
    }

    pub(super) fn secure(&self) -> io::Result<Option<TcpListener>> {
        let secure = self.secure.as_ref();
        secure
            .map(|it| TcpListener::from_std(it.try_clone()?))
            .transpose()
    }

    /// The port with TLS.
    pub(super) fn secure_port(&self) -> io::Result<Option<u16>> {
        let address = self
            .secure
            .as_ref()
            .map(StdListener::local_addr)
            .transpose()?;
        Ok(address.map(|address| address.port()))
    }

    pub(super) fn admin(&self) -> io::Result<TcpListener> {
        TcpListener::from_std(self.admin.try_clone()?)
    }

    /// Logs the addresses.
    pub(super) fn log_addresses(&self) -> io::Result<()> {
        let (url, admin) = (self.public.local_addr()?, self.admin.local_addr()?);
        let secure = self
            .secure
            .as_ref()
            .map(StdListener::local_addr)
            .transpose()?;
        tracing::info!(
            url = %format_args!("http://{url}"),
            secure = secure.map(tracing::field::display),
            %admin,
            "balancing"
        );
        Ok(())
    }

    /// Stops listening on the public addresses, for all processes that hold the sockets.
    pub(super) fn close(&self) {
        for listener in [Some(&self.public), self.secure.as_ref()]
            .into_iter()
            .flatten()
        {
            // A socket that listens is shut down without a connection.
            let _ends = SockRef::from(listener).shutdown(std::net::Shutdown::Both);
        }
    }

    /// Starts this program again, with the same arguments. Returns this end of its standard input.
    fn start_successor(&self) -> io::Result<(Child, Channel)> {
        let (ours, theirs) = UnixStream::pair()?;
        self.send(ours.as_fd())?;
        ours.set_nonblocking(true)?;
        let ours = Channel::from_std(ours)?;
        let mut arguments = env::args_os();
        let program = arguments.next().ok_or(io::ErrorKind::NotFound)?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env(INHERITS, "1")
            .stdin(Stdio::from(OwnedFd::from(theirs)));
        Ok((command.spawn()?, ours))
    }

    /// Starts a successor and returns when it serves.
    async fn replace(&self, leaving: &CancellationToken) -> io::Result<()> {
        if std::process::id() == FIRST_PROCESS {
            let why =
                "the first process of a container cannot be replaced: its end ends the container";
            return Err(io::Error::other(why));
        }
        let (mut successor, mut serves) = self.start_successor()?;
        tracing::info!(process = successor.id(), "successor started");
        tokio::select! {
            Ok(_serves) = serves.read_u8() => Ok(()),
            status = successor.wait() => {
                Err(io::Error::other(format!("the successor ended: {}", status?)))
            }
            () = leaving.cancelled() => {
                successor.kill().await?;
                Err(io::Error::other("this process is asked to stop"))
            }
        }
    }

    /// Sends copies of the listeners. They wait in the socket until the successor reads them.
    fn send(&self, through: BorrowedFd<'_>) -> io::Result<()> {
        let both = [Some(&self.public), Some(&self.admin), self.secure.as_ref()];
        let listeners: Vec<BorrowedFd<'_>> = both.into_iter().flatten().map(AsFd::as_fd).collect();
        let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(LISTENERS_MAX))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        if !control.push(SendAncillaryMessage::ScmRights(&listeners)) {
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        // At least one byte must accompany them.
        sendmsg(
            through,
            &[IoSlice::new(b"L")],
            &mut control,
            SendFlags::empty(),
        )?;
        Ok(())
    }
}

/// The listeners that the predecessor sent.
fn received(through: BorrowedFd<'_>) -> io::Result<Vec<StdListener>> {
    let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(LISTENERS_MAX))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    let mut parts = [IoSliceMut::new(&mut byte)];
    recvmsg(through, &mut parts, &mut control, RecvFlags::CMSG_CLOEXEC)?;
    let listeners = control.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(listeners) => Some(listeners),
        _ => None,
    });
    listeners.flatten().map(listener).collect()
}

/// The listener with TLS, if there is a certificate.
async fn secure(settings: &Settings, tls: bool) -> Result<Option<StdListener>, StartError> {
    match tls {
        true => Ok(Some(bind(settings.tls_listen, "balance.tls_listen").await?)),
        false => Ok(None),
    }
}

async fn bind(address: SocketAddr, key: &'static str) -> Result<StdListener, StartError> {
    let failed = |source| StartError::Listen {
        address,
        key,
        source,
    };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let listener = listener.into_std().map_err(failed)?;
    set_options(&listener).map_err(failed)?;
    Ok(listener)
}

/// Options that connections take over from their listener.
fn set_options(listener: &StdListener) -> io::Result<()> {
    let socket = SockRef::from(listener);
    socket.set_tcp_nodelay(true)?;
    socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED_MAX))?;
    let probes = TcpKeepalive::new().with_time(PROBE_AFTER);
    let probes = probes.with_interval(PROBE_EVERY).with_retries(PROBES);
    socket.set_tcp_keepalive(&probes)
}

fn listener(socket: OwnedFd) -> io::Result<StdListener> {
    let listener = StdListener::from(socket);
    // Fails if this is no socket.
    listener.local_addr()?;
    listener.set_nonblocking(true)?;
    set_options(&listener)?;
    Ok(listener)
}

/// Whether this process takes over the listeners of another one.
pub(super) fn is_successor() -> bool {
    env::var_os(INHERITS).is_some()
}

/// Reports to the predecessor that this process serves, so that it stops.
pub(super) fn relieve_predecessor() {
    if !is_successor() {
        return;
    }
    // Fails if the predecessor has ended in the meantime, which does no harm.
    if let Err(error) = rustix::io::write(io::stdin(), SERVES) {
        tracing::warn!(%error, "cannot ask the predecessor to stop");
    }
}

/// Starts a successor whenever it is wanted, until one serves or this process leaves. The token is cancelled when one
/// serves.
pub(super) fn replace_when_wanted(
    sockets: Arc<Sockets>,
    wanted: Arc<Notify>,
    leaving: CancellationToken,
) -> CancellationToken {
    let replaced = CancellationToken::new();
    let serves = replaced.clone();
    tokio::spawn(async move {
        while leaving
            .run_until_cancelled(wanted.notified())
            .await
            .is_some()
        {
            match sockets.replace(&leaving).await {
                Ok(()) => return serves.cancel(),
                Err(error) => tracing::error!(%error, "not replaced: this process continues"),
            }
        }
    });
    replaced
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpStream;

    use super::*;

    #[tokio::test]
    async fn connections_of_clients_end_when_their_peers_are_gone() {
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let listener = bind(address, "balance.listen").await.unwrap();
        let address = listener.local_addr().unwrap();
        let listener = TcpListener::from_std(listener).unwrap();
        let _client = TcpStream::connect(address).await.unwrap();
        let (accepted, _) = listener.accept().await.unwrap();
        let socket = SockRef::from(&accepted);
        assert!(socket.keepalive().unwrap() && socket.tcp_nodelay().unwrap());
        let unacknowledged = socket.tcp_user_timeout().unwrap();
        assert_eq!(unacknowledged, Some(UNACKNOWLEDGED_MAX));
        let idle = socket.tcp_keepalive_time().unwrap();
        let every = socket.tcp_keepalive_interval().unwrap();
        let probes = socket.tcp_keepalive_retries().unwrap();
        assert_eq!(idle + every * probes, Duration::from_secs(50));
    }
}
