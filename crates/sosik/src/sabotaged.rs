//! A server that breaks a promise on purpose, to test that the checker detects it. It is never shipped.

use std::sync::Arc;

use anyhow::Context;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT_ENCODING, CONTENT_LENGTH};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use serde_json::Value;
use sosik_api::Handle;
use sosik_decorators::Sabotage;
use sosik_fabric::Engines;
use sosik_service::SharedStore;
use sosik_store::Store;
use tower::Layer;

/// The environment variable that names the promise to break.
const VARIABLE: &str = "SOSIK_SABOTAGE";

/// Longest page that is changed: more than 100 stories of the longest texts.
const PAGE_BYTES_MAX: usize = 16 << 20;

fn promise() -> anyhow::Result<Option<Sabotage>> {
    let named = |name: String| {
        Sabotage::named(&name).with_context(|| format!("no promise is called {name}"))
    };
    std::env::var(VARIABLE).ok().map(named).transpose()
}

/// A store and engines that break the promise.
///
/// # Errors
/// There is no promise with this name.
pub fn sabotaged(
    store: Arc<dyn Store>,
    engines: Engines,
) -> anyhow::Result<(Arc<dyn Store>, Engines)> {
    Ok(match promise()? {
        Some(promise) => sosik_decorators::sabotaged(promise, store, engines),
        None => (store, engines),
    })
}

/// Leases on caches that break the promise.
///
/// # Errors
/// There is no promise with this name.
pub fn sabotaged_leases(shared: SharedStore) -> anyhow::Result<SharedStore> {
    Ok(match promise()? {
        Some(promise) => SharedStore {
            leases: sosik_decorators::sabotaged_leases(promise, shared.leases),
            ..shared
        },
        None => shared,
    })
}

/// Breaks the promises of pages. The service asserts that its pages are sorted and without repeats, so no store and no
/// engine can break these.
///
/// # Errors
/// There is no promise with this name.
pub fn sabotaged_pages(pages: impl Handle) -> anyhow::Result<impl Handle> {
    Ok(from_fn_with_state(promise()?, change_page).layer(pages))
}

async fn change_page(
    State(promise): State<Option<Sabotage>>,
    mut request: Request,
    next: Next,
) -> Response {
    let is_older_page = request.uri().path() == "/v1/feed"
        && (request.uri().query()).is_some_and(|query| query.contains("before="));
    let Some(promise) = promise.filter(|promise| promise.is_of_pages() && is_older_page) else {
        return next.run(request).await;
    };
    request.headers_mut().remove(ACCEPT_ENCODING);
    let (mut head, body) = next.run(request).await.into_parts();
    let page = to_bytes(body, PAGE_BYTES_MAX).await.unwrap_or_default();
    head.headers.remove(CONTENT_LENGTH);
    let body = match changed(promise, &page) {
        Some(changed) => Body::from(changed),
        None => Body::from(page),
    };
    Response::from_parts(head, body)
}

/// The page with its first story twice, or with the oldest story first. `None` if it is no page.
fn changed(promise: Sabotage, page: &[u8]) -> Option<Vec<u8>> {
    let mut page: Value = serde_json::from_slice(page).ok()?;
    let items = page.get_mut("items")?.as_array_mut()?;
    match promise {
        Sabotage::ShowTwice => items.insert(0, items.first()?.clone()),
        _ => items.reverse(),
    }
    serde_json::to_vec(&page).ok()
}
