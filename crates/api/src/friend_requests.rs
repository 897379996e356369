//! Friend requests.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use sosik_feed::PersonId;
use sosik_service::ServiceError;
use sosik_store::{PeopleList, RequestSide};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::extract::{Id, Json, PageQuery, Query, Viewer};
use crate::limits::{AskingFriends, Relating};
use crate::problem::Problem;
use crate::relations;
use crate::schema::{Person, PersonPage};

/// Send a friend request
///
/// If they have sent you one, this accepts it. Repeating it changes nothing.
#[utoipa::path(put, path = "/v1/friend-requests/{person}", tag = "relations", operation_id = "ask_friend",
    params(("person" = String, Path, description = "id of the person")),
    responses(
        (status = 204, description = "the request is sent, or you are friends now"),
        (status = 403, description = "`requests_limited`"),
        (status = 409, description = "`friend_limit`, `their_friend_limit`, `request_limit`"),
        (status = 422, description = "`yourself`"),
    ))]
pub(crate) async fn ask(
    State(app): State<App>,
    viewer: Viewer<AskingFriends>,
    Id(person): Id<PersonId>,
) -> Result<StatusCode, Problem> {
    app.service
        .relations()
        .send_friend_request(viewer.id, person)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Show a friend request
///
/// Returns the other person. Their `relation` is `requested` if you sent the request, and `asked` if they did. Not
/// found if there is no request.
#[utoipa::path(get, path = "/v1/friend-requests/{person}", tag = "relations", operation_id = "show_friend_request",
    params(("person" = String, Path, description = "id of the other person")),
    responses((status = 200, description = "the other person", body = Person)))]
pub(crate) async fn show(
    State(app): State<App>,
    viewer: Viewer,
    Id(person): Id<PersonId>,
) -> Result<Json<Person>, Problem> {
    let none = || Problem::NotFound("friend request");
    let relation = app
        .service
        .store()
        .relation(viewer.id, person)
        .await
        .map_err(ServiceError::from)?;
    if relation.severed() || !(relation.requested || relation.asked) {
        return Err(none());
    }
    let person = app.service.people().by_id(person).await?.ok_or_else(none)?;
    Ok(Json(Person::of(&person).related(relation)))
}

/// Accept a friend request
#[utoipa::path(post, path = "/v1/friend-requests/{person}/accept", tag = "relations", operation_id = "accept_friend",
    params(("person" = String, Path, description = "id of the person who asked")),
    responses(
        (status = 204, description = "you are friends now"),
        (status = 409, description = "`friend_limit`, `their_friend_limit`"),
        (status = 422, description = "`yourself`"),
    ))]
pub(crate) async fn accept(
    State(app): State<App>,
    viewer: Viewer<Relating>,
    Id(person): Id<PersonId>,
) -> Result<StatusCode, Problem> {
    app.service
        .relations()
        .accept_friend_request(viewer.id, person)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Cancel or decline a friend request
///
/// Withdraws your request or declines theirs, whichever exists. Repeating it changes nothing.
#[utoipa::path(delete, path = "/v1/friend-requests/{person}", tag = "relations", operation_id = "drop_friend_request",
    params(("person" = String, Path, description = "id of the other person")),
    responses((status = 204, description = "there is no request between you")))]
pub(crate) async fn drop(
    State(app): State<App>,
    viewer: Viewer<Relating>,
    Id(person): Id<PersonId>,
) -> Result<StatusCode, Problem> {
    app.service
        .relations()
        .remove_friend_request(viewer.id, person)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

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
