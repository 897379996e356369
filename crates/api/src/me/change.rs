//! Changes the viewer's own profile.

use axum::extract::State;
use sosik_service::people::ProfileUpdate;

use crate::app::App;
use crate::extract::{Json, Viewer};
use crate::limits::ChangingProfile;
use crate::people::profile::to_schema;
use crate::problem::Problem;
use crate::schema::{ChangeProfile, Person};

/// Change your profile
///
/// Omitted fields stay unchanged.
#[utoipa::path(patch, path = "/v1/me", tag = "me", operation_id = "change_me",
    request_body = ChangeProfile,
    responses(
        (status = 200, description = "your changed profile", body = Person),
        (status = 422, description = "`display_name_…`, `bio_…`, `language_unknown`"),
    ))]
pub(crate) async fn change(
    State(app): State<App>,
    viewer: Viewer<ChangingProfile>,
    Json(body): Json<ChangeProfile>,
) -> Result<Json<Person>, Problem> {
    let ChangeProfile {
        display_name,
        bio,
        language,
    } = body;
    let me = app
        .service
        .people()
        .change_profile(
            viewer.id,
            ProfileUpdate {
                display_name,
                bio,
                language,
            },
        )
        .await?;
    Ok(Json(to_schema(&me, viewer.id)))
}
