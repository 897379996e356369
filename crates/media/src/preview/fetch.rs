//! Fetches a page and its picture within one deadline.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::{BodyExt, Empty};
use hyper::{Response, body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_util::task::AbortOnDropHandle;
use url::Url;

use super::{
    AddressPolicy, BadLink, Connect, Connection, Page, PublicAddress, Resolve, SystemResolver,
    TcpConnector,
    link::{Authority, Link},
    page,
};
use crate::{Kind, authorities};

/// Limits of a preview.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Time for the page, its redirects and its picture together.
    pub deadline: Duration,
    /// Bytes of a page that are read. The rest is cut, because what a preview needs stands at the start.
    pub page_bytes_max: usize,
    /// Bytes of a picture. A larger one is left out.
    pub picture_bytes_max: usize,
    /// Redirects that are followed.
    pub redirects_max: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(5),
            page_bytes_max: 1024 * 1024,
            picture_bytes_max: 5 * 1024 * 1024,
            redirects_max: 4,
        }
    }
}

/// Bytes of all headers of an answer.
const HEAD_BYTES_MAX: usize = 64 * 1024;

/// Headers of an answer.
const HEADERS_MAX: usize = 100;

/// Addresses of one name that are tried. The deadline leaves no time for more.
const ADDRESSES_MAX: usize = 4;

const USER_AGENT: &str = concat!("Sosik/", env!("CARGO_PKG_VERSION"), " (link preview)");

/// Why there is no preview.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The link, or the target of a redirect, is not fetched.
    #[error(transparent)]
    BadLink(#[from] BadLink),
    /// No address of the host is public.
    #[error("the host has no public address")]
    NotPublic,
    /// The name is unknown, nobody answers, or TLS fails.
    #[error("the host cannot be reached")]
    Unreachable,
    /// The answer breaks HTTP.
    #[error("the answer is not readable")]
    Unreadable,
    /// More redirects than allowed.
    #[error("the link redirects too often")]
    TooManyRedirects,
    /// The answer is no success.
    #[error("the host answers {0}")]
    Status(StatusCode),
    /// The answer is no HTML page, or no picture where one is expected.
    #[error("the link leads to something else than a page")]
    WrongType,
    /// The answer is larger than allowed.
    #[error("the answer is too large")]
    TooLarge,
    /// The deadline has passed.
    #[error("the host answers too slowly")]
    TooSlow,
}

/// The preview of a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// Texts of the page.
    pub page: Page,
    /// The file of the picture as it was fetched, for [`crate::worker::Workers::photo`]. It must not be served as it is.
    pub picture: Option<Bytes>,
}

/// Fetches previews.
pub struct Fetcher {
    resolver: Arc<dyn Resolve>,
    connector: Arc<dyn Connect>,
    tls: TlsConnector,
    policy: AddressPolicy,
    settings: Settings,
}

/// What an answer must be, and how much of it is read.
#[derive(Clone, Copy)]
enum Expected {
    Page,
    Picture,
}

struct Answer {
    link: Link,
    head: HeaderMap,
    body: Bytes,
}

impl Fetcher {
    /// A fetcher with the resolver, network and certificates of this machine.
    pub fn new(policy: AddressPolicy, settings: Settings) -> Self {
        let resolver = Arc::new(SystemResolver::default());
        Self::with(
            resolver,
            Arc::new(TcpConnector),
            authorities::client(),
            policy,
            settings,
        )
    }

    /// A fetcher with a given resolver, connector and configuration of TLS.
    pub fn with(
        resolver: Arc<dyn Resolve>,
        connector: Arc<dyn Connect>,
        tls: Arc<ClientConfig>,
        policy: AddressPolicy,
        settings: Settings,
    ) -> Self {
        Self {
            resolver,
            connector,
            tls: TlsConnector::from(tls),
            policy,
            settings,
        }
    }

    /// The same fetcher with another resolver and connector. Addresses are checked as before.
    #[must_use]
    pub fn through(self, resolver: Arc<dyn Resolve>, connector: Arc<dyn Connect>) -> Self {
        Self {
            resolver,
            connector,
            ..self
        }
    }

