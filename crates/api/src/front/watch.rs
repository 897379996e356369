//! The outermost layer of a request and its response.
//!
//! The only place that logs failures, each once and with its request id. The log contains nothing of a request: no
//! token, no text, no address, no query.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;

use super::admission::{Way, admit};
use super::headers;
use crate::app::App;
use crate::extract::{Facts, RateState};
use crate::problem::{self, Problem};
use crate::serve::Held;

/// What is known of a request before it is handled.
struct Asked {
    method: Method,
    route: Option<MatchedPath>,
    facts: Facts,
}

/// Names the request, has it handled, and finishes the answer.
pub(crate) async fn watch(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let started = app.service.clock().monotonic();
    let facts = Facts::new(app.request_ids.name(request.headers()));
    request.extensions_mut().insert(facts.clone());
    let asked = Asked {
        method: request.method().clone(),
        route: request.extensions().get::<MatchedPath>().cloned(),
        facts,
    };
    let route = asked.route.as_ref().map(MatchedPath::as_str);
    let mut way = Way::of(&app, &request);
    let handled = AssertUnwindSafe(admit(&app, route, request, next, &mut way))
        .catch_unwind()
        .await;
    let handled =
        handled.unwrap_or_else(|panic| Err(Problem::Internal(told_by(panic.as_ref()).into())));
    let (mut response, held) = hold(&mut way, handled, &asked.facts);
    let problem = problem::report_of(&mut response);
    if let Some(problem) = &problem {
        problem::finish(&mut response, problem, asked.facts.id());
    }
    headers::finish(&mut response, app.settings.is_https());
    finish(&mut response, &asked.facts);
    let took = app.service.clock().monotonic().saturating_sub(started);
    app.route_metrics
        .count(&asked.method, asked.route.as_ref(), response.status(), took);
    log(&asked, &response, problem.as_deref(), took);
    if let Some(held) = held {
        response.extensions_mut().insert(held);
    }
    response
}

/// Takes room for the answer. Without room the answer is that there is none.
fn hold(
    way: &mut Way,
    handled: Result<Response, Problem>,
    facts: &Facts,
) -> (Response, Option<Arc<Held>>) {
    let response = handled.unwrap_or_else(IntoResponse::into_response);
    match way.hold(&response, facts.person().is_some()) {
        Ok(held) => (response, held),
        Err(problem) => (problem.into_response(), None),
    }
}

/// The message of a panic, if it has one.
fn told_by(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!(
        "a handler panicked: {}",
        text.unwrap_or("without a message")
    )
}

fn finish(response: &mut Response, facts: &Facts) {
    let headers = response.headers_mut();
    if let Some(id) = facts.id().header() {
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }
    if let Some(RateState {
        limit,
        remaining,
        reset_seconds,
    }) = facts.rate()
    {
        headers.insert(
            HeaderName::from_static("ratelimit-limit"),
            HeaderValue::from(limit),
        );
        headers.insert(
            HeaderName::from_static("ratelimit-remaining"),
            HeaderValue::from(remaining),
        );
        headers.insert(
            HeaderName::from_static("ratelimit-reset"),
            HeaderValue::from(reset_seconds),
        );
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

fn log(asked: &Asked, response: &Response, problem: Option<&Problem>, took: std::time::Duration) {
    let method = asked.method.as_str();
    let route = asked.route.as_ref().map_or("(none)", MatchedPath::as_str);
    let status = response.status().as_u16();
    let request = asked.facts.id().as_str();
    let person = asked
        .facts
        .person()
        .map(|person| person.to_string())
        .unwrap_or_default();
    let took_ms = took.as_millis();
    match problem {
        Some(Problem::Internal(cause)) => {
            let causes = causes(cause.as_ref());
            tracing::error!(
                request.id = request,
                method,
                route,
                status,
                took_ms,
                user.id = person,
                error = causes,
                "a request failed"
            );
        }
        Some(Problem::StorageFull) => {
            tracing::error!(
                request.id = request,
                method,
                route,
                status,
                took_ms,
                user.id = person,
                "the disk of the store is full: free some space on it, and writes continue"
            );
        }
        Some(Problem::TimedOut) => {
            tracing::warn!(
                request.id = request,
                method,
                route,
                status,
                took_ms,
                user.id = person,
                "a request took too long"
            );
        }
        Some(problem) => {
            let (_, code) = problem.status_and_code();
            tracing::debug!(
                request.id = request,
                method,
                route,
                status,
                took_ms,
                user.id = person,
                code,
                "refused a request"
            );
        }
        None => tracing::debug!(
            request.id = request,
            method,
            route,
            status,
            took_ms,
            user.id = person,
            "answered a request"
        ),
    }
}

fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}
