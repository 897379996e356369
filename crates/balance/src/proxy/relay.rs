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
use bytes::Bytes;
use http::header;
use pingora_core::protocols::TcpKeepalive;
use pingora_core::upstreams::peer::{HttpPeer, HttpUpstreamRequestPolicy};
use pingora_error::{Error, ErrorSource, ErrorType, Result};
use pingora_http::{RequestHeader, ResponseHeader};
use pingora_proxy::{FailToProxy, ProxyHttp, ProxyWarnLogContext, Session};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::exchange::Exchange;
use super::faults::{failure_of, is_connect_error, problem_of};
use super::front::{ATTEMPTS_MAX, Current};
use super::handover::{PROBE_AFTER, PROBE_EVERY, PROBES, UNACKNOWLEDGED_MAX};
use super::heads::{
    X_DEADLINE_MS, chain_of, has_one_host, is_for_operators, is_repeatable, is_too_large,
    is_upload, remove_hop_by_hop, time_of_front, wants_events, write_length_once,
};
use super::in_flight::InFlight;
use super::problem::Problem;
use super::redirect::answer_with_redirect;
use super::request_ids::{RequestIds, X_REQUEST_ID, sent};
use crate::address::is_in;
use crate::{Failure, Forwarded, Pick, Pool, RetryBudget, Settings};

/// The part of the time that is left for the way back: a node that gives up in time answers with a problem, before the
/// balancer gives up too.
const WAY_BACK_PART: u32 = 10;

/// The key of connections that are never kept.
const NEVER_KEPT: u64 = 1;

/// Headers about the client and the connection that only the balancer writes.
const OWN_HEADERS: [&str; 6] = [
    "x-real-ip",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-server",
    "x-client-ip",
    "true-client-ip",
];

