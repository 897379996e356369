//! What happens when a handler fails in ways that no client can bring about.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use axum::response::Response;
use axum::routing::get;
use sosik_fabric::memory::{MemoryFabric, MemoryOptions};
use sosik_service::settings::PasswordSettings;
use sosik_service::{Service, SystemClock};
use sosik_store::{SqliteOptions, SqliteStore};
use tower::ServiceExt;

use crate::app::{Api, Parts};
use crate::problem::Problem;
use crate::settings::Settings;
use crate::shapes;
use crate::welcome::Welcome;

async fn api() -> Api {
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
        settings: Settings::default(),
        metrics: None,
        welcome: Welcome::default(),
        site: None,
        seed: 1,
    })
}

async fn ask(path: &str) -> Response {
    let app = api().await.0;
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
