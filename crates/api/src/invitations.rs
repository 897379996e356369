//! Invitations: making, listing, revoking and opening them.

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sosik_feed::InvitationId;

use crate::app::App;
use crate::extract::{AnyVisitor, ClientAddress, Id, Json, RequestContext, Viewer};
use crate::limits::{Inviting, Relating};
use crate::problem::Problem;
use crate::schema::{
    Invitation, InvitationPage, MakeInvitation, OpenInvitation, OpenedInvitation, Person,
    RegistrationInfo, RegistrationMode,
};
use crate::settings::Registration;

/// An answer with a token is never stored by a cache.
const NOT_STORED: (header::HeaderName, HeaderValue) =
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));

/// Make an invitation
///
/// The link is `/invite#` and the token. The token is in this answer only. Who signs up with it becomes your friend.
#[utoipa::path(post, path = "/v1/invitations", tag = "invitations", operation_id = "make_invitation",
    request_body = MakeInvitation,
    responses(
        (status = 201, description = "the invitation with its token", body = Invitation),
        (status = 403, description = "`registration_closed`: nobody could sign up with it"),
        (status = 409, description = "`invitation_limit`"),
        (status = 422, description = "`invitation_people_invalid`, `invitation_days_invalid`"),
    ))]
pub(crate) async fn make(
    State(app): State<App>,
    viewer: Viewer<Inviting>,
    Json(body): Json<MakeInvitation>,
) -> Result<Response, Problem> {
    if app.settings.registration == Registration::Closed {
        return Err(Problem::RegistrationClosed);
    }
    let invitations = app.service.invitations();
    let (made, token) = invitations.make(viewer.id, body.people, body.days).await?;
    let invitation = Invitation {
        token: Some(token.as_str().to_owned()),
        ..Invitation::of(&made)
    };
    Ok((StatusCode::CREATED, [NOT_STORED], Json(invitation)).into_response())
}

/// List your invitations
///
/// Those that have not expired, newest first, without their tokens.
#[utoipa::path(get, path = "/v1/invitations", tag = "invitations", operation_id = "list_invitations",
    responses((status = 200, description = "all of your invitations", body = InvitationPage)))]
pub(crate) async fn list(
    State(app): State<App>,
    viewer: Viewer,
) -> Result<Json<InvitationPage>, Problem> {
    let invitations = app.service.invitations().list(viewer.id).await?;
    Ok(Json(InvitationPage {
        items: invitations.iter().map(Invitation::of).collect(),
        before: None,
        after: None,
        end: true,
    }))
}

/// Revoke an invitation
///
/// Nobody can sign up with it any more. Friends whom you have made with it stay your friends.
#[utoipa::path(delete, path = "/v1/invitations/{invitation}", tag = "invitations", operation_id = "revoke_invitation",
    params(("invitation" = String, Path, description = "id of the invitation")),
    responses((status = 204, description = "it is revoked")))]
pub(crate) async fn revoke(
    State(app): State<App>,
    viewer: Viewer<Relating>,
    Id(invitation): Id<InvitationId>,
) -> Result<StatusCode, Problem> {
    app.service
        .invitations()
        .revoke(viewer.id, invitation)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Open an invitation
///
/// Shows who invites, also to people without an account. The token is in the body, so that it is in no log. The inviter
/// has a `relation` if you have a session.
#[utoipa::path(post, path = "/v1/invitations/open", tag = "invitations", operation_id = "open_invitation",
    security((), ("bearer" = []), ("cookie" = [])),
    request_body = OpenInvitation,
    responses(
        (status = 200, description = "who invites", body = OpenedInvitation),
        (status = 404, description = "`not_found`: it is unknown, revoked, expired or used up"),
    ))]
pub(crate) async fn open(
    State(app): State<App>,
    Extension(context): Extension<RequestContext>,
    address: ClientAddress,
    AnyVisitor(visitor): AnyVisitor,
    Json(body): Json<OpenInvitation>,
) -> Result<Json<OpenedInvitation>, Problem> {
    app.limits
        .invitations_tried
        .take(address.networks().narrow, Some(&context))
        .await?;
    let invitations = app.service.invitations();
    let opened = invitations.open(visitor.person(), &body.token).await?;
    let inviter = match &opened.known {
        Some(known) => Person::listed(known),
        None => Person::of(&opened.inviter),
    };
    Ok(Json(OpenedInvitation {
        inviter,
        expires_at: opened.invitation.expires_at.to_string(),
    }))
}

/// Show who may create an account
#[utoipa::path(get, path = "/v1/registration", tag = "invitations", operation_id = "show_registration", security(()),
    responses((status = 200, description = "who may create an account", body = RegistrationInfo)))]
pub(crate) async fn registration(State(app): State<App>) -> Json<RegistrationInfo> {
    let mode = match app.settings.registration {
        Registration::Open => RegistrationMode::Open,
        Registration::Invitation => RegistrationMode::Invitation,
        Registration::Closed => RegistrationMode::Closed,
    };
    Json(RegistrationInfo { mode })
}
