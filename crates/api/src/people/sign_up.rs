//! Creates an account.

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use sosik_service::accounts::SignUpAsk;

use crate::app::App;
use crate::extract::{ClientAddress, ClientName, Device, Facts, Json};
use crate::problem::Problem;
use crate::sessions::signed_in;
use crate::settings::Registration;
use crate::shapes::{SignUp, SignedIn};

/// Sign up
///
/// Creates an account and signs in. Send the token as a bearer token. Browsers also get it as a cookie.
#[utoipa::path(post, path = "/v1/people", tag = "people", operation_id = "sign_up", security(()),
    request_body = SignUp,
    responses(
        (status = 201, description = "the new account", body = SignedIn,
            headers(("Location" = String, description = "the profile"), ("Set-Cookie" = String, description = "the session"))),
        (status = 403, description = "`registration_closed`"),
        (status = 409, description = "`handle_taken`, `handle_confusable`"),
        (status = 422, description = "`handle_…`, `display_name_…`, `password_…`, `language_unknown`"),
    ))]
pub(crate) async fn sign_up(
    State(app): State<App>,
    Extension(facts): Extension<Facts>,
    address: ClientAddress,
    Device(device): Device,
    ClientName(client): ClientName,
    Json(ask): Json<SignUp>,
) -> Result<Response, Problem> {
    if app.settings.registration == Registration::Closed {
        return Err(Problem::RegistrationClosed);
    }
    // The limit of the larger network comes first, so that the headers describe the narrower one.
    app.limits
        .sign_ups_in
        .take(address.wide_network_key(), Some(&facts))?;
    app.limits
        .sign_ups
        .take(address.network().key(), Some(&facts))?;
    let SignUp {
        handle,
        display_name,
        password,
        language,
    } = ask;
    let signed_up = app
        .service
        .sign_up(SignUpAsk {
            handle,
            display_name,
            password,
            language,
            client,
        })
        .await?;
    let location = format!("/v1/people/{}", signed_up.person.record.handle);
    Ok(signed_in(
        &app,
        StatusCode::CREATED,
        &location,
        &signed_up,
        device.as_deref(),
    )
    .await)
}
