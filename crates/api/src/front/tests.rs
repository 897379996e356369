//! Handlers that fail or are slow in ways that no client can cause.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{Request, StatusCode};
use axum::response::Response;
use axum::routing::get;
use sosik_fabric::memory::{MemoryFabric, MemoryOptions};
use sosik_service::settings::PasswordSettings;
use sosik_service::{Service, SystemClock};
use sosik_store_sqlite::{SqliteOptions, SqliteStore};
use tokio::sync::Semaphore;
use tower::ServiceExt;

use crate::app::{Api, App, Parts};
use crate::problem::Problem;
use crate::settings::Settings;
use crate::shapes;
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
        fabric: Arc::new(MemoryFabric::new(MemoryOptions {
            timeline_stories: 800,
            timelines_bytes: 1 << 20,
            pull_log_entries: 1_024,
            seed: 1,
        })),
        clock: Arc::new(SystemClock::default()),
        settings: sosik_service::Settings {
            passwords,
            ..sosik_service::Settings::default()
        },
        sabotage: None,
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

async fn ask(path: &str) -> Response {
    let app = api(Settings::default()).await.0;
    let router = Router::new()
        .route("/panics", get(panics))
        .route("/fails", get(fails));
    let router = crate::router::in_front(router, &app).with_state(app);
    router
        .oneshot(
            Request::get(path)
                .header("host", "sosik.example")
                .body(Body::empty())
                .unwrap(),
        )
        .await
        .unwrap()
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
        let problem: shapes::Problem = serde_json::from_slice(&body).unwrap();
        assert_eq!(
            (problem.code.as_str(), problem.request_id),
            ("internal", id)
        );
        assert!(!String::from_utf8_lossy(&body).contains("secret"), "{path}");
    }
}

/// A server whose handler of `/v1/slow` waits for a permit.
struct Slow {
    router: Router,
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
        let router = Router::new()
            .route("/v1/slow", get(slow))
            .route("/v1/feed", get(async || StatusCode::OK))
            .route("/livez", get(async || StatusCode::OK));
        let router = crate::router::in_front(router, &app).with_state(Arc::clone(&app));
        Self {
            router,
            app,
            permits,
        }
    }

    fn ask(&self, path: &str) -> impl Future<Output = Response> + use<> {
        let request = Request::get(path).header("host", "sosik.example");
        let answer = self
            .router
            .clone()
            .oneshot(request.body(Body::empty()).unwrap());
        async { answer.await.unwrap() }
    }

    /// Waits until this number of requests hold a permit.
    async fn works_on(&self, requests: usize) {
        let places = self.app.settings.requests_at_once_max;
        let mut tick = tokio::time::interval(Duration::from_millis(1));
        while self.app.admission.figures(places).0 != requests {
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
