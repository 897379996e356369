//! Log-out.

use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::extract::{Viewer, forget_session};
use crate::problem::Problem;

const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");

/// Not `"storage"`: it would unregister the service worker and delete unsent stories of other people on this device.
/// The client deletes its own copies of this person. Not `"cookies"`: it would delete cookies of neighbour sites of the
/// same domain; the session cookie is deleted by name.
const ONLY_CACHE: HeaderValue = HeaderValue::from_static("\"cache\"");

/// Log out
///
/// Ends the session of this request. Live streams opened with it end within seconds. Browsers clear their HTTP cache of
/// this site.
#[utoipa::path(delete, path = "/v1/sessions/current", tag = "sessions", operation_id = "log_out",
    responses((status = 204, description = "the session has ended")))]
pub(crate) async fn log_out(State(app): State<App>, viewer: Viewer) -> Result<Response, Problem> {
    app.service.sessions().log_out(&viewer).await?;
    Ok(logged_out(&app))
}

/// The response after which the browser has neither the session nor cached answers to it.
pub(crate) fn logged_out(app: &App) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(CLEAR_SITE_DATA, ONLY_CACHE);
    if let Some(cookie) = forget_session(app) {
        headers.insert(header::SET_COOKIE, cookie);
    }
    response
}
