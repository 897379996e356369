//! A TCP proxy whose wire a test cuts, one direction at a time, or slows down.
//!
//! A cut holds bytes back and closes nothing, as a network that drops packets does: both sides keep their connection and
//! hear nothing. Mending the wire delivers what was held back, as a retransmission would. A slow wire holds every piece
//! back for a time, one after the other, so it carries little as well.

use std::future::pending;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Bytes that are read at once. A cut holds back at most these and the buffers of the system. A slow wire carries at most
/// these in each delay.
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
    faults: Faults,
    accepting: JoinHandle<()>,
}

/// What a wire does to bytes.
#[derive(Debug, Clone)]
struct Faults {
    to_server: watch::Sender<bool>,
    to_client: watch::Sender<bool>,
    /// Of each piece, in both directions.
    delay: watch::Sender<Duration>,
}

/// What a wire does to the bytes of one direction of one connection.
struct Carrier {
    cut: watch::Receiver<bool>,
    delay: watch::Receiver<Duration>,
}

impl Wire {
    /// Listens on a free port, and connects each client to the server.
    pub async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("the address of a listener");
        let faults = Faults {
            to_server: watch::Sender::new(false),
            to_client: watch::Sender::new(false),
            delay: watch::Sender::new(Duration::ZERO),
        };
        Self {
            address,
            accepting: tokio::spawn(accept(listener, server, faults.clone())),
            faults,
        }
    }

    /// Where clients connect.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Holds back what is sent in this direction, also on open connections.
    pub fn cut(&self, direction: Direction) {
        self.faults.cut(direction).send_replace(true);
    }

    /// Passes on what was held back, and what follows.
    pub fn mend(&self, direction: Direction) {
        self.faults.cut(direction).send_replace(false);
    }

    /// Holds each piece back for this time, in both directions, also on open connections. Zero makes the wire fast again.
    pub fn slow(&self, delay: Duration) {
        self.faults.delay.send_replace(delay);
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Faults {
    fn cut(&self, direction: Direction) -> &watch::Sender<bool> {
        match direction {
            Direction::ToServer => &self.to_server,
            Direction::ToClient => &self.to_client,
        }
    }

    fn carrier(&self, direction: Direction) -> Carrier {
        Carrier {
            cut: self.cut(direction).subscribe(),
            delay: self.delay.subscribe(),
        }
    }
}

impl Carrier {
    /// Waits until a piece may pass. Returns whether the wire still exists: if it is gone, nobody mends it.
    async fn passes(&mut self) -> bool {
        let delay = *self.delay.borrow_and_update();
        if !delay.is_zero() {
            let _time_passed = timeout(delay, pending::<()>()).await;
        }
        self.cut.wait_for(|cut| !cut).await.is_ok()
    }
}

async fn accept(listener: TcpListener, server: SocketAddr, faults: Faults) {
    while let Ok((client, _)) = listener.accept().await {
        tokio::spawn(connect(client, server, faults.clone()));
    }
}

async fn connect(client: TcpStream, server: SocketAddr, faults: Faults) {
    // Without a server the client is disconnected.
    let Ok(server) = TcpStream::connect(server).await else {
        return;
    };
    let ((from_client, to_client), (from_server, to_server)) =
        (client.into_split(), server.into_split());
    tokio::join!(
        carry(from_client, to_server, faults.carrier(Direction::ToServer)),
        carry(from_server, to_client, faults.carrier(Direction::ToClient)),
    );
}

/// Carries bytes until one side ends the direction, and passes the end on.
async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut carrier: Carrier) {
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let read = from.read(&mut piece).await.unwrap_or(0);
        // The wire may have been cut while nothing was sent.
        if !carrier.passes().await {
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
    use tokio::time::Instant;

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

    #[tokio::test]
    async fn a_slow_wire_holds_each_piece_back_in_both_directions() {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let wire = Wire::to(server.local_addr().unwrap()).await;
        let mut client = TcpStream::connect(wire.address()).await.unwrap();
        let (mut server, _) = server.accept().await.unwrap();
        let mut byte = [0];
        let delay = Duration::from_millis(50);
        wire.slow(delay);
        let begun = Instant::now();
        client.write_all(b"a").await.unwrap();
        server.read_exact(&mut byte).await.unwrap();
        server.write_all(b"b").await.unwrap();
        client.read_exact(&mut byte).await.unwrap();
        assert!(begun.elapsed() >= 2 * delay);
    }
}
