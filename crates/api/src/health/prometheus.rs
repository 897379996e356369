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
    note_active_people(&app).await;
    let text = app
        .metrics
        .as_ref()
        .map(|render| render())
        .unwrap_or_default();
    ([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response()
}

fn note_own(app: &App) {
    let (working, waiting) = app.admission.stats(app.settings.requests_at_once_max);
    gauge!("sosik_http_requests_working").set(count(working));
    gauge!("sosik_http_requests_waiting").set(count(waiting));
    gauge!("sosik_http_requests_at_once_max").set(count(app.settings.requests_at_once_max));
    gauge!("sosik_streams").set(count(app.streams.count()));
    gauge!("sosik_streams_max").set(count(app.settings.streams_max));
}

fn note_caches(app: &App) {
    for stats in app.service.cache_stats() {
        ::metrics::counter!("sosik_cache_hits_total", "cache" => stats.name).absolute(stats.hits);
        ::metrics::counter!("sosik_cache_misses_total", "cache" => stats.name)
            .absolute(stats.misses);
        gauge!("sosik_cache_entries", "cache" => stats.name).set(count(stats.entries));
    }
}

fn note_tasks(app: &App) {
    gauge!("sosik_tasks_given_up").set(count(app.service.failed_tasks().len()));
}

fn note_fabric(app: &App) {
    let stats = app.service.engines().timelines.stats();
    gauge!("sosik_invalidations_unconfirmed").set(count(app.service.unconfirmed_invalidations()));
    gauge!("sosik_timelines").set(count(stats.timelines));
    gauge!("sosik_timeline_bytes").set(count(stats.bytes));
    ::metrics::counter!("sosik_timelines_evicted_total").absolute(stats.evicted);
    let dead_letters = app.service.engines().queue.dead_letters();
    ::metrics::counter!("sosik_queue_dead_letters_total").absolute(dead_letters);
}

fn note_store(app: &App) {
    let stats = app.service.store().stats();
    let bytes = |number: u64| count(usize::try_from(number).unwrap_or(usize::MAX));
    gauge!("sosik_store_wal_bytes").set(bytes(stats.log_bytes));
    gauge!("sosik_store_writes_waiting").set(bytes(stats.writes_waiting));
    if let Some(free) = stats.disk_free_bytes {
        gauge!("sosik_store_disk_free_bytes").set(bytes(free));
    }
    for (result, number) in [
        ("emptied", stats.log_emptied),
        ("blocked", stats.log_blocked),
        ("failed", stats.log_failed),
    ] {
        ::metrics::counter!("sosik_store_wal_checkpoints_total", "result" => result)
            .absolute(number);
    }
    // Writes divided by batches are the writes that share one commit.
    ::metrics::counter!("sosik_store_write_batches_total").absolute(stats.write_batches);
    ::metrics::counter!("sosik_store_writes_total").absolute(stats.writes);
    ::metrics::counter!("sosik_store_reads_total").absolute(stats.reads);
    ::metrics::counter!("sosik_store_reopened_total").absolute(stats.reopened);
}

/// If the store does not respond, the last values stay; `/healthz` reports the health of the store.
async fn note_orders(app: &App) {
    let Ok(stats) = app.service.store().order_stats().await else {
        return;
    };
    gauge!("sosik_orders_pending").set(count(usize::try_from(stats.pending).unwrap_or(usize::MAX)));
    gauge!("sosik_orders_dead").set(count(usize::try_from(stats.dead).unwrap_or(usize::MAX)));
    let now = app.service.clock().now();
    let age = stats
        .oldest
        .map(|oldest| now.since(oldest))
        .unwrap_or_default();
    gauge!("sosik_orders_oldest_seconds").set(age.as_secs_f64());
}

/// If the fabric does not respond, the last values stay.
async fn note_active_people(app: &App) {
    let Some(active) = app.service.sessions().active_people().await else {
        return;
    };
    for (period, people) in [("day", active.day), ("30_days", active.thirty_days)] {
        let people = count(usize::try_from(people).unwrap_or(usize::MAX));
        gauge!("sosik_active_people", "period" => period).set(people);
    }
}

/// Exact up to 2^53, which no count here reaches.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn count(number: usize) -> f64 {
    number as f64
}
