//! Log-in.

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use xxhash_rust::xxh3::xxh3_64;

use super::signed_in;
use crate::app::App;
use crate::extract::{ClientAddress, ClientName, Device, Json, RequestContext};
use crate::problem::Problem;
use crate::schema::{LogIn, SignedIn};

/// Log in
///
/// The response does not reveal whether the handle or the password was wrong. Attempts from unknown devices share one
/// budget per handle. A device that logged in before and sends its cookie has its own budget, which nobody else can use
/// up.
#[utoipa::path(post, path = "/v1/sessions", tag = "sessions", operation_id = "log_in", security(()),
    request_body = LogIn,
    responses(
        (status = 201, description = "a new session", body = SignedIn,
            headers(("Location" = String, description = "the session"), ("Set-Cookie" = String, description = "the session"))),
        (status = 401, description = "`wrong_credentials`"),
    ))]
pub(crate) async fn log_in(
    State(app): State<App>,
    Extension(context): Extension<RequestContext>,
    address: ClientAddress,
    Device(device): Device,
    ClientName(client): ClientName,
    Json(body): Json<LogIn>,
) -> Result<Response, Problem> {
    // The limit of the address comes first: a rejected address must not use up the budget of the handle.
    app.limits
        .log_ins_per_address
        .take(address.networks().narrow, Some(&context))
        .await?;
    let _hash = app.may_hash(address)?;
    take_attempt(&app, &body.handle, device.as_deref(), &context).await?;
    let logged_in = app
        .service
        .accounts()
        .log_in(&body.handle, &body.password, &client)
        .await?;
    Ok(signed_in(
        &app,
        StatusCode::CREATED,
        "/v1/sessions/current",
        &logged_in,
        device.as_deref(),
        None,
    )
    .await)
}

/// Takes one attempt for this handle: from the budget of a device that logged in to it before, or else from the shared
/// one. A handle that does not exist behaves like another person's.
async fn take_attempt(
    app: &App,
    handle: &str,
    device: Option<&str>,
    context: &RequestContext,
) -> Result<(), Problem> {
    let mut key = handle.trim_start_matches('@').to_ascii_lowercase();
    if let Some(device) = device
        && app.service.accounts().knows_device(handle, device).await?
    {
        key.push('\n');
        key.push_str(device);
        let limiter = &app.limits.log_ins_per_known_device;
        return limiter.take(xxh3_64(key.as_bytes()), Some(context)).await;
    }
    let limiter = &app.limits.log_ins_per_handle;
    limiter.take(xxh3_64(key.as_bytes()), Some(context)).await
}
