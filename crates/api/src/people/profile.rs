//! The profile of a person.

use axum::extract::State;
use sosik_feed::PersonId;
use sosik_service::people::Profile;

use crate::app::App;
use crate::extract::{Json, Name, Viewer};
use crate::problem::Problem;
use crate::schema::{Entity, Person};

/// Show a person
///
/// With their relation to you, and counts. People who blocked you, and people you blocked, are not found.
#[utoipa::path(get, path = "/v1/people/{handle}", tag = "people", operation_id = "show_person",
    params(("handle" = String, Path, description = "the handle, with or without `@`")),
    responses((status = 200, description = "the person", body = Person)))]
pub(crate) async fn profile(
    State(app): State<App>,
    viewer: Viewer,
    Name(handle): Name,
) -> Result<Json<Person>, Problem> {
    let profile = app.service.people().profile(viewer.id, &handle).await?;
    Ok(Json(to_schema(&profile, viewer.id)))
}

/// A profile as `viewer` sees it.
pub(crate) fn to_schema(profile: &Profile, viewer: PersonId) -> Person {
    let person = Person {
        bio_entities: Some(Entity::of_text(&profile.person.record.bio)),
        counts: Some(profile.counts.into()),
        ..Person::of(&profile.person)
    };
    if profile.person.record.id == viewer {
        return Person {
            privacy: Some(profile.person.record.privacy.into()),
            ..person
        };
    }
    person
        .related(profile.relation)
        .permitting(profile.can_request, profile.can_mention)
}
