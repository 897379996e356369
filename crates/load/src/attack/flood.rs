//! Downloads of large files, as fast as the server sends them.

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::unread::connect;
use super::{Counts, NotOpened, Target};

/// Bytes read at once.
const CHUNK: usize = 64 * 1024;

/// Lines of a head that are read. A server sends fewer.
const HEAD_LINES_MAX: usize = 100;

/// Requests the file repeatedly on one connection, compressed. Returns when the server ends the connection.
pub(super) async fn files(target: &Target, counts: &Counts) -> Result<(), NotOpened> {
    let stream = connect(target, counts).await?;
    let mut stream = BufReader::with_capacity(CHUNK, stream);
    let (file, host) = (&target.file, target.address);
    // In HTTP/1.0 the end of the connection ends an answer, or the answer names its length. So no chunks have to be
    // parsed.
    let ask = format!(
        "GET {file} HTTP/1.0\r\nHost: {host}\r\nConnection: keep-alive\r\nAccept-Encoding: gzip\r\n\r\n"
    );
    while stream.write_all(ask.as_bytes()).await.is_ok() {
        Counts::one(&counts.requests);
        if read_answer(&mut stream, counts).await.is_none() {
            break;
        }
    }
    Ok(())
}

/// Reads one answer. Returns `None` if the connection ended with it.
async fn read_answer(stream: &mut BufReader<TcpStream>, counts: &Counts) -> Option<()> {
    let mut length = None;
    for number in 0..HEAD_LINES_MAX {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if number == 0 {
            counts.status(line.get(9..12)?.parse().ok()?);
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse::<u64>().ok();
        }
    }
    let is_last = length.is_none();
    let mut body = (&mut *stream).take(length.unwrap_or(u64::MAX));
    let read = tokio::io::copy(&mut body, &mut tokio::io::sink()).await;
    (read.is_ok() && !is_last).then_some(())
}
