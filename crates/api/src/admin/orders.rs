//! Dead delivery orders: those that failed too often.

use axum::extract::State;
use serde::Serialize;
use sosik_store::{DeadOrder, OrderKind};

use crate::app::App;
use crate::extract::Json;
use crate::problem::Problem;

/// Maximum number of dead orders in one response. Further ones follow after these are done.
const DEAD_SHOWN_MAX: u32 = 100;

/// `GET /admin/orders/dead`
#[derive(Serialize)]
pub(crate) struct DeadOrders {
    pending: u64,
    dead: u64,
    items: Vec<Dead>,
}

/// One dead order.
#[derive(Serialize)]
struct Dead {
    story: String,
    kind: &'static str,
    author: String,
    attempts: u32,
    created_at: String,
    error: String,
}

/// `POST /admin/orders/retry`
#[derive(Serialize)]
pub(crate) struct Retried {
    retried: u64,
}

/// Returns the oldest dead orders with their last errors.
pub(crate) async fn dead(State(app): State<App>) -> Result<Json<DeadOrders>, Problem> {
    let store = app.service.store();
    let stats = store
        .order_stats()
        .await
        .map_err(sosik_service::ServiceError::from)?;
    let dead = store
        .dead_orders(DEAD_SHOWN_MAX)
        .await
        .map_err(sosik_service::ServiceError::from)?;
    Ok(Json(DeadOrders {
        pending: stats.pending,
        dead: stats.dead,
        items: dead.iter().map(to_schema).collect(),
    }))
}

/// Retries every dead order from the beginning.
pub(crate) async fn retry(State(app): State<App>) -> Result<Json<Retried>, Problem> {
    let retried = app.service.delivery().retry_dead_orders().await?;
    Ok(Json(Retried { retried }))
}

fn to_schema(dead: &DeadOrder) -> Dead {
    let order = &dead.order;
    Dead {
        story: order.story.to_string(),
        kind: match order.kind {
            OrderKind::Deliver => "deliver",
            OrderKind::Purge => "purge",
        },
        author: order.author.to_string(),
        attempts: order.attempts,
        created_at: order.created_at.to_string(),
        error: dead.error.clone(),
    }
}
