//! The HTTP client for object stores, with timeouts and a maximum number of idle connections.

use std::{error::Error, time::Duration};

use async_trait::async_trait;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{self, connect},
    rt::{TokioExecutor, TokioTimer},
};
use object_store::{
    ClientOptions,
    client::{
        HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpRequestBody,
        HttpResponse, HttpResponseBody, HttpService,
    },
};
use tokio::time::timeout;
use tower_http::timeout::{TimeoutBody, TimeoutError};

use super::STREAM_PIECE_BYTES;
use crate::authorities;

/// Time to connect. A server in the same region connects within milliseconds.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// Time limit for sending a request and receiving the head of its answer, and for each pause within an answer. A photo
/// of 20 MB needs 0.7 MB a second. A whole answer has no deadline: a reader may take minutes for a video.
const PROGRESS_TIMEOUT: Duration = Duration::from_secs(30);

/// Idle connections that are kept open for later requests. More connections are opened on demand: at most one for each
/// worker, each upload and each answer that is being sent.
const IDLE_CONNECTIONS_MAX: usize = 64;

/// How long an idle connection is kept open. Servers close theirs after a minute or more.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// Bytes of an answer that are read ahead. They stay in memory while a reader pauses.
const READ_BYTES_MAX: usize = STREAM_PIECE_BYTES;

type Connector = HttpsConnector<connect::HttpConnector>;

/// Builds the client.
#[derive(Debug)]
pub(super) struct Connect;

impl HttpConnector for Connect {
    fn connect(&self, _options: &ClientOptions) -> object_store::Result<HttpClient> {
        let mut tcp = connect::HttpConnector::new();
        tcp.enforce_http(false); // the outer connector has checked the scheme
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config((*authorities::client()).clone())
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let client = legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
            .http1_max_buf_size(READ_BYTES_MAX)
            .build(connector);
        Ok(HttpClient::new(Client(client)))
    }
}

#[derive(Debug)]
struct Client(legacy::Client<Connector, HttpRequestBody>);

#[async_trait]
impl HttpService for Client {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let answer = timeout(PROGRESS_TIMEOUT, self.0.request(request)).await;
        let answer = answer.map_err(|elapsed| HttpError::new(HttpErrorKind::Timeout, elapsed))?;
        Ok(answer.map_err(not_answered)?.map(within_time))
    }
}

fn within_time(body: Incoming) -> HttpResponseBody {
    HttpResponseBody::new(TimeoutBody::new(PROGRESS_TIMEOUT, body).map_err(interrupted))
}

/// Maps the failure of a request without an answer. The caller decides by its kind whether to retry.
fn not_answered(error: legacy::Error) -> HttpError {
    let kind = match error.is_connect() {
        true => HttpErrorKind::Connect,
        false => HttpErrorKind::Interrupted,
    };
    HttpError::new(kind, error)
}

fn interrupted(error: Box<dyn Error + Send + Sync>) -> HttpError {
    let kind = match error.is::<TimeoutError>() {
        true => HttpErrorKind::Timeout,
        false => HttpErrorKind::Interrupted,
    };
    HttpError::new_boxed(kind, error)
}
