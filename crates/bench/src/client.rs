//! The client of a measurement. It runs in its own process so that its CPU time is not counted.
//!
//! It sends prepared requests in turn over kept-alive connections and reads answers by their length. It parses nothing
//! else, so that it leaves as much of the machine as possible to the server.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use anyhow::{Context, bail, ensure};
use serde::{Deserialize, Serialize};

/// Connections of a measurement: a few more than cores, so that no core waits for the client.
pub(crate) const CONNECTIONS: usize = 8;

/// A request to send.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RequestSpec {
    pub(crate) path: String,
    /// The session token. `None` for a server without sessions.
    pub(crate) token: Option<String>,
    /// The entity tag of the copy that the client has.
    pub(crate) known: Option<String>,
}

impl RequestSpec {
    /// A page, requested with a session.
    pub(crate) fn page(path: &str, token: &str) -> Self {
        Self {
            path: path.to_owned(),
            token: Some(token.to_owned()),
            known: None,
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut head = format!("GET {} HTTP/1.1\r\nhost: bench\r\n", self.path);
        if let Some(token) = &self.token {
            head += &format!("authorization: Bearer {token}\r\n");
        }
        if let Some(known) = &self.known {
            head += &format!("if-none-match: {known}\r\n");
        }
        (head + "\r\n").into_bytes()
    }
}

/// The work of a client process.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) address: String,
    /// Requests, sent in turn. Each connection starts at a different one.
    pub(crate) specs: Vec<RequestSpec>,
    /// Number of requests in all.
    pub(crate) requests: usize,
    /// The status that every answer must have.
    pub(crate) status: u16,
}

impl Job {
    /// Runs the job in a process of its own and waits for its end.
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        let program = std::env::current_exe().context("find this program")?;
        let mut client = Command::new(&program)
            .arg("--client")
            .stdin(Stdio::piped())
            .spawn()
            .with_context(|| format!("start {}", program.display()))?;
        let mut stdin = client
            .stdin
            .take()
            .context("the client has no standard input")?;
        stdin.write_all(&serde_json::to_vec(self)?)?;
        drop(stdin);
        ensure!(client.wait()?.success(), "the client failed");
        Ok(())
    }
}

/// The main function of the client. It reads the job from standard input.
pub(crate) fn run() -> anyhow::Result<()> {
    let job: Job = serde_json::from_reader(std::io::stdin())?;
    let requests: Vec<_> = job.specs.iter().map(RequestSpec::bytes).collect();
    std::thread::scope(|scope| {
        let ask = |connection| scope.spawn(move || ask(&connection));
        let connections = (0..CONNECTIONS).map(|first| Connection {
            job: &job,
            requests: &requests,
            first,
        });
        let workers: Vec<_> = connections.map(ask).collect();
        workers
            .into_iter()
            .try_for_each(|worker| match worker.join() {
                Ok(result) => result,
                Err(_) => bail!("a connection panicked"),
            })
    })
}

/// The share of one connection: every eighth request.
struct Connection<'a> {
    job: &'a Job,
    requests: &'a [Vec<u8>],
    first: usize,
}

fn ask(connection: &Connection<'_>) -> anyhow::Result<()> {
    let &Connection {
        job,
        requests,
        first,
    } = connection;
    let mut stream = TcpStream::connect(&job.address)?;
    stream.set_nodelay(true)?;
    let mut answers = BufReader::with_capacity(64 << 10, stream.try_clone()?);
    let mut body = Vec::new();
    // Each connection goes through all requests, so that no reader is bound to one connection.
    for (turn, number) in (first..).zip((first..job.requests).step_by(CONNECTIONS)) {
        let whole = job.requests <= requests.len();
        let request = if whole { number } else { turn % requests.len() };
        stream.write_all(&requests[request])?;
        let length = head(&mut answers, job.status)?;
        body.resize(length, 0);
        answers.read_exact(&mut body)?;
    }
    Ok(())
}

/// Reads the head of an answer and returns the length of its body.
fn head(answers: &mut BufReader<TcpStream>, status: u16) -> anyhow::Result<usize> {
    const NOT_MODIFIED: u16 = 304;
    let mut line = String::new();
    answers.read_line(&mut line)?;
    if !line.starts_with(&format!("HTTP/1.1 {status}")) {
        bail!("the server answered {line}");
    }
    let mut length = (status == NOT_MODIFIED).then_some(0);
    loop {
        line.clear();
        answers.read_line(&mut line)?;
        if line == "\r\n" {
            return length.context("an answer without a length");
        }
        // It has no body, whatever length the head names.
        if status == NOT_MODIFIED {
            continue;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = Some(value.trim().parse()?);
        }
    }
}
