//! Names to addresses, addresses to connections.

use std::{
    io,
    net::{IpAddr, ToSocketAddrs},
    sync::Arc,
};

use async_trait::async_trait;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::Semaphore,
};

use super::PublicAddress;

/// Resolves names.
#[async_trait]
pub trait Resolve: Send + Sync {
    /// All addresses of a name. They are checked by the caller.
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// Opens connections.
#[async_trait]
pub trait Connect: Send + Sync {
    /// Connects to this very address, and to no other.
    async fn connect(&self, address: PublicAddress) -> io::Result<Connection>;
}

/// Bytes in both directions.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// An open connection.
pub type Connection = Box<dyn Stream>;

/// Lookups that run at once. Each blocks a thread, and goes on after its caller gave up: a name server that does not
/// answer must not take all threads.
const LOOKUPS_MAX: usize = 16;

/// The resolver of the operating system, so that the configuration of the machine applies.
#[derive(Debug)]
pub struct SystemResolver {
    lookups: Arc<Semaphore>,
}

impl Default for SystemResolver {
    fn default() -> Self {
        let lookups = Arc::new(Semaphore::new(LOOKUPS_MAX));
        Self { lookups }
    }
}

#[async_trait]
impl Resolve for SystemResolver {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let permit = Arc::clone(&self.lookups).acquire_owned().await;
        let permit = permit.map_err(io::Error::other)?;
        let name = name.to_owned();
        let lookup = tokio::task::spawn_blocking(move || {
            let found = (name.as_str(), 0).to_socket_addrs();
            drop(permit);
            found.map(|found| found.map(|address| address.ip()).collect())
        });
        lookup.await.map_err(io::Error::other)?
    }
}

/// Plain TCP. It reads no proxy from the environment.
#[derive(Debug, Default)]
pub struct TcpConnector;

#[async_trait]
impl Connect for TcpConnector {
    async fn connect(&self, address: PublicAddress) -> io::Result<Connection> {
        Ok(Box::new(TcpStream::connect(address.get()).await?))
    }
}
