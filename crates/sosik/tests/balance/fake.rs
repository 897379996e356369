//! A node that is written by hand, so that it can misbehave in any way.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use std::sync::{LazyLock, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// The thread of all fake nodes. A test waits for a balancer that starts, and that one waits for answers of nodes, so
/// they cannot share a thread.
static THREAD: LazyLock<Runtime> = LazyLock::new(|| {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(1).enable_all().build().unwrap()
});

/// What a fake node does with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// Answers 200 with its port.
    Good,
    /// Answers with this status.
    Status(u16),
    /// Reads the request and closes the connection without an answer.
    Close,
    /// Answers with something that is not HTTP.
    Garbage,
    /// Announces 100 bytes, sends 10, and closes.
    HalfBody,
    /// Announces 100 bytes, sends 10, and stops.
    HangAfterHead,
    /// Sends an event, and one more whenever the test wants it.
    Events,
    /// Sends an event, and resets the connection when the test wants it.
    ResetEvents,
    /// Answers with a body that has no end.
    Endless,
    /// Answers with the size of the body, once it is complete.
    Measure,
    /// Reads the request and answers nothing.
    Silent,
    /// Answers as soon as it has the head, and reads no body.
    AtOnce,
    /// Answers the first request of a connection, and closes it when the second one arrives.
    CloseSecond,
}

/// A fake node. It stops when it is dropped.
pub struct Fake {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

struct Shared {
    port: u16,
    behaviour: watch::Sender<Behaviour>,
    ready: watch::Sender<bool>,
    /// Whether checks get an answer.
    answers_checks: watch::Sender<bool>,
    /// Counts up for each event that the test wants.
    wanted: watch::Sender<u32>,
    open: watch::Sender<bool>,
    requests: Mutex<Vec<String>>,
    connections: AtomicUsize,
    /// Bytes of bodies, as they arrive.
    body_bytes: watch::Sender<usize>,
}

impl Fake {
    pub async fn start(behaviour: Behaviour) -> Self {
        let bound = THREAD.spawn(TcpListener::bind("127.0.0.1:0"));
        let listener = bound.await.unwrap().unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            port: address.port(),
            behaviour: watch::Sender::new(behaviour),
            ready: watch::Sender::new(true),
            answers_checks: watch::Sender::new(true),
            wanted: watch::Sender::new(0),
            open: watch::Sender::new(true),
            requests: Mutex::default(),
            connections: AtomicUsize::new(0),
            body_bytes: watch::Sender::new(0),
        });
        let accepting = THREAD.spawn(accept(listener, Arc::clone(&shared)));
        Self {
            address,
            shared,
            accepting: Some(accepting),
        }
    }

    pub fn behave(&self, behaviour: Behaviour) {
        self.shared.behaviour.send_replace(behaviour);
    }

    pub fn is_ready(&self, ready: bool) {
        self.shared.ready.send_replace(ready);
    }

    pub fn answers_checks(&self, answers: bool) {
        self.shared.answers_checks.send_replace(answers);
    }

    pub fn send_event(&self) {
        self.shared.wanted.send_modify(|wanted| *wanted += 1);
    }

    /// The heads of all requests, except for checks.
    pub fn requests(&self) -> Vec<String> {
        self.shared.requests.lock().unwrap().clone()
    }

    /// Connections that carried a request other than a check.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::Relaxed)
    }

    /// Waits until this many bytes of bodies have arrived.
    pub async fn has_received(&self, bytes: usize) {
        let mut body_bytes = self.shared.body_bytes.subscribe();
        body_bytes.wait_for(|have| *have >= bytes).await.unwrap();
    }

    /// Closes all connections and refuses new ones.
    pub async fn refuse(&mut self) {
        if let Some(accepting) = self.accepting.take() {
            accepting.abort();
            let _aborted = accepting.await;
        }
        self.shared.open.send_replace(false);
    }

    /// Listens again, at the same address.
    pub fn listen_again(&mut self) {
        self.shared.open.send_replace(true);
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_reuseaddr(true).unwrap();
        socket.bind(self.address).unwrap();
        let _on_their_thread = THREAD.enter();
        let listener = socket.listen(1_024).unwrap();
        self.accepting = Some(THREAD.spawn(accept(listener, Arc::clone(&self.shared))));
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        if let Some(accepting) = &self.accepting {
            accepting.abort();
        }
        self.shared.open.send_replace(false);
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let mut open = shared.open.subscribe();
            tokio::select! {
                () = serve(stream, Arc::clone(&shared)) => {}
                _closed = open.wait_for(|open| !open) => {}
            }
        });
    }
}

