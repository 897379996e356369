//! The way of one request: to a node, perhaps to a second one, and back.
//!
//! A request is repeated on another node in two cases. It was not sent, because no connection opened. Or its connection
//! ended before the first byte of the answer, and the request is idempotent or has an `Idempotency-Key`. Nothing else is
//! ever repeated.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use http::{HeaderMap, HeaderValue, header};
use pingora_core::upstreams::peer::{HttpPeer, HttpUpstreamRequestPolicy};
use pingora_error::{Error, ErrorSource, ErrorType, Result};
use pingora_http::{RequestHeader, ResponseHeader};
use pingora_proxy::{FailToProxy, ProxyHttp, ProxyWarnLogContext, Session};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::front::{Current, HEAD_BYTES_MAX};
use super::problem::Problem;
use super::redirect::answer_with_redirect;
use super::request_ids::{RequestIds, X_REQUEST_ID, sent};
use crate::address::is_in;
use crate::{Failure, Forwarded, Pick, Pool, RetryBudget, Settings, is_hidden};

/// Most header fields of a request, as nodes have it.
const HEADER_FIELDS_MAX: usize = 100;

/// The header in which a node gets the time that is left for its answer, in milliseconds. A trusted proxy in front may
/// send it too.
const X_DEADLINE_MS: &str = "x-deadline-ms";

/// The part of the time that is left for the way back: a node that gives up in time answers with a problem, before the
/// balancer gives up too.
const WAY_BACK_PART: u32 = 10;

/// Headers about the client and the connection that only the balancer writes.
const OWN_HEADERS: [&str; 6] = [
    "x-real-ip",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-server",
    "x-client-ip",
    "true-client-ip",
];

/// Passes requests to the nodes of a pool.
pub(super) struct Relay {
    settings: Arc<Settings>,
    pool: Arc<Pool>,
    budget: RetryBudget,
    ids: RequestIds,
    leaving: CancellationToken,
    /// The port with TLS. Requests without TLS are sent there.
    secure_port: Option<u16>,
    /// Counts requests for the access log.
    logged: AtomicU32,
}

/// The state of one request.
pub(super) struct Exchange {
    current: Option<Current>,
    began: Instant,
    id: String,
    pick: Option<Pick>,
    tried: Vec<SocketAddr>,
    /// The time for the answer, from the head of the request on.
    limit: Duration,
    /// Whether the client asks for an event stream, which may be silent for any time.
    is_stream: bool,
    /// Whether the request was already sent twice.
    repeated: bool,
    /// The status of the answer of the node; 0 if there is none.
    status: u16,
    /// Whether the node was already judged for this request.
    judged: bool,
}

impl Exchange {
    /// Whether the client speaks TLS with this balancer.
    fn is_secure(&self) -> bool {
        self.current.as_ref().is_some_and(|current| current.tls)
    }

    /// The time that is left for the answer of a node.
    fn time_left(&self) -> Duration {
        self.limit.saturating_sub(self.began.elapsed())
    }
}

impl Relay {
    pub(super) fn new(
        settings: &Arc<Settings>,
        pool: &Arc<Pool>,
        leaving: &CancellationToken,
        secure_port: Option<u16>,
    ) -> Self {
        Self {
            settings: Arc::clone(settings),
            pool: Arc::clone(pool),
            budget: RetryBudget::new(settings.retry_percent),
            ids: RequestIds::new(),
            leaving: leaving.clone(),
            secure_port,
            logged: AtomicU32::new(0),
        }
    }

    fn trusts(&self, exchange: &Exchange) -> bool {
        let peer = exchange.current.as_ref().map(|current| current.peer.ip());
        peer.is_some_and(|peer| is_in(&self.settings.trusted_proxies, peer))
    }

    fn failed(&self, exchange: &mut Exchange, why: Failure) {
        exchange.judged = true;
        if let Some(pick) = &exchange.pick {
            self.pool.failed(pick.node(), why, Instant::now());
        }
    }

    fn succeeded(&self, exchange: &mut Exchange) {
        exchange.judged = true;
        if let Some(pick) = &exchange.pick {
            self.pool.succeeded(pick.node(), Instant::now());
        }
    }

    /// Judges the node by an answer that is complete, or has begun if the node is on trial.
    fn judge(&self, exchange: &mut Exchange) {
        match exchange.status {
            0 => {}
            status @ (500 | 502 | 504) => self.failed(exchange, Failure::Status(status)),
            _ => self.succeeded(exchange),
        }
    }

