//! A TCP proxy whose wire a test cuts, one direction at a time.
//!
//! A cut holds bytes back and closes nothing, as a network that drops packets does: both sides keep their connection and
//! hear nothing. Mending the wire delivers what was held back, as a retransmission would.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Bytes that are read at once. A cut holds back at most these and the buffers of the system.
const PIECE_BYTES: usize = 16 * 1_024;

/// One direction of a wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// What clients send.
    ToServer,
    /// What the server sends.
    ToClient,
}

/// A wire to a server. It is cut for good when it is dropped.
#[derive(Debug)]
pub struct Wire {
    address: SocketAddr,
    cuts: Cuts,
    accepting: JoinHandle<()>,
}

/// Whether each direction is cut.
#[derive(Debug, Clone)]
struct Cuts {
    to_server: watch::Sender<bool>,
    to_client: watch::Sender<bool>,
}

impl Wire {
    /// Listens on a free port, and connects each client to the server.
    pub async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("the address of a listener");
        let cuts = Cuts {
            to_server: watch::Sender::new(false),
            to_client: watch::Sender::new(false),
        };
        Self {
            address,
            accepting: tokio::spawn(accept(listener, server, cuts.clone())),
            cuts,
        }
    }

    /// Where clients connect.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Holds back what is sent in this direction, also on open connections.
    pub fn cut(&self, direction: Direction) {
        self.cuts.of(direction).send_replace(true);
    }

    /// Passes on what was held back, and what follows.
    pub fn mend(&self, direction: Direction) {
        self.cuts.of(direction).send_replace(false);
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Cuts {
    fn of(&self, direction: Direction) -> &watch::Sender<bool> {
        match direction {
            Direction::ToServer => &self.to_server,
            Direction::ToClient => &self.to_client,
        }
    }
}

async fn accept(listener: TcpListener, server: SocketAddr, cuts: Cuts) {
    while let Ok((client, _)) = listener.accept().await {
        tokio::spawn(connect(client, server, cuts.clone()));
    }
}

async fn connect(client: TcpStream, server: SocketAddr, cuts: Cuts) {
    // Without a server the client is disconnected.
    let Ok(server) = TcpStream::connect(server).await else {
        return;
    };
    let ((from_client, to_client), (from_server, to_server)) =
        (client.into_split(), server.into_split());
    tokio::join!(
        carry(from_client, to_server, cuts.to_server.subscribe()),
        carry(from_server, to_client, cuts.to_client.subscribe()),
    );
}

/// Carries bytes until one side ends the direction, and passes the end on.
async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut cut: watch::Receiver<bool>) {
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let read = from.read(&mut piece).await.unwrap_or(0);
        // The wire may have been cut while nothing was sent. If it is gone, nobody mends it.
        if cut.wait_for(|cut| !cut).await.is_err() {
            return;
        }
        if read == 0 || to.write_all(&piece[..read]).await.is_err() {
            // The other side may be gone.
            let _gone = to.shutdown().await;
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn a_cut_holds_bytes_back_in_one_direction_until_it_is_mended() {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let wire = Wire::to(server.local_addr().unwrap()).await;
        let mut client = TcpStream::connect(wire.address()).await.unwrap();
        let (mut server, _) = server.accept().await.unwrap();
        let mut byte = [0];
        wire.cut(Direction::ToServer);
        client.write_all(b"a").await.unwrap();
        server.write_all(b"b").await.unwrap();
        client.read_exact(&mut byte).await.unwrap();
        assert_eq!(&byte, b"b");
        let early = timeout(Duration::from_millis(50), server.read_exact(&mut byte)).await;
        assert!(early.is_err(), "{early:?}");
        wire.mend(Direction::ToServer);
        server.read_exact(&mut byte).await.unwrap();
        assert_eq!(&byte, b"a");
        drop(client);
        assert_eq!(server.read(&mut byte).await.unwrap(), 0);
    }
}
