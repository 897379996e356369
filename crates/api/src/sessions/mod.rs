//! Sessions: logging in and out, and the list of devices.

pub(crate) mod end;
pub(crate) mod list;
pub(crate) mod log_in;
pub(crate) mod log_out;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sosik_service::accounts::LoggedIn;

use crate::app::App;
use crate::extract::{Json, keep_session};
use crate::shapes::{Person, SignedIn};

/// The answer that carries a new session, in the body and as a cookie.
pub(crate) fn signed_in(
    app: &App,
    status: StatusCode,
    location: &str,
    logged_in: &LoggedIn,
) -> Response {
    let body = SignedIn {
        person: Person::of(&logged_in.person),
        token: logged_in.token.as_str().to_owned(),
    };
    let mut response = (status, Json(body)).into_response();
    let headers = response.headers_mut();
    if let Some(cookie) = keep_session(app, &logged_in.token) {
        headers.insert(header::SET_COOKIE, cookie);
    }
    if let Ok(location) = HeaderValue::from_str(location) {
        headers.insert(header::LOCATION, location);
    }
    response
}