    /// Ends an attempt, so that another node may be chosen.
    fn next_attempt(&self, exchange: &mut Exchange) {
        if let Some(pick) = exchange.pick.take() {
            pick.node().answered(0, exchange.began.elapsed());
        }
        exchange.judged = false;
    }

    /// Logs a sample of the requests, without queries and addresses: both may be personal.
    fn log_access(&self, session: &Session, exchange: &Exchange) {
        let percent = self.settings.access_log_percent;
        if percent == 0 || self.logged.fetch_add(1, Ordering::Relaxed) % 100 >= percent {
            return;
        }
        let request = session.req_header();
        tracing::info!(
            method = request.method.as_str(),
            path = request.uri.path(),
            status = session
                .response_written()
                .map(|answer| answer.status.as_u16()),
            milliseconds = u64::try_from(exchange.began.elapsed().as_millis()).unwrap_or(u64::MAX),
            bytes = session.body_bytes_sent(),
            node = exchange.tried.last().map(tracing::field::display),
            request_id = exchange.id,
            "access"
        );
    }

    fn peer(&self, node: SocketAddr, exchange: &Exchange) -> HttpPeer {
        let settings = &self.settings;
        let mut peer = HttpPeer::new(node, false, String::new());
        peer.options.connection_timeout = Some(settings.connect_timeout);
        peer.options.read_timeout = (!exchange.is_stream).then_some(exchange.time_left());
        peer.options.write_timeout = Some(settings.answer_timeout);
        peer.options.idle_timeout = Some(settings.node_idle);
        peer.options.http_upstream_request_policy = HttpUpstreamRequestPolicy::deny_upgrades();
        peer
    }
}

#[async_trait]
impl ProxyHttp for Relay {
    type CTX = Exchange;

    fn new_ctx(&self) -> Exchange {
        Exchange {
            current: Current::get(),
            began: Instant::now(),
            id: self.ids.make(),
            pick: None,
            tried: Vec::new(),
            limit: self.settings.answer_timeout,
            is_stream: false,
            repeated: false,
            status: 0,
            judged: false,
        }
    }

    /// The head of the request is complete.
    async fn early_request_filter(
        &self,
        session: &mut Session,
        exchange: &mut Exchange,
    ) -> Result<()> {
        exchange.began = Instant::now();
        if let Some(current) = &exchange.current {
            current.head_arrived();
        }
        let limits = &self.settings.connections;
        session.set_write_timeout(Some(limits.stall));
        session.set_total_drain_timeout(Some(limits.stall));
        // On HTTP/2 this means nothing.
        let keep = (!self.leaving.is_cancelled()).then_some(limits.idle.as_secs());
        if session.get_keepalive().is_some() {
            session.set_keepalive(keep);
        }
        self.budget.request();
        Ok(())
    }

    async fn request_filter(&self, session: &mut Session, exchange: &mut Exchange) -> Result<bool> {
        let request = session.req_header();
        if self.trusts(exchange) {
            if let Some(id) = sent(&request.headers) {
                exchange.id = id.to_owned();
            }
            let limit = time_of_front(&request.headers);
            exchange.limit = limit.map_or(exchange.limit, |limit| limit.min(exchange.limit));
        }
        exchange.is_stream = wants_events(&request.headers);
        if let Some(port) = self.secure_port.filter(|_| !exchange.is_secure()) {
            answer_with_redirect(session, port).await?;
            return Ok(true);
        }
        let problem = if !session.is_http2() && !has_one_host(&request.headers) {
            Problem::Malformed
        } else if is_hidden(request.raw_path()) {
            Problem::Hidden
        } else if is_too_large(request) {
            Problem::HeadTooLarge
        } else {
            return Ok(false);
        };
        problem.answer(session, &exchange.id).await?;
        Ok(true)
    }

    async fn upstream_peer(
        &self,
        _session: &mut Session,
        exchange: &mut Exchange,
    ) -> Result<Box<HttpPeer>> {
        let (now, left) = (Instant::now(), exchange.time_left());
        if left.is_zero() {
            return Err(Error::new_in(ErrorType::HTTPStatus(504)));
        }
        let pick = self.pool.pick(&exchange.tried, now);
        let pick = pick.ok_or_else(|| Error::new_in(ErrorType::HTTPStatus(503)))?;
        let node = pick.node().address();
        exchange.tried.push(node);
        exchange.pick = Some(pick);
        if let Some(current) = exchange.current.as_ref().filter(|_| exchange.is_stream) {
            current.deadline.set(now + left);
        }
        Ok(Box::new(self.peer(node, exchange)))
    }

