//! Handlers that fail or are slow in ways that no client can cause.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use std::{fmt, io};

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::Response;
use axum::routing::get;
use parking_lot::Mutex;
use sosik_fabric::Engines;
use sosik_fabric::memory::MemoryOptions;
use sosik_service::settings::PasswordSettings;
use sosik_service::{Service, SystemClock};
use sosik_store_sqlite::{SqliteOptions, SqliteStore};
use tokio::sync::Semaphore;
use tower::ServiceExt;
use tower::util::BoxCloneSyncService;

use super::{Front, Routes};
use crate::app::{Api, App, Parts};
use crate::problem::Problem;
use crate::router::{for_people, with_middleware};
use crate::schema;
use crate::settings::Settings;
use crate::welcome::Welcome;

async fn api(settings: Settings) -> Api {
    let passwords = PasswordSettings {
        memory_kib: 8,
        passes: 1,
        lanes: 1,
        hashes_at_once: 1,
    };
    let service = Service::start(sosik_service::Parts {
        store: SqliteStore::open(&SqliteOptions::temporary()).unwrap(),
        shared: None,
        engines: Engines::memory(MemoryOptions::default(), 1),
        clock: Arc::new(SystemClock),
        settings: sosik_service::Settings {
            passwords,
            ..sosik_service::Settings::default()
        },
    });
    Api::new(Parts {
        service: service.await.unwrap(),
        settings,
        metrics: None,
        welcome: Welcome::default(),
        site: None,
        seed: 1,
    })
}

fn request(method: Method, path: &str) -> Request {
    let request = axum::http::Request::builder().method(method).uri(path);
    let request = request.header("host", "sosik.example");
    request.body(Body::empty()).unwrap()
}

async fn ask(path: &str) -> Response {
    ask_by(Method::GET, path).await
}

async fn ask_by(method: Method, path: &str) -> Response {
    let app = api(Settings::default()).await.0;
    let routes = Routes::default()
        .route("/panics", get(panics))
        .route("/fails", get(fails));
    let answer = with_middleware(routes, &app)
        .oneshot(request(method, path))
        .await;
    answer.unwrap()
}

async fn panics() -> StatusCode {
    panic!("the secret reason")
}

async fn fails() -> Problem {
    Problem::Internal("the secret reason".into())
}

#[tokio::test]
async fn a_panic_and_a_failure_are_problems_that_give_nothing_away() {
    for path in ["/panics", "/fails"] {
        let response = ask(path).await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let id = response.headers()["x-request-id"]
            .to_str()
            .unwrap()
            .to_owned();
        let body = to_bytes(response.into_body(), 10_000).await.unwrap();
        let problem: schema::Problem = serde_json::from_slice(&body).unwrap();
        assert_eq!(
            (problem.code.as_str(), problem.request_id),
            ("internal", id)
        );
        assert!(!String::from_utf8_lossy(&body).contains("secret"), "{path}");
    }
}

/// An error that counts how often it is formatted.
#[derive(Debug)]
struct Formatted(&'static AtomicUsize);

impl fmt::Display for Formatted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fetch_add(1, Ordering::Relaxed);
        f.write_str("the disk is gone")
    }
}

impl std::error::Error for Formatted {}

#[tokio::test]
async fn an_error_that_nobody_logs_is_not_formatted() {
    static FORMATTED: AtomicUsize = AtomicUsize::new(0);
    let app = api(Settings::default()).await.0;
    let fails = get(async || Problem::Internal(Formatted(&FORMATTED).into()));
    let routes = Routes::default().route("/fails", fails);
    let answer = with_middleware(routes, &app)
        .oneshot(request(Method::GET, "/fails"))
        .await;
    let status = answer.unwrap().status();
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(FORMATTED.load(Ordering::Relaxed), 0);
}

