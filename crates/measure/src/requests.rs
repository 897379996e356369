//! Sends requests over sockets and separates the processor time of the server from that of the client.
//!
//! The client uses blocking threads, each with its own connection and thread clock. The remaining time of the process
//! belongs to the server. The kernel charges a packet to its sender, as between two processes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, bail, ensure};

use super::clock::{micros_each, number, process_cpu, thread_cpu};

/// A request as it is sent.
#[derive(Clone)]
pub(crate) struct WireRequest(Vec<u8>);

/// The mean costs of the requests.
pub(crate) struct RequestCosts {
    /// Processor time of the server per request, in microseconds.
    pub(crate) micros: f64,
    /// Bytes of body per response.
    pub(crate) bytes: f64,
}

/// A response.
pub(crate) struct Answer {
    headers: Vec<(String, String)>,
    /// The body as it was sent.
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// A header, by its lower-case name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(found, _)| found == name);
        found.map(|(_, value)| value.as_str())
    }
}

impl WireRequest {
    /// A request with a session. The body is JSON.
    pub(crate) fn new(line: &str, token: &str, headers: &[(&str, &str)], body: &str) -> Self {
        let mut text = format!("{line} HTTP/1.1\r\nhost: plan\r\n");
        if !token.is_empty() {
            text.push_str(&format!("authorization: Bearer {token}\r\n"));
        }
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        if !body.is_empty() {
            let length = body.len();
            text.push_str(&format!(
                "content-type: application/json\r\ncontent-length: {length}\r\n"
            ));
        }
        Self((text + "\r\n" + body).into_bytes())
    }
}

/// Sends all requests over this number of connections.
///
/// # Errors
/// When the server returns anything but success or "not modified".
pub(crate) fn all(
    address: SocketAddr,
    requests: &[WireRequest],
    connections: usize,
) -> anyhow::Result<RequestCosts> {
    let before = process_cpu();
    let (own, bytes) = std::thread::scope(|scope| {
        let each = requests.len().div_ceil(connections.max(1)).max(1);
        let threads: Vec<_> = requests
            .chunks(each)
            .map(|requests| scope.spawn(move || some(address, requests)))
            .collect();
        let mut sum = (Duration::ZERO, 0);
        for thread in threads {
            let Ok(done) = thread.join() else {
                bail!("a client thread panicked")
            };
            let (own, bytes) = done?;
            sum = (sum.0 + own, sum.1 + bytes);
        }
        anyhow::Ok(sum)
    })?;
    let server = (process_cpu().saturating_sub(before)).saturating_sub(own);
    Ok(RequestCosts {
        micros: micros_each(server, requests.len()),
        bytes: number(bytes) / number(requests.len().max(1)),
    })
}

/// Sends one request.
///
/// # Errors
/// As [`all`].
pub(crate) fn once(address: SocketAddr, ask: &WireRequest) -> anyhow::Result<Answer> {
    let mut connection = Connection::open(address)?;
    connection.ask(ask)
}

fn some(address: SocketAddr, requests: &[WireRequest]) -> anyhow::Result<(Duration, usize)> {
    let mut connection = Connection::open(address)?;
    let mut bytes = 0;
    for ask in requests {
        bytes += connection.ask(ask)?.body.len();
    }
    // The thread was started for the client, so all of its time belongs to the client.
    Ok((thread_cpu(), bytes))
}

struct Connection {
    out: TcpStream,
    answers: BufReader<TcpStream>,
}

/// How the length of a body is determined.
enum Length {
    Known(usize),
    InChunks,
}

impl Connection {
    fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let out = TcpStream::connect(address)?;
        out.set_nodelay(true)?;
        let answers = BufReader::with_capacity(64 << 10, out.try_clone()?);
        Ok(Self { out, answers })
    }

    fn ask(&mut self, ask: &WireRequest) -> anyhow::Result<Answer> {
        self.out.write_all(&ask.0)?;
        let mut answer = Answer {
            headers: self.head()?,
            body: Vec::new(),
        };
        let length = match (
            answer.header("content-length"),
            answer.header("transfer-encoding"),
        ) {
            (Some(length), _) => Length::Known(length.parse()?),
            (None, Some(_)) => Length::InChunks,
            (None, None) => Length::Known(0),
        };
        answer.body = self.body(&length)?;
        Ok(answer)
    }

    fn line(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        ensure!(
            self.answers.read_line(&mut line)? > 0,
            "the server closed the connection"
        );
        Ok(line.trim_end().to_owned())
    }

    fn head(&mut self) -> anyhow::Result<Vec<(String, String)>> {
        let status = self.line()?;
        let fine = |code: &str| code.starts_with('2') || code == "304";
        ensure!(
            status.split(' ').nth(1).is_some_and(fine),
            "the server answered {status}"
        );
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                return Ok(headers);
            }
            let (name, value) = line.split_once(':').context("a header without a colon")?;
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
    }

    fn body(&mut self, length: &Length) -> anyhow::Result<Vec<u8>> {
        let mut body = Vec::new();
        match length {
            Length::Known(length) => {
                body.resize(*length, 0);
                self.answers.read_exact(&mut body)?;
            }
            Length::InChunks => loop {
                let length = usize::from_str_radix(&self.line()?, 16)?;
                let from = body.len();
                body.resize(from + length, 0);
                self.answers.read_exact(&mut body[from..])?;
                self.line()?;
                if length == 0 {
                    break;
                }
            },
        }
        Ok(body)
    }
}