async fn serve(mut stream: TcpStream, shared: Arc<Shared>) {
    let mut requests_here = 0;
    let mut rest = Vec::new();
    while let Some(head) = read_head(&mut stream, &mut rest).await {
        if head.starts_with("GET /readyz") {
            let mut answers = shared.answers_checks.subscribe();
            answers.wait_for(|answers| *answers).await.unwrap();
            let status = if *shared.ready.borrow() { 200 } else { 503 };
            answer(&mut stream, status, "").await;
            continue;
        }
        requests_here += 1;
        if requests_here == 1 {
            shared.connections.fetch_add(1, Ordering::Relaxed);
        }
        shared.requests.lock().unwrap().push(head.clone());
        let behaviour = match *shared.behaviour.borrow() {
            Behaviour::CloseSecond if requests_here == 1 => Behaviour::Good,
            behaviour => behaviour,
        };
        let bytes = match behaviour {
            Behaviour::AtOnce => 0,
            _ => read_body(&mut stream, &head, &mut rest, &shared).await,
        };
        if !respond(&mut stream, behaviour, bytes, &shared).await {
            return;
        }
    }
}

/// Returns whether the connection stays open.
async fn respond(
    stream: &mut TcpStream,
    behaviour: Behaviour,
    bytes: usize,
    shared: &Shared,
) -> bool {
    const PART: &str = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n0123456789";
    const EVENTS: &str =
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    match behaviour {
        Behaviour::Good => answer(stream, 200, &shared.port.to_string()).await,
        Behaviour::Status(status) => answer(stream, status, "").await,
        Behaviour::Measure => answer(stream, 200, &bytes.to_string()).await,
        Behaviour::Endless => {
            write(
                stream,
                "HTTP/1.1 200 OK\r\ncontent-length: 1000000000000\r\n\r\n",
            )
            .await;
            while stream.write_all(&[b'a'; PIECE]).await.is_ok() {}
            return false;
        }
        Behaviour::Close | Behaviour::CloseSecond => return false,
        Behaviour::AtOnce => {
            answer(stream, 200, "").await;
            closed(stream).await;
            return false;
        }
        Behaviour::Silent => {
            closed(stream).await;
            return false;
        }
        Behaviour::Garbage => {
            write(stream, "\x16\x03\x01 this is not HTTP\r\n\r\n").await;
            return false;
        }
        Behaviour::HalfBody => {
            write(stream, PART).await;
            return false;
        }
        Behaviour::HangAfterHead => {
            write(stream, PART).await;
            closed(stream).await;
            return false;
        }
        Behaviour::Events | Behaviour::ResetEvents => {
            let mut wanted = shared.wanted.subscribe();
            write(stream, EVENTS).await;
            event(stream).await;
            while wanted.changed().await.is_ok() {
                if behaviour == Behaviour::ResetEvents {
                    let socket = socket2::SockRef::from(&*stream);
                    socket.set_linger(Some(std::time::Duration::ZERO)).unwrap();
                    return false;
                }
                event(stream).await;
            }
        }
    }
    true
}

/// Waits until the balancer closes the connection.
async fn closed(stream: &mut TcpStream) {
    let mut rest = Vec::new();
    let _reset = stream.read_to_end(&mut rest).await;
}

async fn event(stream: &mut TcpStream) {
    write(stream, "9\r\ndata: 1\n\n\r\n").await;
}

async fn answer(stream: &mut TcpStream, status: u16, body: &str) {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} Word\r\ncontent-length: {length}\r\nconnection: keep-alive, x-own\r\n\
         keep-alive: timeout=60\r\nx-own: 1\r\n\r\n"
    );
    write(stream, &(head + body)).await;
}