/// A log in memory.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Logs the same line in a thread without a subscriber, as another test may do.
fn log_in_another_thread() {
    let runtime = tokio::runtime::Builder::new_current_thread();
    let ask = move || {
        let runtime = { runtime }.enable_all().build().unwrap();
        runtime.block_on(ask("/fails"))
    };
    let failed = std::thread::spawn(ask).join().unwrap();
    assert_eq!(failed.status(), StatusCode::INTERNAL_SERVER_ERROR);
}

#[tokio::test]
async fn a_failure_is_one_line_whose_fields_are_at_the_top() {
    // While only one subscriber exists, `tracing` asks the subscriber of the thread that logs a line first, which may be
    // another test, and remembers its answer for all threads. A second subscriber makes it ask all of them.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let lines = Lines::default();
    let writer = lines.clone();
    let log = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_max_level(tracing::Level::INFO)
        .with_writer(move || writer.clone())
        .finish();
    let _logs = tracing::subscriber::set_default(log);
    log_in_another_thread();
    let response = ask("/fails").await;
    let lines = String::from_utf8(lines.0.lock().clone()).unwrap();
    let line: serde_json::Value = serde_json::from_str(&lines).unwrap();
    let id = response.headers()["x-request-id"].to_str().unwrap();
    assert_eq!(line["request.id"], id);
    assert_eq!(
        (&line["level"], &line["message"], &line["error"]),
        (
            &"ERROR".into(),
            &"a request failed".into(),
            &"the secret reason".into()
        )
    );
    assert_eq!(
        (&line["method"], &line["route"], &line["status"]),
        (&"GET".into(), &"/fails".into(), &500.into())
    );
    assert!(line["took_ms"].is_u64(), "{line}");
    assert!(line.get("user.id").is_none(), "nobody is logged in: {line}");
}

