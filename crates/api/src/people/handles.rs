//! Checks a handle that somebody wants.

use axum::Extension;
use axum::extract::State;
use sosik_feed::RuleBroken;
use sosik_service::ServiceError;

use crate::app::App;
use crate::extract::{ClientAddress, Json, Name, RequestContext};
use crate::problem::Problem;
use crate::schema::HandleCheck;
use crate::settings::Registration;

/// Longest text that is checked, in characters. Longer ones than a handle get an answer, so that a form can show it.
pub(crate) const WANTED_CHARACTERS_MAX: usize = 64;

/// Check a handle
///
/// For sign-up forms, while somebody types. `available` now does not reserve the handle.
#[utoipa::path(get, path = "/v1/handles/{wanted}", tag = "people", operation_id = "check_handle", security(()),
    params(("wanted" = String, Path, description = "the handle as typed, with or without `@`")),
    responses(
        (status = 200, description = "whether it can be taken", body = HandleCheck),
        (status = 403, description = "`registration_closed`"),
        (status = 422, description = "`handle_too_long`: longer than 64 characters"),
    ))]
pub(crate) async fn check(
    State(app): State<App>,
    Extension(context): Extension<RequestContext>,
    address: ClientAddress,
    Name(wanted): Name,
) -> Result<Json<HandleCheck>, Problem> {
    if app.settings.registration == Registration::Closed {
        return Err(Problem::RegistrationClosed);
    }
    let limiter = &app.limits.handle_checks_per_address;
    limiter
        .take(address.networks().narrow, Some(&context))
        .await?;
    if wanted.chars().count() > WANTED_CHARACTERS_MAX {
        return Err(RuleBroken::HandleTooLong.into());
    }
    match app.service.accounts().check_handle(&wanted).await {
        Ok(()) => Ok(Json(HandleCheck::available())),
        Err(ServiceError::RuleBroken(rule)) => Ok(Json(HandleCheck::refused(rule))),
        Err(error) => Err(error.into()),
    }
}