/// Passes requests to the nodes of a pool. Clones share their limits.
#[derive(Clone)]
pub(super) struct Relay {
    settings: Arc<Settings>,
    pool: Arc<Pool>,
    budget: Arc<RetryBudget>,
    ids: Arc<RequestIds>,
    in_flight: InFlight,
    leaving: CancellationToken,
    /// The port with TLS. Requests without TLS are sent there.
    secure_port: Option<u16>,
    /// Counts requests for the access log.
    logged: Arc<AtomicU32>,
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
            budget: Arc::new(RetryBudget::new(settings.retry_percent)),
            ids: Arc::new(RequestIds::new()),
            // Most connections carry one request at a time, so this limit concerns HTTP/2 only.
            in_flight: InFlight::new(settings.connections.open_max),
            leaving: leaving.clone(),
            secure_port,
            logged: Arc::default(),
        }
    }

    fn trusts(&self, exchange: &Exchange) -> bool {
        let peer = exchange.current.as_ref().map(|current| current.peer.ip());
        peer.is_some_and(|peer| is_in(&self.settings.trusted_proxies, peer))
    }

    /// Counts a request that reached a node. Proxies in front are trusted: they have the requests of many clients.
    fn count_given_up(&self, error: Option<&Error>, exchange: &Exchange) {
        let counts = exchange.node.is_some() && !self.trusts(exchange);
        if let Some(current) = exchange.current.as_ref().filter(|_| counts) {
            let given_up = error.is_some_and(|error| *error.esource() == ErrorSource::Downstream);
            current.abandoned.count(given_up);
        }
    }

    fn failed(&self, exchange: &mut Exchange, why: Failure) {
        if let Some(pick) = &mut exchange.pick {
            self.pool.failed(pick, why, Instant::now());
        }
    }

    /// Judges the node by an answer that is complete, or has begun if the node is on trial.
    fn judge(&self, exchange: &mut Exchange) {
        let Some(pick) = exchange.pick.as_mut().filter(|pick| !pick.is_judged()) else {
            return;
        };
        let now = Instant::now();
        match pick.status {
            0 => {}
            status @ (500 | 502 | 504) => self.pool.failed(pick, Failure::Status(status), now),
            _ => self.pool.succeeded(pick, now),
        }
    }

    /// Ends an attempt and chooses the node of the next one. If the connection was an old one, this may be the same node.
    /// `false` if there is no node or no budget: the attempt was the last one.
    fn next_attempt(&self, exchange: &mut Exchange, reused: bool) -> bool {
        exchange.tried.extend(exchange.node);
        if exchange.tried.len() >= ATTEMPTS_MAX || !self.budget.is_left() {
            return false;
        }
        let (now, before) = (Instant::now(), exchange.tried.len().saturating_sub(1));
        let other = self.pool.pick(&exchange.tried, now);
        exchange.needs_new_connection = other.is_none();
        let same = || self.pool.pick(&exchange.tried[..before], now);
        let next = other.or_else(|| reused.then(same).flatten());
        exchange.next = next.filter(|_| self.budget.take());
        if exchange.next.is_some() {
            exchange.pick = None;
        }
        exchange.next.is_some()
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
            node = exchange.node.map(tracing::field::display),
            request_id = exchange.id,
            "access"
        );
    }

    /// Time limit for the answer to a request, measured from its head. For an upload it includes the time of the body.
    fn limit(&self, session: &mut Session) -> Duration {
        match !session.is_body_empty() && is_upload(&session.req_header().headers) {
            true => self.settings.upload_timeout,
            false => self.settings.answer_timeout,
        }
    }

    fn peer(&self, node: SocketAddr, exchange: &Exchange) -> HttpPeer {
        let settings = &self.settings;
        let mut peer = HttpPeer::new(node, false, String::new());
        let left = exchange.time_left();
        peer.options.connection_timeout = Some(settings.connect_timeout.min(left));
        peer.options.read_timeout = (!exchange.is_stream).then_some(left);
        peer.options.tcp_keepalive = Some(keepalive());
        peer.options.write_timeout = Some(settings.answer_timeout);
        peer.options.idle_timeout = Some(settings.node_idle);
        peer.options.http_upstream_request_policy = HttpUpstreamRequestPolicy::deny_upgrades();
        if exchange.needs_new_connection {
            // Connections are kept by this key. No connection that is kept has this one, and this one is not kept.
            peer.group_key = NEVER_KEPT;
            peer.options.idle_timeout = Some(Duration::ZERO);
        }
        peer
    }
}

#[async_trait]
impl ProxyHttp for Relay {
    type CTX = Exchange;

