//! The outermost layer of a request and its response.
//!
//! Only this module logs failures, each once and with its request id. The log contains nothing that a request contains:
//! no token, text, address or query.

use std::any::Any;
use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, header};
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use hyper::body::Body as _;
use tracing::field;

use super::admission::{RequestReservation, admit};
use super::headers::{self, RATELIMIT_LIMIT, RATELIMIT_REMAINING, RATELIMIT_RESET};
use super::routes::Front;
use crate::extract::{RateState, RequestContext, X_REQUEST_ID};
use crate::media::uploads;
use crate::problem::{self, Problem};

/// The facts about a request that are known before it is handled.
struct RequestInfo<'a> {
    method: Method,
    route: Option<&'a str>,
    context: RequestContext,
}

/// Assigns the request id, handles the request, and finishes the response. Always returns a response.
pub(crate) async fn watch(front: Arc<Front>, mut request: Request) -> Result<Response, Infallible> {
    let app = &front.app;
    let started = app.service.clock().monotonic();
    let context = RequestContext::new(app.request_ids.of_request(request.headers()));
    request.extensions_mut().insert(context.clone());
    uploads::override_method(&mut request);
    let info = RequestInfo {
        method: request.method().clone(),
        route: front.route_of(&request),
        context,
    };
    let mut reservation = RequestReservation::of(app, &request);
    let handled = AssertUnwindSafe(admit(&front, info.route, request, &mut reservation))
        .catch_unwind()
        .await;
    let handled = handled
        .unwrap_or_else(|panic| Err(Problem::Internal(panic_message(panic.as_ref()).into())));
    let mut response = hold(&mut reservation, handled, &info.context);
    let problem = problem::take_problem(&mut response);
    if let Some(problem) = &problem {
        problem::finish(&mut response, problem, info.context.id());
        if info.method == Method::HEAD {
            drop_body(&mut response);
        }
    }
    headers::finish(&mut response, app.settings.is_https());
    if info.route.is_some_and(uploads::has_route) {
        uploads::add_version(&mut response);
    }
    finish(&mut response, &info.context);
    let took = app.service.clock().monotonic().saturating_sub(started);
    app.route_metrics
        .count(&info.method, info.route, response.status(), took);
    log(&info, &response, problem.as_deref(), took);
    Ok(response)
}

/// Reserves space for the response. Without space the response is `503`.
fn hold(
    reservation: &mut RequestReservation,
    handled: Result<Response, Problem>,
    context: &RequestContext,
) -> Response {
    let response = handled.unwrap_or_else(IntoResponse::into_response);
    match reservation.hold(&response, context.person()) {
        Ok(()) => response,
        Err(problem) => problem.into_response(),
    }
}

/// The message of a panic, if it has one.
fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!(
        "a handler panicked: {}",
        text.unwrap_or("without a message")
    )
}

/// Removes the body of a response to `HEAD` and sets its length. The router does this for responses without a problem.
fn drop_body(response: &mut Response) {
    if let Some(length) = response.body().size_hint().exact() {
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    *response.body_mut() = Body::empty();
}

fn finish(response: &mut Response, context: &RequestContext) {
    let headers = response.headers_mut();
    if let Some(id) = context.id().header() {
        headers.insert(X_REQUEST_ID, id);
    }
    if let Some(RateState {
        limit,
        remaining,
        reset_seconds,
    }) = context.rate()
    {
        headers.insert(RATELIMIT_LIMIT, HeaderValue::from(limit));
        headers.insert(RATELIMIT_REMAINING, HeaderValue::from(remaining));
        headers.insert(RATELIMIT_RESET, HeaderValue::from(reset_seconds));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

/// Logs the response in one line. The line is formatted only if its level is enabled.
fn log(
    info: &RequestInfo<'_>,
    response: &Response,
    problem: Option<&Problem>,
    took: std::time::Duration,
) {
    /// The fields of every line, then those of this one. `tracing` evaluates them if the level is enabled.
    macro_rules! line {
        ($level:ident, $($own:tt)+) => {
            tracing::$level!(
                request.id = info.context.id().as_str(),
                method = info.method.as_str(),
                route = info.route.unwrap_or("(none)"),
                status = response.status().as_u16(),
                took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
                user.id = info.context.person().map(field::display),
                $($own)+
            )
        };
    }
    match problem {
        Some(Problem::Internal(cause)) => {
            line!(error, error = %Causes(cause.as_ref()), "a request failed");
        }
        Some(Problem::MediaAway(cause)) => {
            line!(warn, error = %Causes(cause.as_ref()), "the files of media could not be stored or read");
        }
        Some(Problem::StorageFull) => line!(
            error,
            "the disk of the store is full: free some space on it, and writes continue"
        ),
        Some(Problem::TimedOut) => line!(warn, "a request took too long"),
        Some(problem) => line!(
            debug,
            code = problem.status_and_code().1,
            "refused a request"
        ),
        None => line!(debug, "answered a request"),
    }
}

/// An error followed by its causes.
struct Causes<'a>(&'a (dyn Error + 'static));

impl fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut next = self.0.source();
        while let Some(cause) = next {
            write!(f, ": {cause}")?;
            next = cause.source();
        }
        Ok(())
    }
}
