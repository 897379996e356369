//! Changing your password.

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;

use crate::app::App;
use crate::extract::{Facts, Json, Viewer};
use crate::problem::Problem;
use crate::shapes::ChangePassword;

/// Change your password
///
/// Ends all your other sessions: whoever knew the old password is out.
#[utoipa::path(post, path = "/v1/me/password", tag = "me", operation_id = "change_password",
    request_body = ChangePassword,
    responses(
        (status = 204, description = "the new one counts now"),
        (status = 422, description = "`wrong_password`, `password_…`"),
    ))]
pub(crate) async fn password(
    State(app): State<App>,
    Extension(facts): Extension<Facts>,
    viewer: Viewer,
    Json(ask): Json<ChangePassword>,
) -> Result<StatusCode, Problem> {
    // Guessing the current password from inside a stolen session is slowed down like guessing it at the door.
    app.limits
        .log_ins_to
        .take(viewer.id.as_u64(), Some(&facts))?;
    app.service
        .change_password(&viewer, &ask.current, &ask.new)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
