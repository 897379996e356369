//! The files of the web client. The caller passes them in: the API knows no file of it.
//!
//! The path of a file returns that file. Every other path that a browser opens returns the client's page, which selects
//! its own view by the path. Paths of the API are never handled here.
//!
//! The page of a person and of a story has a [`Card`] for programs that preview links, made from what a stranger may see.
//! If a stranger may see nothing, it is the page of every other address: it does not reveal whether the story exists.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sosik_feed::StoryId;
use xxhash_rust::xxh3::xxh3_64;

use crate::app::App;
use crate::card::Card;
use crate::encoded::Encoded;
use crate::extract::{ClientAddress, Id, Name, limit_stranger};
use crate::middleware::{SharedBody, Uncompressed};
use crate::problem::{Problem, seconds_up};
use crate::settings::PublicPage;
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

/// The page of a person.
pub(crate) const PERSON: &str = "/@{handle}";

/// The page of a story.
pub(crate) const STORY: &str = "/stories/{story}";

/// A request that the node has no place for. Its page has no card, for which the store is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WithoutCard;

/// For programs that ask for `/favicon.ico` without reading the page.
const ICON: &str = "icons/app-192.png";

/// Asks search engines not to list a page.
const X_ROBOTS_TAG: HeaderName = HeaderName::from_static("x-robots-tag");

/// For search engines, with the page of public stories.
const ROBOTS_ON: &str = "User-agent: *\nDisallow: /v1/\nDisallow: /problems/\n";

/// For search engines, without it. Pages of people and stories can be read, so that links to them have previews. Their
/// header asks not to list them.
const ROBOTS_OFF: &str =
    "User-agent: *\nAllow: /@\nAllow: /stories/\nAllow: /icons/\nDisallow: /\n";

/// The API reference.
const REFERENCE: &str = "docs/index.html";

/// The names of files in this folder contain a hash of their contents, so they never change.
const IMMUTABLE: &str = "assets/";

/// Only resources of this origin run, load or are called; nothing is inline, and text becomes HTML only through these
/// two policies.
const CSP_CLIENT: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self'; \
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

/// `GET /docs`: the API reference for browsers, shell commands for terminals. An executable without the client has
/// no reference: the page that replaces the client is returned.
pub(crate) async fn reference(State(app): State<App>, headers: HeaderMap) -> Response {
    let site = app.site.as_ref().filter(|_| !is_terminal(&headers));
    vary_by_user_agent(
        match site.and_then(|site| site(REFERENCE).or_else(|| site(INDEX))) {
            Some(file) => respond(&file, REFERENCE, &headers),
            None => welcome::page(&app, &headers),
        },
    )
}

/// `GET /@{handle}`: the client, with a card of the person.
pub(crate) async fn person(
    State(app): State<App>,
    headers: HeaderMap,
    address: ClientAddress,
    without_card: Option<Extension<WithoutCard>>,
    handle: Result<Name, Problem>,
) -> Result<Response, Problem> {
    let stranger = without_card.is_none().then_some(address);
    page_with_card(&app, &headers, stranger, async || {
        let Name(handle) = handle?;
        let person = app.service.strangers().person(&handle).await?;
        Ok(Card::of_person(&person))
    })
    .await
}

/// `GET /stories/{story}`: the client, with a card of the story.
pub(crate) async fn story(
    State(app): State<App>,
    headers: HeaderMap,
    address: ClientAddress,
    without_card: Option<Extension<WithoutCard>>,
    id: Result<Id<StoryId>, Problem>,
) -> Result<Response, Problem> {
    let stranger = without_card.is_none().then_some(address);
    page_with_card(&app, &headers, stranger, async || {
        let Id(id) = id?;
        let story = app.service.strangers().story(id).await?;
        Ok(Card::of_story(&story))
    })
    .await
}

/// The page of the client. It has a card if a stranger at this address may see its subject.
async fn page_with_card(
    app: &App,
    headers: &HeaderMap,
    stranger: Option<ClientAddress>,
    card: impl AsyncFnOnce() -> Result<Card, Problem>,
) -> Result<Response, Problem> {
    let site = app.site.as_ref().filter(|_| accepts_pages(headers));
    let index = site.and_then(|site| site(INDEX));
    let index = index.ok_or(Problem::NotFound("page"))?;
    let Some(address) = stranger else {
        return Ok(unlisted(respond(&index, INDEX, headers)));
    };
    if let Err(Problem::TooManyRequests(exceeded)) = limit_stranger(app, address, None).await {
        // People get the client nevertheless: its own requests have their own limits.
        let mut response = unlisted(respond(&index, INDEX, &HeaderMap::new()));
        *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
        let after = HeaderValue::from(seconds_up(exceeded.retry_after));
        response.headers_mut().insert(header::RETRY_AFTER, after);
        return Ok(response);
    }
    // Without a card if the store cannot be asked: the client works from what the device has.
    let card = match app.settings.admits_strangers() {
        true => card().await.ok(),
        false => None,
    };
    let Some(page) = card.and_then(|card| with_card(&index, &card, &app.settings.public_url))
    else {
        return Ok(unlisted(respond(&index, INDEX, headers)));
    };
    let mut response = respond(&page, INDEX, headers);
    let extensions = response.extensions_mut();
    extensions.remove::<SharedBody>();
    extensions.insert(Uncompressed);
    Ok(match app.settings.public_page {
        PublicPage::On => response,
        PublicPage::Off => unlisted(response),
    })
}

/// The page with a card, not compressed: it has few bytes, and everybody may ask for it.
fn with_card(index: &SiteFile, card: &Card, public_url: &str) -> Option<SiteFile> {
    let page = std::str::from_utf8(&index.contents.plain).ok()?;
    let page = card.put_into(page, public_url)?;
    Some(SiteFile {
        content_type: index.content_type,
        contents: Encoded {
            tag: format!("{:016x}", xxh3_64(page.as_bytes())),
            plain: page.into(),
            brotli: None,
            gzip: None,
        },
    })
}

/// Asks search engines not to list the page.
fn unlisted(mut response: Response) -> Response {
    let value = HeaderValue::from_static("noindex");
    response.headers_mut().insert(X_ROBOTS_TAG, value);
    response
}

/// `GET /favicon.ico`: the icon of the app, for programs that look only here.
pub(crate) async fn favicon(
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let icon = app.site.as_ref().and_then(|site| site(ICON));
    let icon = icon.ok_or(Problem::NotFound("page"))?;
    Ok(respond(&icon, ICON, &headers))
}

/// `GET /robots.txt`: what search engines may read.
pub(crate) async fn robots(State(app): State<App>) -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=300"),
    ];
    let text = match app.settings.public_page {
        PublicPage::On => ROBOTS_ON,
        PublicPage::Off => ROBOTS_OFF,
    };
    (headers, text)
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

/// Whether a page is an answer to this request. Programs that preview links accept anything.
fn accepts_pages(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT);
    let accept = accept.map(|accept| accept.to_str().unwrap_or_default());
    accept.is_none_or(|accept| accept.contains("text/html") || accept.contains("*/*"))
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
