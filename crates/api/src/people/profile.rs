//! The profile of a person.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use sosik_feed::PersonId;
use sosik_service::people::Profile;

use crate::app::App;
use crate::extract::{Json, Name, Visitor};
use crate::problem::Problem;
use crate::schema::{Entity, Person};

/// Show a person
///
/// With counts, and their relation to you. People who blocked you, and people you blocked, are not found. Needs no
/// session: without one there is no relation.
#[utoipa::path(get, path = "/v1/people/{handle}", tag = "people", operation_id = "show_person",
    security((), ("bearer" = []), ("cookie" = [])),
    params(("handle" = String, Path, description = "the handle, with or without `@`")),
    responses((status = 200, description = "the person", body = Person)))]
pub(crate) async fn profile(
    State(app): State<App>,
    visitor: Visitor,
    Name(handle): Name,
) -> Result<Response, Problem> {
    let service = &app.service;
    let profile = match visitor {
        Visitor::SignedIn(viewer) => service.people().profile(viewer, &handle).await?,
        Visitor::Stranger => service.strangers().profile(&handle).await?,
    };
    let person = to_schema(&profile, visitor.person());
    Ok(visitor.respond(Json(person).into_response()))
}

/// A profile as `viewer` sees it. `None` is somebody without an account.
pub(crate) fn to_schema(profile: &Profile, viewer: Option<PersonId>) -> Person {
    let person = Person {
        bio_entities: Some(Entity::of_text(&profile.person.record.bio)),
        counts: Some(profile.counts.into()),
        ..Person::of(&profile.person)
    };
    match viewer {
        Some(viewer) if viewer == profile.person.record.id => Person {
            privacy: Some(profile.person.record.privacy.into()),
            ..person
        },
        Some(_) => person
            .related(profile.relation)
            .permitting(profile.can_request, profile.can_mention),
        None => person,
    }
}
