//! Requests answers and never reads them.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use h2::client::{Builder, ResponseFuture, SendRequest};
use http::Request;
use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use super::{AGAIN_AFTER, CONNECT, Counts, NotOpened, Target};

/// Requests on one HTTP/2 connection: the number of streams that servers usually allow.
const STREAMS: usize = 128;

/// Requests sent ahead on one HTTP/1.1 connection.
const PIPELINED: usize = 16;

/// Bytes that the server may send on each stream. With 0 it sends nothing, with 1 it has begun to send.
const WINDOWS: [u32; 2] = [0, 1];

/// Header fields of requests that make the server allocate: HTTP/2 sends each repeated field as one byte. Together
/// they stay below 16 KiB, the usual maximum of a head.
const FIELDS: usize = 400;

/// Opens a connection: two of four use HTTP/2 with a closed window, the third sends many header fields as well, and the
/// fourth uses HTTP/1.1. Returns when the server ends it.
pub(super) async fn answers(
    target: &Target,
    path: &str,
    number: usize,
    counts: &Counts,
) -> Result<(), NotOpened> {
    match number % 4 {
        0 => http2(target, path, WINDOWS[0], 0, counts).await,
        1 => http2(target, path, WINDOWS[1], 0, counts).await,
        2 => http1(target, path, counts).await,
        _ => http2(target, path, WINDOWS[0], FIELDS, counts).await,
    }
}

/// Opens live streams and never reads them.
pub(super) async fn streams(
    target: &Target,
    number: usize,
    counts: &Counts,
) -> Result<(), NotOpened> {
    answers(target, "/v1/feed/stream", number, counts).await
}

/// Separate addresses for the attacker, so that limits by address distinguish it from other clients on this machine. It
/// has several of one network, as attackers have. Linux has all of 127.0.0.0/8. On other systems the attacker shares
/// the address of the other clients.
const ATTACKERS: [Ipv4Addr; 4] = [
    Ipv4Addr::new(127, 6, 6, 6),
    Ipv4Addr::new(127, 6, 6, 7),
    Ipv4Addr::new(127, 6, 6, 8),
    Ipv4Addr::new(127, 6, 6, 9),
];

pub(super) async fn connect(target: &Target, counts: &Counts) -> Result<TcpStream, NotOpened> {
    let number = usize::try_from(Counts::one(&counts.attempts)).unwrap_or_default();
    let own = ATTACKERS[number % ATTACKERS.len()];
    let connecting = timeout(CONNECT, connect_from(own, target.address)).await;
    let stream = connecting.ok().and_then(Result::ok).ok_or(NotOpened)?;
    Counts::one(&counts.opened);
    Ok(stream)
}

async fn connect_from(own: Ipv4Addr, address: SocketAddr) -> io::Result<TcpStream> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    if address.is_ipv4() {
        let _everybodys = socket.bind(SocketAddr::from((own, 0)));
    }
    socket.connect(address).await
}

async fn http2(
    target: &Target,
    path: &str,
    window: u32,
    fields: usize,
    counts: &Counts,
) -> Result<(), NotOpened> {
    let stream = connect(target, counts).await?;
    let mut builder = Builder::new();
    builder.initial_window_size(window);
    // A server may close a connection at any moment of the attack.
    let Ok((requests, connection)) = builder.handshake::<_, bytes::Bytes>(stream).await else {
        return Ok(());
    };
    let asking = async {
        let unread = ask(target, path, fields, requests, counts).await;
        let mut held = Vec::new();
        for answer in unread {
            if let Ok(answer) = answer.await {
                counts.status(answer.status().as_u16());
                held.push(answer);
            }
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        _ended = connection => {}
        () = asking => {}
    }
    Ok(())
}

async fn ask(
    target: &Target,
    path: &str,
    fields: usize,
    mut requests: SendRequest<bytes::Bytes>,
    counts: &Counts,
) -> Vec<ResponseFuture> {
    let mut unread = Vec::new();
    for _ in 0..STREAMS {
        // A server may allow fewer streams.
        let Ok(Ok(ready)) = timeout(AGAIN_AFTER, requests.ready()).await else {
            break;
        };
        requests = ready;
        let Ok(request) = request(target, path, fields) else {
            break;
        };
        match requests.send_request(request, true) {
            Ok((answer, _)) => unread.push(answer),
            Err(_ended) => break,
        }
        Counts::one(&counts.requests);
    }
    unread
}

fn request(target: &Target, path: &str, fields: usize) -> http::Result<Request<()>> {
    let mut request =
        Request::get(format!("{}{path}", target.url)).header("accept-encoding", "gzip");
    if !target.token.is_empty() && path.starts_with("/v1/") {
        request = request.header("authorization", format!("Bearer {}", target.token));
    }
    for number in 0..fields {
        request = request.header(format!("x{number}"), "v");
    }
    request.body(())
}

async fn http1(target: &Target, path: &str, counts: &Counts) -> Result<(), NotOpened> {
    let mut stream = connect(target, counts).await?;
    let authorization = match path.starts_with("/v1/") {
        true => format!("Authorization: Bearer {}\r\n", target.token),
        false => String::new(),
    };
    let host = target.address;
    let ask = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{authorization}\r\n");
    for _ in 0..PIPELINED {
        if stream.write_all(ask.as_bytes()).await.is_err() {
            return Ok(());
        }
        Counts::one(&counts.requests);
    }
    // Reads only the first byte: the rest stays in the buffers of the system and the server. Then the attacker waits
    // until the server closes the connection.
    let mut first = [0];
    let _first = stream.read(&mut first).await;
    wait_for_the_end(&stream).await;
    Ok(())
}

/// Waits, without reading, until the other side closes the connection.
pub(super) async fn wait_for_the_end(stream: &TcpStream) {
    let mut tick = tokio::time::interval(AGAIN_AFTER);
    // The socket is always readable, because unread bytes wait. The end is a separate readiness.
    while stream
        .ready(Interest::READABLE)
        .await
        .is_ok_and(|ready| !ready.is_read_closed())
    {
        tick.tick().await;
    }
}
