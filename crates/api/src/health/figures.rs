//! `/metrics`: counters, and gauges read at the time of the request.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use metrics::gauge;

use crate::app::App;

/// The content type of Prometheus's text format.
const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// All metrics of the process.
pub(crate) async fn metrics(State(app): State<App>) -> Response {
    note_own(&app);
    note_caches(&app);
    note_fabric(&app);
    note_tasks(&app);
    note_store(&app);
    note_orders(&app).await;
    let text = app
        .metrics
        .as_ref()
        .map(|render| render())
        .unwrap_or_default();
    ([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response()
}

fn note_own(app: &App) {
    let (working, waiting) = app.admission.figures(app.settings.requests_at_once_max);
    gauge!("sosik_http_requests_working").set(count(working));
    gauge!("sosik_http_requests_waiting").set(count(waiting));
    gauge!("sosik_http_requests_at_once_max").set(count(app.settings.requests_at_once_max));
    gauge!("sosik_streams").set(count(app.streams.count()));
    gauge!("sosik_streams_max").set(count(app.settings.streams_max));
}

fn note_caches(app: &App) {
    for figures in app.service.cache_figures() {
        ::metrics::counter!("sosik_cache_hits_total", "cache" => figures.name)
            .absolute(figures.hits);
        ::metrics::counter!("sosik_cache_misses_total", "cache" => figures.name)
            .absolute(figures.misses);
        gauge!("sosik_cache_entries", "cache" => figures.name).set(count(figures.entries));
    }
}

fn note_tasks(app: &App) {
    gauge!("sosik_tasks_given_up").set(count(app.service.given_up().len()));
}

fn note_fabric(app: &App) {
    let figures = app.service.fabric().figures();
    gauge!("sosik_invalidations_unconfirmed").set(count(app.service.unconfirmed_invalidations()));
    gauge!("sosik_timelines").set(count(figures.timelines));
    gauge!("sosik_timeline_bytes").set(count(figures.timeline_bytes));
    ::metrics::counter!("sosik_timelines_evicted_total").absolute(figures.evicted);
}

fn note_store(app: &App) {
    let figures = app.service.store().figures();
    let bytes = |number: u64| count(usize::try_from(number).unwrap_or(usize::MAX));
    gauge!("sosik_store_wal_bytes").set(bytes(figures.log_bytes));
    gauge!("sosik_store_writes_waiting").set(bytes(figures.writes_waiting));
    if let Some(free) = figures.disk_free_bytes {
        gauge!("sosik_store_disk_free_bytes").set(bytes(free));
    }
    for (result, number) in [
        ("emptied", figures.log_emptied),
        ("blocked", figures.log_blocked),
        ("failed", figures.log_failed),
    ] {
        ::metrics::counter!("sosik_store_wal_checkpoints_total", "result" => result)
            .absolute(number);
    }
    // Writes divided by batches are the writes that share one commit.
    ::metrics::counter!("sosik_store_write_batches_total").absolute(figures.write_batches);
    ::metrics::counter!("sosik_store_writes_total").absolute(figures.writes);
    ::metrics::counter!("sosik_store_reopened_total").absolute(figures.reopened);
}

/// If the store does not respond, the last values stay; `/healthz` reports the health of the store.
async fn note_orders(app: &App) {
    let Ok(figures) = app.service.store().order_figures().await else {
        return;
    };
    gauge!("sosik_orders_pending").set(count(
        usize::try_from(figures.pending).unwrap_or(usize::MAX),
    ));
    gauge!("sosik_orders_dead").set(count(usize::try_from(figures.dead).unwrap_or(usize::MAX)));
    let now = app.service.clock().now();
    let age = figures
        .oldest
        .map(|oldest| now.since(oldest))
        .unwrap_or_default();
    gauge!("sosik_orders_oldest_seconds").set(age.as_secs_f64());
}

/// Exact up to 2^53, which no count here reaches.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn count(number: usize) -> f64 {
    number as f64
}