    async fn upstream_request_filter(
        &self,
        session: &mut Session,
        request: &mut RequestHeader,
        exchange: &mut Exchange,
    ) -> Result<()> {
        for name in OWN_HEADERS {
            request.remove_header(name);
        }
        let before = session.req_header().headers.get("x-forwarded-for");
        let before = before.and_then(|value| value.to_str().ok());
        if let Some(current) = &exchange.current {
            let trusted = self.trusts(exchange);
            let forwarded = Forwarded::new(current.peer.ip(), current.tls, before, trusted);
            request.insert_header("x-forwarded-for", forwarded.x_forwarded_for)?;
            request.insert_header("forwarded", forwarded.forwarded)?;
        }
        if !(self.trusts(exchange) && request.headers.contains_key("x-forwarded-proto")) {
            let scheme = if exchange.is_secure() {
                "https"
            } else {
                "http"
            };
            request.insert_header("x-forwarded-proto", scheme)?;
        }
        request.insert_header(X_REQUEST_ID, &exchange.id)?;
        let left = exchange.time_left();
        let left = left - left / WAY_BACK_PART;
        request.insert_header(X_DEADLINE_MS, left.as_millis().to_string())?;
        write_length_once(request)
    }

    async fn upstream_response_filter(
        &self,
        _session: &mut Session,
        answer: &mut ResponseHeader,
        exchange: &mut Exchange,
    ) -> Result<()> {
        if answer.status.is_informational() {
            return Ok(());
        }
        exchange.status = answer.status.as_u16();
        if let Some(current) = &exchange.current {
            current.deadline.clear();
        }
        // A trial is decided by the head, because an event stream may not end for hours.
        if exchange.pick.as_ref().is_some_and(Pick::is_trial) {
            self.judge(exchange);
        }
        remove_hop_by_hop(answer);
        let hsts = self.settings.hsts_seconds;
        if hsts > 0 && exchange.is_secure() {
            answer.insert_header(header::STRICT_TRANSPORT_SECURITY, format!("max-age={hsts}"))?;
        }
        Ok(())
    }

    fn fail_to_connect(
        &self,
        _session: &mut Session,
        _peer: &HttpPeer,
        exchange: &mut Exchange,
        mut error: Box<Error>,
    ) -> Box<Error> {
        self.failed(exchange, Failure::Connect);
        self.next_attempt(exchange);
        error.set_retry(self.budget.take());
        error
    }

    fn error_while_proxy(
        &self,
        _peer: &HttpPeer,
        session: &mut Session,
        mut error: Box<Error>,
        exchange: &mut Exchange,
        reused: bool,
    ) -> Box<Error> {
        error.set_retry(false);
        if *error.esource() != ErrorSource::Upstream {
            return error;
        }
        let why = failure_of(&error);
        let before_answer = exchange.status == 0 && session.response_written().is_none();
        let closed = why == Failure::Broken && before_answer;
        // A node may close a connection that waits for its next request. That is no failure.
        if !(closed && reused) {
            self.failed(exchange, why);
        }
        if closed && !exchange.repeated && is_repeatable(session) && self.budget.take() {
            exchange.repeated = true;
            self.next_attempt(exchange);
            error.set_retry(true);
        }
        error
    }

    async fn fail_to_proxy(
        &self,
        session: &mut Session,
        error: &Error,
        exchange: &mut Exchange,
    ) -> FailToProxy {
        let problem = problem_of(error);
        let code = problem.map_or(0, |problem| problem.status().as_u16());
        session.set_keepalive(None);
        let unanswered = session.response_written().is_none();
        if let Some(problem) = problem.filter(|_| unanswered) {
            // The client may be gone.
            let _gone = problem.answer(session, &exchange.id).await;
        }
        FailToProxy {
            error_code: code,
            can_reuse_downstream: false,
        }
    }

    async fn logging(&self, session: &mut Session, error: Option<&Error>, exchange: &mut Exchange) {
        if error.is_none() && !exchange.judged {
            self.judge(exchange);
        }
        if let Some(error) = error.filter(|error| *error.esource() != ErrorSource::Downstream) {
            let written = session
                .response_written()
                .map(|answer| answer.status.as_u16());
            tracing::info!(
                request_id = exchange.id,
                node = exchange.tried.last().map(tracing::field::display),
                status = written,
                "request failed: {}",
                error.etype().as_str()
            );
        }
        if let Some(pick) = exchange.pick.take() {
            pick.node()
                .answered(exchange.status, exchange.began.elapsed());
        }
        self.log_access(session, exchange);
    }

