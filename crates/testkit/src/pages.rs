//! Web pages for tests of link previews: a local server to which every host name resolves.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use rustls::{ClientConfig, RootCertStore};
use sosik_service::media::preview::{
    AddressPolicy, Connect, Connection, Fetcher, PublicAddress, Resolve, Settings,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// The address of every site.
const PUBLIC: IpAddr = IpAddr::V4(Ipv4Addr::new(93, 184, 216, 34));

/// Longer than any fetch takes on a busy machine.
const DEADLINE: Duration = Duration::from_secs(60);

/// Bytes of the head of a request.
const HEAD_BYTES_MAX: usize = 16 * 1024;

/// Pages by host and path, such as `news.example/1`.
#[derive(Clone)]
pub struct Pages {
    shelf: Arc<Shelf>,
    server: SocketAddr,
}

struct Shelf {
    state: Mutex<State>,
    held: watch::Sender<bool>,
}

#[derive(Default)]
struct State {
    answers: HashMap<String, Vec<u8>>,
    /// The pages asked for, in their order.
    asked: Vec<String>,
}

impl Shelf {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn answer(&self, mut stream: TcpStream) -> io::Result<()> {
        let Some(place) = place(&mut stream).await? else {
            return Ok(());
        };
        let answer = {
            let mut state = self.state();
            state.asked.push(place.clone());
            state.answers.get(&place).cloned()
        };
        let mut held = self.held.subscribe();
        drop(held.wait_for(|held| !held).await);
        let missing = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec();
        stream.write_all(&answer.unwrap_or(missing)).await?;
        stream.shutdown().await
    }
}

/// The host and the path of a request.
async fn place(stream: &mut TcpStream) -> io::Result<Option<String>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && head.len() < HEAD_BYTES_MAX {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
    let mut lines = head.lines();
    let path = lines.next().and_then(|line| line.split(' ').nth(1));
    let path = path.map(str::to_owned);
    let host = lines.find_map(|line| line.strip_prefix("host: "));
    Ok(path.and_then(|path| Some(format!("{}{path}", host?))))
}

impl Pages {
    /// An empty web.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("listen");
        let server = listener.local_addr().expect("a listener has an address");
        let (held, _) = watch::channel(false);
        let shelf = Arc::new(Shelf {
            state: Mutex::default(),
            held,
        });
        let serving = Arc::clone(&shelf);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shelf = Arc::clone(&serving);
                // A client that goes away is no error here.
                tokio::spawn(async move { shelf.answer(stream).await });
            }
        });
        Self { shelf, server }
    }

    /// Puts a file of this type at a host and a path.
    pub fn put(&self, place: &str, content_type: &str, body: &[u8]) {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\n\r\n");
        let answer = [head.as_bytes(), body].concat();
        self.shelf.state().answers.insert(place.to_owned(), answer);
    }

    /// Puts a page in UTF-8 at a host and a path.
    pub fn put_html(&self, place: &str, body: &str) {
        self.put(place, "text/html; charset=utf-8", body.as_bytes());
    }

    /// Holds the answers to further requests until [`Self::release`].
    pub fn hold(&self) {
        self.shelf.held.send_replace(true);
    }

    /// Sends the answers that were held.
    pub fn release(&self) {
        self.shelf.held.send_replace(false);
    }

    /// How often a place was asked for.
    pub fn asked(&self, place: &str) -> usize {
        let state = self.shelf.state();
        state.asked.iter().filter(|asked| *asked == place).count()
    }

    /// How often any place was asked for.
    pub fn asked_at_all(&self) -> usize {
        self.shelf.state().asked.len()
    }

    /// A fetcher that resolves every name to a public address and connects to this server.
    pub fn fetcher(&self) -> Arc<Fetcher> {
        let settings = Settings {
            deadline: DEADLINE,
            ..Settings::default()
        };
        Arc::new(Fetcher::with(
            Arc::new(Public),
            Arc::new(Detour(self.server)),
            no_certificates(),
            AddressPolicy::default(),
            settings,
        ))
    }
}

struct Public;

#[async_trait]
impl Resolve for Public {
    async fn resolve(&self, _name: &str) -> io::Result<Vec<IpAddr>> {
        Ok(vec![PUBLIC])
    }
}

struct Detour(SocketAddr);

#[async_trait]
impl Connect for Detour {
    async fn connect(&self, _address: PublicAddress) -> io::Result<Connection> {
        Ok(Box::new(TcpStream::connect(self.0).await?))
    }
}

fn no_certificates() -> Arc<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider);
    let builder = builder
        .with_safe_default_protocol_versions()
        .expect("the provider supports the default versions");
    let roots = RootCertStore::empty();
    Arc::new(builder.with_root_certificates(roots).with_no_client_auth())
}
