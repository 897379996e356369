//! Pending friend requests.

use axum::extract::State;
use serde::Deserialize;
use sosik_store::{PeopleList, RequestSide};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::extract::{Json, PageQuery, Query, Viewer};
use crate::problem::Problem;
use crate::relations;
use crate::schema::PersonPage;

/// The direction of the requests.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SideQuery {
    /// Default: `incoming`.
    #[param(inline)]
    #[serde(default)]
    side: Side,
}

/// The direction of a request.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Side {
    /// They asked you.
    #[default]
    Incoming,
    /// You asked them.
    Outgoing,
}

/// List friend requests
///
/// Newest request first.
#[utoipa::path(get, path = "/v1/friend-requests", tag = "relations", operation_id = "list_friend_requests",
    params(SideQuery, PageQuery),
    responses((status = 200, description = "a page of people", body = PersonPage)))]
pub(crate) async fn list(
    State(app): State<App>,
    viewer: Viewer,
    Query(query): Query<SideQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<PersonPage>, Problem> {
    let side = match query.side {
        Side::Incoming => RequestSide::Incoming,
        Side::Outgoing => RequestSide::Outgoing,
    };
    relations::list(&app, viewer.id, PeopleList::Requests(side), page).await
}
