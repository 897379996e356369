//! Sessions: log-in, log-out, and the list of devices.

pub(crate) mod end;
pub(crate) mod list;
pub(crate) mod log_in;
pub(crate) mod log_out;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sosik_service::accounts::LoggedIn;

use crate::app::App;
use crate::extract::{Json, keep_device, keep_session};
use crate::schema::{Person, SignedIn};

/// The response with a new session, in the body and as a cookie, and the cookie of the device.
///
/// If the device cannot be recorded, the log-in still succeeds: the person only has no budget of their own next time.
pub(crate) async fn signed_in(
    app: &App,
    status: StatusCode,
    location: &str,
    logged_in: &LoggedIn,
    device: Option<&str>,
    invited_by: Option<Person>,
) -> Response {
    let body = SignedIn {
        person: Person::of(&logged_in.person),
        token: logged_in.token.as_str().to_owned(),
        invited_by,
    };
    let person = logged_in.person.record.id;
    let device = app
        .service
        .accounts()
        .remember_device(person, device)
        .await
        .ok();
    let device = device.and_then(|token| keep_device(app, &token));
    let mut response = (status, Json(body)).into_response();
    let headers = response.headers_mut();
    for cookie in keep_session(app, &logged_in.token)
        .into_iter()
        .chain(device)
    {
        headers.append(header::SET_COOKIE, cookie);
    }
    if let Ok(location) = HeaderValue::from_str(location) {
        headers.insert(header::LOCATION, location);
    }
    response
}
