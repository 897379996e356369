//! Changes the viewer's own profile.

use axum::extract::State;
use sosik_service::people::ProfileAsk;

use crate::app::App;
use crate::extract::{Json, Viewer};
use crate::limits::ChangingProfile;
use crate::people::profile::shape;
use crate::problem::Problem;
use crate::shapes::{ChangeProfile, Person};

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
    Json(ask): Json<ChangeProfile>,
) -> Result<Json<Person>, Problem> {
    let ChangeProfile {
        display_name,
        bio,
        language,
    } = ask;
    let me = app
        .service
        .change_profile(
            viewer.id,
            ProfileAsk {
                display_name,
                bio,
                language,
            },
        )
        .await?;
    Ok(Json(shape(&me, viewer.id)))
}
