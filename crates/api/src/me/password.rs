//! Changes the viewer's password.

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;

use crate::app::App;
use crate::extract::{Facts, Json, Viewer};
use crate::problem::Problem;
use crate::shapes::ChangePassword;

/// Change your password
///
/// Ends all your other sessions, so that nobody stays signed in with the old password.
#[utoipa::path(post, path = "/v1/me/password", tag = "me", operation_id = "change_password",
    request_body = ChangePassword,
    responses(
        (status = 204, description = "the password is changed"),
        (status = 422, description = "`wrong_password`, `password_…`"),
    ))]
pub(crate) async fn password(
    State(app): State<App>,
    Extension(facts): Extension<Facts>,
    viewer: Viewer,
    Json(ask): Json<ChangePassword>,
) -> Result<StatusCode, Problem> {
    // The same limit as for log-ins: a stolen session must not help to guess the current password.
    app.limits
        .log_ins_to
        .take(viewer.id.as_u64(), Some(&facts))?;
    app.service
        .change_password(&viewer, &ask.current, &ask.new)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
