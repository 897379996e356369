//! The viewer's own account.

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use sosik_service::people::ProfileUpdate;

use crate::app::App;
use crate::extract::{ClientAddress, Json, RequestContext, Viewer};
use crate::limits::ChangingProfile;
use crate::people::profile::to_schema;
use crate::problem::Problem;
use crate::schema::{ChangePassword, ChangeProfile, DeleteAccount, Person};
use crate::sessions::log_out::logged_out;

/// Show your profile
#[utoipa::path(get, path = "/v1/me", tag = "me", operation_id = "show_me",
    responses((status = 200, description = "your profile with its counts", body = Person)))]
pub(crate) async fn show(State(app): State<App>, viewer: Viewer) -> Result<Json<Person>, Problem> {
    let me = app.service.people().me(viewer.id).await?;
    Ok(Json(to_schema(&me, Some(viewer.id))))
}

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
        privacy,
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
                privacy: privacy.map(Into::into).unwrap_or_default(),
            },
        )
        .await?;
    Ok(Json(to_schema(&me, Some(viewer.id))))
}

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
    address: ClientAddress,
    Json(body): Json<ChangePassword>,
) -> Result<StatusCode, Problem> {
    limit_guesses(&app, &viewer, &context).await?;
    let _hash = app.may_hash(address)?;
    app.service
        .accounts()
        .change_password(&viewer, &body.current, &body.new)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Delete your account
///
/// Ends all your sessions and hides everything you shared at once: your profile, stories, comments and likes. They are then
/// deleted in the background, usually within minutes. Nobody can take your handle afterwards. This cannot be undone.
/// Browsers clear their HTTP cache of this site.
#[utoipa::path(post, path = "/v1/me/deletion", tag = "me", operation_id = "delete_account",
    request_body = DeleteAccount,
    responses(
        (status = 204, description = "the account is deleted"),
        (status = 422, description = "`wrong_password`"),
    ))]
pub(crate) async fn delete(
    State(app): State<App>,
    Extension(context): Extension<RequestContext>,
    viewer: Viewer,
    address: ClientAddress,
    Json(body): Json<DeleteAccount>,
) -> Result<Response, Problem> {
    limit_guesses(&app, &viewer, &context).await?;
    let _hash = app.may_hash(address)?;
    app.service.accounts().close(&viewer, &body.current).await?;
    Ok(logged_out(&app))
}

/// Takes from the limit of log-ins: a stolen session must not help to guess the current password.
async fn limit_guesses(
    app: &App,
    viewer: &Viewer,
    context: &RequestContext,
) -> Result<(), Problem> {
    let guesses = &app.limits.log_ins_per_handle;
    guesses.take(viewer.id.as_u64(), Some(context)).await?;
    Ok(())
}
