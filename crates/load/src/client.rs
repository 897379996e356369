//! Requests to a Sosik server over kept-alive connections.

use std::net::{IpAddr, ToSocketAddrs};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use reqwest::header::{HeaderMap, IF_NONE_MATCH, RETRY_AFTER};
use reqwest::{Method, Response};
use serde_json::Value;
use tokio::time::Instant;

/// The time-out of a request. It is longer than the server's own limit, so that the server's answer arrives first.
const TIMEOUT: Duration = Duration::from_secs(20);

/// The time-out of connecting.
const CONNECT: Duration = Duration::from_secs(5);

/// Which servers may be addressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Only this machine. Load on another machine needs an explicit option.
    Loopback,
    /// Anywhere.
    Anywhere,
}

/// Why a client could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Not `http://…`.
    #[error("{0} is not an address such as http://127.0.0.1:8420")]
    Address(String),
    /// Not this machine.
    #[error("{0} is not this machine; use --anywhere to allow load on it")]
    NotLoopback(String),
    /// An error of the HTTP library.
    #[error("make an HTTP client")]
    Http(#[from] reqwest::Error),
}

/// A client of the nodes of one service. Each request goes to the next node, so a person usually reads on another node
/// than they wrote on. A connection that cannot be opened counts as a request without an answer.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    urls: Arc<[String]>,
    next: Arc<AtomicUsize>,
}

/// The options of a request.
#[derive(Debug, Default)]
pub struct RequestOptions<'a> {
    /// The session token; empty for a request without a session.
    pub token: &'a str,
    /// The `ETag` of the copy that the client has.
    pub have: Option<&'a str>,
    /// The `Idempotency-Key`.
    pub key: Option<&'a str>,
    /// The body.
    pub body: Option<Value>,
}

/// A complete answer.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The `ETag` of the body.
    pub etag: Option<String>,
    /// The time after which to retry.
    pub retry_after: Option<Duration>,
    /// The body.
    pub body: Vec<u8>,
}

impl Client {
    /// A client of the nodes at these addresses, such as `http://127.0.0.1:8420`.
    ///
    /// # Errors
    /// There is no address, or one is invalid, or is not of this machine and that was not allowed.
    pub fn new(urls: &[impl AsRef<str>], reach: Reach) -> Result<Self, ClientError> {
        let urls: Result<Arc<[String]>, _> =
            urls.iter().map(|url| base(url.as_ref(), reach)).collect();
        let urls = urls?;
        if urls.is_empty() {
            return Err(ClientError::Address(String::new()));
        }
        let http = reqwest::Client::builder()
            .no_proxy()
            .tcp_nodelay(true)
            .connect_timeout(CONNECT)
            .redirect(reqwest::redirect::Policy::none());
        Ok(Self {
            http: http.build()?,
            urls,
            next: Arc::default(),
        })
    }

    /// The next node in turn.
    fn node(&self) -> &str {
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        self.urls
            .get(next % self.urls.len())
            .map_or("", String::as_str)
    }

    /// Sends a request and waits for the complete answer.
    ///
    /// # Errors
    /// There was no answer: the connection broke, or the time-out passed.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        options: RequestOptions<'_>,
    ) -> reqwest::Result<Answer> {
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.node()))
            .timeout(TIMEOUT);
        if !options.token.is_empty() {
            request = request.bearer_auth(options.token);
        }
        if let Some(etag) = options.have {
            request = request.header(IF_NONE_MATCH, etag);
        }
        if let Some(key) = options.key {
            request = request.header("idempotency-key", key);
        }
        if let Some(body) = &options.body {
            request = request.json(body);
        }
        let response = request.send().await?;
        let status = response.status().as_u16();
        let text = |name| header(response.headers(), name);
        let (etag, retry_after) = (text("etag"), text(RETRY_AFTER.as_str()));
        Ok(Answer {
            status,
            etag,
            retry_after: retry_after
                .and_then(|seconds| seconds.parse().ok())
                .map(Duration::from_secs),
            body: response.bytes().await?.into(),
        })
    }

    /// Opens the live stream of a person, after the event `last` if it is given. It has no time limit.
    ///
    /// # Errors
    /// There was no answer.
    pub async fn stream(&self, token: &str, last: Option<&str>) -> reqwest::Result<Response> {
        let request = self
            .http
            .get(format!("{}/v1/feed/stream", self.node()))
            .bearer_auth(token)
            .header("accept", "text/event-stream");
        let request = match last {
            Some(id) => request.header("last-event-id", id),
            None => request,
        };
        request.send().await
    }
}

impl Answer {
    /// The body as JSON; null if it is not JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Whether the request succeeded: 2xx or 304.
    #[must_use]
    pub const fn is_served(&self) -> bool {
        matches!(self.status, 200..300 | 304)
    }
}

/// A moment to measure from, in microseconds.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    #[must_use]
    pub fn started() -> Self {
        Self(Instant::now())
    }

    /// Microseconds since it was started.
    #[must_use]
    pub fn micros(self) -> u64 {
        micros(self.0.elapsed())
    }
}

/// A span in microseconds.
pub(crate) fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}

/// The beginning of every address at this server.
fn base(url: &str, reach: Reach) -> Result<String, ClientError> {
    let url = url.trim_end_matches('/');
    let place = url
        .strip_prefix("http://")
        .filter(|place| !place.is_empty() && !place.contains('/'))
        .ok_or_else(|| ClientError::Address(url.to_owned()))?;
    if reach == Reach::Loopback && !is_loopback(place) {
        return Err(ClientError::NotLoopback(url.to_owned()));
    }
    Ok(url.to_owned())
}

/// Whether every address of a `host:port` is of this machine.
fn is_loopback(place: &str) -> bool {
    let with_port = match place.rsplit_once(':') {
        Some((_, port)) if port.parse::<u16>().is_ok() => place.to_owned(),
        _ => format!("{place}:80"),
    };
    let Ok(mut addresses) = with_port.to_socket_addrs() else {
        return false;
    };
    addresses.all(|address| match address.ip() {
        IpAddr::V4(address) => address.is_loopback(),
        IpAddr::V6(address) => address.is_loopback(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_machines_must_be_meant() {
        let client = |url| Client::new(&[url], Reach::Loopback);
        let loopback = client("http://127.0.0.1:8420/").unwrap();
        assert_eq!(loopback.node(), "http://127.0.0.1:8420");
        assert!(client("http://[::1]:8420").is_ok());
        assert!(matches!(
            client("http://192.0.2.1:8420"),
            Err(ClientError::NotLoopback(_))
        ));
        assert!(Client::new(&["http://192.0.2.1:8420"], Reach::Anywhere).is_ok());
        assert!(matches!(client("192.0.2.1"), Err(ClientError::Address(_))));
        assert!(matches!(client("http://"), Err(ClientError::Address(_))));
        let nowhere: [&str; 0] = [];
        assert!(Client::new(&nowhere, Reach::Anywhere).is_err());
    }

    #[test]
    fn requests_go_to_the_nodes_in_turn() {
        let urls = ["http://127.0.0.1:1", "http://127.0.0.1:2"];
        let client = Client::new(&urls, Reach::Loopback).unwrap();
        let copy = client.clone();
        assert_eq!(
            [client.node(), copy.node(), client.node()],
            [urls[0], urls[1], urls[0]]
        );
    }
}