    fn new_ctx(&self) -> Exchange {
        Exchange {
            current: Current::get(),
            slot: None,
            began: Instant::now(),
            id: self.ids.make(),
            pick: None,
            node: None,
            next: None,
            needs_new_connection: false,
            tried: Vec::new(),
            limit: self.settings.answer_timeout,
            is_hurried: false,
            is_stream: false,
            is_repeatable: false,
            repeated: false,
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
        // HTTP/2 has no such setting.
        let keep = (!self.leaving.is_cancelled()).then_some(limits.idle.as_secs());
        if session.get_keepalive().is_some() {
            session.set_keepalive(keep);
        }
        Ok(())
    }

    async fn request_filter(&self, session: &mut Session, exchange: &mut Exchange) -> Result<bool> {
        exchange.limit = self.limit(session);
        let request = session.req_header();
        if self.trusts(exchange) {
            if let Some(id) = sent(&request.headers) {
                exchange.id = id.to_owned();
            }
            let limit = time_of_front(&request.headers);
            exchange.limit = limit.map_or(exchange.limit, |limit| limit.min(exchange.limit));
            exchange.is_hurried = exchange.limit < self.settings.answer_timeout / 2;
        }
        exchange.is_stream = wants_events(&request.headers);
        if let Some(port) = self.secure_port.filter(|_| !exchange.is_secure()) {
            answer_with_redirect(session, port).await?;
            return Ok(true);
        }
        let problem = if !session.is_http2() && !has_one_host(&request.headers) {
            Problem::Malformed
        } else if is_for_operators(request) {
            Problem::Hidden
        } else if is_too_large(request) {
            Problem::HeadTooLarge
        } else {
            exchange.slot = self.in_flight.begin();
            match exchange.slot {
                Some(_) => return Ok(false),
                None => Problem::Overloaded,
            }
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
        let next = exchange.next.take().or_else(|| {
            self.budget.request();
            self.pool.pick(&[], now)
        });
        let pick = next.ok_or_else(|| Error::new_in(ErrorType::HTTPStatus(503)))?;
        let node = pick.node().address();
        exchange.node = Some(node);
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
        exchange.is_repeatable = is_repeatable(request);
        let trusted = self.trusts(exchange);
        let Some(current) = &exchange.current else {
            return Err(Error::new_in(ErrorType::InternalError));
        };
        let before = trusted.then(|| chain_of(&session.req_header().headers));
        let forwarded = Forwarded::new(current.peer.ip(), current.tls, before.flatten().as_deref());
        request.insert_header("x-forwarded-for", forwarded.x_forwarded_for)?;
        request.insert_header("forwarded", forwarded.forwarded)?;
        if !(trusted && request.headers.contains_key("x-forwarded-proto")) {
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
        session: &mut Session,
        answer: &mut ResponseHeader,
        exchange: &mut Exchange,
    ) -> Result<()> {
        if answer.status.is_informational() {
            return Ok(());
        }
        if let Some(pick) = &mut exchange.pick {
            pick.status = answer.status.as_u16();
        }
        // The library limits a body on HTTP/1.1 itself.
        let done = !session.is_http2() || session.as_mut().is_body_done();
        exchange.limit_body(done, self.settings.connections.stall);
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

    async fn request_body_filter(
        &self,
        session: &mut Session,
        _part: &mut Option<Bytes>,
        end: bool,
        exchange: &mut Exchange,
    ) -> Result<()> {
        if session.is_http2() && exchange.status() != 0 {
            exchange.limit_body(end, self.settings.connections.stall);
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
        let late = matches!(error.etype(), ErrorType::ConnectTimedout);
        if is_connect_error(&error) && !(late && exchange.is_hurried) {
            self.failed(exchange, Failure::Connect);
        }
        error.set_retry(self.next_attempt(exchange, false));
        // Whatever the reason, nothing was sent.
        error.etype = ErrorType::ConnectError;
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
        let before_answer = exchange.status() == 0 && session.response_written().is_none();
        let closed = why == Failure::Broken && before_answer;
        // A node may close a connection that waits for its next request. That is no failure.
        let no_failure = closed && reused || why == Failure::Silent && exchange.is_hurried;
        if !no_failure {
            self.failed(exchange, why);
        }
        // A body that was not kept whole cannot be sent again.
        let repeatable = exchange.is_repeatable && !session.as_ref().retry_buffer_truncated();
        if closed && !exchange.repeated && repeatable {
            exchange.repeated = true;
            error.set_retry(self.next_attempt(exchange, reused));
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
        if error.is_none() {
            self.judge(exchange);
        }
        self.count_given_up(error, exchange);
        if let Some(error) = error.filter(|error| *error.esource() != ErrorSource::Downstream) {
            let written = session
                .response_written()
                .map(|answer| answer.status.as_u16());
            tracing::info!(
                request_id = exchange.id,
                node = exchange.node.map(tracing::field::display),
                status = written,
                "request failed: {}",
                error.etype().as_str()
            );
        }
        exchange.pick = None;
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

/// A node whose machine or network is gone sends nothing, and an event stream is silent by itself. So the system asks.
fn keepalive() -> TcpKeepalive {
    TcpKeepalive {
        idle: PROBE_AFTER,
        interval: PROBE_EVERY,
        count: PROBES as usize,
        user_timeout: UNACKNOWLEDGED_MAX,
    }
}