async fn write(stream: &mut TcpStream, text: &str) {
    // The balancer may be gone.
    let _gone = stream.write_all(text.as_bytes()).await;
}

async fn read_head(stream: &mut TcpStream, rest: &mut Vec<u8>) -> Option<String> {
    loop {
        if let Some(at) = rest.windows(4).position(|four| four == b"\r\n\r\n") {
            let after = rest.split_off(at + 4);
            let head = std::mem::replace(rest, after);
            return Some(
                String::from_utf8_lossy(&head)
                    .to_ascii_lowercase()
                    .replacen("get /", "GET /", 1),
            );
        }
        if stream.read_buf(rest).await.ok()? == 0 {
            return None;
        }
    }
}

/// Reads a body with a length, or in chunks. Returns its bytes, with the framing of chunks. What follows is the next
/// request.
async fn read_body(
    stream: &mut TcpStream,
    head: &str,
    rest: &mut Vec<u8>,
    shared: &Shared,
) -> usize {
    let told = *shared.body_bytes.borrow();
    let bytes = loop {
        match body_bytes(head, rest) {
            Ok(Some(bytes)) => break bytes,
            Ok(None) => {}
            Err(wrong) => {
                // No test expects this.
                shared.requests.lock().unwrap().push(wrong);
                break rest.len();
            }
        }
        if stream.read_buf(rest).await.unwrap_or(0) == 0 {
            break rest.len();
        }
        shared.body_bytes.send_replace(told + rest.len());
    };
    *rest = rest.split_off(bytes);
    bytes
}

/// The length of the body at the beginning of these bytes. `None` if it is not complete.
fn body_bytes(head: &str, bytes: &[u8]) -> Result<Option<usize>, String> {
    if head.contains("transfer-encoding: chunked") {
        return chunked_bytes(bytes);
    }
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let length = length.map_or(0, |length| length.trim().parse().unwrap());
    Ok((bytes.len() >= length).then_some(length))
}

fn chunked_bytes(bytes: &[u8]) -> Result<Option<usize>, String> {
    let mut at = 0;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let Some(line) = rest.windows(2).position(|two| two == b"\r\n") else {
            return Ok(None);
        };
        let size = String::from_utf8_lossy(&rest[..line]).into_owned();
        let size = usize::from_str_radix(&size, 16);
        let size = size.map_err(|error| format!("size of a chunk: {error}"))?;
        if size == 0 {
            let end = rest.windows(4).position(|four| four == b"\r\n\r\n");
            return Ok(end.map(|end| at + end + 4));
        }
        let end = line + 2 + size;
        match rest.get(end..end + 2) {
            Some(b"\r\n") => at += end + 2,
            Some(other) => return Err(format!("after a chunk: {other:?}")),
            None => return Ok(None),
        }
    }
}

/// Without this, a test could not see a request that is hidden behind another one.
#[tokio::test]
async fn bytes_behind_a_request_are_the_next_request() {
    for body in [
        "content-length: 5\r\n\r\nhello",
        "transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    ] {
        let fake = Fake::start(Behaviour::Measure).await;
        let mut stream = TcpStream::connect(fake.address).await.unwrap();
        let bytes = format!("POST /seen HTTP/1.1\r\n{body}GET /hidden HTTP/1.1\r\n\r\n");
        stream.write_all(bytes.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        closed(&mut stream).await;
        let requests = fake.requests();
        assert!(requests[0].starts_with("post /seen "), "{requests:?}");
        assert!(requests[1].starts_with("GET /hidden "), "{requests:?}");
    }
}

/// Bytes of a piece that the balancer passes on at once. It collects small pieces into segments.
pub const PIECE: usize = 100_000;

/// A piece of a body.
pub type Piece = Result<Vec<u8>, std::io::Error>;

/// A channel for the pieces of a body that a test sends one by one.
pub fn pieces() -> (
    mpsc::UnboundedSender<Piece>,
    impl futures::Stream<Item = Piece>,
) {
    let (send, receive) = mpsc::unbounded_channel();
    let stream = futures::stream::unfold(receive, async |mut receive| {
        let piece = receive.recv().await?;
        Some((piece, receive))
    });
    (send, stream)
}
