//! Changes the viewer's password.

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;

use crate::app::App;
use crate::extract::{Json, RequestContext, Viewer};
use crate::problem::Problem;
use crate::schema::ChangePassword;

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
    Extension(context): Extension<RequestContext>,
    viewer: Viewer,
    Json(body): Json<ChangePassword>,
) -> Result<StatusCode, Problem> {
    // The same limit as for log-ins: a stolen session must not help to guess the current password.
    app.limits
        .log_ins_per_handle
        .take(viewer.id.as_u64(), Some(&context))?;
    app.service
        .accounts()
        .change_password(&viewer, &body.current, &body.new)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
