//! The nodes that serve people, for balancers.

use axum::extract::State;
use serde::Serialize;

use crate::app::App;
use crate::extract::Json;
use crate::problem::Problem;

/// `GET /admin/nodes`
#[derive(Serialize)]
pub(crate) struct Nodes {
    /// Address and port of each public listener.
    nodes: Vec<String>,
}

/// Returns the addresses of all nodes of the store.
pub(crate) async fn list(State(app): State<App>) -> Result<Json<Nodes>, Problem> {
    let nodes = app.service.node_addresses().await?;
    let mut nodes: Vec<String> = nodes.iter().map(ToString::to_string).collect();
    nodes.sort();
    Ok(Json(Nodes { nodes }))
}
