//! The friend request between the viewer and another person.

use axum::extract::State;
use sosik_feed::PersonId;
use sosik_service::ServiceError;

use crate::app::App;
use crate::extract::{Id, Json, Viewer};
use crate::problem::Problem;
use crate::schema::Person;

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
