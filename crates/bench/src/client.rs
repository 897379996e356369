//! The asking side of a measurement, in a process of its own so that its CPU time is not counted.
//!
//! It sends one and the same request over kept-alive connections and reads answers by their length. Nothing is
//! parsed beyond that: what it costs leaves the more of the machine to the server.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use anyhow::{Context, bail};
use serde_json::{Value, json};

/// What a client process is to do, as JSON in its argument.
pub(crate) fn job(
    address: &str,
    path: &str,
    token: Option<&str>,
    requests: usize,
    connections: usize,
) -> String {
    json!({ "address": address, "path": path, "token": token, "requests": requests, "connections": connections })
        .to_string()
}

pub(crate) fn run(job: &str) -> anyhow::Result<()> {
    let job: Value = serde_json::from_str(job)?;
    let text = |name: &str| job[name].as_str().map(str::to_owned);
    let number = |name: &str| {
        job[name]
            .as_u64()
            .and_then(|number| usize::try_from(number).ok())
    };
    let address = text("address").context("address")?;
    let requests = number("requests").context("requests")?;
    let connections = number("connections").context("connections")?;
    let authorization = text("token")
        .map(|token| format!("authorization: Bearer {token}\r\n"))
        .unwrap_or_default();
    let path = text("path").context("path")?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: bench\r\n{authorization}\r\n");
    std::thread::scope(|scope| {
        let ask = || ask(&address, request.as_bytes(), requests / connections);
        let workers: Vec<_> = (0..connections).map(|_| scope.spawn(ask)).collect();
        workers
            .into_iter()
            .try_for_each(|worker| match worker.join() {
                Ok(result) => result,
                Err(_) => bail!("a connection panicked"),
            })
    })
}

fn ask(address: &str, request: &[u8], requests: usize) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let mut answers = BufReader::with_capacity(64 << 10, stream.try_clone()?);
    let mut body = Vec::new();
    for _ in 0..requests {
        stream.write_all(request)?;
        let length = head(&mut answers)?;
        body.resize(length, 0);
        answers.read_exact(&mut body)?;
    }
    Ok(())
}

/// Reads the head of an answer; answers the length of its body.
fn head(answers: &mut BufReader<TcpStream>) -> anyhow::Result<usize> {
    let mut line = String::new();
    answers.read_line(&mut line)?;
    if !line.starts_with("HTTP/1.1 200") {
        bail!("the server answered {line}");
    }
    let mut length = None;
    loop {
        line.clear();
        answers.read_line(&mut line)?;
        if line == "\r\n" {
            return length.context("an answer without a length");
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = Some(value.trim().parse()?);
        }
    }
}