    /// Fetches the preview of a link. A picture that cannot be fetched is left out.
    ///
    /// # Errors
    ///
    /// The reason why there is no preview. A page without a title has none.
    pub async fn preview(&self, link: &str) -> Result<Preview, FetchError> {
        let deadline = Instant::now() + self.settings.deadline;
        let page = timeout_at(deadline, self.page(Link::parse(link)?)).await;
        let page = page.map_err(|_elapsed| FetchError::TooSlow)??;
        let picture = timeout_at(deadline, self.picture(page.picture.as_ref())).await;
        let picture = picture.ok().flatten();
        Ok(Preview { page, picture })
    }

    async fn page(&self, link: Link) -> Result<Page, FetchError> {
        let answer = self.follow(link, Expected::Page).await?;
        let (_, charset) = content_type(&answer.head);
        let page = page::parse(&answer.body, charset.as_deref(), &answer.link.url);
        page.ok_or(FetchError::WrongType)
    }

    async fn picture(&self, url: Option<&Url>) -> Option<Bytes> {
        let link = Link::parse(url?.as_str()).ok()?;
        let answer = self.follow(link, Expected::Picture).await.ok()?;
        let kind = Kind::sniff(&answer.body)?;
        kind.is_photo().then_some(answer.body)
    }

    /// Follows redirects. Each target is checked like the first link.
    async fn follow(&self, mut link: Link, expected: Expected) -> Result<Answer, FetchError> {
        for _ in 0..=self.settings.redirects_max {
            let (response, _connection) = self.request(&link).await?;
            match redirect(&response) {
                Some(location) => link = link.join(&location)?,
                None => return self.read(link, response, expected).await,
            }
        }
        Err(FetchError::TooManyRedirects)
    }

    /// Sends one request on a connection of its own. The second value drives the connection until it is dropped.
    async fn request(
        &self,
        link: &Link,
    ) -> Result<(Response<Incoming>, AbortOnDropHandle<()>), FetchError> {
        let mut connection = self.connect(self.addresses(link).await?).await?;
        if link.is_tls() {
            connection = self.secure(link, connection).await?;
        }
        let client = http1::Builder::new()
            .max_buf_size(HEAD_BYTES_MAX)
            .max_headers(HEADERS_MAX)
            .handshake(TokioIo::new(connection));
        let (mut sender, driver) = client.await.map_err(|_client| FetchError::Unreadable)?;
        let driver = tokio::spawn(async move {
            let _ = driver.await; // an error is seen by the reader of the answer
        });
        let driver = AbortOnDropHandle::new(driver);
        let response = sender.send_request(request(link)?).await;
        Ok((
            response.map_err(|_response| FetchError::Unreadable)?,
            driver,
        ))
    }

    /// The public addresses of the host, a few of them.
    async fn addresses(&self, link: &Link) -> Result<Vec<PublicAddress>, FetchError> {
        let ips = match &link.authority {
            Authority::Address(ip) => vec![*ip],
            Authority::Name(name) => self.resolve(name).await?,
        };
        let check = |ip| self.policy.check(SocketAddr::new(ip, link.port)).ok();
        let public: Vec<_> = ips
            .into_iter()
            .filter_map(check)
            .take(ADDRESSES_MAX)
            .collect();
        if public.is_empty() {
            return Err(FetchError::NotPublic);
        }
        Ok(public)
    }

    async fn resolve(&self, name: &str) -> Result<Vec<IpAddr>, FetchError> {
        let found = self.resolver.resolve(name).await;
        found.map_err(|_unknown| FetchError::Unreachable)
    }

    async fn connect(&self, addresses: Vec<PublicAddress>) -> Result<Connection, FetchError> {
        for address in addresses {
            if let Ok(connection) = self.connector.connect(address).await {
                return Ok(connection);
            }
        }
        Err(FetchError::Unreachable)
    }

