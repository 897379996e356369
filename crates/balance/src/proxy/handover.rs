//! The listening sockets, and a restart that does not close them.
//!
//! The balancer starts its successor with one end of a socket as standard input, and sends it copies of the listeners
//! through that socket. Both processes hold the listeners, so connections that arrive meanwhile wait in one queue. When
//! the successor has checked the nodes, it accepts and asks its parent to stop. The parent completes its requests and
//! ends. If the successor cannot start, the parent continues as if nothing had happened.

use std::env;
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::cmsg_space;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use rustix::process::{Signal, getppid, kill_process};
use socket2::SockRef;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::StartError;
use crate::Settings;

/// Set for a successor, to the number of its parent.
const INHERITS: &str = "BALANCER_INHERITS_LISTENERS";

/// The listeners that are handed over: public, administration, and with TLS the secure one.
const LISTENERS_MAX: usize = 3;

/// The listening sockets of this process.
pub(super) struct Sockets {
    public: StdListener,
    secure: Option<StdListener>,
    admin: StdListener,
}

impl Sockets {
    /// Opens the listeners, or takes those of the predecessor.
    pub(super) async fn open(settings: &Settings, tls: bool) -> Result<Self, StartError> {
        if env::var_os(INHERITS).is_some() {
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
    pub(super) fn tell(&self) -> io::Result<()> {
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

    /// Starts this program again, with the same arguments.
    fn start_successor(&self) -> io::Result<Child> {
        let (ours, theirs) = UnixStream::pair()?;
        self.send(ours.as_fd())?;
        let mut arguments = env::args_os();
        let program = arguments.next().ok_or(io::ErrorKind::NotFound)?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env(INHERITS, std::process::id().to_string())
            .stdin(Stdio::from(OwnedFd::from(theirs)));
        command.spawn()
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

/// Waits until a successor ends, which it does only if it could not start or was stopped. No thread waits: it would keep
/// this process from ending.
async fn wait_for(mut successor: Child) -> io::Result<()> {
    tracing::info!(process = successor.id(), "successor started");
    let status = successor.wait().await?;
    Err(io::Error::other(format!("the successor ended: {status}")))
}

async fn bind(address: SocketAddr, key: &'static str) -> Result<StdListener, StartError> {
    let failed = |source| StartError::Listen {
        address,
        key,
        source,
    };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    listener.into_std().map_err(failed)
}

fn listener(socket: OwnedFd) -> io::Result<StdListener> {
    let listener = StdListener::from(socket);
    // Fails if this is no socket.
    listener.local_addr()?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Asks the parent to stop, if this process took over its listeners.
pub(super) fn relieve_parent() {
    let Ok(named) = env::var(INHERITS) else {
        return;
    };
    // A parent that has died in the meantime needs no signal, and its number may belong to another process.
    let parent = getppid().filter(|parent| parent.as_raw_nonzero().to_string() == named);
    let parent = parent.map(|parent| kill_process(parent, Signal::TERM));
    if let Some(Err(error)) = parent {
        tracing::warn!(%error, "cannot ask the predecessor to stop");
    }
}

/// Whether a successor runs.
#[derive(Debug, Clone, Default)]
pub(super) struct Successors(Arc<AtomicBool>);

impl Successors {
    pub(super) fn is_running(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Starts a successor whenever it is wanted and none runs.
pub(super) fn start_successors(
    sockets: Arc<Sockets>,
    wanted: Arc<Notify>,
    ended: CancellationToken,
) -> Successors {
    let successors = Successors::default();
    let running = Arc::clone(&successors.0);
    tokio::spawn(async move {
        loop {
            tokio::select! {
                () = ended.cancelled() => return,
                () = wanted.notified() => {}
            }
            running.store(true, Ordering::Relaxed);
            let outcome = match sockets.start_successor() {
                Ok(successor) => wait_for(successor).await,
                Err(error) => Err(error),
            };
            if let Err(error) = outcome {
                tracing::error!(%error, "not replaced: this process continues");
            }
            running.store(false, Ordering::Relaxed);
        }
    });
    successors
}
