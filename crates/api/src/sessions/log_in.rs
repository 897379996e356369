//! Logging in.

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use xxhash_rust::xxh3::xxh3_64;

use super::signed_in;
use crate::app::App;
use crate::extract::{ClientAddress, ClientName, Facts, Json};
use crate::problem::Problem;
use crate::shapes::{LogIn, SignedIn};

/// Log in
///
/// Whether the handle or the password was wrong is not said.
#[utoipa::path(post, path = "/v1/sessions", tag = "sessions", operation_id = "log_in", security(()),
    request_body = LogIn,
    responses(
        (status = 201, description = "a new session", body = SignedIn,
            headers(("Location" = String, description = "the session"), ("Set-Cookie" = String, description = "the session"))),
        (status = 401, description = "`wrong_credentials`"),
    ))]
pub(crate) async fn log_in(
    State(app): State<App>,
    Extension(facts): Extension<Facts>,
    address: ClientAddress,
    ClientName(client): ClientName,
    Json(ask): Json<LogIn>,
) -> Result<Response, Problem> {
    // The address first: one that may not ask any more must not use up what the handle's owner has.
    app.limits
        .log_ins_from
        .take(address.network().key(), Some(&facts))?;
    let handle = ask.handle.trim_start_matches('@').to_ascii_lowercase();
    app.limits
        .log_ins_to
        .take(xxh3_64(handle.as_bytes()), Some(&facts))?;
    let logged_in = app
        .service
        .log_in(&ask.handle, &ask.password, &client)
        .await?;
    Ok(signed_in(
        &app,
        StatusCode::CREATED,
        "/v1/sessions/current",
        &logged_in,
    ))
}