    async fn secure(&self, link: &Link, plain: Connection) -> Result<Connection, FetchError> {
        let name = match &link.authority {
            Authority::Address(ip) => ServerName::from(*ip),
            Authority::Name(name) => ServerName::try_from(name.clone())
                .map_err(|_name| FetchError::BadLink(BadLink::Invalid))?,
        };
        let secured = self.tls.connect(name, plain).await;
        Ok(Box::new(secured.map_err(|_tls| FetchError::Unreachable)?))
    }

    async fn read(
        &self,
        link: Link,
        response: Response<Incoming>,
        expected: Expected,
    ) -> Result<Answer, FetchError> {
        let (head, body) = response.into_parts();
        if head.status != StatusCode::OK {
            return Err(FetchError::Status(head.status));
        }
        check_type(&head.headers, expected)?;
        let body = match expected {
            Expected::Page => read_start(body, self.settings.page_bytes_max).await?,
            Expected::Picture => read_whole(body, self.settings.picture_bytes_max).await?,
        };
        let head = head.headers;
        Ok(Answer { link, head, body })
    }
}

fn request(link: &Link) -> Result<Request<Empty<Bytes>>, FetchError> {
    let url = &link.url;
    let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
    let request = Request::get(path)
        .header(header::HOST, host)
        .header(header::USER_AGENT, USER_AGENT)
        .header(header::ACCEPT, "text/html,image/*;q=0.9")
        .header(header::CONNECTION, "close")
        .body(Empty::new());
    request.map_err(|_request| FetchError::BadLink(BadLink::Invalid))
}

fn redirect(response: &Response<Incoming>) -> Option<String> {
    let redirects = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
    let location = response.headers().get(header::LOCATION)?.to_str().ok()?;
    redirects.then(|| location.to_owned())
}

/// The type in lower case and the charset that the header names.
fn content_type(head: &HeaderMap) -> (String, Option<String>) {
    let value = head.get(header::CONTENT_TYPE);
    let value = value
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let mut parts = value.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
    let charset = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        let value = value.trim().trim_matches('"');
        name.trim()
            .eq_ignore_ascii_case("charset")
            .then(|| value.to_owned())
    });
    (essence, charset)
}

/// No encoding was asked for, so an encoded answer is an error (and cannot unpack to more than was read).
fn check_type(head: &HeaderMap, expected: Expected) -> Result<(), FetchError> {
    let (essence, _) = content_type(head);
    let right = match expected {
        Expected::Page => essence == "text/html",
        Expected::Picture => essence.starts_with("image/"),
    };
    let plain = head
        .get(header::CONTENT_ENCODING)
        .is_none_or(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"identity"));
    if right && plain {
        Ok(())
    } else {
        Err(FetchError::WrongType)
    }
}

/// The end of the part of a page that a preview needs.
const HEAD_END: &[u8] = b"</head";

/// Reads a page up to the end of its head, or up to `bytes_max`. What comes after is neither read nor waited for.
async fn read_start(mut body: Incoming, bytes_max: usize) -> Result<Bytes, FetchError> {
    let mut start = BytesMut::new();
    while let Some(data) = next_data(&mut body).await? {
        let seen = start.len().saturating_sub(HEAD_END.len());
        start.extend_from_slice(&data[..data.len().min(bytes_max - start.len())]);
        if start.len() == bytes_max || ends_head(&start[seen..]) {
            break;
        }
    }
    Ok(start.freeze())
}

fn ends_head(part: &[u8]) -> bool {
    part.windows(HEAD_END.len())
        .any(|window| window.eq_ignore_ascii_case(HEAD_END))
}

async fn read_whole(mut body: Incoming, bytes_max: usize) -> Result<Bytes, FetchError> {
    let mut whole = BytesMut::new();
    while let Some(data) = next_data(&mut body).await? {
        if whole.len() + data.len() > bytes_max {
            return Err(FetchError::TooLarge);
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole.freeze())
}

async fn next_data(body: &mut Incoming) -> Result<Option<Bytes>, FetchError> {
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_frame| FetchError::Unreadable)?;
        if let Ok(data) = frame.into_data() {
            return Ok(Some(data));
        }
    }
    Ok(None)
}