    /// The library would log each failed request as an error, with parts of the request. `logging` does it.
    fn suppress_error_log(&self, _session: &Session, _exchange: &Exchange, _error: &Error) -> bool {
        true
    }

    fn suppress_proxy_warn_log(
        &self,
        _session: &Session,
        _exchange: &Exchange,
        _error: &Error,
        _context: ProxyWarnLogContext,
    ) -> bool {
        true
    }
}

/// The time that a trusted proxy in front has left.
fn time_of_front(headers: &HeaderMap) -> Option<Duration> {
    let left = headers.get(X_DEADLINE_MS)?.to_str().ok()?;
    left.parse().ok().map(Duration::from_millis)
}

/// Replaces repeated lengths by one. The library has checked that they are equal; not every reader would accept them.
fn write_length_once(request: &mut RequestHeader) -> Result<()> {
    let lengths = request.headers.get_all(header::CONTENT_LENGTH);
    let plain = |value: &HeaderValue| value.as_bytes().iter().all(u8::is_ascii_digit);
    let Some(first) = lengths.iter().next().cloned() else {
        return Ok(());
    };
    if lengths.iter().count() == 1 && plain(&first) {
        return Ok(());
    }
    let text = first.to_str().unwrap_or_default();
    let length = text.split(',').next().unwrap_or_default().trim().to_owned();
    request.insert_header(header::CONTENT_LENGTH, length)
}

/// A request with no host or two means different things to different readers.
fn has_one_host(headers: &HeaderMap) -> bool {
    headers.get_all(header::HOST).iter().count() == 1
}

fn wants_events(headers: &HeaderMap) -> bool {
    let accept = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/event-stream"))
}

fn is_too_large(request: &RequestHeader) -> bool {
    let bytes: usize = request
        .headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    let bytes = bytes + request.raw_path().len();
    request.headers.len() > HEADER_FIELDS_MAX || bytes > HEAD_BYTES_MAX as usize
}

/// Whether a request whose effect is unknown may be sent again: it is idempotent, or the node recognizes it. A body that
/// was not kept whole cannot be sent again.
fn is_repeatable(session: &Session) -> bool {
    let request = session.req_header();
    let idempotent =
        request.method.is_idempotent() || request.headers.contains_key("idempotency-key");
    idempotent && !session.as_ref().retry_buffer_truncated()
}

fn failure_of(error: &Error) -> Failure {
    match error.etype() {
        ErrorType::ReadTimedout | ErrorType::WriteTimedout => Failure::Silent,
        ErrorType::InvalidHTTPHeader => Failure::Garbage,
        _ => Failure::Broken,
    }
}

/// The answer to a request that failed. `None` if the client is gone.
fn problem_of(error: &Error) -> Option<Problem> {
    let by_source = || match error.esource() {
        ErrorSource::Upstream => match error.etype() {
            ErrorType::ReadTimedout | ErrorType::WriteTimedout => Some(Problem::NoAnswer),
            ErrorType::ConnectTimedout
            | ErrorType::ConnectRefused
            | ErrorType::ConnectNoRoute
            | ErrorType::ConnectError => Some(Problem::NoNode),
            _ => Some(Problem::BrokenAnswer),
        },
        ErrorSource::Downstream => match error.etype() {
            ErrorType::WriteError | ErrorType::ReadError | ErrorType::ConnectionClosed => None,
            _ => Some(Problem::Malformed),
        },
        ErrorSource::Internal | ErrorSource::Unset => Some(Problem::Internal),
    };
    match error.etype() {
        ErrorType::HTTPStatus(503) => Some(Problem::NoNode),
        ErrorType::HTTPStatus(504) => Some(Problem::NoAnswer),
        ErrorType::HTTPStatus(405) => Some(Problem::MethodRefused),
        _ => by_source(),
    }
}

/// Removes what concerns the connection to the node only. The library frames the answer itself.
fn remove_hop_by_hop(answer: &mut ResponseHeader) {
    let named: Vec<String> = answer
        .headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .filter(|name| name != "transfer-encoding" && name != "content-length")
        .collect();
    for name in named.iter().map(String::as_str) {
        answer.remove_header(name);
    }
    for name in ["connection", "keep-alive", "proxy-connection", "upgrade"] {
        answer.remove_header(name);
    }
}
