//! The golden signals by route: requests, statuses, durations.
//!
//! Handles are cached per route, method and status, so that counting takes one look-up and no allocation. Labels are
//! the routes of the code: a label never contains input of a client.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use foldhash::HashMap;
use metrics::{Counter, Histogram};
use parking_lot::RwLock;

/// Requests without a route.
const NO_ROUTE: &str = "(none)";

/// Methods as labels. All others share one label, because a client may invent any.
const METHODS: [Method; 7] = [
    Method::GET,
    Method::PUT,
    Method::POST,
    Method::PATCH,
    Method::DELETE,
    Method::HEAD,
    Method::OPTIONS,
];
const OTHER_METHOD: &str = "(other)";

/// Handles by method, status and route.
#[derive(Default)]
pub(crate) struct RouteMetrics(RwLock<HashMap<Method, ByStatus>>);

type ByStatus = HashMap<u16, HashMap<String, Handles>>;

#[derive(Clone)]
struct Handles {
    requests: Counter,
    seconds: Histogram,
}

impl RouteMetrics {
    /// Counts one finished request.
    pub(crate) fn count(
        &self,
        method: &Method,
        route: Option<&str>,
        status: StatusCode,
        took: Duration,
    ) {
        let route = route.unwrap_or(NO_ROUTE);
        let handles = match self.known(method, status.as_u16(), route) {
            Some(handles) => handles,
            None => self.make(method, status.as_u16(), route),
        };
        handles.requests.increment(1);
        handles.seconds.record(took.as_secs_f64());
    }

    fn known(&self, method: &Method, status: u16, route: &str) -> Option<Handles> {
        self.0.read().get(method)?.get(&status)?.get(route).cloned()
    }

    fn make(&self, method: &Method, status: u16, route: &str) -> Handles {
        let known = METHODS.contains(method);
        let name = if known { method.as_str() } else { OTHER_METHOD }.to_owned();
        let handles = Handles {
            requests: metrics::counter!(
                "sosik_http_requests_total",
                "method" => name.clone(), "route" => route.to_owned(), "status" => status.to_string()
            ),
            seconds: metrics::histogram!("sosik_http_request_seconds", "method" => name, "route" => route.to_owned()),
        };
        if known {
            let mut all = self.0.write();
            all.entry(method.clone())
                .or_default()
                .entry(status)
                .or_default()
                .insert(route.to_owned(), handles.clone());
        }
        handles
    }
}
