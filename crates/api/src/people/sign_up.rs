//! Creates an account.

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use sosik_service::accounts::SignUpRequest;

use crate::app::App;
use crate::extract::{ClientAddress, ClientName, Device, Json, RequestContext};
use crate::problem::Problem;
use crate::schema::{SignUp, SignedIn};
use crate::sessions::signed_in;
use crate::settings::Registration;

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
    Extension(context): Extension<RequestContext>,
    address: ClientAddress,
    Device(device): Device,
    ClientName(client): ClientName,
    Json(body): Json<SignUp>,
) -> Result<Response, Problem> {
    if app.settings.registration == Registration::Closed {
        return Err(Problem::RegistrationClosed);
    }
    // The limit of the address comes first: a rejected address must not use up the budget of its network.
    let networks = address.networks();
    app.limits
        .sign_ups_per_address
        .take(networks.narrow, Some(&context))
        .await?;
    app.limits
        .sign_ups_per_network
        .take(networks.wide, Some(&context))
        .await?;
    let _hash = app.may_hash(address)?;
    let SignUp {
        handle,
        display_name,
        password,
        language,
    } = body;
    let signed_up = app
        .service
        .accounts()
        .sign_up(SignUpRequest {
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
