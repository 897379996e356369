//! The HTTP side: the API of a world, and the same bytes served statically by the same stack.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use sosik_api::{Api, Handle, Parts, Rates, Settings, Welcome};
use sosik_service::Service;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::client::RequestSpec;

/// The public API as it is, without rate limits.
pub(crate) fn api(service: &Service) -> impl Handle + use<> {
    Api::new(Parts {
        service: service.clone(),
        settings: Settings {
            rates: Rates::all(u32::MAX, u32::MAX),
            ..Settings::default()
        },
        metrics: None,
        welcome: Welcome::default(),
        site: None,
        seed: 1,
    })
    .public()
}

/// A server in this process. It ends when this is dropped.
pub(crate) struct Server {
    pub(crate) address: String,
    draining: CancellationToken,
}

impl Server {
    /// Serves on a free port.
    pub(crate) async fn start(handler: impl Handle) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let draining = CancellationToken::new();
        tokio::spawn(sosik_api::serve(
            listener,
            handler,
            sosik_api::Connections::default(),
            draining.clone(),
            Duration::ZERO,
        ));
        Ok(Self { address, draining })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.draining.cancel();
    }
}

/// The parts of an API answer that are served again.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    pub(crate) body: Bytes,
    pub(crate) tag: Option<String>,
}

impl Page {
    /// The cursor of the next older page.
    pub(crate) fn before(&self) -> anyhow::Result<String> {
        let page: serde_json::Value = serde_json::from_slice(&self.body)?;
        let before = page["before"].as_str().map(str::to_owned);
        before.context("the feed ended early")
    }

    /// The number of stories on the page.
    pub(crate) fn stories(&self) -> usize {
        let page = serde_json::from_slice::<serde_json::Value>(&self.body).unwrap_or_default();
        page["items"].as_array().map_or(0, Vec::len)
    }
}

/// Serves pages at `/0`, `/1`, … with the headers of the API. The server does nothing but send them.
pub(crate) fn fixed(pages: Vec<Page>) -> Router {
    let pages = Arc::new(pages);
    let serve = move |Path(number): Path<usize>, headers: HeaderMap| {
        let page = pages.get(number).cloned();
        async move {
            page.map_or(StatusCode::NOT_FOUND.into_response(), |page| {
                answer(page, &headers)
            })
        }
    };
    Router::new().route("/{page}", get(serve))
}

fn answer(page: Page, headers: &HeaderMap) -> Response {
    let tag = page.tag.unwrap_or_default();
    let head = [
        (header::ETAG, tag.clone()),
        (header::CACHE_CONTROL, "private, no-cache".to_owned()),
    ];
    let known = headers.get(header::IF_NONE_MATCH);
    if known.is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, head).into_response();
    }
    let json = [(header::CONTENT_TYPE, "application/json")];
    (head, json, page.body).into_response()
}

/// Fetches answers one by one, to prepare a measurement.
pub(crate) struct Fetcher {
    address: String,
    client: reqwest::Client,
}

impl Fetcher {
    pub(crate) fn new(address: &str) -> anyhow::Result<Self> {
        Ok(Self {
            address: address.to_owned(),
            client: reqwest::Client::builder().no_proxy().build()?,
        })
    }

    pub(crate) async fn get(&self, spec: &RequestSpec) -> anyhow::Result<Page> {
        let mut request = self
            .client
            .get(format!("http://{}{}", self.address, spec.path));
        if let Some(token) = &spec.token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await?;
        let status = answer.status();
        ensure!(status.is_success(), "{} answers {status}", spec.path);
        let tag = answer.headers().get(header::ETAG);
        let tag = tag.and_then(|tag| tag.to_str().ok()).map(str::to_owned);
        Ok(Page {
            tag,
            body: answer.bytes().await?,
        })
    }

    /// Posts a story for friends.
    pub(crate) async fn post_story(&self, token: &str) -> anyhow::Result<()> {
        let request = self
            .client
            .post(format!("http://{}/v1/stories", self.address));
        let story = serde_json::json!({ "text": "방금 쓴 소식" });
        let answer = request.bearer_auth(token).json(&story).send().await?;
        let status = answer.status();
        ensure!(status.is_success(), "posting answers {status}");
        Ok(())
    }
}
