//! Previews against real HTTP servers of the test. A resolver and a connector of the test lead to them; what the server
//! would connect to is recorded.

#![allow(
    clippy::unwrap_used,
    reason = "an unexpected result must fail the test"
)]

mod common;
#[path = "previews/links.rs"]
mod links;
#[path = "previews/secure.rs"]
mod secure;

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use common::{jpeg, landscape};
use rustls::{ClientConfig, RootCertStore};
use sosik_media::preview::{
    AddressPolicy, Connect, Connection, FetchError, Fetcher, Preview, PublicAddress, Resolve,
    Settings,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// Longer than any fetch takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

const PUBLIC: &str = "93.184.216.34";

/// Names with their addresses. Each lookup of a name takes the next entry of its list and repeats the last one.
#[derive(Default)]
struct Names {
    entries: HashMap<&'static str, Vec<Vec<IpAddr>>>,
    lookups: AtomicUsize,
}

#[async_trait]
impl Resolve for Names {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let lookup = self.lookups.fetch_add(1, Ordering::SeqCst);
        let answers = self.entries.get(name);
        let answers = answers.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        Ok(answers[lookup.min(answers.len() - 1)].clone())
    }
}

/// Leads every connection to the server of the test.
struct Detour {
    server: SocketAddr,
    connected: Mutex<Vec<SocketAddr>>,
}

#[async_trait]
impl Connect for Detour {
    async fn connect(&self, address: PublicAddress) -> io::Result<Connection> {
        self.connected.lock().unwrap().push(address.get());
        Ok(Box::new(TcpStream::connect(self.server).await?))
    }
}

/// A server that answers each path with fixed bytes and then closes, or holds the connection open.
async fn serve(answers: Vec<(&'static str, Vec<u8>)>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let answers: Arc<HashMap<_, _>> = Arc::new(answers.into_iter().collect());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream, Arc::clone(&answers)));
        }
    });
    address
}

async fn answer(mut stream: TcpStream, answers: Arc<HashMap<&'static str, Vec<u8>>>) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let Ok(byte) = stream.read_u8().await else {
            return;
        };
        request.push(byte);
    }
    let request = String::from_utf8(request).unwrap();
    let path = request.split(' ').nth(1).unwrap();
    let Some(bytes) = answers.get(path) else {
        let _ = stream
            .write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            .await;
        return;
    };
    let _ = stream.write_all(bytes).await;
    if path.starts_with("/open") {
        std::future::pending::<()>().await;
    }
}

fn typed(content_type: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\n\r\n");
    [head.as_bytes(), body].concat()
}

fn html(body: &str) -> Vec<u8> {
    typed("text/html; charset=utf-8", body.as_bytes())
}

fn redirect(location: &str) -> Vec<u8> {
    format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n").into_bytes()
}

struct World {
    names: Arc<Names>,
    detour: Arc<Detour>,
    fetcher: Fetcher,
}

