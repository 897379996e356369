//! Creates an account.

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use sosik_feed::Relation;
use sosik_service::accounts::{LoggedIn, SignUpRequest};
use sosik_service::invitations::Joined;

use crate::app::App;
use crate::extract::{ClientAddress, ClientName, Device, Json, RequestContext};
use crate::problem::Problem;
use crate::schema::{Person, SignUp, SignedIn};
use crate::sessions::signed_in;
use crate::settings::Registration;

/// Sign up
///
/// Creates an account and signs in. With an invitation, you and the person who invited you become friends. Send the token
/// as a bearer token. Browsers also get it as a cookie.
#[utoipa::path(post, path = "/v1/people", tag = "people", operation_id = "sign_up", security(()),
    request_body = SignUp,
    responses(
        (status = 201, description = "the new account", body = SignedIn,
            headers(("Location" = String, description = "the profile"), ("Set-Cookie" = String, description = "the session"))),
        (status = 403, description = "`registration_closed`, `invitation_required`"),
        (status = 409, description = "`handle_taken`, `handle_confusable`"),
        (status = 422, description = "`handle_…`, `display_name_…`, `password_…`, `language_unknown`, `invitation_invalid`"),
    ))]
pub(crate) async fn sign_up(
    State(app): State<App>,
    Extension(context): Extension<RequestContext>,
    address: ClientAddress,
    Device(device): Device,
    ClientName(client): ClientName,
    Json(body): Json<SignUp>,
) -> Result<Response, Problem> {
    may_register(app.settings.registration, &body)?;
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
    if body.invitation.is_some() {
        let tried = &app.limits.invitations_tried;
        tried.take(networks.narrow, Some(&context)).await?;
    }
    let _hash = app.may_hash(address)?;
    let SignUp {
        handle,
        display_name,
        password,
        language,
        invitation,
    } = body;
    let request = SignUpRequest {
        handle,
        display_name,
        password,
        language,
        client,
    };
    let (signed_up, invited_by) = match invitation {
        Some(token) => invited(app.service.invitations().sign_up(request, &token).await?),
        None => (app.service.accounts().sign_up(request).await?, None),
    };
    let location = format!("/v1/people/{}", signed_up.person.record.handle);
    Ok(signed_in(
        &app,
        StatusCode::CREATED,
        &location,
        &signed_up,
        device.as_deref(),
        invited_by,
    )
    .await)
}

fn may_register(registration: Registration, body: &SignUp) -> Result<(), Problem> {
    match registration {
        Registration::Open => Ok(()),
        Registration::Invitation if body.invitation.is_some() => Ok(()),
        Registration::Invitation => Err(Problem::InvitationRequired),
        Registration::Closed => Err(Problem::RegistrationClosed),
    }
}

/// The new account, and the person who invited it.
fn invited(joined: Joined) -> (LoggedIn, Option<Person>) {
    let relation = Relation {
        friend: joined.friends,
        ..Relation::default()
    };
    let inviter = Person::of(&joined.inviter).related(relation);
    (joined.logged_in, Some(inviter))
}
