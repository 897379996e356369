//! Bytes that arrive slowly or never.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::interval;

use super::unread::connect;
use super::{Counts, NotOpened, Target};

/// The announced length of a body, in bytes.
const BODY_BYTES: usize = 60_000;

/// The bytes of the body that are sent at once, and the interval: 1.2 kB/s.
const PIECE: [u8; 120] = [b' '; 120];
const PIECE_EVERY: Duration = Duration::from_millis(100);

/// The first bytes that silent connections send.
const BEGINNINGS: [&[u8]; 5] = [
    b"",
    b"P",
    b"PRI * HT",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x",
];

/// Bytes of an answer that are parsed: the beginning of its status line.
const STATUS_LINE: usize = 12;

/// Sends a body at 1.2 kB/s. Returns when the server answers or ends the connection.
pub(super) async fn body(target: &Target, counts: &Counts) -> Result<(), NotOpened> {
    let mut stream = connect(target, counts).await?;
    let host = target.address;
    let head = format!(
        "POST /v1/people HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {BODY_BYTES}\r\n\r\n"
    );
    if stream.write_all(head.as_bytes()).await.is_err() {
        return Ok(());
    }
    Counts::one(&counts.requests);
    let (mut reads, mut writes) = stream.split();
    let sending = async {
        let mut tick = interval(PIECE_EVERY);
        for _ in 0..BODY_BYTES / PIECE.len() {
            tick.tick().await;
            if writes.write_all(&PIECE).await.is_err() {
                return;
            }
        }
        std::future::pending::<()>().await;
    };
    let mut line = [0; STATUS_LINE];
    tokio::select! {
        answer = reads.read_exact(&mut line) => if answer.is_ok() {
            counts.status(status(&line));
        },
        () = sending => {}
    }
    Ok(())
}

/// Sends the beginning of a request, or nothing. Returns when the server ends the connection.
pub(super) async fn silence(
    target: &Target,
    number: usize,
    counts: &Counts,
) -> Result<(), NotOpened> {
    let mut stream = connect(target, counts).await?;
    let beginning = BEGINNINGS[number % BEGINNINGS.len()];
    if stream.write_all(beginning).await.is_ok() {
        wait_for_the_end(&mut stream).await;
    }
    Ok(())
}

async fn wait_for_the_end(stream: &mut TcpStream) {
    let mut buffer = [0; 1_024];
    while stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
}

fn status(line: &[u8; STATUS_LINE]) -> u16 {
    let text = std::str::from_utf8(&line[STATUS_LINE - 3..]);
    text.ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or_default()
}
