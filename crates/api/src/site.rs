//! The files of the web client. The caller passes them in: the API knows no file of it.
//!
//! The path of a file returns that file. Every other path that a browser opens returns the client's page, which selects
//! its own view by the path. Paths of the API are never handled here.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::encoded::Encoded;
use crate::problem::Problem;
use crate::welcome;

/// A file of the client.
#[derive(Debug, Clone)]
pub struct SiteFile {
    /// The content type for browsers.
    pub content_type: &'static str,
    /// The file, compressed at build time.
    pub contents: Encoded,
}

/// Returns a file by its path, without the leading slash.
pub type Site = Arc<dyn Fn(&str) -> Option<SiteFile> + Send + Sync>;

/// The start page of the client.
const INDEX: &str = "index.html";

/// The API reference.
const REFERENCE: &str = "docs/index.html";

/// The names of files in this folder contain a hash of their contents, so they never change.
const IMMUTABLE: &str = "assets/";

/// Only resources of this origin run, load or are called; nothing is inline, and text becomes HTML only through these
/// two policies.
const CSP_CLIENT: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; \
     font-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; \
     frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types svelte-trusted-html sosik-worker",
);

/// The same for the API reference, but without trusted types, which Swagger UI does not support. It calls only this
/// server, and shows only our own texts and, as text, the responses.
const CSP_REFERENCE: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// `GET /`: the client for browsers, shell commands for terminals.
pub(crate) async fn front_page(State(app): State<App>, headers: HeaderMap) -> Response {
    let index = app
        .site
        .as_ref()
        .filter(|_| !is_terminal(&headers))
        .and_then(|site| site(INDEX));
    vary_by_user_agent(match index {
        Some(file) => respond(&file, INDEX, &headers),
        None => welcome::page(&app, &headers),
    })
}

/// `GET /docs`: the API reference for browsers, shell commands for terminals. Without a client its page reports that.
pub(crate) async fn reference(State(app): State<App>, headers: HeaderMap) -> Response {
    let site = app.site.as_ref().filter(|_| !is_terminal(&headers));
    vary_by_user_agent(
        match site.and_then(|site| site(REFERENCE).or_else(|| site(INDEX))) {
            Some(file) => respond(&file, REFERENCE, &headers),
            None => welcome::page(&app, &headers),
        },
    )
}

/// All paths without a route.
pub(crate) async fn other(State(app): State<App>, request: Request) -> Response {
    let (path, headers) = (request.uri().path(), request.headers());
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let Some(site) = app.site.as_ref().filter(|_| reads && !is_api(path)) else {
        return Problem::NotFound("page").into_response();
    };
    let path = path.trim_start_matches('/');
    if let Some(file) = site(path) {
        return respond(&file, path, headers);
    }
    let names_a_file = path
        .rsplit('/')
        .next()
        .is_some_and(|name| name.contains('.'));
    let page = is_browser(headers) && (!names_a_file || path.starts_with('@'));
    match site(INDEX).filter(|_| page) {
        Some(file) => respond(&file, INDEX, headers),
        None => Problem::NotFound("page").into_response(),
    }
}

fn is_api(path: &str) -> bool {
    path == "/v1" || path.starts_with("/v1/")
}

/// Not by `Accept`: the client's own service worker requests the front page with `*/*`, as `curl` does.
fn is_terminal(headers: &HeaderMap) -> bool {
    let agent = headers
        .get(header::USER_AGENT)
        .and_then(|agent| agent.to_str().ok());
    agent.is_some_and(|agent| agent.starts_with("curl/") || agent.starts_with("Wget/"))
}

fn is_browser(headers: &HeaderMap) -> bool {
    let accept = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

fn respond(file: &SiteFile, path: &str, headers: &HeaderMap) -> Response {
    let mut response = file.contents.respond(headers);
    let cache = if path.starts_with(IMMUTABLE) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let policy = match path {
        REFERENCE => CSP_REFERENCE,
        _ => CSP_CLIENT,
    };
    let own = response.headers_mut();
    own.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    own.insert(header::CONTENT_SECURITY_POLICY, policy);
    own.insert(
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    );
    own.append(header::VARY, HeaderValue::from_static("accept"));
    own.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(file.content_type),
    );
    response
}

/// A terminal client, recognised by its `User-Agent`, gets shell commands at the same address.
fn vary_by_user_agent(mut response: Response) -> Response {
    let agent = HeaderValue::from_static("user-agent");
    response.headers_mut().append(header::VARY, agent);
    response
}
