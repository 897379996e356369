//! The listening sockets, and a restart that does not close them.
//!
//! The balancer starts its successor with the listeners as standard input and output, which it uses for nothing else.
//! Both processes hold the sockets, so connections that arrive meanwhile wait in one queue. When the successor has
//! checked the nodes, it accepts and asks its parent to stop. The parent completes its requests and ends. If the
//! successor cannot start, the parent continues as if nothing had happened.

use std::env;
use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::os::fd::{AsFd, OwnedFd};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

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
            return Self::inherited(tls).map_err(StartError::Inherited);
        }
        let secure = match tls {
            true => Some(bind(settings.tls_listen, "balance.tls_listen").await?),
            false => None,
        };
        Ok(Self {
            public: bind(settings.listen, "balance.listen").await?,
            secure,
            admin: bind(settings.admin_listen, "balance.admin_listen").await?,
        })
    }

    fn inherited(tls: bool) -> io::Result<Self> {
        if tls {
            return Err(io::Error::other(
                "a balancer with TLS has three listeners, and two can be handed over",
            ));
        }
        Ok(Self {
            public: listener(io::stdin().as_fd().try_clone_to_owned()?)?,
            secure: None,
            admin: listener(io::stdout().as_fd().try_clone_to_owned()?)?,
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
        if self.secure.is_some() {
            return Err(io::Error::other(
                "a balancer with TLS cannot hand over its listeners",
            ));
        }
        let mut arguments = env::args_os();
        let program = arguments.next().ok_or(io::ErrorKind::NotFound)?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env(INHERITS, std::process::id().to_string())
            .stdin(Stdio::from(OwnedFd::from(self.public.try_clone()?)))
            .stdout(Stdio::from(OwnedFd::from(self.admin.try_clone()?)));
        command.spawn()
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