#[tokio::test]
async fn a_problem_has_no_body_for_head_and_the_length_of_one() {
    let whole = ask("/fails").await;
    let whole = to_bytes(whole.into_body(), 1_000).await.unwrap();
    let head = ask_by(Method::HEAD, "/fails").await;
    assert_eq!(head.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let length = head.headers()["content-length"].to_str().unwrap();
    assert_eq!(length, whole.len().to_string());
    let body = to_bytes(head.into_body(), 1_000).await.unwrap();
    assert!(body.is_empty());
}

#[tokio::test]
async fn every_route_is_known_by_its_path_as_it_is_written() {
    let front = Front::new(for_people(), &api(Settings::default()).await.0);
    let document: serde_json::Value = serde_json::from_str(&crate::openapi::document()).unwrap();
    let documented = document["paths"].as_object().unwrap().keys();
    let pages = ["/", "/docs", "/docs/", "/welcome.css", "/openapi.json"];
    for route in documented.map(String::as_str).chain(pages) {
        let path = route.replace('{', "a").replace('}', "z");
        let request = request(Method::GET, &path);
        assert_eq!(front.route_of(&request), Some(route), "{path}");
    }
    for path in ["/no/page", "/v1", "/v1/feed/", "/v1/fe%65d"] {
        assert_eq!(front.route_of(&request(Method::GET, path)), None, "{path}");
    }
}

/// A server whose handler of `/v1/slow` waits for a permit.
struct Slow {
    front: BoxCloneSyncService<Request, Response, Infallible>,
    app: App,
    permits: Arc<Semaphore>,
}

impl Slow {
    async fn with(settings: Settings) -> Self {
        let app = api(settings).await.0;
        let permits = Arc::new(Semaphore::new(0));
        let waits = Arc::clone(&permits);
        let slow = move |State(_): State<App>| async move {
            waits.acquire().await.unwrap().forget();
            StatusCode::OK
        };
        let routes = Routes::default()
            .route("/v1/slow", get(slow))
            .route("/v1/feed", get(async || StatusCode::OK))
            .route("/livez", get(async || StatusCode::OK));
        Self {
            front: BoxCloneSyncService::new(with_middleware(routes, &app)),
            app,
            permits,
        }
    }

    fn ask(&self, path: &str) -> impl Future<Output = Response> + use<> {
        self.send(request(Method::GET, path))
    }

    /// Asks as a proxy does that gives up after this number of milliseconds.
    fn ask_within(&self, path: &str, milliseconds: &str) -> impl Future<Output = Response> + use<> {
        let mut request = request(Method::GET, path);
        let left = HeaderValue::from_str(milliseconds).unwrap();
        request.headers_mut().insert("x-deadline-ms", left);
        self.send(request)
    }

    fn send(&self, request: Request) -> impl Future<Output = Response> + use<> {
        let answer = self.front.clone().oneshot(request);
        async { answer.await.unwrap() }
    }

    /// Waits until this number of requests hold a permit.
    async fn works_on(&self, requests: usize) {
        let places = self.app.settings.requests_at_once_max;
        let mut tick = tokio::time::interval(Duration::from_millis(1));
        while self.app.admission.stats(places).0 != requests {
            tick.tick().await;
        }
    }
}

#[tokio::test]
async fn a_full_house_says_so_at_once_and_stays_healthy() {
    let slow = Slow::with(Settings {
        requests_at_once_max: 1,
        requests_waiting_max: 0,
        ..Settings::default()
    })
    .await;
    let held = tokio::spawn(slow.ask("/v1/slow"));
    slow.works_on(1).await;
    for path in ["/v1/slow", "/v1/feed"] {
        let shed = slow.ask(path).await;
        assert_eq!(shed.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(shed.headers()["retry-after"], "1");
    }
    assert_eq!(slow.ask("/livez").await.status(), StatusCode::OK);
    held.abort();
    slow.works_on(0).await;
    assert_eq!(slow.ask("/v1/feed").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn one_network_does_not_take_the_last_places() {
    let slow = Slow::with(Settings {
        requests_at_once_max: 2,
        requests_waiting_max: 8,
        ..Settings::default()
    })
    .await;
    // Without a socket all requests belong to one network, which has one of two permits.
    let held = tokio::spawn(slow.ask("/v1/slow"));
    slow.works_on(1).await;
    assert_eq!(
        slow.ask("/v1/slow").await.status(),
        StatusCode::SERVICE_UNAVAILABLE
    );
    slow.permits.add_permits(2);
    assert_eq!(held.await.unwrap().status(), StatusCode::OK);
    assert_eq!(slow.ask("/v1/slow").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_request_that_does_not_get_on_is_given_up() {
    let slow = Slow::with(Settings {
        request_timeout: Duration::from_millis(100),
        ..Settings::default()
    })
    .await;
    let answer = slow.ask("/v1/slow").await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers().contains_key("retry-after"));
}

/// Settings that trust the peer of requests without a socket.
fn trusting(request_timeout: Duration) -> Settings {
    let mut settings = Settings {
        request_timeout,
        ..Settings::default()
    };
    settings.connections.trusted_proxies = vec!["::/128".parse().unwrap()];
    settings
}

#[tokio::test]
async fn a_request_is_given_up_when_the_proxy_in_front_gives_up() {
    let slow = Slow::with(trusting(Duration::from_secs(3_600))).await;
    let answer = slow.ask_within("/v1/slow", "0").await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    // A proxy has no more time than this node allows.
    let slow = Slow::with(trusting(Duration::from_millis(100))).await;
    for longer in ["100000000", "soon", "-1", ""] {
        let answer = slow.ask_within("/v1/slow", longer).await;
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{longer}");
    }
}

#[tokio::test]
async fn the_deadline_of_a_client_that_is_no_trusted_proxy_means_nothing() {
    let slow = Slow::with(Settings::default()).await;
    let held = tokio::spawn(slow.ask_within("/v1/slow", "0"));
    slow.works_on(1).await;
    slow.permits.add_permits(1);
    assert_eq!(held.await.unwrap().status(), StatusCode::OK);
}