impl World {
    async fn start(answers: Vec<(&'static str, Vec<u8>)>) -> Self {
        Self::with(answers, vec![], PATIENCE).await
    }

    async fn with(
        answers: Vec<(&'static str, Vec<u8>)>,
        more: Vec<(&'static str, Vec<Vec<&str>>)>,
        deadline: Duration,
    ) -> Self {
        let parse = |ips: Vec<&str>| ips.iter().map(|ip| ip.parse().unwrap()).collect();
        let mut names = vec![("site.example", vec![vec![PUBLIC]])];
        names.extend(more);
        let entries = names.into_iter();
        let entries = entries.map(|(name, lists)| (name, lists.into_iter().map(parse).collect()));
        let names = Arc::new(Names {
            entries: entries.collect(),
            ..Names::default()
        });
        let detour = Arc::new(Detour {
            server: serve(answers).await,
            connected: Mutex::default(),
        });
        let settings = Settings {
            deadline,
            ..Settings::default()
        };
        let policy = AddressPolicy::default();
        let fetcher = Fetcher::with(
            names.clone(),
            detour.clone(),
            trusting(RootCertStore::empty()),
            policy,
            settings,
        );
        Self {
            names,
            detour,
            fetcher,
        }
    }

    async fn preview(&self, link: &str) -> Result<Preview, FetchError> {
        self.fetcher.preview(link).await
    }

    fn connected(&self) -> Vec<String> {
        let connected = self.detour.connected.lock().unwrap();
        connected.iter().map(ToString::to_string).collect()
    }
}

fn trusting(roots: RootCertStore) -> Arc<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    Arc::new(builder.with_root_certificates(roots).with_no_client_auth())
}

#[tokio::test]
async fn a_page_and_its_picture_are_fetched() {
    let picture = jpeg(&landscape(60, 40));
    let body = "<head><title>Hello</title><meta property=og:image content=/p.jpg></head>";
    let answers = vec![
        ("/story?id=1", html(body)),
        ("/p.jpg", typed("image/jpeg", &picture)),
    ];
    let world = World::start(answers).await;

    let preview = world
        .preview("http://site.example/story?id=1#part")
        .await
        .unwrap();

    assert_eq!(preview.page.title, "Hello");
    assert_eq!(preview.picture.as_deref(), Some(&picture[..]));
    assert_eq!(world.connected(), ["93.184.216.34:80", "93.184.216.34:80"]);
}

/// Links whose host is not public, in every spelling that a client may understand.
const PRIVATE_LINKS: [&str; 48] = [
    "http://127.0.0.1/",
    "http://127.1/",
    "http://127.0.1/",
    "http://0/",
    "http://0.0.0.0/",
    "http://0177.0.0.1/",
    "http://0177.0.0.01/",
    "http://00000177.1/",
    "http://0x7f.0.0.1/",
    "http://0x7f000001/",
    "http://0X7F.1/",
    "http://2130706433/",
    "http://017700000001/",
    "http://127.0.0.1./",
    "http://１２７.０.０.１/",
    "http://①②⑦.⓪.⓪.①/",
    "http://127。0。0。1/",
    "http://%31%32%37.0.0.1/",
    "http:\\\\127.0.0.1\\",
    "http:/127.0.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://0xa9fea9fe/",
    "http://2852039166/",
    "http://0251.0376.0251.0376/",
    "http://[::1]/",
    "http://[0:0:0:0:0:0:0:1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:a9fe:a9fe]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[fd00:ec2::254]/",
    "http://[fe80::1]/",
    "http://[::127.0.0.1]/",
    "http://10.0.0.1:80/",
    "https://192.168.1.1:443/",
    "http://172.31.255.255/",
    "http://100.64.0.1/",
    "http://100.100.100.200/",
    "http://168.63.129.16/",
    "http://192.0.0.192/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://0x0/",
    "http://[ff02::1]/",
    "http://[2001:0:7f00:1::1]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://[::ffff:0:127.0.0.1]/",
];

/// Inside of a page with the same scheme this is a path on the same host.
const RELATIVE: &str = "http:/127.0.0.1/";

#[tokio::test]
async fn no_spelling_of_a_private_address_is_connected_to() {
    let world = World::start(vec![("/", html("<title>inside</title>"))]).await;
    for link in PRIVATE_LINKS {
        let outcome = world.preview(link).await;
        assert!(
            matches!(outcome, Err(FetchError::NotPublic)),
            "{link}: {outcome:?}"
        );
    }
    assert_eq!(world.connected(), [""; 0]);
    assert_eq!(world.names.lookups.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn no_redirect_to_a_private_address_is_followed() {
    for link in PRIVATE_LINKS
        .iter()
        .filter(|link| link.is_ascii() && **link != RELATIVE)
    {
        let world = World::start(vec![("/go", redirect(link))]).await;
        let outcome = world.preview("http://site.example/go").await;
        assert!(
            matches!(outcome, Err(FetchError::NotPublic)),
            "{link}: {outcome:?}"
        );
        assert_eq!(world.connected(), ["93.184.216.34:80"], "{link}");
    }
}

#[tokio::test]
async fn no_picture_at_a_private_address_is_fetched() {
    for link in PRIVATE_LINKS.into_iter().filter(|link| *link != RELATIVE) {
        let body = format!("<title>t</title><meta property=og:image content='{link}'>");
        let world = World::start(vec![("/", html(&body))]).await;
        let preview = world.preview("http://site.example/").await.unwrap();
        assert_eq!(preview.picture, None, "{link}");
        assert_eq!(world.connected(), ["93.184.216.34:80"], "{link}");
    }
}

#[tokio::test]
async fn a_name_with_a_private_address_is_not_connected_to() {
    let private = [
        "127.0.0.1",
        "10.1.2.3",
        "169.254.169.254",
        "::1",
        "fd00::1",
        "::ffff:10.0.0.1",
    ];
    for ip in private {
        let names = vec![("inside.example", vec![vec![ip]])];
        let world = World::with(vec![("/", html("<title>x</title>"))], names, PATIENCE).await;
        let outcome = world.preview("http://inside.example/").await;
        assert!(
            matches!(outcome, Err(FetchError::NotPublic)),
            "{ip}: {outcome:?}"
        );
        assert_eq!(world.connected(), [""; 0], "{ip}");
    }
}

#[tokio::test]
async fn of_several_addresses_only_public_ones_are_connected_to() {
    let names = vec![(
        "mixed.example",
        vec![vec!["127.0.0.1", "10.0.0.1", "8.8.4.4"]],
    )];
    let world = World::with(vec![("/", html("<title>x</title>"))], names, PATIENCE).await;
    world.preview("http://mixed.example/").await.unwrap();
    assert_eq!(world.connected(), ["8.8.4.4:80"]);
}

#[tokio::test]
async fn a_name_that_changes_its_address_is_not_asked_twice() {
    let names = vec![("rebind.example", vec![vec!["8.8.4.4"], vec!["127.0.0.1"]])];
    let answers = vec![("/", html("<title>x</title>")), ("/go", redirect("/"))];
    let world = World::with(answers, names, PATIENCE).await;

    world.preview("http://rebind.example/").await.unwrap();
    assert_eq!(world.names.lookups.load(Ordering::SeqCst), 1);
    assert_eq!(world.connected(), ["8.8.4.4:80"]);

    // The next request asks again and gets the private address, which is checked again.
    let outcome = world.preview("http://rebind.example/go").await;
    assert!(matches!(outcome, Err(FetchError::NotPublic)), "{outcome:?}");
    assert_eq!(world.connected(), ["8.8.4.4:80"]);
}

#[tokio::test]
async fn redirects_are_followed_a_few_times() {
    let answers = vec![
        ("/1", redirect("/2")),
        ("/2", redirect("http://other.example/3")),
        ("/3", redirect("?4")),
        ("/3?4", redirect("//site.example/5")),
        (
            "/5",
            html("<title>end</title><meta property=og:image content=p.png>"),
        ),
        ("/0", redirect("/1")),
    ];
    let names = vec![("other.example", vec![vec!["8.8.4.4"]])];
    let world = World::with(answers, names, PATIENCE).await;

    let preview = world.preview("http://site.example/1").await.unwrap();
    assert_eq!(preview.page.title, "end");
    assert_eq!(
        preview.page.picture.unwrap().as_str(),
        "http://site.example/p.png"
    );
    let wanted = [
        "93.184.216.34:80",
        "93.184.216.34:80",
        "8.8.4.4:80",
        "8.8.4.4:80",
        "93.184.216.34:80",
    ];
    assert_eq!(world.connected()[..5], wanted);

    let outcome = world.preview("http://site.example/0").await;
    assert!(
        matches!(outcome, Err(FetchError::TooManyRedirects)),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn only_pages_have_previews() {
    let title = b"<title>t</title>";
    let gzip = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n\r\nxx";
    let answers = vec![
        ("/text", typed("text/plain", title)),
        ("/xml", typed("application/xml", title)),
        ("/svg", typed("image/svg+xml", title)),
        ("/none", b"HTTP/1.1 200 OK\r\n\r\n<title>t</title>".to_vec()),
        ("/gzip", gzip.to_vec()),
        ("/silent", html("<p>no title</p>")),
        (
            "/case",
            typed(
                "Text/HTML;Charset=\"EUC-KR\"",
                b"<title>\xBC\xD2\xBD\xC4</title>",
            ),
        ),
    ];
    let world = World::start(answers).await;
    for path in ["text", "xml", "svg", "none", "gzip", "silent"] {
        let outcome = world.preview(&format!("http://site.example/{path}")).await;
        assert!(
            matches!(outcome, Err(FetchError::WrongType)),
            "{path}: {outcome:?}"
        );
    }
    let preview = world.preview("http://site.example/case").await.unwrap();
    assert_eq!(preview.page.title, "소식");
    let missing = world.preview("http://site.example/missing").await;
    assert!(
        matches!(missing, Err(FetchError::Status(status)) if status == 404),
        "{missing:?}"
    );
}

#[tokio::test]
async fn a_large_page_is_cut_and_a_large_picture_left_out() {
    let body = format!("<title>t</title>{}", "<p>long</p>".repeat(400_000));
    let late = format!("{}<title>too late</title>", " ".repeat(1024 * 1024));
    let picture = format!("<title>t</title><meta property=og:image content=/p.jpg>{body}");
    let large = [b"\xFF\xD8\xFF".to_vec(), vec![0; 5 * 1024 * 1024]].concat();
    let answers = vec![
        ("/long", html(&body)),
        ("/late", html(&late)),
        ("/picture", html(&picture)),
        ("/p.jpg", typed("image/jpeg", &large)),
    ];
    let world = World::start(answers).await;
    let preview = world.preview("http://site.example/long").await.unwrap();
    assert_eq!(preview.page.title, "t");
    let outcome = world.preview("http://site.example/late").await;
    assert!(matches!(outcome, Err(FetchError::WrongType)), "{outcome:?}");
    let preview = world.preview("http://site.example/picture").await.unwrap();
    assert!(preview.page.picture.is_some());
    assert_eq!(preview.picture, None);
}

#[tokio::test]
async fn a_page_is_not_read_behind_its_head() {
    // The server never ends this answer, so reading on would last until the deadline.
    let world = World::start(vec![("/open", html("<title>t</title></HEAD><body>"))]).await;
    assert!(world.preview("http://site.example/open").await.is_ok());
}

#[tokio::test]
async fn a_picture_that_is_none_is_left_out() {
    let answers = vec![
        (
            "/",
            html("<title>t</title><meta property=og:image content=/p>"),
        ),
        ("/p", typed("image/png", b"<script>alert(1)</script>")),
    ];
    let world = World::start(answers).await;
    assert_eq!(
        world.preview("http://site.example/").await.unwrap().picture,
        None
    );
}

#[tokio::test]
async fn a_slow_server_is_given_up_at_the_deadline() {
    let short = Duration::from_millis(300);
    let open = vec![("/open", html("<title>t</title>"))];
    let world = World::with(open, vec![], short).await;
    let outcome = world.preview("http://site.example/open").await;
    assert!(matches!(outcome, Err(FetchError::TooSlow)), "{outcome:?}");

    let body = "<title>t</title><meta property=og:image content=/open/p></head>";
    let open = vec![
        ("/", html(body)),
        ("/open/p", typed("image/jpeg", b"\xFF\xD8\xFF")),
    ];
    let world = World::with(open, vec![], Duration::from_secs(2)).await;
    let preview = world.preview("http://site.example/").await.unwrap();
    assert_eq!(
        preview.picture, None,
        "the page is shown without its picture"
    );
}

#[tokio::test]
async fn an_answer_that_breaks_http_is_an_error() {
    let header = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "a".repeat(1_000_000));
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: 1\r\n".repeat(200));
    let broken = [
        header,
        many,
        "SSH-2.0-OpenSSH\r\n".to_owned(),
        String::new(),
    ];
    for answer in broken {
        let world = World::start(vec![("/", answer.clone().into_bytes())]).await;
        let outcome = world.preview("http://site.example/").await;
        let start = &answer[..answer.len().min(20)];
        assert!(
            matches!(outcome, Err(FetchError::Unreadable)),
            "{start}: {outcome:?}"
        );
    }
}
